"""Text in lines that Hashnode's marked takes otherwise, spelled so that it does not: by escapes, or as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Final

from gitsync.markdown.dom import COMMENT, TEXT, VOID, Node, start_tag, walk
from gitsync.markdown.edits import Edit
from gitsync.markdown.equality import read
from gitsync.markdown.escapes import escape_line_starts
from gitsync.markdown.hashnode_page import links_of, parser, seen, tokens_of
from gitsync.markdown.html import to_markdown
from gitsync.markdown.marked_lines import line_as_html
from gitsync.markdown.parser import NESTING
from gitsync.markdown.sources import contents

_SIGNS: Final = re.compile(r"[\\*_`~\[\]]")
_WIDE: Final = re.compile("[\\s\u00a0]*\u00a0[\\s\u00a0]*")
_MARKS: Final = {"strong": "**", "em": "*", "del": "~~"}
_ADDRESS: Final = re.compile(r"[^\s()<>\\\"*_~`]+")


def lines(body: str) -> Iterator[Edit]:
    """Yield each text of a line of which marked makes another page, as it makes the same one of."""
    md = parser()
    tokens = tokens_of(body)
    links = links_of(body)
    opened = {id(inline): before.type for before, inline in pairwise(tokens)}
    for token, places in contents(body, tokens):
        before = opened.get(id(token), "")
        if token.type != "inline" or not token.content:
            continue
        is_cell = before in ("th_open", "td_open")
        html = md.renderer.render([token], md.options, {})
        if not (is_cell and "|" in token.content) and _same(
            html, token.content.replace("\t", "    ").replace("\u00a0", " "), links
        ):
            continue
        for said in _spellings(html, is_cell=is_cell, starts=before == "paragraph_open"):
            if _same(html, said, links) and not (is_cell and "|" in said):
                yield places.at(0), places.at(len(token.content) - 1) + 1, said
                break


def _same(html: str, text: str, links: Mapping[str, str]) -> bool:
    """Return whether marked makes of `text` what `html` shows."""
    try:
        said = line_as_html(text, links)
    except RecursionError:  # it nests deeper than anybody writes
        return True
    if said.replace("&quot;", '"') == html.replace("&quot;", '"') and "<a " not in said and "<img " not in said:
        return True
    ours, theirs = seen(f"<p>{html}</p>"), seen(f"<p>{said}</p>", there=True)
    return ours is not None and ours == theirs


def _spellings(html: str, *, is_cell: bool, starts: bool) -> Iterator[str]:
    """Yield the ways to write a line, the most readable first."""
    root = read(f"<p>{html}</p>")
    if root is None or len(root.kids) != 1 or _depth(root) > NESTING:
        return
    said = to_markdown(f"<p>{html}</p>").rstrip("\n")
    if "\n" not in said and "|" not in said:
        yield said
    for marks in (True, False):
        said = "".join(_written(kid, marks=marks, is_cell=is_cell) for kid in root.kids[0].kids).strip(" ")
        yield escape_line_starts(said) if starts else said


def _depth(root: Node) -> int:
    depth = most = 0
    for node, begins in walk([root]):
        if node.tag[0] != "#":
            depth += 1 if begins else -1
            most = max(most, depth)
    return most


def _written(node: Node, *, marks: bool, is_cell: bool) -> str:
    if node.tag == TEXT:
        return _words(node.text, is_cell=is_cell)
    if node.tag == COMMENT:
        return f"<!--{node.text}-->"
    if node.tag[0] == "#":
        return node.text
    if node.tag == "br":
        return "<br>"
    inner = "".join(_written(kid, marks=marks, is_cell=is_cell) for kid in node.kids)
    names = set(node.attrs)
    if marks and not names and node.tag in _MARKS:
        return f"{_MARKS[node.tag]}{inner}{_MARKS[node.tag]}"
    if node.tag == "code" and not names:
        code = "".join(kid.text for kid in node.kids)
        if marks and code == code.strip() and not re.search(r"[`|\n]", code):
            return f"`{code}`"
    href = node.get("href" if node.tag == "a" else "src")
    if marks and node.tag == "a" and names <= {"href", "title"} and _ADDRESS.fullmatch(href):
        return f"[{inner}]({href})"
    if marks and node.tag == "img" and names <= {"src", "alt", "title"} and _ADDRESS.fullmatch(href):
        alt = node.get("alt")
        if not re.search(r"[\[\]\\<>&*_`~|\n]", alt):
            return f"![{alt}]({href})"
    if node.tag in VOID:
        return start_tag(node)
    return f"{start_tag(node)}{inner}</{node.tag}>"


def _words(text: str, *, is_cell: bool) -> str:
    text = _SIGNS.sub(r"\\\g<0>", escape(text.replace("\n", " "), quote=False))
    text = text.replace("|", "&#124;") if is_cell else text
    text = text.replace("$", "&#36;") if text.count("$") > 1 else text
    return _WIDE.sub(lambda it: it[0].replace("\u00a0", "&nbsp;"), text)
