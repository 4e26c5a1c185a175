"""One post on one site while it is decided about: its versions, and the few things that a decision can do."""

from __future__ import annotations

from collections.abc import Mapping

from gitsync.document import Document
from gitsync.engine.incoming import Edit, Incoming, Round
from gitsync.engine.local import LocalChange
from gitsync.engine.projection import selected
from gitsync.engine.subject import Subject
from gitsync.model import Record
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.records import Entry, LedgerRecord, Result


class Case:
    """`key` is the post's path in the ledger, `path` where its file is now; `oid` is that file's blob, None: no file.

    `latest` is the site's record where a decided conflict hides that it was read.
    """

    def __init__(
        self,
        round: Round,
        incoming: Incoming,
        blobs: Mapping[Oid, bytes],
        path: str,
        entry: Entry,
        change: LocalChange | None,
    ) -> None:
        self.round = round
        self.incoming = incoming
        self.reading = incoming.reading
        self.site = incoming.reading.name
        self.default_status = incoming.reading.site.status
        self.blobs = blobs
        self.key = path
        self.path = path if change is None else change.path
        self.entry = entry
        self.change = change
        self.latest: Record | None = None
        overlay = round.overlay
        if overlay.is_pending(self.path):
            self.oid = overlay.pending(self.path)
        else:
            self.oid = entry.base if change is None else change.oid

    @property
    def source(self) -> str:
        """The post's path at the tip of the ledger."""
        return self.reading.source_of(self.key)

    def subject(self, step: Step, record: Record | None = None) -> Subject:
        """Return the post as the rest of a plan speaks of it."""
        return Subject(site=self.site, path=self.path, oid=self.oid, entry=self.entry, step=step, theirs=record)

    def recorded(self) -> Record:
        """Return the record as the newest ledger has it."""
        known = self.entry.record
        if known is None:
            raise AssertionError(f"{self.key} has no record")
        return Record(id=known.id, revision=known.revision, url=known.url, post=self.entry.remote, raw=known.raw)

    def data(self, oid: Oid) -> bytes:
        """Return a blob that this decision may need."""
        return self.blobs[oid] if oid in self.blobs else self.round.overlay.read(oid)

    def file(self) -> Document | None:
        """Return the file in HEAD, or what this run makes of it; None when there is none."""
        return None if self.oid is None else self.round.overlay.project.read(self.path, self.data(self.oid))

    def file_or_fail(self) -> Document:
        """Return the file where there must be one."""
        file = self.file()
        if file is None:
            raise AssertionError(f"{self.path} has no file")
        return file

    def wanted(self) -> Document | None:
        """Return the file, unless it names other sites."""
        file = self.file()
        return file if file is not None and selected(file, self.site) else None

    def conflict_file(self, oid: Oid | None) -> Document | None:
        """Return one side of a recorded conflict."""
        return None if oid is None else self.round.overlay.project.read(self.path, self.data(oid))

    def consider(self, base: Oid | None) -> None:
        """Remember that this version of the file is nothing for this site, so that it is not looked at again."""
        if base != self.entry.base or self.path != self.key:
            self.incoming.results.append(
                self.subject(Step.NOTHING).result(base=base, remote=self.entry.remote, record=self.entry.record)
            )

    def waits(self, record: Record | LedgerRecord | None) -> bool:
        """Leave a post for which its author has something uncommitted to the next run."""
        busy = self.round.busy.get(self.path)
        if busy is None:
            return False
        reason = f"waits, because the file {busy}. Commit or undo that, then sync again."
        self.incoming.tell("skip", self.path, "planned", record=record, reason=reason)
        self.incoming.hold(self.path, 3)
        return True

    def take_up(self, entry: Entry) -> Result:
        """Let `entry` be what is agreed; return how the ledger is told."""
        self.entry = entry
        result = self.subject(Step.PUSH).result(base=entry.base, remote=entry.remote, record=entry.record)
        self.incoming.results.append(result)
        return result

    def agree_on(self, entry: Entry, record: Record) -> Subject:
        """Let `entry`, which the site still shows, be what is agreed; return what the site is owed since."""
        result = self.take_up(entry)
        return self.subject(Step.PUSH, record).after(result, step=Step.PUSH, oid=self.oid)

    def commit(self, text: bytes, record: Record | None, subject: str) -> None:
        """Let `text` be the file, by a commit in the name of the site."""
        self.oid = self.round.overlay.put(self.path, text)
        known = self.entry.record
        ids = (record.id,) if record is not None else (known.id,) if known is not None else ()
        self.incoming.edits.append(
            Edit(
                site=self.site,
                subject=subject,
                ids=ids,
                files={self.path: self.oid, **(self.incoming.pictures.files() if self.incoming.pictures else {})},
                author=record.author if record is not None else None,
                when=record.modified if record is not None else None,
            )
        )

    def read(self, oid: Oid) -> Document:
        """Return the blob `oid` of this post, read."""
        return self.round.overlay.project.read(self.key, self.data(oid))
