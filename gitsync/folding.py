"""Results become changes of the ledger's files: only those that differ, and the same when folded twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from gitsync.layout import (
    SIDES,
    base_file,
    conflict_file,
    dump_meta,
    dump_remote,
    entry_files,
    record_file,
    remote_file,
)
from gitsync.records import KEEP, Conflict, LedgerRecord, Oid, Result, dump_record, load_record, parked_path
from gitsync.repository import Blob, Repository

Content = Oid | Blob | bytes | None
"""What a file becomes: an object that is there, what `store` made of new bytes, or None for no file."""

CHUNK = 1000


class Folding:
    """The changes that a row of results makes to the tree of the ledger commit `tip`.

    Results are taken in their order, a thousand at a time, and their posts are given to `store` and forgotten.
    """

    def __init__(self, repository: Repository, *, tip: Oid | None, store: Callable[[bytes], bytes | Blob]) -> None:
        self._repository = repository
        self._tip = tip
        self._store = store
        self._was: dict[str, Oid] = {}  # the tip's files, as far as they were looked at
        self._now: dict[str, Oid | None] = {}  # what they become
        self._new: dict[Oid, bytes | Blob] = {}
        self._records: dict[str, LedgerRecord | None] = {}

    def rebase(self, files: Mapping[str, Oid | None]) -> None:
        """Start from these files where they differ from the tip's: bases that the branch left behind.

        The records of their posts get no revision, so that the site is asked what it shows.
        """
        touched = sorted({file.partition("/")[2] for file in files if not file.startswith("conflicts/")})
        self._look(touched)
        self._now.update(files)
        for path in touched:
            record = self._records.get(path)
            if record is not None and record.revision:
                self._set_record(path, replace(record, revision=""))

    def take(self, results: Iterable[Result]) -> None:
        """Apply `results` in their order."""
        remaining = iter(results)
        while chunk := list(islice(remaining, CHUNK)):
            self._look([path for it in chunk for path in (it.path, it.old_path) if path is not None])
            self._look_for_parked(chunk)
            for result in chunk:
                self._apply(result)

    def put_intents(self, files: Mapping[str, bytes]) -> None:
        """Let exactly these files be under `intents/`."""
        if self._tip is not None:
            self._was.update(
                {f"intents/{entry.path}": entry.oid for entry in self._repository.tree(f"{self._tip}:intents")}
            )
        self._now.update({file: None for file in self._was if file.startswith("intents/")})
        for file, data in files.items():
            self._set(file, data)

    def changes(self) -> list[tuple[str, Content]]:
        """Return what differs from the tip: removals first, since a folder may take a file's place."""
        changed = [(file, oid) for file, oid in self._now.items() if oid != self._was.get(file)]
        removed: list[tuple[str, Content]] = [(file, None) for file, oid in changed if oid is None]
        return removed + [(file, self._new.get(oid, oid)) for file, oid in changed if oid is not None]

    def _look(self, paths: Sequence[str]) -> None:
        """Learn what the tip has of `paths`."""
        fresh = [path for path in dict.fromkeys(paths) if path not in self._records]
        if self._tip is None or not fresh:
            self._records.update(dict.fromkeys(fresh))
            return
        found = self._repository.lookup(self._tip, (file for path in fresh for file in entry_files(path)))
        self._was.update(found)
        oids = {path: found[record_file(path)] for path in fresh if record_file(path) in found}
        contents = dict(self._repository.blobs(dict.fromkeys(oids.values()))) if oids else {}
        for path in fresh:
            self._records[path] = load_record(contents[oids[path]], path=path) if path in oids else None

    def _look_for_parked(self, results: Sequence[Result]) -> None:
        if self._tip is not None:
            claims = [(it.path, id) for it in results if isinstance(it.record, LedgerRecord) for id in it.record.ids]
            files = (record_file(parked_path(path, id)) for path, id in claims)
            self._was.update(self._repository.lookup(self._tip, files))

    def _apply(self, result: Result) -> None:
        path = result.path
        if result.old_path is not None and result.old_path != path:
            self._leave(result.old_path, result.record if isinstance(result.record, LedgerRecord) else None)
        if result.base is not KEEP:
            self._now[base_file(path)] = result.base
        if result.remote is not KEEP:
            self._set(remote_file(path), None if result.remote is None else dump_remote(result.remote))
        if result.record is not KEEP:
            self._set_record(path, result.record)
        if result.conflict is not KEEP:
            self._set_conflict(path, result.conflict)

    def _leave(self, path: str, record: LedgerRecord | None) -> None:
        """Clear the place that a post was renamed from, unless another post is there already."""
        there = self._records[path]
        if there is None:
            if record is not None or base_file(path) in self._now:
                return
        elif record is None or there.id not in record.ids:
            return
        for file in entry_files(path):
            self._now[file] = None
        self._records[path] = None

    def _set_record(self, path: str, record: LedgerRecord | None) -> None:
        there = self._records[path]
        if record is not None and there is not None and there.state != "live" and there.id not in record.ids:
            # Another post takes a tombstone's place. The id stays claimed under a name that no file has.
            self._set(record_file(parked_path(path, there.id)), dump_record(there))
        for id in record.ids if record else ():
            self._now[record_file(parked_path(path, id))] = None
        self._set(record_file(path), None if record is None else dump_record(record))
        self._records[path] = record

    def _set_conflict(self, path: str, conflict: Conflict | None) -> None:
        if conflict is None:
            self._now.update({file: None for file in entry_files(path) if file.startswith("conflicts/")})
            return
        for side, oid in zip(SIDES, (conflict.base, conflict.ours, conflict.theirs), strict=True):
            self._now[conflict_file(path, side)] = oid
        remote = conflict.remote
        self._set(conflict_file(path, "remote"), None if remote is None else dump_remote(remote))
        self._set(conflict_file(path, "meta.json"), dump_meta(conflict))

    def _set(self, file: str, data: bytes | None) -> None:
        if data is None:
            self._now[file] = None
            return
        oid = self._repository.hash_blob(data)
        self._now[file] = oid
        if oid != self._was.get(file) and oid not in self._new:
            self._new[oid] = self._store(data)
