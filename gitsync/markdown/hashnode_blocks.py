"""Blocks that Hashnode's marked takes otherwise, spelled so that it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gitsync.markdown.edits import Edit
from gitsync.markdown.hashnode_page import tokens_of
from gitsync.markdown.sources import line_starts

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
