"""No window of time holds more requests than its limit, by the server's clock."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.pace import Limit, Pace, limits

PUBLISHED: dict[str, list[Limit]] = {
    "reads": [(3, 1.0), (30, 60.0)],
    "writes": [(1, 1.0)],
    "writes.publish": [(9, 30.0)],
}


def test_the_pace_that_was_chosen_replaces_the_published_one() -> None:
    assert limits(PUBLISHED, None) == PUBLISHED
    assert limits(PUBLISHED, {}) == {}
    assert limits(PUBLISHED, {"writes": (5, 1.0)}) == {"reads": [(3, 1.0), (30, 60.0)], "writes": ((5, 1.0),)}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 20)), min_size=1, max_size=3),
    st.lists(st.integers(0, 30), min_size=1, max_size=30),
)
def test_no_window_ever_holds_more_requests_than_its_limit(windows: list[tuple[int, int]], work: list[int]) -> None:
    now = 0.0
    moments = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pace = Pace({"writes": [(number, float(span)) for number, span in windows]}, sleep, lambda: now)
    for tenths in work:
        pace.wait(["writes"])
        now += tenths / 20
        moments.append(now)  # when the server counts it, somewhere between sending and answer
        now += tenths / 20
        pace.stamp(["writes"])
    for number, span in windows:
        gaps = [later - earlier for earlier, later in zip(moments, moments[number:], strict=False)]
        assert all(gap > span - 1e-6 for gap in gaps)
