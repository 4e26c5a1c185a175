"""Plain git, taught to merge posts: by its own merge, rebase, revert and cherry-pick."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cms import CMS, Desk
from tests.conftest import run_git

BASE = (
    "---\ntitle: A day  # mine\ntags: [one, two]\nmine: 1\n---\n\n"
    "The quick brown fox jumps over the lazy dog. It runs.\n\nLast words.\n"
)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path / "my blog", capsys, config=CMS)
    desk.put("posts/a.md", BASE)
    answer = desk.run("install-hooks")
    assert answer.code == 0, answer.told
    return desk


def both(desk: Desk, ours: str, theirs: str, path: str = "posts/a.md") -> None:
    """Let `theirs` be on the branch side, and `ours` on main."""
    desk.git("switch", "-q", "-c", "side")
    desk.put(path, theirs)
    desk.git("switch", "-q", "main")
    desk.put(path, ours)


OURS = BASE.replace("quick", "slow").replace("[one, two]", "[one, two, ours]")
THEIRS = BASE.replace("It runs", "It sleeps").replace("[one, two]", "[theirs, one, two]").replace("A day", "A night")
MERGED = (
    "---\ntitle: A night  # mine\ntags: [theirs, one, two, ours]\nmine: 1\n---\n\n"
    "The slow brown fox jumps over the lazy dog. It sleeps.\n\nLast words.\n"
)


def test_a_merge_takes_both_edits_of_a_paragraph_and_of_the_tags(desk: Desk) -> None:
    both(desk, OURS, THEIRS)
    desk.git("merge", "-q", "--no-edit", "side")
    assert desk.read("posts/a.md") == MERGED
    assert desk.git("status", "--porcelain").strip() == ""


def test_a_rebase_and_a_cherry_pick_do_too(desk: Desk) -> None:
    both(desk, OURS, THEIRS)
    desk.git("switch", "-q", "side")
    desk.git("rebase", "-q", "main")
    assert desk.read("posts/a.md") == MERGED
    desk.git("reset", "-q", "--hard", "main")
    desk.git("cherry-pick", "side@{1}")
    assert desk.read("posts/a.md") == MERGED


def test_a_revert_of_an_older_edit_keeps_the_later_one(desk: Desk) -> None:
    desk.put("posts/a.md", BASE.replace("quick", "slow"))
    desk.put("posts/a.md", BASE.replace("quick", "slow").replace("It runs", "It sleeps"))
    desk.git("revert", "--no-edit", "HEAD~1")
    assert desk.read("posts/a.md") == BASE.replace("It runs", "It sleeps")


def test_words_that_exclude_each_other_are_marked_and_all_else_is_merged(desk: Desk) -> None:
    both(desk, OURS, THEIRS.replace("quick", "red"))
    with pytest.raises(AssertionError):
        desk.git("merge", "-q", "side")
    text = desk.read("posts/a.md")
    assert "tags: [theirs, one, two, ours]" in text
    assert "<<<<<<< " in text
    assert ">>>>>>> " in text
    assert "slow brown fox jumps over the lazy dog. It sleeps." in text
    assert "red brown fox jumps over the lazy dog. It sleeps." in text
    assert desk.git("status", "--porcelain").startswith("UU ")


def test_keys_that_only_the_author_understands_are_merged_by_lines_and_never_lost(desk: Desk) -> None:
    both(desk, OURS.replace("mine: 1", "mine: 2"), THEIRS)
    desk.git("merge", "-q", "--no-edit", "side")
    assert desk.read("posts/a.md") == MERGED.replace("mine: 1", "mine: 2")
    desk.git("reset", "-q", "--hard", "HEAD~1")
    desk.git("switch", "-q", "side")
    desk.put("posts/a.md", THEIRS.replace("mine: 1", "mine: 3"))
    desk.git("switch", "-q", "main")
    with pytest.raises(AssertionError):
        desk.git("merge", "-q", "side")
    assert "mine: 2" in desk.read("posts/a.md")
    assert "mine: 3" in desk.read("posts/a.md")


def test_what_cannot_be_read_as_a_post_is_merged_as_git_does(desk: Desk) -> None:
    broken = BASE.replace("title: A day  # mine", "title: [")
    desk.put("posts/b.md", broken)
    both(desk, broken.replace("quick", "slow"), broken.replace("Last", "First"), "posts/b.md")
    desk.git("merge", "-q", "--no-edit", "side")
    assert desk.read("posts/b.md") == broken.replace("quick", "slow").replace("Last", "First")


def test_it_works_in_another_worktree(desk: Desk, tmp_path: Path) -> None:
    both(desk, OURS, THEIRS)
    desk.git("worktree", "add", "-q", "-b", "third", str(tmp_path / "other tree"), "main")
    run_git(tmp_path / "other tree", "merge", "-q", "--no-edit", "side")
    assert (tmp_path / "other tree/posts/a.md").read_text(encoding="utf-8") == MERGED


def test_records_are_shown_with_times_that_people_read(desk: Desk) -> None:
    desk.run("sync")
    shown = desk.git("show", "refs/gitsync/cms")
    assert '+  "written": "20' in shown


def test_it_is_taken_back_and_what_others_wrote_stays(desk: Desk) -> None:
    attributes = desk.root / ".git/info/attributes"
    attributes.write_text("*.png binary\n" + attributes.read_text() + "*.gif binary")
    assert desk.run("install-hooks", "--pre-push").code == 0
    assert attributes.read_text().count("merge=gitsync") == 1
    assert (desk.root / ".git/hooks/pre-push").is_file()
    assert desk.run("install-hooks", "--remove").code == 0
    assert attributes.read_text() == "*.png binary\n*.gif binary"
    assert not (desk.root / ".git/hooks/pre-push").exists()
    assert "gitsync" not in (desk.root / ".git/config").read_text()
    assert desk.run("install-hooks", "--remove").code == 0


@pytest.mark.slow
def test_a_push_is_stopped_by_a_post_that_cannot_be_sent(desk: Desk, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "origin")
    desk.git("remote", "add", "origin", str(tmp_path / "origin"))
    assert desk.run("install-hooks", "--pre-push").code == 0
    desk.git("push", "-q", "origin", "main")
    desk.put("posts/a.md", "---\ntitle: [\n---\n")
    with pytest.raises(AssertionError, match="yaml-syntax"):
        desk.git("push", "-q", "origin", "main")
    desk.git("push", "-q", "--no-verify", "origin", "main")


def test_a_hook_of_the_users_own_is_left_alone(desk: Desk) -> None:
    hooks = desk.root / "my-hooks"
    hooks.mkdir()
    desk.git("config", "core.hooksPath", "my-hooks")
    (hooks / "pre-push").write_text("#!/bin/sh\n")
    answer = desk.run("install-hooks", "--pre-push")
    assert "add this line to it" in answer.err
    assert (hooks / "pre-push").read_text() == "#!/bin/sh\n"
