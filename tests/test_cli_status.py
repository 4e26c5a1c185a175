"""status, diff, plan and apply: what waits is told, and what was looked at is what is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import CMS, FOLDER, Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path / "blog", capsys)
    for name in ("a", "b", "c"):
        made.write(f"posts/{name}.md", post(name.upper()))
    made.commit()
    assert made.run("sync").code == 0
    return made


def test_status_of_what_is_in_step_says_so(desk: Desk) -> None:
    for arguments in (["status", "--exit-code"], ["plan", "--exit-code"], ["diff", "--exit-code"]):
        assert desk.run(*arguments).code == 0
    assert desk.run("status").out == "cms: in step.\n"
    assert desk.run("status", "--no-fetch").out == "cms: nothing waits here (the site was not asked).\n"
    assert desk.run("diff").out == "No differences.\n"


def test_status_tells_both_sides(desk: Desk) -> None:
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    desk.write("posts/b.md", post("B", "Better.\n"))
    desk.write("posts/d.md", post("D", "A text of its own.\n"))
    desk.git("rm", "--quiet", "posts/c.md")
    desk.commit()
    answer = desk.run("status")
    assert answer.code == 0
    assert answer.out == (
        "cms: 1 to bring in, 2 to send, 1 to remove there.\n"
        "  pull      posts/a.md\n"
        "  update    posts/b.md\n"
        "  create    posts/d.md\n"
        "  unpublish posts/c.md\n"
        "Run `gitsync sync` to carry it out, or `gitsync diff` to see the words.\n"
    )
    assert desk.run("status", "--exit-code").code == 4


def test_status_without_asking_tells_what_changed_here(desk: Desk) -> None:
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    desk.git("mv", "posts/b.md", "posts/z.md")
    desk.write("posts/d.md", post("D", "A text of its own.\n"))
    desk.write("posts/e.md", post("E", "Not for sites.\n", sites="[]"))
    desk.write("posts/f.md", "---\ntitle: [open\n---\nText.\n")
    desk.git("rm", "--quiet", "posts/c.md")
    desk.commit()
    answer = desk.run("status", "--no-fetch", "--json", "--exit-code")
    assert answer.operations == [
        ("update", "posts/z.md", "planned"),
        ("unpublish", "posts/c.md", "planned"),
        ("create", "posts/d.md", "planned"),
        ("skip", "posts/f.md", "failed"),
    ], answer.told
    assert answer.code == 6
    assert answer.events[-1]["requests"] == 0
    assert "posts/f.md:3:" in desk.run("status", "--no-fetch").out


def test_an_uncommitted_edit_is_nothing_to_sync(desk: Desk) -> None:
    desk.write("posts/a.md", post("A", "Not committed.\n"))
    assert desk.run("status", "--no-fetch", "--exit-code").code == 0


def test_a_conflict_is_told_offline_too(desk: Desk) -> None:
    desk.edit("A", body="One.\n\nTwo there.\n\nThree.\n")
    desk.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n"))
    desk.run("sync", "--no-markers")
    for arguments in (["status"], ["status", "--no-fetch"]):
        answer = desk.run(*arguments)
        assert answer.code == 3, answer.told
        assert answer.out.startswith("cms: 1 in conflict.\n  conflict  posts/a.md: awaits a decision"), answer.told


def test_status_names_only_some_of_many_posts(desk: Desk) -> None:
    for number in range(30):
        desk.write(f"posts/n{number:02}.md", post(f"Number {number}"))
    desk.commit()
    answer = desk.run("status", "--no-fetch")
    assert answer.out.count("create ") == 20
    assert "… and 10 more; -v names them all." in answer.out
    assert desk.run("status", "--no-fetch", "-v").out.count("create ") == 30


def test_status_says_where_nothing_can_be_written(desk: Desk) -> None:
    desk.git("checkout", "--quiet", "--detach")
    desk.put("posts/d.md", post("D"))
    answer = desk.run("status")
    assert answer.code == 0
    assert "1 to send" in answer.out
    assert answer.err == "HEAD is detached. Check out main, then sync. Until then nothing is written.\n"


def test_diff_shows_the_words_on_both_sides(desk: Desk) -> None:
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    desk.put("posts/b.md", post("Bee", "One.\n\nTwo words, mended.\n\nThree.\n", tags="[x, y]"))
    before = desk.git("for-each-ref")
    answer = desk.run("diff")
    assert answer.out == (
        "cms changes posts/a.md:\n  …\n  Two{+, there+}.\n  \n  Three.\n\n"
        "cms would take from posts/b.md:\n  title: [-B-]{+Bee+}\n  tags: {+x, y+}\n"
        "  …\n  Two{+ words, mended+}.\n  \n  Three.\n\n"
    ).replace("  …\n", "  One.\n  \n"), answer.told
    assert desk.run("diff", "--exit-code").code == 4
    assert desk.git("for-each-ref") == before


def test_diff_speaks_json(desk: Desk) -> None:
    desk.put("posts/b.md", post("B", "One.\n\nTwo, mended.\n\nThree.\n"))
    [told, summary] = desk.run("diff", "--json").events
    assert told == {
        "event": "diff",
        "site": "cms",
        "path": "posts/b.md",
        "direction": "push",
        "action": "update",
        "fields": {},
        "body": "One.\n\nTwo{+, mended+}.\n\nThree.",
    }
    assert summary["event"] == "summary"


def test_a_kept_plan_is_carried_out(desk: Desk) -> None:
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    desk.write("posts/d.md", post("D"))
    desk.put("posts/b.md", post("B", "Better.\n"))
    answer = desk.run("plan", "--out", "plan.json", "--exit-code")
    assert answer.code == 4
    assert answer.out.endswith("Next: `gitsync apply plan.json`.\n")
    assert "Better" not in desk.read("plan.json"), "a plan holds no content"
    answer = desk.run("apply", "plan.json")
    assert answer.code == 0, answer.told
    assert desk.rows()["B"]["body"] == "Better.\n"
    assert "Two, there." in desk.read("posts/a.md")
    answer = desk.run("apply", "plan.json")
    assert answer.code == 5, answer.told


@pytest.mark.parametrize("what", ["commit", "site", "new there", "synced", "configuration"])
def test_a_plan_is_refused_when_something_moved(desk: Desk, what: str) -> None:
    desk.put("posts/b.md", post("B", "Better.\n"))
    desk.run("plan", "--out", "plan.json")
    match what:
        case "commit":
            desk.put("posts/c.md", post("C", "Also.\n"))
        case "site":
            desk.edit("B", title="B there")
        case "new there":
            desk.insert(title="New", slug="new", body="x\n", status="published", updated_at="1")
        case "synced":
            desk.run("sync")
            desk.git("update-ref", "refs/heads/main", json.loads(desk.read("plan.json"))["head"])
        case "configuration":
            desk.write("gitsync.toml", desk.read("gitsync.toml").replace('status = "status"\n', ""))
    rows = desk.rows()
    refs = desk.git("for-each-ref")
    answer = desk.run("apply", "plan.json")
    assert answer.code == 5, answer.told
    assert answer.err.endswith("nothing was done. Look at it again: gitsync plan.\n"), answer.told
    assert desk.rows() == rows
    assert desk.git("for-each-ref") == refs


def test_an_edit_there_to_another_post_refuses_the_plan_too(desk: Desk) -> None:
    desk.put("posts/b.md", post("B", "Better.\n"))
    desk.run("plan", "--out", "plan.json")
    desk.edit("C", body="Edited.\n")
    answer = desk.run("apply", "plan.json")
    assert (answer.code, answer.err) == (
        5,
        "posts/c.md on cms is not as it was when the plan was made; nothing was done. "
        "Look at it again: gitsync plan.\n",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "There is no file"),
        ("{}", "is no plan of gitsync"),
        ("[" * 100_000, "is no plan of gitsync"),
        ('{"gitsync-plan": 99}', "another version"),
        ("\x00\xff", "is no plan of gitsync"),
    ],
)
def test_what_is_no_plan_is_said_in_a_sentence(desk: Desk, text: str | None, said: str) -> None:
    if text is not None:
        desk.write("plan.json", text)
    answer = desk.run("apply", "plan.json")
    assert answer.code == 2
    assert said in answer.err


def test_a_plan_of_two_sites_names_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path / "blog", capsys, config=CMS + FOLDER)
    (tmp_path / "docs").mkdir()
    desk.put("posts/a.md", post("A", date="2026-01-02"))
    answer = desk.run("plan", "--json")
    assert [(e["site"], e["action"]) for e in answer.events if e["event"] == "operation"] == [
        ("cms", "create"),
        ("docs", "create"),
    ], answer.told
    assert desk.run("sync").code == 0
    assert desk.run("status", "docs").out == "docs: in step.\n"


def test_a_post_for_no_site_is_nothing_to_do(desk: Desk) -> None:
    desk.put("posts/e.md", post("E", "Not for sites.\n", sites="[]"))
    for arguments in (["plan"], ["status"], ["status", "--no-fetch"], ["diff"]):
        assert desk.run(*arguments, "--exit-code").code == 0


def test_where_pulls_are_proposed_they_are_planned_and_shown_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, policy='[policy]\npull = "pull-request"\n')
    desk.put("posts/a.md", post("A"))
    assert desk.run("sync").code == 0
    desk.edit("A", body="One.\n\nTwo, there.\n\nThree.\n")
    assert "Two{+, there+}." in desk.run("diff").out
    assert desk.run("plan", "--out", "plan.json", "--exit-code").code == 4
    answer = desk.run("apply", "plan.json")
    assert answer.code == 0, answer.told
    assert desk.git("for-each-ref", "refs/heads/gitsync/pull-cms") != ""
