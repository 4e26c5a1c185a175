"""Moving branch, index and files: what the user has not committed stays, and a kill anywhere is repaired."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from gitsync import worktree
from gitsync.fastimport import FileChange
from gitsync.repository import Oid, Repository
from tests.conftest import GitRunner


def build(repository: Repository, changes: dict[str, bytes | None], *, mode: str = "100644") -> Oid:
    """Return a commit upon HEAD, without moving anything."""
    with repository.importer() as importer:
        made: list[FileChange] = [
            (path, None if text is None else importer.blob(text), mode) for path, text in changes.items()
        ]
        commit = importer.commit(parent=repository.head(), changes=made, message="site: edits")
    return commit.oid


def move(repository: Repository, changes: dict[str, bytes | None]) -> Oid:
    new = build(repository, changes)
    worktree.advance(repository, branch="main", old=repository.head(), new=new)
    return new


def killed(action: Callable[[worktree.Step], object], at: int) -> bool:
    """Run `action` in a process that dies by SIGKILL at its step number `at`; False when it has fewer steps."""
    child = os.fork()
    if child == 0:
        steps = iter(range(10_000))

        def step(_: str) -> None:
            if next(steps) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            action(step)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_branch_index_and_files_move_together(repository: Repository, git: GitRunner) -> None:
    root = repository.root
    assert root is not None
    new = move(repository, {"posts/erste.md": b"new\n", "a/b/c.md": b"c", "posts/empty.md": None})
    assert repository.head() == new
    assert git("status", "--porcelain") == ""
    assert (root / "posts/erste.md").read_bytes() == b"new\n"
    assert (root / "a/b/c.md").read_bytes() == b"c"
    assert not (root / "posts/empty.md").exists()
    assert "gitsync: site: edits" in git("reflog", "-1")
    assert not (repository.git_dir / "index.lock").exists()


def test_kill_anywhere_is_finished_by_the_next_run(repository: Repository, git: GitRunner) -> None:
    root = repository.root
    assert root is not None
    old = repository.head()
    changes: dict[str, bytes | None] = {
        "posts/erste.md": b"new\n",
        "a/b.md": b"c",
        "posts/empty.md": None,
        "z.md": b"z",
    }
    new = build(repository, changes)
    (root / "mine.txt").write_text("not yours")
    git("add", "mine.txt")
    at = 0
    while killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), at):
        worktree.complete(repository)
        assert worktree.complete(repository) == []
        if repository.head() == old:
            assert git("status", "--porcelain") == "A  mine.txt"
            worktree.advance(repository, branch="main", old=old, new=new)
        assert git("status", "--porcelain") == "A  mine.txt", at
        assert repository.head() == new
        assert not (repository.git_dir / "index.lock").exists()
        assert sorted(path.name for path in (repository.git_dir / "gitsync").iterdir()) == ["lock"], at
        git("reset", "-q", "--hard", str(old))
        (root / "mine.txt").write_text("not yours")
        git("add", "mine.txt")
        at += 1
    assert at == 10
