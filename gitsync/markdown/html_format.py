"""HTML as custom systems hold it: embeds are frames, and what Markdown cannot say stays HTML."""

from __future__ import annotations

from gitsync.markdown.callouts import folded
from gitsync.markdown.embeds import respell
from gitsync.markdown.extensions import formulas, heading_names, tildes
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import HTML_CHANGED, HTML_UNSAID, TAG, Format, Loss, Translation, compared
from gitsync.markdown.github import as_github
from gitsync.markdown.html import to_markdown, translated
from gitsync.markdown.render import to_html, unused_notes


def write(body: str) -> Translation:
    """Return `body` as an HTML fragment; raw HTML in it is passed on."""
    said = respell(as_github(body), "frame")
    losses = (
        *unused_notes(body),
        *formulas(body),
        *folded(body, "HTML"),
        *heading_names(body, "HTML"),
        *tildes(body, "HTML"),
    )
    text = to_html(said)
    return Translation(text, (*losses, *foreign(body, "HTML"), *_changed(body, said, text)))


def _changed(body: str, said: str, html: str) -> tuple[Loss, ...]:
    """Return a loss where `html`, rendered from `said`, shows another page than `body`; no other loss changes one."""
    # Only tags that somebody wrote by hand can be broken.
    if not TAG.search(body):
        return ()
    if said != body:
        return compared(body, html, to_markdown)
    # Nothing was respelled: what is read again is this page, if reading proves that.
    return () if translated(html)[1] else (HTML_CHANGED,)


def reading(html: str) -> Translation:
    """Return `html` as Markdown, and whether that shows another page."""
    text, is_so = translated(html)
    return Translation(text, () if is_so else (HTML_UNSAID,))


FORMAT = Format(name="html", reading=reading, write=write)
