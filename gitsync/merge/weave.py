"""Two sets of edits of one base, laid over each other: which stretches are whose, and where they collide. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from gitsync.merge.diff import Edit


class Side(Enum):
    """Who changed a stretch of the base."""

    NONE = "none"
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"


class Stretch(NamedTuple):
    """The same place in all three sequences. In a NONE stretch the three are equal, token by token."""

    side: Side
    base: slice
    ours: slice
    theirs: slice


def said_once(
    ours: Sequence[Edit], our_tokens: Sequence[str], theirs: Sequence[Edit], their_tokens: Sequence[str]
) -> tuple[list[Edit], list[Edit]]:
    """Return both sets of edits with what both insert beside a change of one side divided from that change.

    Else a text that was merged already would get the other side's words a second time when it is merged again.
    """
    return (
        _divided(ours, our_tokens, theirs, their_tokens),
        _divided(theirs, their_tokens, ours, our_tokens),
    )


def _divided(
    edits: Sequence[Edit], tokens: Sequence[str], others: Sequence[Edit], other_tokens: Sequence[str]
) -> list[Edit]:
    result = list(edits)
    for at, stop, new_start, new_stop in others:
        if at == stop:
            inserted = other_tokens[new_start:new_stop]
            _divide_before(result, tokens, at, inserted)
            _divide_after(result, tokens, at, inserted)
    return result


def _divide_before(edits: list[Edit], tokens: Sequence[str], at: int, inserted: Sequence[str]) -> None:
    """Make an insertion at `at` of what `edits` wrote right before it, if that is `inserted`.

    Its last words may be no part of an edit: the diff has found a full stop or a line end in the base, too.
    """
    behind = _between_edits(edits, at)
    if behind is None:
        return
    stop = at + (edits[behind - 1].new_stop - edits[behind - 1].stop if behind else 0)
    start = stop - len(inserted)
    first = behind
    while first and edits[first - 1].new_stop > start:
        first -= 1
    if start < 0 or tokens[start:stop] != inserted or not any(map(_adds, edits[first:behind])):
        return
    edit = edits[first]
    rest = Edit(edit.start - max(edit.new_start - start, 0), at, min(edit.new_start, start), start)
    edits[first:behind] = [rest, Edit(at, at, start, stop)]


def _divide_after(edits: list[Edit], tokens: Sequence[str], at: int, inserted: Sequence[str]) -> None:
    """Do the same with what stands right after it."""
    ahead = _between_edits(edits, at)
    if ahead is None:
        return
    start = at + (edits[ahead - 1].new_stop - edits[ahead - 1].stop if ahead else 0)
    stop = start + len(inserted)
    last = ahead
    while last < len(edits) and edits[last].new_start < stop:
        last += 1
    if tokens[start:stop] != inserted or not any(map(_adds, edits[ahead:last])):
        return
    edit = edits[last - 1]
    rest = Edit(at, edit.stop + max(stop - edit.new_stop, 0), stop, max(edit.new_stop, stop))
    edits[ahead:last] = [Edit(at, at, start, stop), rest]


def _between_edits(edits: Sequence[Edit], at: int) -> int | None:
    """Return how many edits end at or before `at`; None where one has `at` within it, or inserts there."""
    behind = bisect_left(edits, (at,))
    if behind and edits[behind - 1].stop > at:
        return None
    return None if behind < len(edits) and edits[behind].stop == at else behind


def _adds(edit: Edit) -> bool:
    return edit.new_start < edit.new_stop


def weave(length: int, ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[Stretch]:
    """Divide a base of `length` tokens, and both versions of it, into stretches, in order and without gaps.

    Edits collide (BOTH) when they share a base token, or insert at the same place. Edits that only touch do not:
    each keeps what it says.
    """
    tagged = sorted(
        [(edit, Side.OURS) for edit in ours] + [(edit, Side.THEIRS) for edit in theirs],
        key=lambda each: (each[0].start, each[0].stop),
    )
    at = ours_at = theirs_at = 0
    index = 0
    while index < len(tagged):
        (start, stop, *_), side = tagged[index]
        grown = {Side.OURS: 0, Side.THEIRS: 0}
        begun = index
        while index < len(tagged):
            edit, whose = tagged[index]
            insertions_meet = edit.start == edit.stop == start == stop
            if index > begun and not edit.start < stop and not insertions_meet:
                break
            side = side if side is whose else Side.BOTH
            grown[whose] += (edit.new_stop - edit.new_start) - (edit.stop - edit.start)
            stop = max(stop, edit.stop)
            index += 1
        same = start - at
        if same:
            yield Stretch(
                Side.NONE,
                slice(at, start),
                slice(ours_at, ours_at + same),
                slice(theirs_at, theirs_at + same),
            )
        ours_at, theirs_at, at = ours_at + same, theirs_at + same, stop
        ours_end = ours_at + stop - start + grown[Side.OURS]
        theirs_end = theirs_at + stop - start + grown[Side.THEIRS]
        yield Stretch(side, slice(start, stop), slice(ours_at, ours_end), slice(theirs_at, theirs_end))
        ours_at, theirs_at = ours_end, theirs_end
    if at < length:
        same = length - at
        yield Stretch(Side.NONE, slice(at, length), slice(ours_at, ours_at + same), slice(theirs_at, theirs_at + same))
