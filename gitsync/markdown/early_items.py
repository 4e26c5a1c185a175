"""Code and tables in items of lists, for parsers that are older than CommonMark: dev.to's and Hashnode's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gitsync.markdown.edits import Edit
from gitsync.markdown.parser import parsed
from gitsync.markdown.render import render_tokens, tokens_of
from gitsync.markdown.sources import line_starts

_MARK: Final = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+")


def margins(body: str) -> Iterator[Edit]:
    """Yield the spaces that a fence has more than the text of the item that it is in: early parsers keep them."""
    starts = line_starts(body)
    items: list[int] = []
    for token in parsed(body):
        if token.type == "list_item_open" and token.map:
            items.append(_margin(body, starts[token.map[0]], items))
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "fence" and token.map and (items or not token.level):
            first, last = token.map
            yield from _less(body, starts, range(first, last), items[-1] if items else 0)


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


def tables(body: str) -> Iterator[Edit]:
    """Yield each table in a list or a quote as HTML: early parsers know those on the first level alone."""
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
            html = render_tokens(tokens[opened : at + 1])
            text = f"\n{lead}".join(row for row in html.rstrip("\n").split("\n") if row)
            yield starts[first] + len(lead), starts[first] + len(rows), text
