"""Events as programs read them."""

from __future__ import annotations

import json

import pytest

from gitsync.events import Event, Notice, Operation, Progress, Summary, exit_code


@pytest.mark.parametrize(
    ("event", "keys"),
    [
        (
            Operation(site="devto", path="posts/ä.md", action="create", result="done"),
            "event site path action result id url reason",
        ),
        (Progress(site="devto", done=1, total=2), "event site done total"),
        (Notice(level="warning", message="Slow."), "event level message"),
        (Summary(exit_code=3), "event created updated deleted pulled merged conflicts failed requests"),
    ],
)
def test_an_event_is_json_with_all_its_keys_in_order(event: Event, keys: str) -> None:
    said = json.loads(json.dumps(event.to_json()))
    assert list(said) == keys.split()


@pytest.mark.parametrize(
    ("codes", "code"),
    [([], 0), ([0, 4], 4), ([4, 6], 6), ([6, 3], 3), ([3, 1], 1), ([1, 5], 5), ([5, 2], 2), ([2, 130], 130)],
)
def test_the_heaviest_exit_code_wins(codes: list[int], code: int) -> None:
    assert exit_code(codes) == code
    assert exit_code(reversed(codes)) == code
