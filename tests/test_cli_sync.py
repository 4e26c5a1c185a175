"""The commands that keep repository and sites in step, on a real database: what they do, print and end with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import CMS, TABLE, Desk


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys)


def test_sync_sends_new_posts_once_and_says_so(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    answer = desk.run("sync")
    assert (answer.code, answer.out) == (0, "cms: created posts/a.md\n1 created.\n"), answer.told
    assert desk.rows()["A"]["body"] == "One.\n\nTwo.\n\nThree.\n"
    answer = desk.run("sync")
    assert (answer.code, answer.out) == (0, "Nothing to do.\n"), answer.told


def test_json_is_one_object_a_line_with_the_summary_last(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    answer = desk.run("sync", "--json")
    assert answer.operations == [("create", "posts/a.md", "done")]
    assert answer.events[-1]["event"] == "summary"
    assert answer.events[-1]["created"] == 1
    assert answer.err == ""


def test_a_dry_run_writes_nothing_and_ends_with_0(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    answer = desk.run("sync", "--dry-run")
    assert (answer.code, answer.out) == (0, "cms: would create posts/a.md\nPlanned: 1 created.\n")
    assert desk.rows() == {}
    assert desk.git("for-each-ref", "refs/gitsync") == ""


def test_push_never_changes_a_file_and_pull_never_writes_to_a_site(desk: Desk) -> None:
    desk.write("posts/b.md", post("B"))
    desk.put("posts/a.md", post("A"))
    desk.run("sync")
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    desk.put("posts/b.md", post("B", "Better.\n"))
    before = desk.git("rev-parse", "HEAD")
    answer = desk.run("push")
    assert answer.code == 0, answer.told
    assert desk.git("rev-parse", "HEAD") == before
    assert desk.rows()["B"]["body"] == "Better.\n"
    desk.put("posts/b.md", post("B", "Best.\n"))
    answer = desk.run("pull", "cms")
    assert answer.out == "cms: pulled posts/a.md\n1 pulled.\n", answer.told
    assert "Two, there." in desk.read("posts/a.md")
    assert desk.rows()["B"]["body"] == "Better.\n"


def test_import_makes_files_even_where_the_policy_does_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path / "blog", capsys, policy="[policy]\nimport = false\n")
    desk.insert(title="Made there", slug="made-there", body="Hello.\n", status="published", updated_at="1")
    assert desk.run("sync").out == "Nothing to do.\n"
    answer = desk.run("import", "cms")
    assert answer.out == "cms: imported posts/made-there.md\n1 pulled.\n", answer.told
    assert "Hello." in desk.read("posts/made-there.md")
    assert desk.run("sync").code == 0


@pytest.mark.parametrize("name", ["posts.zip", "export.xml"])
def test_an_export_that_is_not_there_is_told(desk: Desk, name: str) -> None:
    answer = desk.run("import", name)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("There is no ")
    assert f"{name}. Name the export of another system, or a site.\n" in answer.err


@pytest.mark.parametrize("command", ["sync", "pull", "push", "import", "status", "diff", "plan"])
def test_an_unknown_site_is_told_with_the_one_that_is_meant(desk: Desk, command: str) -> None:
    answer = desk.run(command, "cmss")
    assert answer.code == 2
    assert "has no site 'cmss'. Did you mean 'cms'?" in answer.err


def _conflict(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    desk.run("sync")
    desk.edit("A", body="One.\n\nTwo there.\n\nThree.\n")
    desk.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n"))


def test_a_person_finds_a_conflict_in_the_file(desk: Desk) -> None:
    _conflict(desk)
    answer = desk.run("sync")
    assert answer.code == 3, answer.told
    assert "cms: conflict in posts/a.md: changed here and on cms in the same place." in answer.out
    assert "<<<<<<< ours" in desk.read("posts/a.md")


@pytest.mark.parametrize("how", ["ci", "option"])
def test_a_machine_only_reports_a_conflict(desk: Desk, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _conflict(desk)
    if how == "ci":
        monkeypatch.setenv("CI", "true")
    answer = desk.run("sync", *(["--no-markers"] if how == "option" else []))
    assert answer.code == 3, answer.told
    assert "<<<<<<<" not in desk.read("posts/a.md")
    assert desk.git("status", "--porcelain") == ""


def test_a_guard_refuses_and_names_the_option_that_lifts_it(desk: Desk) -> None:
    for number in range(6):
        desk.write(f"posts/{number}.md", post(f"Post {number}"))
    desk.commit()
    desk.run("sync")
    desk.git("rm", "--quiet", "-r", "posts")
    desk.commit()
    answer = desk.run("sync", "--json")
    assert answer.code == 5, answer.told
    assert "--allow deletes" in answer.err
    assert [event["event"] for event in answer.events] == ["summary"]
    assert desk.run("sync", "--yes").code == 5, "--yes never allows deletes"
    answer = desk.run("sync", "--allow", "deletes")
    assert answer.code == 0, answer.told
    assert {row["status"] for row in desk.rows().values()} == {"draft"}


def test_sync_without_sites_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path / "blog", capsys, config="")
    answer = desk.run("sync")
    assert (answer.code, answer.err) == (0, "No sites yet. Run `gitsync site add NAME`.\n")


def test_a_site_that_does_not_answer_is_1_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = (
        CMS.replace("cms.db", "busy.db")
        .replace("sites.cms", "sites.busy")
        .replace("[sites.busy.c", "timeout = 1\n[sites.busy.c")
    )
    desk = Desk(tmp_path / "blog", capsys, config=busy + CMS)
    desk.put("posts/a.md", post("A"))
    with closing(sqlite3.connect(desk.root / "busy.db", isolation_level=None)) as db:
        db.execute(TABLE)
        db.execute("begin exclusive")
        answer = desk.run("sync")
        assert answer.code == 1, answer.told
        assert answer.err.startswith("busy: ")
        assert "A" in desk.rows()
        answer = desk.run("status")
        assert answer.out == "busy: could not be asked.\ncms: in step.\n", answer.told
