"""resolve: a person decides, the next sync carries it out, and nothing that was not in dispute is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import CMS, Desk


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


BODY = "One.\n\nTwo{0}.\n\nThree.\n\nFour.\n\nFive{1}.\n"


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A post that was changed in one sentence on both sides, and in another on each side alone."""
    made = Desk(tmp_path / "blog", capsys)
    made.write("posts/b.md", post("B", "Another.\n"))
    made.put("posts/a.md", post("A", BODY.format("", "")))
    assert made.run("sync").code == 0
    return made


def clash(desk: Desk) -> None:
    desk.edit("A", body=BODY.format(" there", " there"))
    desk.put("posts/a.md", post("A", BODY.format(" here", "")))


def quiet(desk: Desk) -> None:
    """Assert that a sync has nothing to do any more."""
    rows, head = desk.rows(), desk.git("rev-parse", "HEAD")
    answer = desk.run("sync")
    assert answer.idle, answer.told
    assert (desk.rows(), desk.git("rev-parse", "HEAD")) == (rows, head)
    assert desk.git("status", "--porcelain") == ""


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_a_choice_decides_what_is_in_dispute_and_keeps_the_rest_of_both(desk: Desk, choice: str, shown: bool) -> None:
    clash(desk)
    assert desk.run("sync", *([] if shown else ["--no-markers"])).code == 3
    answer = desk.run("resolve", "posts/a.md", f"--{choice}")
    assert answer.code == 0, answer.told
    word = " here" if choice == "ours" else " there"
    assert desk.read("posts/a.md") == post("A", BODY.format(word, " there"))
    assert desk.git("status", "--porcelain") == ""
    assert desk.rows()["A"]["body"] == BODY.format(" there", " there"), "resolve sends nothing"
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert desk.rows()["A"]["body"] == BODY.format(word, " there")
    quiet(desk)


def test_taking_their_words_whole_needs_no_write(desk: Desk) -> None:
    desk.edit("A", body=BODY.format(" there", ""))
    desk.put("posts/a.md", post("A", BODY.format(" here", "")))
    desk.run("sync")
    desk.run("resolve", "posts/a.md", "--theirs")
    quiet(desk)


def test_without_a_choice_the_conflict_is_shown_and_then_the_committed_file_counts(desk: Desk) -> None:
    clash(desk)
    desk.run("sync", "--no-markers")
    answer = desk.run("resolve", "posts/a.md")
    assert answer.code == 3, answer.told
    assert "<<<<<<< ours" in desk.read("posts/a.md")
    answer = desk.run("resolve", "posts/a.md")
    assert answer.code == 5, answer.told
    assert "is not committed" in answer.err
    desk.put("posts/a.md", post("A", BODY.format(" here", " as I like it")))
    answer = desk.run("resolve", "posts/a.md")
    assert answer.code == 0, answer.told
    assert desk.run("sync").code == 0
    assert desk.rows()["A"]["body"] == BODY.format(" here", " as I like it")
    quiet(desk)


def test_an_edit_among_the_markers_is_never_thrown_away(desk: Desk) -> None:
    clash(desk)
    desk.run("sync")
    edited = desk.read("posts/a.md").replace("One.", "One, and more.")
    desk.write("posts/a.md", edited)
    answer = desk.run("resolve", "posts/a.md", "--ours")
    assert answer.code == 5, answer.told
    assert desk.read("posts/a.md") == edited


def test_deleted_takes_the_post_off_both_sides(desk: Desk) -> None:
    clash(desk)
    desk.run("sync")
    answer = desk.run("resolve", "posts/a.md", "--deleted")
    assert answer.code == 0, answer.told
    assert not (desk.root / "posts/a.md").exists()
    assert desk.run("sync").code == 0
    assert desk.rows()["A"]["status"] == "draft"
    quiet(desk)


@pytest.mark.parametrize("choice", ["theirs", "deleted", "ours"])
def test_a_post_deleted_here_and_changed_there(desk: Desk, choice: str) -> None:
    desk.edit("A", body="Changed there.\n")
    desk.git("rm", "--quiet", "posts/a.md")
    desk.commit()
    assert desk.run("sync").code == 3
    assert "--theirs or --deleted" in desk.run("resolve", "posts/a.md").err
    answer = desk.run("resolve", "posts/a.md", f"--{choice}")
    assert answer.code == 0, answer.told
    if choice == "theirs":
        assert desk.read("posts/a.md") == post("A", "Changed there.\n")
    else:
        assert desk.run("sync").code == 0
        assert desk.rows()["A"]["status"] == "draft"
    quiet(desk)


