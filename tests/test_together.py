"""Ledgers and the branch move all or not at all, whatever instant a run dies at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from gitsync.errors import Moved
from gitsync.repository import Oid, Repository
from gitsync.state import together
from tests.conftest import GitRunner, run_git
from tests.killing import KILLED, Steps
from tests.repositories import commit

LEDGERS = ("refs/gitsync/one", "refs/gitsync/two")


class Move:
    """A branch and two ledgers that are to move to the next commit."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        head = repository.head()
        assert head is not None
        self.old: Oid = head
        self.new = commit(repository, {"posts/erste.md": b"new\n"}, parent=head)
        repository.update_refs([(ref, self.old, None) for ref in LEDGERS], message="before")
        self.refs: dict[str, tuple[Oid, Oid | None]] = dict.fromkeys(LEDGERS, (self.new, self.old))

    def make(self) -> None:
        together.move_together(self.repository, self.refs, branch="main", old=self.old, new=self.new, message="move")

    def tips(self) -> set[Oid | None]:
        return {self.repository.resolve(ref) for ref in (*LEDGERS, "refs/heads/main")}


@pytest.fixture
def move(repository: Repository) -> Move:
    return Move(repository)


def test_all_move(move: Move, git: GitRunner) -> None:
    move.make()
    assert move.tips() == {move.new}
    assert git("status", "--porcelain") == ""
    assert not together.is_unfinished(move.repository)


def test_a_file_that_is_being_edited_keeps_everything_where_it_is(move: Move, tmp_path: Path) -> None:
    (tmp_path / "work/posts/erste.md").write_text("mine\n")
    with pytest.raises(Moved):
        move.make()
    assert move.tips() == {move.old}
    assert (tmp_path / "work/posts/erste.md").read_text() == "mine\n"
    assert not together.is_unfinished(move.repository)


def killed_at(at: int, work: Callable[[], object]) -> bool:
    """Do the work in a process of its own that dies at its step `at`. Returns whether it did."""
    import os

    pid = os.fork()
    if not pid:  # pragma: no cover  the other process
        code = 1
        try:
            Steps(at, lambda: os._exit(KILLED)).install()
            work()
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


@pytest.mark.slow
def test_a_run_that_dies_anywhere_in_it_is_finished_or_was_never_begun(
    move: Move, tmp_path: Path, git: GitRunner
) -> None:
    from gitsync.git import worktree

    seen = set()
    for at in count(1):
        if not killed_at(at, move.make):
            break
        (move.repository.git_dir / "index.lock").unlink(missing_ok=True)
        worktree.complete(move.repository)
        together.complete(move.repository)
        assert len(move.tips()) == 1, f"killed at step {at}"
        seen |= move.tips()
        assert git("status", "--porcelain") == ""
        assert not together.is_unfinished(move.repository)
        move.repository.update_refs(
            [(ref, move.old, move.repository.resolve(ref)) for ref in LEDGERS], message="once more"
        )
        run_git(tmp_path / "work", "reset", "--quiet", "--hard", str(move.old))
    assert seen == {move.old, move.new}


def test_a_half_move_is_taken_back_where_the_branch_went_elsewhere(move: Move, git: GitRunner) -> None:
    note = {"refs": move.refs, "branch": "main", "old": move.old, "new": move.new, "message": "move"}
    together._write(move.repository, note)
    move.repository.update_refs([(LEDGERS[0], move.new, move.old)], message="half")
    git("commit", "--quiet", "--allow-empty", "-m", "mine")
    assert together.complete(move.repository)
    assert [move.repository.resolve(ref) for ref in LEDGERS] == [move.old] * 2
    assert not together.complete(move.repository)
