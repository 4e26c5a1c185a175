"""HTML as custom systems hold it: embeds are frames, and what Markdown cannot say stays HTML."""

from __future__ import annotations

from gitsync.markdown.embeds import respell
from gitsync.markdown.extensions import formulas
from gitsync.markdown.formats import Format, Written
from gitsync.markdown.html import to_markdown
from gitsync.markdown.render import to_html, unused_notes


def write(body: str) -> Written:
    """Return `body` as an HTML fragment; raw HTML in it is passed on."""
    return Written(to_html(respell(body, "frame")), (*unused_notes(body), *formulas(body)))


FORMAT = Format(name="html", read=to_markdown, write=write)
