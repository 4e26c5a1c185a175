"""Two sets of edits of one base, laid over each other: which stretches are whose, and where they collide. Pure."""

from __future__ import annotations

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
    inserted = {it.start: other_tokens[it.new_start : it.new_stop] for it in others if it.start == it.stop}
    result: list[Edit] = []
    for start, stop, new_start, new_stop in edits:
        before, after = inserted.get(start, ()), inserted.get(stop, ())
        if start < stop and before and tokens[new_start:new_stop][: len(before)] == before:
            result.append(Edit(start, start, new_start, new_start + len(before)))
            new_start += len(before)
        if start < stop and after and tokens[new_start:new_stop][-len(after) :] == after:
            result.append(Edit(start, stop, new_start, new_stop - len(after)))
            start, new_start = stop, new_stop - len(after)
        result.append(Edit(start, stop, new_start, new_stop))
    return result


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
