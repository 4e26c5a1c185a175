"""Real git repositories for tests, made in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gitsync.repository import Oid, Repository
from tests.conftest import run_git


def new_repository(folder: Path, *, bare: bool = False) -> Repository:
    """Make an empty repository on the branch main."""
    folder.mkdir(parents=True, exist_ok=True)
    run_git(folder, "init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []))
    return Repository.open(folder)


def commit(
    repository: Repository,
    files: Mapping[str, bytes | None],
    *,
    parent: Oid | str | None = "main",
    merges: Sequence[Oid] = (),
) -> Oid:
    """Commit `files` on `parent` (a branch that moves with it, a commit, or None for a first one)."""
    tip = repository.resolve(parent) if parent else None
    with repository.importer() as importer:
        changes = [(path, None if data is None else importer.blob(data)) for path, data in files.items()]
        made = importer.commit(parent=tip, changes=changes, message="a commit", merges=merges)
    if parent == "main":
        repository.update_refs([("refs/heads/main", made.oid, tip)], message="test")
    return made.oid
