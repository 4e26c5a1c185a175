"""Shows a conflict as git does, by markers in the file and stages in the index, and takes that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitsync.errors import Refused
from gitsync.git.busy import busy, file_oids, index_entries
from gitsync.git.gitprocess import Oid
from gitsync.git.objects import TreeEntry
from gitsync.git.staging import Staging, Step, forget_note, go_on, index_lock, write_note
from gitsync.repository import Repository


def materialise(
    repository: Repository,
    path: str,
    *,
    base: Oid | None,
    ours: Oid | None,
    theirs: Oid | None,
    merged: bytes,
    step: Step = go_on,
) -> None:
    """Show a conflict where git's users look for one: `merged` in the file, an unmerged entry in the index.

    `ours` is what HEAD has at `path`; a side that does not exist is None. Raises Refused when the file is busy, there
    is no work tree, or HEAD has something else.
    """
    repository.work_tree()
    with index_lock(repository):
        for reason in busy(repository, [path]).values():
            raise Refused(f"{path} {reason}.", "Commit or undo that first.")
        head = repository.lookup("HEAD", [path]).get(path)
        if head != ours:
            raise Refused(f"{path} is not what the conflict is about any more.", "Run gitsync again.")
        answer = repository.git.run("hash-object", "-w", "--stdin", "--no-filters", input=merged, write=True)
        said = {"kind": "conflict", "path": path, "stages": [base, ours, theirs], "merged": answer.text}
        write_note(repository, said)
        step("noted")
        show_conflict(repository, said, step=step)


def show_conflict(repository: Repository, said: Mapping[str, Any], *, step: Step) -> list[str]:
    """Do what a note of `materialise` says, again or for the first time; return the path if that changed it.

    Under `index_lock`. A path that the user has touched since stays as it is.
    """
    path, stages, merged = said["path"], said["stages"], said["merged"]
    ours = stages[1]
    entry = index_entries(repository, [path]).get(path)
    held = file_oids(repository, [path]).get(path, {""})
    head = repository.lookup("HEAD", [path]).get(path)
    staging = Staging(repository)
    merged_entry = entry is None or 0 in entry.stages
    untouched = head == ours and merged_entry and (entry.oid if entry else None) == ours
    if untouched and ({ours or "", merged} & held):
        mode = (entry and entry.mode) or "100644"
        try:
            staging.update([(path, 0, (mode, merged))])
            staging.checkout([path])
            staging.update([(path, 0, None)])
            staging.update([(path, number, (mode, oid)) for number, oid in enumerate(stages, 1) if oid])
        except BaseException:  # nothing has moved yet; a note would only bring us here again
            staging.clear()
            forget_note(repository)
            raise
        if merged not in held:
            staging.place(path, over=ours is not None)
            step(f"file {path}")
        staging.publish()
        step("index")
    staging.clear()
    forget_note(repository)
    step("done")
    return [path] if untouched else []


def unmaterialise(repository: Repository, path: str, *, merged: bytes | None) -> None:
    """Take a shown conflict back: index and file are again what HEAD has. Nothing to do when none is shown.

    `merged` is what `materialise` wrote; Refused when the file is not that any more. With None whatever is there goes.
    """
    if repository.root is None:
        return
    with index_lock(repository):
        entry = index_entries(repository, [path]).get(path)
        if entry is None or 0 in entry.stages:
            return
        head = next((e for e in repository.tree("HEAD", [f":(literal){path}"]) if e.path == path), None)
        held = file_oids(repository, [path]).get(path, {""})
        if merged is not None and not held & {repository.hash_blob(merged), head.oid if head else ""}:
            raise Refused(f"{path} was edited after the conflict was shown.", "Commit the edit, or undo it first.")
        _as_in_head(repository, path, head)


def take_back(repository: Repository, path: str, stages: Sequence[Oid | None]) -> None:
    """Take a shown conflict of these (base, ours, theirs) back that is over, unless somebody touched it since.

    A text that git has no object of is somebody's.
    """
    if repository.root is None:
        return
    with index_lock(repository):
        entry = index_entries(repository, [path]).get(path)
        shown = {number: oid for number, oid in enumerate(stages, 1) if oid}
        if entry is None or {number: oid for number, (_, oid) in entry.stages.items()} != shown:
            return
        if any(repository.resolve(f"{oid}^{{blob}}") for oid in file_oids(repository, [path]).get(path, ())):
            head = next((e for e in repository.tree("HEAD", [f":(literal){path}"]) if e.path == path), None)
            _as_in_head(repository, path, head)


def _as_in_head(repository: Repository, path: str, head: TreeEntry | None) -> None:
    staging = Staging(repository)
    staging.update([(path, 0, (head.mode, head.oid) if head else None)])
    if head:
        staging.checkout([path])
        staging.place(path, over=True)
    else:
        staging.remove(path)
    staging.publish()
    staging.clear()
