"""Ledgers and the branch that move together: a run that dies between the moves is finished by the next one.

Git moves several refs by one rename after another, and a branch with its files is more than a ref. What is to be moved
is therefore noted on the disk first, when all objects are there already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitsync.bounded_json import own
from gitsync.durable import write_durably
from gitsync.errors import Error, Moved, RepositoryError
from gitsync.git import worktree
from gitsync.repository import Oid, Repository


def move_together(
    repository: Repository, refs: Mapping[str, tuple[Oid, Oid | None]], *, branch: str, old: Oid, new: Oid, message: str
) -> None:
    """Move `refs` (ref -> new, old), then `branch` with its files. Raises Moved, Locked, Refused: nothing has moved."""
    if new == old:
        repository.update_refs([(ref, *values) for ref, values in refs.items()], message=message)
        return
    _write(repository, {"refs": dict(refs), "branch": branch, "old": old, "new": new, "message": message})
    try:
        repository.update_refs([(ref, *values) for ref, values in refs.items()], message=message)
        worktree.advance(repository, branch=branch, old=old, new=new)
    except Error:
        _back(repository, refs, message)
        _note(repository).unlink()
        raise
    _note(repository).unlink()


def complete(repository: Repository) -> bool:
    """Finish what a killed run left half moved; back out of it where the branch went elsewhere. Says whether it was.

    Call it when the work tree's own half moves are finished. Raises Locked, RepositoryError: a damaged note.
    """
    said = _read(repository)
    if said is None:
        return False
    refs = {ref: (new, old) for ref, (new, old) in said["refs"].items()}
    now = {ref: repository.resolve(ref) for ref in refs}
    tip = repository.resolve(f"refs/heads/{said['branch']}")
    left = [(ref, new, old) for ref, (new, old) in refs.items() if now[ref] == old]
    try:
        if tip not in (said["old"], said["new"]):
            raise Moved("the branch has moved on.")
        repository.update_refs(left, message=said["message"])
        if tip == said["old"]:
            worktree.advance(repository, branch=said["branch"], old=said["old"], new=said["new"])
    except Error:
        # Somebody committed or edited what was to be moved: as if it had never been begun.
        _back(repository, refs, said["message"])
    _note(repository).unlink()
    return True


def is_unfinished(repository: Repository) -> bool:
    """Say whether there is anything to complete."""
    return _note(repository).exists()


def is_damaged(repository: Repository) -> bool:
    """Say whether what is to be completed cannot be read."""
    try:
        _read(repository)
    except RepositoryError:
        return True
    return False


def set_aside(repository: Repository) -> None:
    """Put a damaged note out of the way; a person may still look at it."""
    _note(repository).replace(_note(repository).with_suffix(".json.damaged"))


def _back(repository: Repository, refs: Mapping[str, tuple[Oid, Oid | None]], message: str) -> None:
    moved = [(ref, old, new) for ref, (new, old) in refs.items() if repository.resolve(ref) == new]
    with suppress(Moved):
        repository.update_refs(moved, message=f"{message}, taken back")


def _note(repository: Repository) -> Path:
    return repository.state_dir / "together.json"


def _read(repository: Repository) -> dict[str, Any] | None:
    path = _note(repository)
    try:
        said = own(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        said = None
    if not isinstance(said, dict) or not said.keys() >= {"refs", "branch", "old", "new", "message"}:
        raise RepositoryError(f"{path} cannot be read.", "Run gitsync doctor.")
    return dict(said)


def _write(repository: Repository, said: Mapping[str, Any]) -> None:
    write_durably(_note(repository), json.dumps(said).encode("ascii"))
