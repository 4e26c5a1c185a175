"""Who may write in a repository: one process at a time, on this machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from gitsync.errors import Locked
from gitsync.repository import Repository
from gitsync.staging import is_ours


@contextmanager
def process_lock(repository: Repository) -> Iterator[None]:
    """Hold the repository against other gitsync processes, on this machine.

    Locks that git left behind on our own refs are removed. Raises Locked: another process, or git's index.lock; one
    that gitsync left is for `worktree.complete`.
    """
    path = repository.state_dir / "lock"
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(100).decode("ascii", "replace").strip()
            raise Locked(
                f"Another gitsync is at work in this repository (process {holder or 'unknown'}).",
                "Wait for it to end.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()).encode("ascii"))
        file.flush()
        _remove_leftovers(repository)
        yield
        file.truncate(0)


def _remove_leftovers(repository: Repository) -> None:
    # Only gitsync writes these refs, and only under the lock that we hold: whoever made the files is dead.
    for folder in (repository.common_dir / "refs").glob("gitsync*"):
        for left in sorted(folder.rglob("*.lock")):
            left.unlink(missing_ok=True)
    index = repository.git_dir / "index.lock"
    if index.exists() and not is_ours(index):
        raise Locked(
            f"{index} exists: git is at work here, or died.", "Wait for it to end, or remove that file if none runs."
        )
