"""What platforms say is found in whatever shape they say it."""

from __future__ import annotations

import pytest

from gitsync.answers import plain, retry_after, sentences


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"error": "unauthorized", "status": 401}, ["unauthorized"]),
        ({"errors": [{"message": "Validation failed", "context": "x"}]}, ["Validation failed"]),
        ({"message": ["Title is too long", "Tags bad"]}, ["Title is too long", "Tags bad"]),
        ({"errors": {"title": ["is blank"]}}, ["title is blank"]),
        ({"status": 422}, []),
        (None, []),
    ],
)
def test_the_platforms_own_sentence_is_found(answer: object, found: list[str]) -> None:
    assert sentences(answer) == found


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30.0), ("0", 0.0), (" 1.5 ", 1.5), ("-1", None), ("soon", None), ("", None), ("9" * 400, None)],
)
def test_a_wait_is_a_number_or_nothing(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


def test_a_wait_until_a_date_is_never_negative() -> None:
    date, later = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:01:40 GMT"
    assert retry_after({"retry-after": later, "date": date}) == 100.0
    assert retry_after({"retry-after": date, "date": later}) == 0.0
    assert retry_after({"retry-after": later, "date": "garbage"}) is None
    assert retry_after({}) is None


def test_a_message_is_one_short_sentence() -> None:
    assert plain("no") == "no."
    assert plain("Why?\r\n\x1b[31mred\x00") == "Why? [31mred."
    assert len(plain("x" * 9999)) == 400
