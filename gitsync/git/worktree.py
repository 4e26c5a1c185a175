"""Moves the user's branch, index and files together, without ever touching what the user has not committed.

A move is noted on the disk first; a run that was killed anywhere in it is finished by `complete`. Callers hold
gitsync's lock of the repository: two moves at once are not foreseen here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitsync.errors import Moved, Refused, RepositoryError
from gitsync.git.busy import Entry, busy, file_oids, index_entries
from gitsync.git.gitprocess import Oid
from gitsync.git.objects import EMPTY_TREE, Change, TreeEntry
from gitsync.git.staging import (
    IndexLine,
    Staging,
    Step,
    folder_of,
    forget_note,
    go_on,
    index_lock,
    is_ours,
    read_note,
    write_note,
)
from gitsync.git.unmerged import materialise, show_conflict, take_back, unmaterialise
from gitsync.repository import Repository

_SUBMODULE = "160000"  # its index entry moves with the branch; its files are moved by `git submodule update` only

__all__ = ["advance", "busy", "complete", "materialise", "take_back", "unmaterialise"]


def advance(repository: Repository, *, branch: str, old: Oid | None, new: Oid, step: Step = go_on) -> None:
    """Move `branch` from `old` (None: not born yet) to `new`; where it is checked out, index and files with it.

    Other staged and uncommitted work stays as it is. Raises Moved when the branch is not at `old` or a file that
    changes has become busy, Locked when another git holds the index, Refused when the branch is checked out in
    another work tree. After any of them nothing has moved.
    """
    complete(repository)
    _refuse_elsewhere(repository, branch)
    updates = [(f"refs/heads/{branch}", new, old)]
    message = f"gitsync: {next(repository.log(new, limit=1)).subject}"
    if repository.root is None or repository.branch() != branch:
        repository.update_refs(updates, message=message)
        return
    with index_lock(repository):
        step("locked")
        changes = repository.diff(old or EMPTY_TREE, new, renames=False)
        paths = [change.path for change in changes]
        seen = {path: _signature(f"{repository.root}/{path}") for path in paths}
        if repository.head() != old:
            raise Moved(f"The branch {branch} has moved while gitsync was at work.", "Run gitsync again.")
        leaving = {change.path for change in changes if change.oid is None}
        ours = [change.path for change in changes if change.mode != _SUBMODULE]
        for path, reason in busy(repository, ours, leaving=leaving).items():
            raise Moved(f"{path} changed while gitsync was at work: it {reason}.", "Run gitsync again.")
        entries = index_entries(repository, paths)
        moves = [_Move(change, file=_on_disk(change, entries.get(change.path)), entry=True) for change in changes]
        staging = _stage(repository, moves, entries)
        step("staged")
        write_note(repository, {"kind": "advance", "branch": branch, "old": old, "new": new})
        step("noted")
        try:
            repository.update_refs(updates, message=message)
        except BaseException:
            staging.clear()
            forget_note(repository)
            raise
        step("ref")
        _carry_out(repository, staging, moves, seen, step)
        staging.clear()
        forget_note(repository)
        step("done")


def _refuse_elsewhere(repository: Repository, branch: str) -> None:
    if not (repository.common_dir / "worktrees").is_dir():
        return
    for block in repository.git.text("worktree", "list", "--porcelain").split("\n\n"):
        facts = dict(line.partition(" ")[::2] for line in block.splitlines())
        path = facts.get("worktree", "")
        here = repository.root is not None and Path(path) == repository.root
        if facts.get("branch") == f"refs/heads/{branch}" and not here and "prunable" not in facts:
            raise Refused(f"The branch {branch} is checked out in {path}.", "Run gitsync there.")


@dataclass(frozen=True, slots=True)
class _Move:
    """What is to be done for one changed path: to its file, to its index entry."""

    change: Change
    file: bool
    entry: bool


def _on_disk(change: Change, entry: Entry | None) -> bool:
    """Say whether the path has a file: one outside of a sparse checkout has none, a submodule is not ours to move."""
    return not (entry and entry.skipped) and change.mode != _SUBMODULE


def _signature(target: str) -> tuple[int, ...] | None:
    try:
        facts = os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(facts.st_mode):
        return None  # an empty one gives way, a full one cannot be renamed over
    return facts.st_ino, facts.st_mode, facts.st_size, facts.st_mtime_ns


def _stage(repository: Repository, moves: Sequence[_Move], entries: Mapping[str, Entry]) -> Staging:
    """Prepare everything that can fail: filters that need a network, a full disk."""
    staging = Staging(repository)
    # Removals first: a file may become a folder.
    wanted = sorted((move for move in moves if move.entry), key=lambda move: move.change.oid is not None)
    lines: Iterator[IndexLine] = (
        (move.change.path, 0, (move.change.mode, move.change.oid) if move.change.oid else None) for move in wanted
    )
    skipped = [move.change.path for move in wanted if _is_skipped(entries, move.change) and move.change.oid]
    try:
        staging.update(lines, skipped=skipped)
        staging.checkout(move.change.path for move in moves if move.file and move.change.oid)
    except BaseException:
        staging.clear()
        raise
    return staging


def _is_skipped(entries: Mapping[str, Entry], change: Change) -> bool:
    return change.path in entries and entries[change.path].skipped


def _carry_out(
    repository: Repository,
    staging: Staging,
    moves: Sequence[_Move],
    seen: Mapping[str, tuple[int, ...] | None],
    step: Step,
) -> None:
    """Put files and index in place; a file that is no longer as `seen` is the user's, and stays."""
    root = repository.work_tree()
    failed: list[str] = []
    for move in sorted(moves, key=lambda move: move.change.oid is not None):
        path = move.change.path
        if move.change.mode == _SUBMODULE and move.change.oid:
            (root / path).mkdir(parents=True, exist_ok=True)  # as git does; without it the submodule counts as deleted
        if not move.file or _signature(f"{root}/{path}") != seen[path]:
            continue
        try:
            if move.change.oid is None:
                staging.remove(path)
            else:
                staging.place(path, over=move.change.old_oid is not None)
        except OSError as error:
            failed.append(f"{path} ({error.strerror})")
        step(f"file {path}")
    staging.publish()
    step("index")
    if failed:  # the note stays, so that the next run tries again
        raise RepositoryError(f"Could not write {', '.join(failed[:5])}.", "Make it writable and run gitsync again.")


