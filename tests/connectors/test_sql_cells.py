"""What is written in any manner reads back as it was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from gitsync_connectors.sql_cells import (
    next_stamp,
    read_list,
    read_moment,
    read_status,
    token,
    tokens,
    write_list,
    write_moment,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LIKES = [
    None,
    "",
    "2026-01-02",
    "2026-01-02 03:04:05",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.123456+02:00",
    "2026-01-02 03:04:05-0500",
    "2026-01-02 03:04:05 UTC",
    "1767323045",
    "1767323045123",
    1767323045,
    1767323045123,
    1767323045.5,
    datetime(2026, 1, 2, 3, 4, 5),  # as drivers return it
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
]
MOMENTS = st.datetimes(datetime(1974, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()).map(
    lambda moment: moment.replace(microsecond=0)
)


@settings(deadline=None)
@given(
    moment=MOMENTS,
    kind=st.sampled_from(["text", "integer", "real", "datetime"]),
    zoned=st.booleans(),
    like=st.sampled_from(LIKES),
)
def test_an_instant_is_the_same_in_every_manner(moment: datetime, kind: str, zoned: bool, like: Any) -> None:
    assert read_moment(write_moment(moment, kind=kind, zoned=zoned, like=like)) == moment.astimezone(UTC)


@settings(deadline=None)
@given(
    now=MOMENTS, kind=st.sampled_from(["text", "integer", "real"]), like=st.sampled_from(LIKES), times=st.integers(2, 4)
)
def test_a_stamp_never_comes_twice_however_fast_we_write(now: datetime, kind: str, like: Any, times: int) -> None:
    stamps = [like]
    for _ in range(times):
        stamps.append(next_stamp(stamps[-1], now.astimezone(UTC), kind=kind))
    assert len({token(stamp) for stamp in stamps}) == len(stamps)


def test_a_stamp_of_text_has_microseconds() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert next_stamp("2026-01-01T00:00:00Z", now, kind="text") == "2026-01-02T03:04:05.678901Z"
    assert next_stamp(None, now, kind="text") == "2026-01-02 03:04:05.678901"


@settings(deadline=None)
@given(
    items=st.lists(st.text(min_size=1).filter(lambda text: text == text.strip()), unique=True, min_size=1).map(tuple),
    like=st.sampled_from([None, "", "[]", '["x"]']),
)
def test_any_list_survives_json(items: tuple[str, ...], like: Any) -> None:
    assert read_list(write_list(items, "json", kind="text", like=like), "json") == items
    assert read_list(write_list(items, "array", kind="array", like=like), "array") == items


@pytest.mark.parametrize(("like", "cell"), [(None, "a, b"), ("x,y", "a,b"), ("x, y", "a, b"), ("x", "a, b")])
def test_commas_are_spaced_as_they_were(like: Any, cell: str) -> None:
    assert write_list(("a", "b"), "comma", kind="text", like=like) == cell


@pytest.mark.parametrize(
    "cell",
    [
        *(None, "", "soon", "0000-00-00 00:00:00", 7, True, 1e300, float("nan"), b"x", "99999999999999999999"),
        *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:00"),
    ],
)
def test_what_is_no_date_is_none(cell: Any) -> None:
    assert read_moment(cell) is None


def test_a_day_is_its_first_moment() -> None:
    assert read_moment(date(2026, 1, 2)) == read_moment("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("cell", [None, "", "archived", 0, 2, "0", "False", 1.5, b"live"])
def test_what_is_not_surely_public_is_a_draft(cell: Any) -> None:
    assert read_status(cell, {"published": "published", "draft": "draft"}) == "draft"


def test_tokens_are_text() -> None:
    assert tokens(["a", "b"]) == ["a", "b"]
    assert tokens([1, "b", 1.5]) == ["1", "b", "1.5"]
    berlin = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1)))
    assert token(berlin) == token(berlin.astimezone(UTC))
