"""Results become changes of the ledger's files: only those that differ, and the same when folded twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from gitsync.repository import Repository
from gitsync.state.layout import (
    SIDES,
    base_file,
    conflict_file,
    dump_meta,
    dump_remote,
    dump_upload,
    entry_files,
    post_of,
    record_file,
    remote_file,
    upload_file,
)
from gitsync.state.records import KEEP, Conflict, LedgerRecord, Oid, Result, dump_record, load_record, parked_path

Content = Oid | bytes | None
"""What a file becomes: an object that is there, new bytes, or None for no file."""

CHUNK = 4000


class Folding:
    """The changes that a row of results makes to the tree of the ledger commit `tip`, in portions.

    Results are taken in their order, a few thousand at a time. Of what went before, only names and ids are kept.
    """

    def __init__(self, repository: Repository, *, tip: Oid | None) -> None:
        self._repository = repository
        self._tip = tip
        self._was: dict[str, Oid] = {}  # the tip's files, as far as they were looked at
        self._now: dict[str, Content] = {}  # what they become
        self._earlier: set[str] = set()  # posts in portions that were given out: the tip does not know them
        self._taken: list[str] = []  # the paths of the last results
        self._conflicts = False  # whether there may be any
        self._there: dict[str, str | LedgerRecord | None] = {}  # a live post's id, a tombstone, or nothing
        self._rebased = self._took = False

    def rebase(self, files: Mapping[str, Oid | None]) -> None:
        """Start from these files where they differ from the tip's: bases that the branch left behind.

        The records of their posts get no revision, so that the site is asked what it shows; those that lose their base
        keep its blob, by which their file is known if it gets another name. Posts that are not on the
        site stay as they are: with the base of a time when they were, what is owed would look as if it were agreed.
        """
        self._rebased = True
        touched = sorted({post_of(file) for file in files if not file.startswith("conflicts/")})
        records = self._look(touched, [])
        for path, record in records.items():
            was = record.was
            if record.state == "live" and files.get(base_file(path), KEEP) is None:
                was = self._was.get(base_file(path), was)
            if record.revision or was != record.was:
                self._set(record_file(path), dump_record(replace(record, revision="", was=was)))
        absent = {path for path in touched if path not in records or records[path].is_let_go}
        self._now.update((file, oid) for file, oid in files.items() if post_of(file) not in absent)
        self._conflicts = self._conflicts or any(file.startswith("conflicts/") for file in files)

    def take(self, results: Iterable[Result]) -> Iterator[None]:
        """Apply `results` in their order; yields now and then, so that the caller may ask for a `portion`."""
        remaining = iter(results)
        while chunk := list(islice(remaining, CHUNK)):
            self._taken = paths = [path for it in chunk for path in (it.path, it.old_path) if path is not None]
            claims = [(it.path, id) for it in chunk if isinstance(it.record, LedgerRecord) for id in it.record.ids]
            aside = [parked_path(path, id) for path, id in claims]
            self._look(paths, [file(path) for path in aside for file in (record_file, remote_file)])
            self._took = True
            for result in chunk:
                self._apply(result)
            yield

    @property
    def is_of_another_branch(self) -> bool:
        """Whether results were taken about a branch that the tip does not speak of: news, even if no file differs."""
        return self._rebased and self._took

    def put_intents(self, files: Mapping[str, bytes]) -> None:
        """Let exactly these files be under `intents/`; to be called before `take`."""
        if self._tip is not None:
            there = {f"intents/{entry.path}": entry.oid for entry in self._repository.tree(f"{self._tip}:intents")}
            self._was.update(there)
            self._now.update(dict.fromkeys(there))
        for file, data in files.items():
            self._set(file, data)

    def put_uploads(self, urls: Mapping[Oid, str]) -> None:
        """Let it be known where the site has these blobs; to be called before `take`."""
        files = {upload_file(oid): url for oid, url in urls.items()}
        if self._tip is not None:
            self._was.update(self._repository.lookup(self._tip, files))
        for file, url in files.items():
            self._set(file, dump_upload(url))

    def portion(self) -> list[tuple[str, Content]]:
        """Return what differs from the tip and the portions before, and forget it.

        Removals come first, since a folder may take a file's place.
        """
        changed = [
            (file, it)
            for file, it in self._now.items()
            if it != self._was.get(file) or (self._earlier and post_of(file) in self._earlier)
        ]
        told = {post_of(file) for file, _ in changed}
        # The very texts that are held already, where they are: there may be a hundred thousand.
        self._earlier.update(path for path in self._taken if path in told)
        self._earlier.update(path for path in told if path not in self._earlier)
        self._now, self._was = {}, {}
        self._there = {path: there for path, there in self._there.items() if path in self._earlier}
        return sorted(changed, key=lambda change: change[1] is not None)

    def _look(self, paths: Iterable[str], files: Iterable[str]) -> dict[str, LedgerRecord]:
        """Learn what the tip has of `paths`, and of other `files`; return the records."""
        fresh = [path for path in dict.fromkeys(paths) if path not in self._there]
        if self._tip is None:
            self._there.update((path, None) for path in fresh)
            return {}
        if not self._conflicts:
            self._conflicts = next(iter(self._repository.tree(f"{self._tip}:conflicts")), None) is not None
        wanted = [file for path in fresh for file in entry_files(path, conflict=self._conflicts)]
        found = self._repository.lookup(self._tip, (*wanted, *files))
        self._was.update(found)
        oids = {path: found[record_file(path)] for path in fresh if record_file(path) in found}
        contents = dict(self._repository.blobs(dict.fromkeys(oids.values()))) if oids else {}
        records = {path: load_record(contents[oid], path=path) for path, oid in oids.items()}
        for path in fresh:
            self._note(path, records.get(path))
        return records

    def _note(self, path: str, record: LedgerRecord | None) -> None:
        self._there[path] = record.id if record is not None and record.state == "live" else record

    def _apply(self, result: Result) -> None:
        path = result.path
        if result.old_path is not None and result.old_path != path:
            self._leave(result.old_path, result.record if isinstance(result.record, LedgerRecord) else None)
        if result.record is not KEEP:  # first, since a tombstone that makes room takes along what the site showed
            self._set_record(path, result.record)
        if result.base is not KEEP:
            self._now[base_file(path)] = result.base
        if result.remote_blob is not None:
            self._now[remote_file(path)] = result.remote_blob
        elif result.remote is not KEEP:
            self._set(remote_file(path), None if result.remote is None else dump_remote(result.remote))
        if result.conflict is not KEEP:
            self._set_conflict(path, result.conflict)

    def _leave(self, path: str, record: LedgerRecord | None) -> None:
        """Clear the place that a post was renamed from, unless another post is there already."""
        there = self._there[path]
        if there is None:
            if record is not None or base_file(path) in self._now or path in self._earlier:
                return
        elif record is None or (there if isinstance(there, str) else there.id) not in record.ids:
            return
        self._now.update(dict.fromkeys(entry_files(path)))
        self._there[path] = None

    def _set_record(self, path: str, record: LedgerRecord | None) -> None:
        there = self._there[path]
        if record is not None and isinstance(there, LedgerRecord) and there.id not in record.ids:
            # Another post takes a tombstone's place. The id stays claimed under a name that no file has.
            aside = parked_path(path, there.id)
            self._set(record_file(aside), dump_record(there))
            shown = self._now.get(remote_file(path), self._was.get(remote_file(path)))
            # Folded again, it may be the other post's by now.
            self._now[remote_file(aside)] = self._was.get(remote_file(aside), shown)
        for aside in (parked_path(path, id) for id in (record.ids if record else ())):
            self._now.update(dict.fromkeys((record_file(aside), remote_file(aside))))
        self._set(record_file(path), None if record is None else dump_record(record))
        self._note(path, record)

    def _set_conflict(self, path: str, conflict: Conflict | None) -> None:
        if conflict is None and not self._conflicts:
            return
        self._conflicts = True
        if conflict is None:
            self._now.update((file, None) for file in entry_files(path) if file.startswith("conflicts/"))
            return
        for side, oid in zip(SIDES, (conflict.base, conflict.ours, conflict.theirs), strict=True):
            self._now[conflict_file(path, side)] = oid
        remote = conflict.remote
        self._set(conflict_file(path, "remote"), None if remote is None else dump_remote(remote))
        self._set(conflict_file(path, "meta.json"), dump_meta(conflict))

    def _set(self, file: str, data: bytes | None) -> None:
        was = self._was.get(file)
        same = data is not None and was is not None and self._repository.hash_blob(data) == was
        self._now[file] = was if same else data
