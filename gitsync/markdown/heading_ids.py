"""Ids of headings where we render: one that something in the post links to has its name; reading takes that out again.

An id that would not be given again stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitsync.markdown.anchors import all_tokens, headings, names, own_names
from gitsync.markdown.dom import TEXT, Node, walk
from gitsync.markdown.tokens import copied

if TYPE_CHECKING:
    from markdown_it.token import Token

Named = tuple[int, str]
"""The how manyeth heading, from 0, and its name."""

_HREF = re.compile(r"<a\s[^<>]*\bhref\s*=\s*[\"']?#([^\s\"'<>]+)", re.IGNORECASE)
_HEADING = re.compile(
    r"(?P<opened><!-- wp:heading \{[^{}\n]*\} -->\s*)?"
    r"<h(?P<level>[1-6])(?P<said>(?: (?:class=\"wp-block-heading\"|id=\"[^\"<>]*\"))*)>"
    r"(?P<text>(?:[^<]|<(?!/?h[1-6]))*+)</h(?P=level)>"
)
_ID = re.compile(r" id=\"([^\"<>]*)\"")
_HAS_ATTRIBUTES = re.compile(r"<h[1-6][\s/]", re.IGNORECASE)
_ANCHOR = re.compile(r",\"anchor\":\"[^\"]*\"|\"anchor\":\"[^\"]*\",?")
"""An id in the comment before, from WordPress 7 on."""


def with_names(tokens: Sequence[Token]) -> Sequence[Token]:
    """Give each heading that something in the post links to its name as its id."""
    wanted = _linked(tokens) - own_names(tokens)
    if not wanted:
        return tokens
    out = list(tokens)
    opened = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    for at, name in zip(opened, names(headings(tokens)), strict=True):
        if name in wanted and name:
            out[at] = copied(tokens[at])
            out[at].attrs = {**tokens[at].attrs, "id": name}
    return out


def _linked(tokens: Sequence[Token]) -> set[str]:
    found: set[str] = set()
    for token in all_tokens(tokens):
        if token.type == "link_open":
            href = str(token.attrs.get("href", ""))
            found |= {unquote(href[1:])} if href.startswith("#") else set()
        elif token.type in ("html_inline", "html_block"):
            found |= {unquote(unescape(it)) for it in _HREF.findall(token.content)}
    return found


def given(tokens: Sequence[Token]) -> set[Named]:
    """Return the headings that `with_names` named."""
    opened = (token for token in tokens if token.type == "heading_open")
    return {(at, str(token.attrs["id"])) for at, token in enumerate(opened) if "id" in token.attrs}


def unname(root: Node, html: str) -> set[Named]:
    """Take those ids out of headings that `with_names` would give them, and return them; `root` is `html`'s tree."""
    if not _HAS_ATTRIBUTES.search(html):
        return set()
    nodes = [node for node, begins in walk(root.kids) if begins]
    linked = {unquote(href[1:]) for node in nodes if node.tag == "a" and (href := node.get("href")).startswith("#")}
    if not linked:
        return set()
    found = [node for node in nodes if re.fullmatch("h[1-6]", node.tag) and node.attrs.keys() <= {"id"}]
    taken: set[Named] = set()
    for at, (node, name) in enumerate(zip(found, names(map(_text, found)), strict=True)):
        if name in linked and node.get("id") == name:
            del node.attrs["id"]
            taken.add((at, name))
    return taken


def _text(heading: Node) -> str:
    return "".join(node.text for node, begins in walk(heading.kids) if begins and node.tag == TEXT)


def unnamed(content: str) -> tuple[str, set[Named]]:
    """Return WordPress' block markup without the ids that `with_names` would give, and those."""
    linked = {unquote(unescape(it)) for it in _HREF.findall(content)}
    if not linked:
        return content, set()
    found = list(_HEADING.finditer(content))
    texts = (unescape(re.sub(r"<[^<>]*>", "", heading["text"])) for heading in found)
    taken: set[Named] = set()
    out, position = [], 0
    for at, (heading, name) in enumerate(zip(found, names(texts), strict=True)):
        if name in linked and (id := _ID.search(heading["said"])) and unescape(id[1]) == name:
            opened = _ANCHOR.sub("", heading["opened"] or "").replace(" {}", "")
            said = heading["said"].replace(id[0], "")
            out += [
                content[position : heading.start()],
                opened,
                content[heading.start("level") - 2 : heading.end("level")],
            ]
            out += [said, content[heading.end("said") : heading.end()]]
            position = heading.end()
            taken.add((at, name))
    return "".join([*out, content[position:]]), taken