def complete(repository: Repository, *, step: Step = go_on) -> list[str]:
    """Finish what a killed run left half moved, and return the paths that this changed; [] when there is nothing.

    A path that the user has changed since, or that HEAD no longer has as it was to become, stays as it is. Raises
    Locked when another git holds the index.
    """
    if repository.root is None or not folder_of(repository).is_dir():
        return []
    lock = repository.git_dir / "index.lock"
    said = read_note(repository)
    if said is None:
        if is_ours(lock):
            with index_lock(repository):
                Staging(repository).clear()
        return []
    killed = is_ours(lock)
    with index_lock(repository):
        if said["kind"] == "conflict":
            return show_conflict(repository, said, step=step)
        if killed:
            _unlock_refs(repository, said["branch"], said["new"])
        if not repository.resolve(f"{said['new']}^{{commit}}"):  # undone so long ago that git has forgotten it
            Staging(repository).clear()
            forget_note(repository)
            return []
        changes = repository.diff(said["old"] or EMPTY_TREE, said["new"], renames=False)
        paths = [change.path for change in changes]
        entries = index_entries(repository, paths)
        seen = {path: _signature(f"{repository.root}/{path}") for path in paths}
        moves = _unfinished(repository, changes, entries)
        staging = _stage(repository, moves, entries)
        if moves:
            _carry_out(repository, staging, moves, seen, step)
        staging.clear()
        forget_note(repository)
        step("done")
        return sorted(move.change.path for move in moves)


def _unlock_refs(repository: Repository, branch: str, new: Oid) -> None:
    """Remove locks that a git of ours held when it was killed with us, in the middle of its text perhaps."""
    for lock in (repository.git_dir / "HEAD.lock", repository.common_dir / f"refs/heads/{branch}.lock"):
        if lock.exists() and new.encode("ascii").startswith(lock.read_bytes().strip()):
            lock.unlink()


def _unfinished(repository: Repository, changes: Sequence[Change], entries: Mapping[str, Entry]) -> list[_Move]:
    """Return what is still as before the move where HEAD, index and disk allow no doubt about it."""
    held = file_oids(repository, [change.path for change in changes])
    now = _head_entries(repository, {change.path for change in changes})
    moves = []
    for change in changes:
        entry = entries.get(change.path) or Entry(stages={0: ("0", "")})
        was, is_now = (change.old_oid or "", change.oid or "")
        aim = now.get(change.path)
        wanted = (aim.oid, aim.mode) if aim else ("", change.mode)
        if wanted != (is_now, change.mode) or entry.oid not in (was, is_now):
            continue
        file = held.get(change.path, {""})
        done = is_now in file and was != is_now
        at_old = was in file and not done and _on_disk(change, entries.get(change.path))
        stale = (entry.oid, entry.mode) != ((is_now, change.mode) if is_now else ("", "0"))
        if at_old or stale:
            moves.append(_Move(change, file=at_old, entry=stale))
    return moves


def _head_entries(repository: Repository, paths: Collection[str]) -> dict[str, TreeEntry]:
    head = repository.head()
    return {entry.path: entry for entry in repository.tree(head) if entry.path in paths} if head else {}
