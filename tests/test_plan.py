"""The decision table, row by row, as the design has it."""

from __future__ import annotations

import pytest

from gitsync.plan import TABLE, Ours, Step, Theirs, decide

DESIGN = [
    # ours            theirs            what happens
    (Ours.SAME, Theirs.SAME, Step.NOTHING),
    (Ours.CHANGED, Theirs.SAME, Step.PUSH),
    (Ours.SAME, Theirs.CHANGED, Step.PULL),
    (Ours.CHANGED, Theirs.CHANGED, Step.MERGE),
    (Ours.NEW, Theirs.ABSENT, Step.CREATE),
    (Ours.ABSENT, Theirs.NEW, Step.IMPORT),
    (Ours.NEW, Theirs.NEW, Step.MATCH),
    (Ours.NEW, Theirs.TOMBSTONE, Step.REVIVE),
    (Ours.TOMBSTONE, Theirs.CHANGED, Step.REPORT),
    (Ours.TOMBSTONE, Theirs.NEW, Step.REPORT),
    (Ours.DELETED, Theirs.SAME, Step.REMOVE),
    (Ours.DELETED, Theirs.GONE, Step.ENTOMB),
    (Ours.DESELECTED, Theirs.SAME, Step.REMOVE),
    (Ours.DESELECTED, Theirs.GONE, Step.ENTOMB),
    (Ours.SAME, Theirs.GONE, Step.LOST),
    (Ours.DELETED, Theirs.CHANGED, Step.CONFLICT),
    (Ours.DESELECTED, Theirs.CHANGED, Step.CONFLICT),
    (Ours.CHANGED, Theirs.GONE, Step.CONFLICT),
    # A record whose agreement is not in this history: a reset, a rebase. Never pushed over, never a second copy.
    (Ours.NEW, Theirs.SAME, Step.MATCH),
    (Ours.NEW, Theirs.CHANGED, Step.MATCH),
    (Ours.NEW, Theirs.GONE, Step.CREATE),
    (Ours.ABSENT, Theirs.SAME, Step.IMPORT),
    (Ours.ABSENT, Theirs.CHANGED, Step.IMPORT),
    (Ours.ABSENT, Theirs.GONE, Step.ENTOMB),
    (Ours.TOMBSTONE, Theirs.SAME, Step.NOTHING),
    (Ours.TOMBSTONE, Theirs.GONE, Step.NOTHING),
]


@pytest.mark.parametrize(("ours", "theirs", "step"), DESIGN, ids=lambda value: value.name.lower())
def test_every_row_of_the_design_is_a_row_of_the_table(ours: Ours, theirs: Theirs, step: Step) -> None:
    assert decide(ours, theirs) is step


def test_the_table_has_no_row_that_the_design_does_not_know() -> None:
    assert set(TABLE) == {(ours, theirs) for ours, theirs, _ in DESIGN}


def test_nothing_is_ever_deleted_because_the_site_changed_or_lost_it() -> None:
    edited = [step for (_, theirs), step in TABLE.items() if theirs in (Theirs.CHANGED, Theirs.NEW)]
    assert Step.REMOVE not in edited
    assert Step.CREATE not in edited, "a record that is there is never made a second time"


def test_a_site_that_did_not_change_is_never_pulled_from() -> None:
    for (ours, theirs), step in TABLE.items():
        if theirs is Theirs.SAME and ours is not Ours.ABSENT:
            assert step not in (Step.PULL, Step.MERGE, Step.IMPORT)
