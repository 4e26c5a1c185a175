"""The commands that look back: log, rollback, restore, verify and doctor, on a real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import Desk


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys)


def test_log_tells_the_newest_sync_first(desk: Desk) -> None:
    assert desk.run("log").code == 0
    desk.put("posts/a.md", post("A"))
    desk.run("sync")
    desk.put("posts/a.md", post("A", "Better.\n"))
    desk.run("sync")
    lines = [line.split() for line in desk.run("log").out.splitlines()]
    assert [line[:2] for line in lines if "posts/a.md" in line] == [
        ["updated", "posts/a.md"],
        ["created", "posts/a.md"],
    ]
    answer = desk.run("log", "-n", "1", "--json")
    event, last = answer.events
    assert last["event"] == "summary"
    assert (event["event"], event["action"], event["path"], event["site"]) == (
        "operation",
        "update",
        "posts/a.md",
        "cms",
    )
    assert len(event["sync"]) == 12


def test_rollback_takes_back_and_forth(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    desk.run("sync")
    desk.put("posts/a.md", post("A", "Worse.\n"))
    desk.run("sync")
    answer = desk.run("rollback", "--dry-run")
    assert (answer.code, answer.out) == (0, "cms: would update posts/a.md\nPlanned: 1 updated.\n")
    assert desk.rows()["A"]["body"] == "Worse.\n"
    answer = desk.run("rollback")
    assert (answer.code, answer.out) == (0, "cms: updated posts/a.md\n1 updated.\n"), answer.told
    assert desk.rows()["A"]["body"] == "One.\n\nTwo.\n\nThree.\n"
    assert desk.git("log", "-1", "--format=%s").startswith("Roll back sync ")
    assert ", rolled back " in desk.run("log", "-n1").out
    answer = desk.run("rollback", "--json")
    assert answer.operations == [("update", "posts/a.md", "done")]
    assert desk.rows()["A"]["body"] == "Worse.\n"


def test_a_rollback_of_nothing_is_no_error_and_of_something_unknown_is_one(desk: Desk) -> None:
    assert desk.run("rollback").code == 0
    answer = desk.run("rollback", "beef")
    assert answer.code == 2
    assert "gitsync log" in answer.err


def test_restore_mends_a_vandalised_database(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    desk.put("posts/b.md", post("B"))
    desk.run("sync")
    desk.edit("A", body="Vandalised.\n")
    answer = desk.run("restore", "HEAD", "--dry-run")
    assert (answer.code, answer.out) == (
        0,
        "cms: would update posts/a.md: shows something else.\nPlanned: 1 updated.\n",
    )
    answer = desk.run("restore", "HEAD", "cms")
    assert (answer.code, answer.out) == (0, "cms: updated posts/a.md\n1 updated.\n"), answer.told
    assert desk.rows()["A"]["body"] == "One.\n\nTwo.\n\nThree.\n"
    assert desk.run("sync").out == "Nothing to do.\n"
    assert desk.run("restore", "1999-12-31").code == 2


def test_verify_ends_with_1_when_anything_differs(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    assert desk.run("verify").code == 1
    desk.run("sync")
    assert desk.run("verify", "--deep").out == "cms: as agreed.\n"
    desk.edit("A", body="Other.\n")
    answer = desk.run("verify", "--deep")
    assert (answer.code, answer.out) == (
        1,
        "cms: posts/a.md shows something else than was agreed on: body.\ncms: 1 difference.\n",
    )
    answer = desk.run("verify", "--json")
    assert answer.code == 1
    assert [event["event"] for event in answer.events] == ["difference", "summary"]


def test_doctor_mends_and_says_so(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    desk.run("sync")
    assert (desk.run("doctor").code, desk.run("doctor").out) == (0, "All is well.\n")
    (desk.root / ".git/gitsync/index.db").unlink()
    answer = desk.run("doctor", "--dry-run")
    assert (answer.code, answer.out) == (
        0,
        "Found an index that is missing: it would be built anew from the ledgers.\n",
    )
    assert "built anew" in desk.run("doctor").out
    assert desk.run("doctor", "--json").events[-1]["event"] == "summary"
    (desk.root / ".git/index.lock").touch()
    assert desk.run("doctor").code == 1
