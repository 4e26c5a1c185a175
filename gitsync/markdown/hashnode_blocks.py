"""Blocks that Hashnode's marked takes otherwise, spelled so that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gitsync.markdown.early_lists import Edit
from gitsync.markdown.hashnode_page import parser, tokens_of
from gitsync.markdown.sources import line_starts

_MARK: Final = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_PAREN: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*\d{1,9}(\))(?=[ \t])")
_CLOSES: Final = ("bullet_list_close", "ordered_list_close", "blockquote_close")


def gaps(body: str) -> Iterator[Edit]:
    """Yield a blank line behind each list and quote that has none, and a comment between two lists.

    Marked takes what follows at once for a part of a list or a quote, and a list after a list for one.
    """
    starts = line_starts(body)
    for closed, opened in pairwise(tokens_of(body)):
        if closed.type not in _CLOSES or opened.nesting < 0 or not opened.map or opened.type == "list_item_open":
            continue
        at = starts[opened.map[0]]
        lead = re.match(r"[ \t>]*", body[at:])
        margin = lead[0] if lead and opened.level else ""
        quotes = "" if closed.type == "blockquote_close" else margin.rstrip()
        bare = "" if body[: max(at - 1, 0)].rpartition("\n")[2].strip(" \t>") == "" else f"{quotes}\n"
        if closed.type.endswith("list_close") and opened.type.endswith("list_open"):
            yield at, at, f"{bare}{margin}<!-- -->\n{quotes}\n"
        elif bare:
            yield at, at, bare


def numbers(body: str) -> Iterator[Edit]:
    """Yield a dot for each bracket behind an item's number: marked knows no other."""
    starts = line_starts(body)
    for token in tokens_of(body):
        if token.type == "list_item_open" and token.markup == ")" and token.map:
            match = _PAREN.match(body, starts[token.map[0]])
            if match:
                yield match.start(1), match.end(1), "."


def underlined(body: str) -> Iterator[Edit]:
    """Yield a heading of several lines as one line: of those before the last one marked makes a paragraph."""
    starts = line_starts(body)
    for token, inline in pairwise(tokens_of(body)):
        if token.type == "heading_open" and token.markup in "=-" and token.map and "\n" in inline.content:
            first, last = token.map
            lead = re.match(r"[ \t>]*", body[starts[first] :])
            text = " ".join(inline.content.split("\n"))
            yield starts[first], starts[last] - 1, f"{lead[0] if lead else ''}{'#' * int(token.tag[1])} {text} #"


def margins(body: str) -> Iterator[Edit]:
    """Yield the spaces that a fence in an item has more than the item's text: marked leaves them in the code."""
    starts = line_starts(body)
    items: list[int] = []
    for token in tokens_of(body):
        if token.type == "list_item_open" and token.map:
            items.append(_margin(body, starts[token.map[0]], items))
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "fence" and token.map and items:
            first, last = token.map
            yield from _less(body, starts, range(first, last), items[-1])


def _margin(body: str, start: int, items: list[int]) -> int:
    match = _MARK.match(body, start + (items[-1] if items else 0))
    return len(match[0]) + (items[-1] if items else 0) if match else -1


def _less(body: str, starts: list[int], rows: range, margin: int) -> Iterator[Edit]:
    opening = body[starts[rows[0]] : starts[rows[0] + 1] - 1]
    more = len(opening) - len(opening.lstrip(" ")) - margin
    if margin < 0 or not 0 < more < 4:
        return
    for row in rows:
        line = body[starts[row] : starts[row + 1] - 1]
        spare = min(more, len(line) - len(line.lstrip(" ")) - margin)
        if spare > 0:
            yield starts[row] + margin, starts[row] + margin + spare, ""


def stops(body: str) -> Iterator[Edit]:
    """Yield spaces for each tab within a line of code: marked makes four of it, wherever it stands."""
    if "\t" not in body:
        return
    starts = line_starts(body)
    for token in tokens_of(body):
        if token.type == "fence" and token.map and "\t" in token.content:
            for row in range(token.map[0] + 1, token.map[1]):
                line = body[starts[row] : starts[row + 1] - 1]
                if "\t" in line.lstrip(" \t>"):
                    yield starts[row], starts[row + 1] - 1, _even(line)


def _even(line: str) -> str:
    lead = line[: len(line) - len(line.lstrip(" \t>"))]
    return lead + line[len(lead) :].expandtabs(4)


def tables(body: str) -> Iterator[Edit]:
    """Yield each table in a list or a quote as HTML: marked knows those on the first level alone."""
    md = parser()
    starts = line_starts(body)
    tokens = tokens_of(body)
    opened = 0
    lists = 0
    for at, token in enumerate(tokens):
        lists += token.nesting * token.type.startswith("list_item")
        if token.type == "table_open":
            opened = at
        if token.type == "table_close" and lists and (place := tokens[opened].map):
            first, last = place
            line = body[starts[first] : starts[first + 1] - 1]
            rows = body[starts[first] : starts[last]].rstrip()
            lead = line[: len(line) - len(line.lstrip(" \t>"))]
            html = md.renderer.render(tokens[opened : at + 1], md.options, {})
            text = f"\n{lead}".join(row for row in html.rstrip("\n").split("\n") if row)
            yield starts[first] + len(lead), starts[first] + len(rows), text
