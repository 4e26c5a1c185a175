"""Two texts as one, for people: which words went and which came, with a little of what stands around them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from gitsync.merge.diff import Edit, edits

Kind = Literal["same", "gone", "new", "cut"]

CONTEXT = 1
"""How many lines with words in them are shown before and after a change."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """A part of one line; "cut" stands for lines that are left out, and has no text."""

    kind: Kind
    text: str


def changed_words(before: str, after: str) -> Iterator[list[Piece]]:
    """Yield lines, as pieces, around everything that differs; nothing for equal texts."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    at = 0
    found = edits(old, new)
    for number, edit in enumerate(found):
        following = found[number + 1].start if number + 1 < len(found) else len(old)
        lead = _last(old[at : edit.start])
        if at + len(lead) < edit.start:
            yield [Piece("cut", "")]
        yield from _plain(lead)
        yield from _hunk(old, new, edit)
        tail = _first(old[edit.stop : following])
        yield from _plain(tail)
        at = edit.stop + len(tail)
    if found and at < len(old):
        yield [Piece("cut", "")]


def _first(lines: list[str]) -> list[str]:
    count = 0
    for number, line in enumerate(lines):
        count += bool(line.strip())
        if count == CONTEXT:
            return lines[: number + 1]
    return lines


def _last(lines: list[str]) -> list[str]:
    return _first(lines[::-1])[::-1]


def _plain(lines: list[str]) -> Iterator[list[Piece]]:
    for line in lines:
        yield [Piece("same", line.rstrip("\n"))]


def _hunk(old: list[str], new: list[str], edit: Edit) -> Iterator[list[Piece]]:
    gone = _WORD.findall("".join(old[edit.start : edit.stop]))
    come = _WORD.findall("".join(new[edit.new_start : edit.new_stop]))
    line: list[Piece] = []
    for piece in _pieces(gone, come):
        first, *rest = piece.text.split("\n")
        line += [Piece(piece.kind, first)] if first else []
        for text in rest:
            # A line end alone that came or went is told by the lines themselves.
            yield line
            line = [Piece(piece.kind, text)] if text else []
    if line:
        yield line


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    at = 0
    for start, stop, new_start, new_stop in edits(old, new):
        if at < start:
            yield Piece("same", "".join(old[at:start]))
        if start < stop:
            yield Piece("gone", "".join(old[start:stop]))
        if new_start < new_stop:
            yield Piece("new", "".join(new[new_start:new_stop]))
        at = stop
    if at < len(old):
        yield Piece("same", "".join(old[at:]))
