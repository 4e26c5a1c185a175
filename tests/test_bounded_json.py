"""A text of JSON is measured before it becomes objects, which take many times its room."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from gitsync import bounded_json
from gitsync.answers import Response
from gitsync.bounded_json import DEEPEST, ROOM, TooMuch, loads, own
from gitsync.errors import Malformed, OutcomeUnknown

WORST: dict[str, Callable[[int], str]] = {
    "lists": lambda size: "[" + "[]," * (size // 3) + "0]",
    "objects": lambda size: "[" + "{}," * (size // 3) + "0]",
    "pairs": lambda size: "[" + '{"a":1},' * (size // 8) + "0]",
    "strings": lambda size: "[" + '"ab",' * (size // 5) + "0]",
    "numbers": lambda size: "[" + "999," * (size // 4) + "0]",
    "names": lambda size: "{" + ",".join(f'"{n:x}":1' for n in range(size // 10)) + "}",
    "nested": lambda size: "[" + ("[" * 50 + "]" * 50 + ",") * (size // 101) + "0]",
    "strings without an end": lambda size: '"' * size,
}


@pytest.mark.parametrize("kind", WORST)
def test_what_would_take_much_more_than_its_text_is_refused_before_it_does(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_json, "ROOM", 8 << 20)
    text = WORST[kind](3 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(TooMuch, match="more than 8 MiB"):
            loads(text)
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
        fits = WORST[kind](100 << 10)
        if kind != "strings without an end":
            tracemalloc.reset_peak()
            kept = loads(fits)
            assert kept
            assert tracemalloc.get_traced_memory()[1] < 16 << 20  # no estimate is off by more than that
    finally:
        tracemalloc.stop()


def test_ordinary_posts_fit_however_many_signs_their_texts_have(monkeypatch: pytest.MonkeyPatch) -> None:
    lexical = json.dumps({"root": {"children": [{"type": "text", "text": 'a "quoted" \\ one', "format": 0}] * 50}})
    posts: Any = [{"id": n, "title": f"Post {n}", "tags": ["a", "b"], "lexical": lexical} for n in range(100)]
    monkeypatch.setattr(bounded_json, "ROOM", 200_000)  # four times less than the signs in the texts would count for
    assert loads(json.dumps(posts)) == posts
    with pytest.raises(TooMuch):
        loads(json.dumps([json.loads(lexical)] * 100))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 2000 + "]" * 2000], ids=["[", "{", "whole"])
def test_what_is_nested_without_an_end_is_a_value_error(text: str) -> None:
    for read in (loads, own):
        with pytest.raises(ValueError, match=r"lists in lists|Expecting"):
            read(text)


def test_a_depth_that_no_document_has_is_refused_and_every_other_is_read() -> None:
    assert loads("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(TooMuch, match="200 levels"):
        loads("[" + "[" * DEEPEST + "]" * DEEPEST + "]")


@pytest.mark.parametrize("digits", [4_000, 100_000])
def test_a_number_that_nobody_can_read_is_refused(digits: int) -> None:
    with pytest.raises(TooMuch, match=f"a number of {digits} digits"):
        loads(f'{{"id": {"9" * digits}}}')
    assert loads(f"[{2**128}, -1, 1.5, 1e999]")[:2] == [2**128, -1]


def test_what_gitsync_wrote_has_more_room_than_what_it_was_told() -> None:
    assert bounded_json.OWN_ROOM > 2 * ROOM
    assert own("9" * 400) == int("9" * 400)


@pytest.mark.parametrize(("write", "error"), [(False, Malformed), (True, OutcomeUnknown)])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 500 + b"]" * 500, "lists in lists of more than 200 levels"),
        (b'{"id": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b"{]", "something that is not JSON"),
    ],
)
def test_an_answer_of_too_much_is_one_sentence(
    write: bool, error: type[Malformed] | type[OutcomeUnknown], content: bytes, said: str
) -> None:
    answer = Response(status=200, headers={}, content=content, site="blog", write=write)
    with pytest.raises(error) as raised:
        answer.json()
    assert raised.value.message == f"blog answered 200 with {said}."


def _peak(data: bytes) -> int:
    tracemalloc.start()
    try:
        loads(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_one_emoji_among_many_records_makes_none_but_its_own_wide() -> None:
    records = [{"id": at, "body": "word " * 200} for at in range(2_000)]
    plain = json.dumps(records).encode()
    records[7]["body"] = "😀"
    with_emoji = json.dumps(records, ensure_ascii=False).encode()
    assert loads(with_emoji) == records
    assert _peak(with_emoji) < 1.7 * _peak(plain)


@pytest.mark.parametrize("inside", ["\\\\😀", "😀\\ud83d", "\\ud83d😀", "é😀\\n", "\\ude00😀"])
def test_a_long_text_says_what_a_short_one_does(inside: str) -> None:
    short = f'["{inside}"]'
    long = f"{' ' * bounded_json.LONG}{short}"
    assert loads(long.encode()) == loads(short.encode()) == json.loads(short)


@pytest.mark.parametrize("inside", [b'["\\\xf0\x9f\x98\x80"]', b'["\xf4\xbf\xbf\xbf"]', b"\xf0\x9f\x98\x80"])
def test_a_long_text_that_is_no_json_stays_none(inside: bytes) -> None:
    with pytest.raises(ValueError, match=r"escape|decode|Expecting"):
        loads(b" " * bounded_json.LONG + inside)
