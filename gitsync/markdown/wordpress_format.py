"""WordPress' block markup, classic posts too, and Markdown.

Reading is readable and says where it must keep block markup; writing is what the block editor would save. A post
without any block is read as classic content.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from gitsync.markdown.asides import Asides
from gitsync.markdown.callouts import folded
from gitsync.markdown.embeds import SPELLED, find, may_have
from gitsync.markdown.equality import same_dom
from gitsync.markdown.extensions import extensions
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import HTML_UNSAID, Format, Loss, Translation, compared
from gitsync.markdown.formula_spellings import as_tex
from gitsync.markdown.heading_ids import given, unnamed
from gitsync.markdown.html import to_markdown, translated
from gitsync.markdown.parser import parsed
from gitsync.markdown.providers import embed_of
from gitsync.markdown.render import tokens_of, unused_notes
from gitsync.markdown.wordpress_blocks import Block, inert, parse
from gitsync.markdown.wordpress_like import like
from gitsync.markdown.wordpress_read import autop, embedded, left_out, plain
from gitsync.markdown.wordpress_write import shown, write_blocks


def read(content: str) -> str:
    """Return the raw content of a post as Markdown."""
    return reading(content).text


def reading(content: str) -> Translation:
    """Return the raw content of a post as Markdown, with a loss for what blocks say that Markdown does not."""
    content = inert(content.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    bare, names = unnamed(content)
    said = _reading(bare)
    return said if names <= given(tokens_of(said.text) if names else ()) else _reading(content)


def _reading(content: str) -> Translation:
    asides = Asides(content, '<div id="{}"></div>')
    parts = []
    losses: dict[str, None] = {}
    for block in parse(content):
        html, markdown = _said(block)
        if html is not None or markdown != block.raw.strip():
            losses |= dict.fromkeys(left_out(block))
        if html is None:
            html = asides.put(markdown)
        if html:
            parts.append(html)
    text, is_so = translated("\n".join(parts))
    told = (Loss(code="BLOCK_PLAIN", message=f"{loss} in Markdown") for loss in losses)
    return Translation(asides.restored(text), (*told, *(() if is_so else (HTML_UNSAID,))))


def _said(block: Block) -> tuple[str | None, str]:
    """Return a block as HTML for the whole, or None and its Markdown, to be put in its place."""
    if not block.name:
        return autop(block.raw), ""
    if (html := plain(block)) is not None:
        return html, ""
    if (url := embedded(block)) is not None and (embed := embed_of(url)):
        return None, SPELLED["bare"](embed)
    if block.name.removeprefix("core/") == "html" and not block.attrs and not block.blocks:
        return _custom_html(block)
    return None, block.raw.strip()


def _custom_html(block: Block) -> tuple[str | None, str]:
    """Return a Custom HTML block: as Markdown where that would be written as just this block again."""
    content = block.html.strip("\n")
    if content.startswith('<section class="footnotes">'):
        return content, ""  # it belongs to references elsewhere in the post
    text = to_markdown(content).rstrip("\n")
    if write_blocks(text) == [block.raw.strip()]:
        return content, ""
    if content and write_blocks(content) == [block.raw.strip()]:
        return None, content
    return None, block.raw.strip()


LINKED: Final = frozenset({"gist", "stackblitz", "jsfiddle", "replit", "instagram", "github"})
"""Providers that WordPress does not know, and that do not offer themselves to be embedded: their block shows a link."""


def _linked(body: str) -> list[Loss]:
    """Return a loss for each kind of embed whose block shows its address alone. A frame or a script stays HTML."""
    found: dict[str, Loss] = {}
    for start, _, embed, spelling in find(body, parsed(body)) if may_have(body) else ():
        if embed.provider in LINKED and spelling != "frame":
            message = f"WordPress shows {embed.url[:80]} as a link: it does not embed {embed.provider}"
            found.setdefault(embed.provider, Loss(code="EMBED_LINK", message=message, offset=start))
    return list(found.values())


def write(body: str) -> Translation:
    """Return `body` as blocks."""
    text = "\n\n".join(write_blocks(body))
    return Translation(
        text,
        (
            *compared(body, text, read),
            *_linked(body),
            *unused_notes(body),
            *folded(body, "WordPress"),
            *as_tex(body, "WordPress", "TeX, unless a plugin (MathJax, KaTeX) is there for them"),
            *extensions(body, "WordPress"),
            *foreign(body, "WordPress", ("wordpress",), shown(body)),
        ),
    )


def write_like(body: str, stored: str, markup: Literal["blocks", "html"] = "blocks") -> str:
    """Return `body` as blocks that keep, where they say the same, the markup that `stored` has for them.

    A classic post stays one: HTML without blocks.
    """
    if "<!-- wp:" not in stored and (stored.strip() or markup == "html"):
        from gitsync.markdown.html_format import write as write_html  # noqa: PLC0415  classic posts only

        html = write_html(body).text
        return stored if same_dom(autop(stored), html) else _for_autop(html)
    return "\n\n".join(like(write_blocks(body), stored, lambda raw: write_blocks(read(raw))))


def _for_autop(html: str) -> str:
    """Return HTML in which no line end stands in a paragraph: WordPress would break the line there."""
    return re.sub(r"(<p>)(.*?)(</p>)", lambda it: it[1] + it[2].replace("\n", " ") + it[3], html, flags=re.DOTALL)


FORMAT = Format(name="wordpress", reading=reading, write=write)
