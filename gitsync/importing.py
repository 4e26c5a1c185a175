"""Posts that are only on a site become files: at a path that nobody has, in one commit for each site."""

from __future__ import annotations

from dataclasses import replace

from gitsync import document
from gitsync.incoming import Edit, Incoming, Round
from gitsync.model import Record
from gitsync.plan import Step
from gitsync.projection import lift, project
from gitsync.records import Entry, LedgerRecord
from gitsync.repository import Oid
from gitsync.subject import Subject, seen

LISTED_IDS = 500
"""Above this many posts an import commit does not list their ids."""


class Importing:
    """Turns unclaimed records into new files, all of one site in one commit."""

    def __init__(self, round: Round, incoming: Incoming) -> None:
        self._round = round
        self._incoming = incoming
        self._files: dict[str, Oid | None] = {}
        self._ids: list[str] = []

    def add(self, record: Record, *, path: str | None = None, known: LedgerRecord | None = None) -> None:
        """Import one record, at `path` if it had a file before."""
        if not self._round.pulls or not self._round.policy.import_ or record.post is None:
            return
        incoming, overlay = self._incoming, self._round.overlay
        dialect = overlay.project.dialect
        wanted = path or dialect.new_path(record.post, folder=overlay.project.folder)
        if busy := self._round.busy.get(wanted) if path else None:
            incoming.tell(
                "skip",
                wanted,
                "planned",
                record=record,
                reason=f"waits, because the file {busy}. Commit or undo that, then sync again.",
            )
            incoming.hold(wanted, 3)
            return
        path = overlay.free_path(wanted)
        place = incoming.addresses.place()
        post = lift(record.post, path, place)
        oid = overlay.put(path, document.write(post, dialect=dialect))
        sent = project(post, path, place, incoming.reading.online)
        self._files[path] = oid
        self._ids.append(record.id)
        entry = Entry(path=path, record=known)
        subject = Subject(site=incoming.reading.name, path=path, oid=oid, entry=entry, step=Step.IMPORT)
        claimed = replace(seen(known, record), sent=sent.digest, uses=sent.uses)
        incoming.results.append(subject.result(base=oid, remote=record.post, record=claimed))
        incoming.tell("import", path, "planned", record=record)

    def end(self) -> None:
        """Make the commit."""
        if not self._files:
            return
        count = len(self._files)
        what = next(iter(self._files)) if count == 1 else f"{count} posts"
        ids = tuple(self._ids) if count <= LISTED_IDS else ()
        self._incoming.edits.append(
            Edit(
                site=self._incoming.reading.name,
                subject=f"Import {what} from {self._incoming.reading.name}",
                ids=ids,
                files=self._files,
            )
        )
