"""Three-way merge of front matter values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gitsync.model import Value

_T = TypeVar("_T")


def three_way(base: _T, ours: _T, theirs: _T) -> tuple[_T, bool]:
    """Return the value, and whether that was clean; if not, the value is ours. Equal instants are equal dates."""
    if theirs in (base, ours):
        return ours, True
    return (theirs, True) if ours == base else (ours, False)


def merge_lists(base: Value, ours: Value, theirs: Value, *, theirs_first: bool = False) -> tuple[str, ...] | None:
    """Merge ordered sets, always cleanly: ours, without what they removed, with what they added after its left
    neighbour. When they alone put items in another order, it is theirs. None when nothing is left and one side says so.

    Of two additions at one place ours comes first, or theirs with `theirs_first`.
    """
    b, o, t = (tuple(dict.fromkeys(value)) if isinstance(value, tuple) else () for value in (base, ours, theirs))
    result = _apply(b, t, o) if _moved(b, t) and not _moved(b, o) else _apply(b, o, t, theirs_first)
    return result if result or None not in (ours, theirs) else None


def _moved(base: Sequence[str], new: Sequence[str]) -> bool:
    old, now = set(base), set(new)
    return [item for item in base if item in now] != [item for item in new if item in old]


def _apply(
    base: Sequence[str], frame: Sequence[str], other: Sequence[str], other_first: bool = False
) -> tuple[str, ...]:
    """Return `frame` with the items that `other` added to `base`, without those it removed."""
    before, kept = set(base), set(other)
    result = [item for item in frame if item in kept or item not in before]
    here = set(result)
    own = set() if other_first else here - before
    left: str | None = None
    for item in other:
        if item not in before and item not in here:
            place = result.index(left) + 1 if left is not None else 0
            # Two additions at one place.
            while left is not None and place < len(result) and result[place] in own:
                place += 1
            result.insert(place, item)
            here.add(item)
        if item in here:
            left = item
    return tuple(result)


def without_added(items: Value, before: Value, after: Value) -> Value:
    """Return the list without those of its items that are in `after` and were not in `before`."""
    if not isinstance(items, tuple) or not isinstance(after, tuple):
        return items
    added = set(after) - set(before if isinstance(before, tuple) else ())
    return tuple(item for item in items if item not in added)


def respell(base: Value, remote: Value) -> Value:
    """Return the site's list with `base`'s spelling of what a platform respelled (`Web-Dev` as `webdev`)."""
    if not isinstance(base, tuple) or not isinstance(remote, tuple):
        return remote
    folded: dict[str, list[str]] = {}
    for item in dict.fromkeys(base):
        folded.setdefault(_fold(item), []).append(item)
    known = set(base)
    return tuple(
        item if item in known or len(folded.get(_fold(item), ())) != 1 else folded[_fold(item)][0] for item in remote
    )


def _fold(item: str) -> str:
    return "".join(char for char in item.casefold() if char.isalnum()) or item
