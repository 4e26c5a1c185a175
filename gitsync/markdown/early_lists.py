"""Lists as Redcarpet, Forem's parser, knows them: what is in an item is indented by four, whatever its sign."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.edits import Edit
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts

_MARK: Final = re.compile(r"[ \t]*([-*+]|\d{1,9}[.)])( *)(\S?)")
_MAY: Final = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t].*\n(?:[ \t]*\n)*[ \t]{2,}\S", re.MULTILINE)


def indented_items(body: str) -> Iterator[Edit]:
    """Yield the spaces that lines in items lack, in lists that have more in them than lines and lists."""
    if not _MAY.search(body):
        return
    starts, parts = line_starts(body), _Parts(body)
    margin_of = cache(partial(_margin, body, starts))
    lacks: Counter[int] = Counter()
    for items in _lists(body):
        places = [token.map for token in items if token.map]
        if len({first for first, _ in places}) < len(places):  # an item begins with an item
            continue
        if not any(parts.has_blocks(first + 1, last) for first, last in places):
            continue
        for first, last in places:
            match = _MARK.match(body, starts[first])
            if match is None:
                return
            width = len(match[1]) + (len(match[2]) if match[3] and len(match[2]) < 5 else 1)
            column = match.start(1) - starts[first]
            margins = (margin_of(line) - column for line in range(first + 1, last))
            least = min((margin for margin in margins if margin >= width), default=4)
            for line in range(first + 1, last):
                lacks[line] += max(4 - least, 0)
    for line, count in lacks.items():
        if _row(body, starts, line):
            yield starts[line], starts[line], " " * count


class _Parts:
    """What parts the blocks of a body, counted once: items nest, and the innermost is in all of them."""

    def __init__(self, body: str) -> None:
        self._blank, self._fences, self._said = [0], [0], [-1]
        for line, row in enumerate(body.split("\n")):
            self._blank.append(self._blank[-1] + (not row.strip(" \t")))
            self._fences.append(self._fences[-1] + row.lstrip(" \t").startswith(("```", "~~~")))
            self._said.append(line if row.strip() else self._said[-1])

    def has_blocks(self, first: int, end: int) -> bool:
        """Return whether a line from `first` to before `end` begins a fence, or is blank with something after it."""
        last = self._said[max(end, 0)]
        if first >= end or last < first:
            return False
        return self._blank[last] > self._blank[first] or self._fences[end] > self._fences[first]


def mixed_lists(body: str) -> Iterator[Edit]:
    """Yield the blank lines before items in an item of a list of the other kind: Redcarpet ends that list there."""
    if not _MAY.search(body):
        return
    starts = line_starts(body)
    kinds = [""]
    items: list[int] = []
    for token in parsed(body):
        if token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            kinds.append("" if token.type == "blockquote_open" else token.type)
        elif token.type in ("bullet_list_close", "ordered_list_close", "blockquote_close"):
            kinds.pop()
        elif token.type == "list_item_close":
            items.pop()
        elif token.type == "list_item_open" and token.map:
            line = token.map[0]
            while kinds[-2] not in (kinds[-1], "") and line - 1 > items[-1] and not _row(body, starts, line - 1):
                line -= 1
            if line < token.map[0]:
                yield starts[line], starts[token.map[0]], ""
            items.append(token.map[0])


def _margin(body: str, starts: list[int], line: int) -> int:
    """Return how far a line is indented; -1 for an empty one."""
    row = body[starts[line] : starts[line + 1] - 1].expandtabs(4)
    return len(row) - len(row.lstrip(" ")) if row.strip() else -1


def _row(body: str, starts: list[int], line: int) -> str:
    return body[starts[line] : starts[line + 1] - 1].strip()


def _lists(body: str) -> Iterator[list[Token]]:
    """Yield the items of each list on the first level, and of those in it; none in quotes."""
    items: list[Token] = []
    quotes = 0
    for token in parsed(body):
        quotes += token.nesting if token.type.startswith("blockquote") else 0
        if token.type == "list_item_open" and not quotes:
            items.append(token)
        elif token.level == 0 and token.type.endswith("_list_close") and items:
            yield items
            items = []
