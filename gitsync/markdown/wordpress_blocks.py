"""The grammar of WordPress' block markup: HTML comments that say which block the HTML between them is.

Facts: developer.wordpress.org/block-editor/explanations/architecture/key-concepts (delimiters and data attributes),
WordPress' `serialize_block_attributes` (what is escaped in a comment).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gitsync.bounded_json import loads
from gitsync.markdown.dom import WHITE

DEEPEST: Final = 40
"""How deep blocks are looked into; what nests deeper is kept as it is."""

DELIMITER: Final = re.compile(
    r"<!--\s+(?P<closing>/?)wp:(?P<name>[a-z][a-z0-9_-]*(?:/[a-z][a-z0-9_-]*)?)\s+"
    r"(?:(?P<attrs>\{(?:(?!--).)*?\})\s+)?(?P<void>/?)-->",
    re.DOTALL,
)
_ESCAPES: Final = (("--", "\\u002d\\u002d"), ("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ('\\"', "\\u0022"))


@dataclass(slots=True)
class Block:
    """A block: its `raw` markup, comments and all; what is in it, in order. `name` is "" for HTML outside any block.

    `attrs` is None where the comment's JSON cannot be read.
    """

    name: str
    attrs: dict[str, Any] | None = field(default_factory=dict)
    raw: str = ""
    inner: list[str | Block] = field(default_factory=list)

    @property
    def html(self) -> str:
        """The HTML that is in the block itself, without that of the blocks in it."""
        return "".join(part for part in self.inner if isinstance(part, str))

    @property
    def blocks(self) -> list[Block]:
        """The blocks in it."""
        return [part for part in self.inner if isinstance(part, Block)]


def parse(content: str) -> list[Block]:
    """Return the blocks of a post's raw content, and what is between them where that is not only white space.

    A block that is never closed, or closed by another, is HTML like any other: nothing is left out.
    """
    matches = list(DELIMITER.finditer(content))
    partner = _pairs(matches)
    found: list[Block] = []
    position = index = 0
    while index < len(matches):
        match = matches[index]
        end = partner.get(index)
        if end is None:
            index += 1
            continue
        _outside(found, content[position : match.start()])
        block, position = _block(content, matches, partner, index, 0)
        found.append(block)
        index = end + 1
    _outside(found, content[position:])
    return found


def spans(content: str) -> dict[int, int]:
    """Return where each block of `content` ends, by where it begins; blocks in blocks too."""
    matches = list(DELIMITER.finditer(content))
    return {matches[first].start(): matches[last].end() for first, last in _pairs(matches).items()}


def inert(html: str) -> str:
    """Return `html` with delimiters that open or close nothing in it as comments that delimit no block.

    WordPress would end the block around them there, or take all that follows into one more.
    """
    if "wp:" not in html:
        return html
    matches = list(DELIMITER.finditer(html))
    partner = _pairs(matches)
    paired = {*partner, *partner.values()}
    out, done = [], 0
    for index, match in enumerate(matches):
        if index not in paired:
            start = match.start() + len("<!--")
            out += [html[done:start], html[start : match.end()].lstrip()]
            done = match.end()
    return "".join([*out, html[done:]])


def _outside(found: list[Block], text: str) -> None:
    if text.strip(WHITE):
        found.append(Block("", raw=text.strip("\n"), inner=[text]))


def _pairs(matches: list[re.Match[str]]) -> dict[int, int]:
    """Return which delimiter closes which; a void one closes itself."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    where: dict[str, int] = {}
    for index, match in enumerate(matches):
        name = match["name"]
        if match["void"]:
            partner[index] = index
        elif not match["closing"]:
            opened.append(index)
            where[name] = where.get(name, 0) + 1
        elif where.get(name):
            while opened:
                last = opened.pop()
                where[matches[last]["name"]] -= 1
                if matches[last]["name"] == name:
                    partner[last] = index
                    break
    return partner


def _block(
    content: str, matches: list[re.Match[str]], partner: Mapping[int, int], index: int, depth: int
) -> tuple[Block, int]:
    match, end = matches[index], partner[index]
    block = Block(match["name"], _attributes(match["attrs"]), content[match.start() : matches[end].end()])
    if end == index:
        return block, match.end()
    position, inside = match.end(), index + 1
    while inside < end and depth < DEEPEST:
        if inside in partner and partner[inside] < end:
            block.inner.append(content[position : matches[inside].start()])
            child, position = _block(content, matches, partner, inside, depth + 1)
            block.inner.append(child)
            inside = partner[inside] + 1
        else:
            inside += 1
    block.inner.append(content[position : matches[end].start()])
    return block, matches[end].end()


def _attributes(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return {}
    try:
        attrs = loads(text)
    except ValueError:
        return None
    return attrs if isinstance(attrs, dict) else None


def block(name: str, html: str, attrs: Mapping[str, Any] | None = None) -> str:
    """Return the markup of one block around `html`, as WordPress writes it."""
    said = f" {_json(attrs)}" if attrs else ""
    return f"<!-- wp:{name}{said} -->\n{html}\n<!-- /wp:{name} -->"


def _json(attrs: Mapping[str, Any]) -> str:
    text = json.dumps(attrs, ensure_ascii=False, separators=(",", ":"))
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text
