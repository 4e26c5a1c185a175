"""Who may write in a repository: one process at a time, on this machine."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import IO

from gitsync import own_files
from gitsync.errors import Locked
from gitsync.git.locks import own_locks
from gitsync.git.staging import is_ours
from gitsync.repository import Repository

LOOK = 0.1
"""Seconds between two looks at a lock that another process holds."""


@contextmanager
def process_lock(
    repository: Repository, *, wait: float = 0.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the repository against other gitsync processes, on this machine; wait up to `wait` seconds for them.

    Locks that git left behind on our own refs are removed. Raises Locked: another process, or git's index.lock; one
    that gitsync left is for `worktree.complete`.
    """
    # Not `state_dir`: doctor holds the lock while it sets aside what is in the way of all else.
    folder = repository.common_dir / "gitsync"
    if not folder.is_dir():
        own_files.check(folder)
        folder.mkdir(exist_ok=True)
    path = own_files.check_file(folder / "lock")
    with path.open("a+b") as file:
        waited = 0.0
        while not _is_taken(file) and waited < wait:
            sleep(LOOK)
            waited += LOOK
        if waited >= wait and not _is_taken(file):
            file.seek(0)
            holder = file.read(100).decode("ascii", "replace").strip()
            raise Locked(
                f"Another gitsync is at work in this repository (process {holder or 'unknown'}).",
                "Wait for it to end.",
            )
        file.truncate(0)
        file.write(str(os.getpid()).encode("ascii"))
        file.flush()
        _remove_leftovers(repository)
        yield
        file.truncate(0)


def _is_taken(file: IO[bytes]) -> bool:
    """Take the lock, now or again, unless another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_leftovers(repository: Repository) -> None:
    # Only gitsync writes these refs, and only under the lock that we hold: whoever made the files is dead.
    for left in own_locks(repository):
        left.unlink(missing_ok=True)
    index = repository.git_dir / "index.lock"
    if index.exists() and not is_ours(index):
        raise Locked(
            f"{index} exists: git is at work here, or died.",
            f"Wait for it to end, or remove that file if none runs (rm {quote(str(index))}).",
        )
