"""Lock files that a git which died left behind: ours to remove where only gitsync writes, else to be named."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from gitsync.git.staging import is_ours
from gitsync.repository import Repository

STALE = 60.0
"""Seconds after which nobody holds a lock on a branch that gitsync made: git needs one for milliseconds."""


def own_locks(repository: Repository, *, clock: Callable[[], float] = time.time) -> list[Path]:
    """Return the locks that whoever holds gitsync's own lock may remove: their holders are dead.

    Nobody else writes refs/gitsync*. A branch of gitsync/* may be moved by a person too, so a lock there has to be old.
    """
    refs = repository.common_dir / "refs"
    made = [(path, age(path, clock)) for path in (refs / "heads/gitsync").rglob("*.lock")]
    private = [path for folder in refs.glob("gitsync*") for path in folder.rglob("*.lock")]
    return sorted([*private, *(path for path, old in made if old is not None and old >= STALE)])


def foreign_locks(repository: Repository) -> list[Path]:
    """Return all other locks on the repository: a git is at work there, or died."""
    own = set(own_locks(repository))
    folders = {repository.git_dir, repository.common_dir}
    found = {path for folder in folders for path in folder.glob("*.lock")}
    found.update((repository.common_dir / "refs").rglob("*.lock"))
    return sorted(path for path in found - own if not is_ours(path))


def left_on(repository: Repository, remote: str, *, clock: Callable[[], float] = time.time) -> list[Path]:
    """Return the locks on gitsync's own refs that a git which died left on a remote on this disk; else nothing.

    Another clone, on another machine even, may be pushing to it just now: a lock there has to be old.
    """
    folder = _on_this_disk(repository, remote)
    if folder is None:
        return []
    found = [(path, age(path, clock)) for own in (folder / "refs").glob("gitsync*") for path in own.rglob("*.lock")]
    return sorted(path for path, old in found if old is not None and old >= STALE)


def _on_this_disk(repository: Repository, remote: str) -> Path | None:
    """Return the folder of git's of a remote that is a path, or None."""
    url = repository.remote_url(remote) or ""
    path = (repository.root or repository.git_dir) / url.removeprefix("file://")
    if not url or not path.is_dir():
        return None
    return path / ".git" if (path / ".git").is_dir() else path


def age(path: Path, clock: Callable[[], float] = time.time) -> float | None:
    """Return for how many seconds the file has been as it is; None when it is gone."""
    try:
        return clock() - path.stat().st_mtime
    except FileNotFoundError:
        return None
