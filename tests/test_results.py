"""The agreements of a round, wherever they are kept."""

from __future__ import annotations

import pytest

from gitsync.model import Post
from gitsync.state import spool as module
from gitsync.state.records import LedgerRecord, Result
from gitsync.state.results import Results


def result(path: str, base: str | None = "b" * 40, sent: str | None = "s") -> Result:
    record = LedgerRecord(id=path, sent=sent)
    return Result(
        site="site", path=path, base=base, remote=Post(title=path, body="x" * 50), record=record, conflict=None
    )


def test_results_come_back_in_order_and_the_newest_of_a_path_is_its_own() -> None:
    kept = Results([result("a"), result("b", sent=None), result("a", base="c" * 40)])
    assert [(it.path, it.base) for it in kept] == [("a", "b" * 40), ("b", "b" * 40), ("a", "c" * 40)]
    assert kept["a"].base == "c" * 40
    assert len(kept) == 3
    assert "b" in kept
    assert "c" not in kept
    kept.close()


def test_a_discarded_result_is_not_there_any_more() -> None:
    kept = Results([result("a"), result("b")])
    kept.discard("a")
    kept.discard("never")
    assert [it.path for it in kept] == ["b"]
    assert len(kept) == 1
    assert "a" not in kept
    kept.close()


def test_settled_is_what_was_agreed_on_and_is_owed_nothing() -> None:
    kept = Results([result("a"), result("b", sent=None)])
    assert kept.is_settled("a", "b" * 40)
    assert not kept.is_settled("a", "c" * 40)
    assert not kept.is_settled("b", "b" * 40)
    kept.close()


def test_many_results_go_to_the_disk_and_come_back_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 1000)
    many = [result(f"p{number}") for number in range(200)]
    kept = Results(many)
    assert list(kept) == many
    assert kept["p150"] == many[150]
    kept.close()