@pytest.mark.parametrize("choice", ["ours", "deleted"])
def test_a_post_changed_here_and_gone_there(desk: Desk, choice: str) -> None:
    desk.remove("A")
    desk.put("posts/a.md", post("A", "Changed here.\n"))
    assert desk.run("sync").code == 3
    answer = desk.run("resolve", "posts/a.md", f"--{choice}")
    assert answer.code == 0, answer.told
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    if choice == "ours":
        assert desk.rows()["A"]["body"] == "Changed here.\n"
    else:
        assert "A" not in desk.rows()
        assert not (desk.root / "posts/a.md").exists()
    quiet(desk)


def test_a_post_that_is_gone_there_is_published_again_on_demand(desk: Desk) -> None:
    desk.remove("A")
    assert desk.run("sync").code == 0
    assert "A" not in desk.rows()
    assert desk.run("resolve", "posts/a.md", "--ours").code == 0
    assert desk.run("sync").code == 0
    assert "A" in desk.rows()
    quiet(desk)


@pytest.mark.parametrize("choice", ["ours", "deleted"])
def test_a_post_gone_there_long_before_it_changed_here(desk: Desk, choice: str) -> None:
    desk.remove("A")
    assert desk.run("sync").code == 0
    desk.put("posts/a.md", post("A", "Changed here.\n"))
    assert desk.run("sync").code == 3
    answer = desk.run("resolve", "posts/a.md", f"--{choice}")
    assert answer.code == 0, answer.told
    assert desk.run("sync").code == 0
    assert ("A" in desk.rows()) == (choice == "ours")
    quiet(desk)


def test_a_renamed_file_is_found_under_both_names(desk: Desk) -> None:
    clash(desk)
    desk.run("sync", "--no-markers")
    desk.git("mv", "posts/a.md", "posts/z.md")
    desk.commit()
    answer = desk.run("resolve", "posts/z.md", "--ours")
    assert answer.code == 0, answer.told
    assert desk.run("sync").code == 0
    assert desk.rows()["A"]["body"] == BODY.format(" here", " there")
    quiet(desk)


def test_what_is_not_in_conflict_is_said_with_what_is(desk: Desk) -> None:
    answer = desk.run("resolve", "posts/b.md", "--ours")
    assert (answer.code, answer.err) == (2, "posts/b.md is not in conflict. Nothing is in conflict.\n")
    clash(desk)
    desk.run("sync", "--no-markers")
    answer = desk.run("resolve", "posts/b.md", "--ours")
    assert (answer.code, answer.err) == (2, "posts/b.md is not in conflict. In conflict: posts/a.md.\n")
    answer = desk.run("resolve", "post/a.md", "--ours")
    assert (answer.code, answer.err) == (2, "There is no post post/a.md here. Did you mean posts/a.md?\n")
    answer = desk.run("resolve", "posts/a.md", "--ours", "--site", "cmss")
    assert answer.code == 2
    assert "Did you mean 'cms'?" in answer.err


def test_on_another_branch_nothing_is_decided(desk: Desk) -> None:
    clash(desk)
    desk.run("sync", "--no-markers")
    desk.git("checkout", "--quiet", "-b", "other")
    refs = desk.git("for-each-ref")
    answer = desk.run("resolve", "posts/a.md", "--ours")
    assert answer.code == 5, answer.told
    assert desk.git("for-each-ref") == refs


def test_two_sites_are_decided_apart_or_for_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = CMS.replace("sites.cms", "sites.other").replace('"posts"', '"posts2"')
    desk = Desk(tmp_path / "blog", capsys, config=CMS + other)
    desk.execute("create table posts2 (id integer primary key, title, slug, body, tags, status, updated_at)")
    desk.put("posts/a.md", post("A", "One.\n"))
    assert desk.run("sync").code == 0
    desk.execute("update posts set body = 'One there.\n', updated_at = 'x'")
    desk.execute("update posts2 set body = 'One elsewhere.\n', updated_at = 'x'")
    desk.put("posts/a.md", post("A", "One here.\n"))
    assert desk.run("sync", "--no-markers").code == 3
    answer = desk.run("resolve", "posts/a.md", "--theirs")
    assert (answer.code, answer.err) == (
        2,
        "posts/a.md is in conflict on several sites: cms, other. Say whose words to take: --site NAME.\n",
    )
    answer = desk.run("resolve", "posts/a.md", "--ours", "--json")
    assert [(e["site"], e["action"]) for e in answer.events[:-1]] == [("cms", "merge"), ("other", "merge")]
    assert desk.run("sync").code == 0
    assert desk.rows()["A"]["body"] == "One here.\n"
    assert desk.run("status").out == "cms: in step.\nother: in step.\n"
