"""Where the content of a Markdown token stands in the source: markdown-it tells lines, never columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gitsync.markdown.kept import Kept

if TYPE_CHECKING:
    from markdown_it.token import Token


class Places(NamedTuple):
    """Pairs of offsets at which a run of equal text begins: in the content of a token, and in the source."""

    inner: list[int]
    outer: list[int]

    def at(self, offset: int) -> int:
        """Return the offset in the source of `offset` in the content."""
        run = max(bisect_right(self.inner, offset) - 1, 0)
        return self.outer[run] + offset - self.inner[run]


def line_starts(source: str) -> list[int]:
    """Return the offset of every line, and of the end; to be read only, for a text is asked about many times."""
    return _starts(source)


def _line_starts(source: str) -> list[int]:
    starts, position = [0], 0
    while (position := source.find("\n", position) + 1) > 0:
        starts.append(position)
    starts.append(len(source) + 1)
    return starts


_starts: Final = Kept(_line_starts, lambda _, starts: len(starts), 1_000_000)


def line_of(source: str, offset: int) -> int:
    """Return where the line begins in which `offset` is, without a search through a line of a megabyte."""
    near = max(offset - 200, 0)
    if (end := source.rfind("\n", near, offset)) >= 0 or not near:
        return end + 1
    starts = line_starts(source)
    return starts[bisect_right(starts, offset) - 1]


def within(ranges: Iterable[tuple[int, int]]) -> Callable[[int], bool]:
    """Return what says whether an offset is in one of `ranges`, of which there may be as many as offsets."""
    firsts: list[int] = []
    ends: list[int] = []
    for first, end in sorted(ranges):
        if ends and first <= ends[-1]:
            ends[-1] = max(end, ends[-1])
        elif first < end:
            firsts.append(first)
            ends.append(end)
    return lambda offset: (at := bisect_right(firsts, offset)) > 0 and offset < ends[at - 1]


def bounds(source: str, starts: Sequence[int], lines: Sequence[int]) -> tuple[int, int]:
    """Return where a block stands that has these lines (the first, and the one after), without white space at its end.

    `lines` is the `map` of a token.
    """
    start = starts[lines[0]]
    return start, start + len(source[start : starts[lines[1]]].rstrip())


def lines_of(ranges: Iterable[tuple[int, int]], starts: list[int]) -> set[int]:
    """Return the numbers of the lines of which something is in one of `ranges`."""
    return {
        line
        for start, end in ranges
        for line in range(
            bisect_right(starts, start) - 1, max(bisect_right(starts, end - 1), bisect_right(starts, start))
        )
    }


def line_places(source: str, content: str, starts: list[int], first: int) -> Places:
    """Return the places of `content`, whose lines end the source's lines from number `first` on.

    What a container put before a line (`> `, the indent of a list) and what a heading has after it is not content.
    """
    places = Places([], [])
    offset = 0
    for number, line in enumerate(content.split("\n"), first):
        text = line.strip(" \t")
        if text and number + 1 < len(starts):
            begin, end = starts[number], starts[number + 1] - 1
            if (found := source.rfind(text, begin, end)) >= 0:
                places.inner.append(offset + line.index(text))
                places.outer.append(found)
        offset += len(line) + 1
    return places


def cell_places(source: str, content: str, begin: int, end: int) -> tuple[Places, int]:
    """Return the places of a table cell's `content`, the next one in `source[begin:end]`, and where it ends."""
    written = content.replace("|", "\\|")
    found = source.find(written, begin, end)
    if found < 0:
        return Places([], []), begin
    places = Places([0], [found])
    pipe = -1
    for number, pipe in enumerate(_all(content, "|"), 1):
        places.inner.append(pipe)
        places.outer.append(found + pipe + number)
    return places, found + len(written)


def contents(source: str, tokens: Sequence[Token]) -> Iterator[tuple[Token, Places]]:
    """Yield each token that has text or HTML in it, and where in `source` that stands."""
    starts = line_starts(source)
    cell = 0
    before = ""
    for token in tokens:
        if token.type == "tr_open" and token.map:
            cell = starts[token.map[0]]
        elif token.type in ("inline", "html_block") and token.map and token.content:
            if before in ("th_open", "td_open"):
                places, cell = cell_places(source, token.content, cell, starts[token.map[1]] - 1)
            else:
                places = line_places(source, token.content, starts, token.map[0])
            if places.inner:
                yield token, places
        before = token.type


def _all(text: str, char: str) -> list[int]:
    return [position for position, found in enumerate(text) if found == char]
