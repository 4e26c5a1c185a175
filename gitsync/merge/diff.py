"""How one sequence became another, in bounded time: the edits that three-way merging stands on.

Rare tokens, then rare runs of tokens, anchor the two sequences; what lies between is compared exactly (Myers) as long
as that is cheap. Beyond that the edits get coarser; they are never wrong, and never slow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

STEPS = 1_500_000
"""Inner steps that one comparison may take: about half a second."""

RUNS = (1, 4, 16, 64)
"""Lengths of the runs that may anchor. Repetitive texts have no rare token, but soon a rare run of tokens."""

SMALL = 48
"""Below this many tokens in all, exact comparison is cheaper than looking for anchors."""


class Edit(NamedTuple):
    """`old[start:stop]` became `new[new_start:new_stop]`; at least one of the two is not empty."""

    start: int
    stop: int
    new_start: int
    new_stop: int


class _Match(NamedTuple):
    old: int
    new: int
    length: int


def edits(old: Sequence[str], new: Sequence[str], *, steps: int = STEPS) -> list[Edit]:
    """Return the edits that turn `old` into `new`, in order, never touching one another.

    A pure insertion or deletion that could stand in several places stands in the last one, so that the same edit
    made by two people is the same `Edit`.
    """
    names: dict[str, int] = {}
    # Shared int objects: list slices then compare by identity, at memory speed.
    a = [names.setdefault(token, len(names)) for token in old]
    b = [names.setdefault(token, len(names)) for token in new]
    return _slide(_between(_matches(a, b, steps), len(a), len(b)), a, b)


def _between(matches: list[_Match], old: int, new: int) -> list[Edit]:
    found: list[Edit] = []
    i = j = 0
    for match in [*matches, _Match(old, new, 0)]:
        if i < match.old or j < match.new:
            found.append(Edit(i, match.old, j, match.new))
        i, j = match.old + match.length, match.new + match.length
    return found


def _slide(found: list[Edit], a: list[int], b: list[int]) -> list[Edit]:
    """Move every pure insertion or deletion as far down as it goes; edits that come to touch become one."""
    result: list[Edit] = []
    for edit in reversed(found):
        start, stop, new_start, new_stop = edit
        limit = result[-1].start if result else len(a)
        if start == stop or new_start == new_stop:
            text, low, high = (b, new_start, new_stop) if start == stop else (a, start, stop)
            room = limit - stop
            shift = 0
            while shift < room and text[low + shift] == text[high + shift]:
                shift += 1
            start, stop, new_start, new_stop = start + shift, stop + shift, new_start + shift, new_stop + shift
        if result and stop == limit:
            last = result.pop()
            stop, new_stop = last.stop, last.new_stop
        result.append(Edit(start, stop, new_start, new_stop))
    result.reverse()
    return result


def _matches(a: list[int], b: list[int], steps: int) -> list[_Match]:
    """Return the runs that `a` and `b` share, in order, by dividing at anchors; a stack, since recursion has limits."""
    found: list[_Match] = []
    todo: list[tuple[int, int, int, int, int]] = [(0, len(a), 0, len(b), 0)]
    while todo:
        i, i_end, j, j_end, level = todo.pop()
        head = _common(a, i, i_end, b, j, j_end)
        if head:
            found.append(_Match(i, j, head))
            i, j = i + head, j + head
        tail = _common_end(a, i, i_end, b, j, j_end)
        if tail:
            i_end, j_end = i_end - tail, j_end - tail
            found.append(_Match(i_end, j_end, tail))
        if i == i_end or j == j_end:
            continue
        anchors: list[tuple[int, int]] = []
        if i_end - i + j_end - j > SMALL:
            anchors, level = _anchors(a[i:i_end], b[j:j_end], level)
        if anchors:
            start, new_start = i, j
            # An anchor is where the next part begins, so that part starts with the run they share.
            for x, y in [*((start + x, new_start + y) for x, y in anchors), (i_end, j_end)]:
                todo.append((i, x, j, y, level))
                i, j = x, y
            continue
        exact, used = _exact(a[i:i_end], b[j:j_end], steps)
        steps -= used
        found += [_Match(i + x, j + y, length) for x, y, length in exact]
    found.sort()
    return found


def _common(a: list[int], i: int, i_end: int, b: list[int], j: int, j_end: int) -> int:
    """Return how many tokens `a[i:i_end]` and `b[j:j_end]` have in common at their start."""
    limit = min(i_end - i, j_end - j)
    same = 0
    while same < limit and same < 8:
        if a[i + same] != b[j + same]:
            return same
        same += 1
    return _gallop(lambda low, high: a[i + low : i + high] == b[j + low : j + high], same, limit)


def _common_end(a: list[int], i: int, i_end: int, b: list[int], j: int, j_end: int) -> int:
    return _gallop(
        lambda low, high: a[i_end - high : i_end - low] == b[j_end - high : j_end - low], 0, min(i_end - i, j_end - j)
    )


def _gallop(equal: Callable[[int, int], bool], same: int, limit: int) -> int:
    """Return the largest n <= limit such that everything before n is equal, by slices that double and then halve."""
    step = 8
    while same < limit:
        high = min(same + step, limit)
        if equal(same, high):
            same, step = high, step * 2
        elif high - same == 1:
            break
        else:
            limit, step = high - 1, max((high - same) // 2, 1)
    return same


def _anchors(a: list[int], b: list[int], level: int) -> tuple[list[tuple[int, int]], int]:
    """Return where runs of tokens begin that are there exactly once on both sides, the longest chain in order, and the
    level to go on with: runs get longer until some are found, or no level is left."""
    width = 1
    while level < len(RUNS):
        while width < RUNS[level]:
            # A pair of runs is a run twice as long; numbered, so that it costs no more than a token.
            names: dict[tuple[int, int], int] = {}
            a, b = ([names.setdefault(pair, len(names)) for pair in zip(x, x[width:], strict=False)] for x in (a, b))
            width *= 2
        level += 1
        places_a, places_b = _once(a), _once(b)
        pairs = [(x, places_b[name]) for name, x in places_a.items() if name in places_b]
        if pairs:
            return _chain(sorted(pairs)), level
    return [], level


def _once(tokens: list[int]) -> dict[int, int]:
    counts = Counter(tokens)
    return {token: place for place, token in enumerate(tokens) if counts[token] == 1}


def _chain(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest chain of pairs that ascends on both sides (patience sorting)."""
    tops: list[int] = []
    heads: list[int] = []
    before: list[int] = []
    for index, (_, y) in enumerate(pairs):
        pile = bisect_left(tops, y)
        before.append(heads[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(y)
            heads.append(index)
        else:
            tops[pile], heads[pile] = y, index
    chain: list[tuple[int, int]] = []
    index = heads[-1]
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    chain.reverse()
    return chain


def _exact(a: list[int], b: list[int], steps: int) -> tuple[list[_Match], int]:
    """Return a longest common subsequence as runs, and the steps taken; no runs when it would take too many.

    Myers, "An O(ND) difference algorithm and its variations", 1986: greedy, forward, remembering every round.
    """
    n, m = len(a), len(b)
    # Texts that agree nearly everywhere have long runs on every diagonal: the more tokens, the fewer diagonals.
    bound = min(n + m, max(64, 30_000_000 // (n + m)))
    reach = {1: 0}
    rounds: list[dict[int, int]] = []
    used = 0
    for d in range(bound + 1):
        used += d + 1
        if used > steps:
            break
        furthest: dict[int, int] = {}
        for k in range(-d + 2 * max(0, d - m), d - 2 * max(0, d - n) + 1, 2):
            down = k == -d or (k != d and reach.get(k - 1, -1) < reach.get(k + 1, -1))
            x = reach[k + 1] if down else reach[k - 1] + 1
            y = x - k
            if x < n and y < m and a[x] == b[y]:
                x += _common(a, x, n, b, y, m)
            furthest[k] = x
            if x >= n and x - k >= m:
                rounds.append(furthest)
                return _walk(rounds, n, m), used
        rounds.append(furthest)
        reach = furthest
    return [], min(used, steps)


def _walk(rounds: list[dict[int, int]], n: int, m: int) -> list[_Match]:
    """Follow the rounds back from the end; what is walked diagonally is common."""
    found: list[_Match] = []
    x, y = n, m
    for d in range(len(rounds) - 1, 0, -1):
        before = rounds[d - 1]
        k = x - y
        down = k == -d or (k != d and before.get(k - 1, -1) < before.get(k + 1, -1))
        came = k + 1 if down else k - 1
        start = before[came] + (0 if down else 1)
        if x > start:
            found.append(_Match(start, start - k, x - start))
        x = before[came]
        y = x - came
    if x:
        found.append(_Match(0, 0, x))
    found.reverse()
    return found
