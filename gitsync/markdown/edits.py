"""Edits of a body: applied, and of those that change its page only the ones that do not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

Edit = tuple[int, int, str]
"""What is to stand at `body[start:end]`."""

CHECKS: Final = 16
"""How often a page is made again to see which edits leave it the same."""


def edited(body: str, edits: Iterable[Edit]) -> str:
    """Return `body` with `edits`, which are in order; of two in one place the first."""
    out, done = [], 0
    for start, end, text in edits:
        if start >= done:
            out += [body[done:start], text]
            done = end
    return "".join([*out, body[done:]])


def kept(body: str, edits: Iterable[Edit], starts: Sequence[int], same: Callable[[str], bool]) -> str:
    """Return `body` with those `edits` that leave it the `same`, unless many do not.

    What begins at one of `starts`, and ends at the next, gets all of its edits or none.
    """
    groups: dict[int, list[Edit]] = {}
    for edit in sorted(edits):
        groups.setdefault(bisect_right(starts, edit[0]), []).append(edit)
    left = CHECKS

    def good(some: Sequence[Sequence[Edit]]) -> list[Sequence[Edit]]:
        nonlocal left
        if not some or left <= 0:
            return []
        left -= 1
        if same(edited(body, (edit for group in some for edit in group))):
            return [*some]
        half = len(some) // 2
        return [*good(some[:half]), *good(some[half:])] if half else []

    found = good([*groups.values()])
    said = edited(body, (edit for group in found for edit in group))
    return said if len(found) in (0, len(groups)) or same(said) else body
