"""The decision for one post on one site: what the table says, carried out as far as the repository is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from gitsync.conflicts import pending, record_conflict
from gitsync.document import Document
from gitsync.importing import Importing
from gitsync.incoming import Edit, Incoming, Pending, Round
from gitsync.local import LocalChange
from gitsync.meeting import meet
from gitsync.model import Post, Record
from gitsync.plan import Ours, Step, Theirs, decide
from gitsync.projection import lift, project, selected, view
from gitsync.reconcile import came_due, owed, reconcile, same_content
from gitsync.records import Entry, LedgerRecord
from gitsync.repository import Oid
from gitsync.subject import Subject, seen
from gitsync.survey import shown_now


class Decision:
    """The decision for one post on one site."""

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

    def plan(self) -> Subject | None:
        """Return what is left to be sent, or None."""
        if self.change is not None and self.change.kind == "outside":
            self._outside()
            return None
        record = self.reading.changed.get(self.key)
        if self.entry.conflict is not None:
            settled = pending(self.incoming, self.entry, self._wanted(), self._conflict_file, self.default_status)
            if isinstance(settled, Pending):
                self.incoming.hold(self.path, 3)
                return None
            merged = settled.text is not None and self.oid is not None and settled.text != self._data(self.oid)
            if merged and self._waits(self.entry.record):
                return None
            self.latest, moved = self._since(settled.entry.remote)
            self.entry, record = settled.entry, self.latest if moved else None
            if merged and settled.text is not None:
                self._commit(settled.text, self.latest, f"Merge {self.path} with {self.site}")
            self.incoming.results.append(
                self._subject(Step.PUSH).result(
                    base=self.entry.base, remote=self.entry.remote, record=self.entry.record
                )
            )
        ours, theirs = self._ours(), self._theirs(record)
        if ours is None:
            return None
        step = decide(ours, theirs)
        return self._do(step, record)

    def _do(self, step: Step, record: Record | None) -> Subject | None:
        match step:
            case Step.PUSH | Step.CREATE | Step.REMOVE:
                return self._subject(step, record or self.latest)
            case Step.REVIVE:
                return self._revive()
            case Step.PULL | Step.MERGE:
                return self._merge(step, record)
            case Step.MATCH:
                return meet(self.round, self.incoming, self._subject(step), record or self._recorded())
            case Step.IMPORT:
                imports = Importing(self.round, self.incoming)
                imports.add(record or self._recorded(), path=self.key, known=self.entry.record)
                imports.end()
            case Step.ENTOMB:
                self._entomb()
            case Step.LOST:
                return self._lost()
            case Step.CONFLICT:
                self._one_side_gone(record)
            case Step.REPORT:
                self.incoming.tell(
                    "skip",
                    self.path,
                    "planned",
                    record=record or self.entry.record,
                    reason=f"was let go of here ({self._state()}), but {self.site} has it again or has changed it.",
                )
            case Step.NOTHING:
                pass
        return None

    def _ours(self) -> Ours | None:
        """Return where the file stands; None when there is nothing more to say."""
        record, change = self.entry.record, self.change
        if change is None:
            if record is None:
                return None
            if record.state != "live":
                return Ours.TOMBSTONE
            if self.oid is None:
                return Ours.ABSENT if self.entry.base is None else Ours.DELETED
            return Ours.SAME if self.oid == self.entry.base else Ours.CHANGED
        if change.kind == "deleted" and self.oid is None:
            if record is None or record.state != "live":
                self._consider(None)
                return None
            return Ours.DELETED
        if not selected(self._file_or_fail(), self.site):
            if record is None or record.state != "live":
                self._consider(self.oid)
                return None
            return Ours.DESELECTED
        if record is None:
            return Ours.NEW
        if record.state == "live":
            return Ours.CHANGED if self.entry.base is not None else Ours.NEW
        if record.state == "gone" and self.entry.base is not None:
            if self.oid == self.entry.base:
                self._consider(self.oid)  # renamed, which the site would not see either
                return None
            return Ours.TOMBSTONE if self.key in self.reading.revived else Ours.CHANGED
        if (
            record.state == "ignored"
            and self.entry.base is not None
            and selected(self._read(self.entry.base), self.site)
        ):
            self._consider(self.oid)  # detached: it was let go of while it was meant for this site
            return None
        return Ours.NEW

    def _theirs(self, record: Record | None) -> Theirs:
        known = self.entry.record
        if known is None:
            return Theirs.ABSENT
        if self.key in self.reading.revived:
            return Theirs.CHANGED
        if known.state != "live":
            if record is not None:
                return Theirs.CHANGED
            if self.change is None:
                return Theirs.SAME
            return Theirs.GONE if known.state == "gone" and self.entry.base is not None else Theirs.TOMBSTONE
        if self.key in self.reading.gone:
            return Theirs.GONE
        return Theirs.CHANGED if record is not None else Theirs.SAME

    def _since(self, shown: Post | None) -> tuple[Record, bool]:
        """Return the site's record, and whether it is something else than what a resolved conflict showed."""
        record = self.reading.changed.get(self.key) or self._recorded()
        if record.post is None:  # nothing was ever agreed, and it is as it was shown
            record = record._replace(post=shown)
        fields = self.reading.capabilities.fields
        same = record.post is not None and shown is not None and same_content(record.post, shown, fields)
        return record, not same

    def _state(self) -> str:
        return self.entry.record.state if self.entry.record is not None else "unknown"

    def _subject(self, step: Step, record: Record | None = None) -> Subject:
        return Subject(site=self.site, path=self.path, oid=self.oid, entry=self.entry, step=step, theirs=record)

    def _recorded(self) -> Record:
        """Return the record as the newest ledger has it."""
        known = self.entry.record
        if known is None:
            raise AssertionError(f"{self.key} has no record")
        return Record(id=known.id, revision=known.revision, url=known.url, post=self.entry.remote, raw=known.raw)

    def _data(self, oid: Oid) -> bytes:
        return self.blobs[oid] if oid in self.blobs else self.round.overlay.read(oid)

    def _file(self) -> Document | None:
        return None if self.oid is None else self.round.overlay.project.read(self.path, self._data(self.oid))

    def _file_or_fail(self) -> Document:
        file = self._file()
        if file is None:
            raise AssertionError(f"{self.path} has no file")
        return file

    def _wanted(self) -> Document | None:
        """Return the file, unless it names other sites."""
        file = self._file()
        return file if file is not None and selected(file, self.site) else None

    def _conflict_file(self, oid: Oid | None) -> Document | None:
        return None if oid is None else self.round.overlay.project.read(self.path, self._data(oid))

    def _consider(self, base: Oid | None) -> None:
        """Remember that this version of the file is nothing for this site, so that it is not looked at again."""
        if base != self.entry.base or self.path != self.key:
            self.incoming.results.append(
                self._subject(Step.NOTHING).result(base=base, remote=self.entry.remote, record=self.entry.record)
            )

    def _outside(self) -> None:
        record = self.entry.record
        if record is None or record.state != "live":
            self.path = self.key
            self._consider(None)
            return
        self.incoming.tell(
            "skip",
            self.key,
            "planned",
            record=record,
            reason=f"is now at {self.path}, which the content paths do not reach; {self.site} still has it. "
            f"Move it back, widen [content] paths, or run gitsync detach {self.key} {self.site}.",
        )
        self.incoming.hold(self.key, 3)

    def _merge(self, step: Step, record: Record | None) -> Subject | None:
        if record is None or record.post is None or self.oid is None or self.entry.base is None:
            raise AssertionError(f"{self.path}: a merge needs three versions")
        if not self.round.pulls:
            if step is Step.MERGE:
                reason = f"changed here and on {self.site}. Run gitsync sync to merge."
                self.incoming.tell("skip", self.path, "planned", record=record, reason=reason)
                self.incoming.hold(self.path, 3)
            return None
        base, ours = self._read(self.entry.base), self._file_or_fail()
        place = self.incoming.addresses.place
        remote0 = self.entry.remote if self.entry.remote is not None else record.post
        remote0 = came_due(remote0, record.post, datetime.now(UTC))
        outcome = reconcile(
            base,
            ours,
            remote0,
            record.post,
            site=self.site,
            default_status=self.default_status,
            fields=self.reading.capabilities.fields,
            lift=lambda post: lift(post, self.path, place),
            conflict=self.round.policy.conflict,
        )
        if outcome.text is None:
            subject = self._subject(step, record)
            return record_conflict(
                self.incoming,
                subject,
                ours,
                base=base,
                theirs=outcome.theirs,
                record=record,
                lift=lambda post: lift(post, self.path, place),
            )
        if outcome.text != ours.data and self._waits(record):
            return None
        return self._agree(step, record, base, remote0, outcome.text)

    def _waits(self, record: Record | LedgerRecord | None) -> bool:
        """Leave a post for which its author has something uncommitted to the next run."""
        busy = self.round.busy.get(self.path)
        if busy is None:
            return False
        reason = f"waits, because the file {busy}. Commit or undo that, then sync again."
        self.incoming.tell("skip", self.path, "planned", record=record, reason=reason)
        self.incoming.hold(self.path, 3)
        return True

    def _agree(self, step: Step, record: Record, base: Document, remote0: Post, text: bytes) -> Subject | None:
        """Take the merged text, and find out whether the site has to be sent what became of it."""
        connector = self.reading.online
        place = self.incoming.addresses.place
        changed = self.oid is None or text != self._data(self.oid)
        if changed:
            verb = "Merge" if step is Step.MERGE else "Pull"
            self._commit(text, record, f"{verb} {self.path} from {self.site}")
        sent0, sent1 = (
            project(view(file, self.site, self.default_status), self.path, place, connector)
            for file in (base, self.round.overlay.project.read(self.path, text))
        )
        stored = record.post or Post()
        has = connector.capabilities
        push = owed(sent0.post, remote0, sent1.post, stored, fields=has.fields, telling=has.telling)
        known = seen(self.entry.record, record)
        known = replace(known, sent=None if push else sent1.digest, uses=sent1.uses)
        subject = self._subject(step, record)
        result = subject.result(base=self.oid, remote=stored, record=known)
        self.incoming.results.append(result)
        if changed or step is Step.MERGE:
            self.incoming.tell("merge" if step is Step.MERGE else "pull", self.path, "planned", record=record)
        return replace(subject.after(result, step=Step.PUSH, oid=self.oid), theirs=record) if push else None

    def _commit(self, text: bytes, record: Record | None, subject: str) -> None:
        self.oid = self.round.overlay.put(self.path, text)
        known = self.entry.record
        ids = (record.id,) if record is not None else (known.id,) if known is not None else ()
        self.incoming.edits.append(
            Edit(
                site=self.site,
                subject=subject,
                ids=ids,
                files={self.path: self.oid},
                author=record.author if record is not None else None,
                when=record.modified if record is not None else None,
            )
        )

    def _read(self, oid: Oid) -> Document:
        return self.round.overlay.project.read(self.key, self._data(oid))

    def _revive(self) -> Subject | None:
        """Publish a post again that was let go of, over nothing but what the site showed then."""
        known, remote = self.entry.record, self.entry.remote
        if known is None:
            raise AssertionError(f"{self.key} has no record")
        record = shown_now(self.reading, known)
        if record is None or record.post is None or remote is None:
            return self._subject(Step.REVIVE)
        if same_content(remote, record.post, self.reading.capabilities.fields):
            return self._subject(Step.REVIVE, record)
        return meet(self.round, self.incoming, self._subject(Step.MATCH), record)

    def _entomb(self) -> None:
        known = self.entry.record
        if known is None:
            raise AssertionError(f"{self.key} has no record")
        base = self.oid if self.change is not None and self.change.kind != "deleted" else None
        self.incoming.results.append(
            self._subject(Step.ENTOMB).result(
                base=base, remote=self.entry.remote, record=replace(known, state="gone", sent=None)
            )
        )
        self.incoming.tell("skip", self.path, "planned", record=known, reason=f"is gone here and on {self.site}.")

    def _lost(self) -> Subject | None:
        known = self.entry.record
        if known is None:
            raise AssertionError(f"{self.key} has no record")
        if self.round.policy.gone == "recreate":
            return self._subject(Step.CREATE)
        base = self.entry.base
        if self.round.policy.gone == "remove" and self.round.pulls and not self.round.busy.get(self.path):
            self.round.overlay.remove(self.path)
            self.incoming.edits.append(
                Edit(
                    site=self.site,
                    subject=f"Remove {self.path}, which {self.site} removed",
                    ids=(known.id,),
                    files={self.path: None},
                )
            )
            base = None
        self.incoming.results.append(
            self._subject(Step.LOST).result(
                base=base, remote=self.entry.remote, record=replace(known, state="gone", sent=None)
            )
        )
        self.incoming.tell(
            "skip",
            self.path,
            "planned",
            record=known,
            reason=f"is gone on {self.site}; the file was {'kept' if base else 'removed'}. "
            f"To publish it again: gitsync resolve {self.path} --ours.",
        )
        return None

    def _one_side_gone(self, record: Record | None) -> None:
        file = self._file() if self.change is None or self.change.kind != "deleted" else None
        place = self.incoming.addresses.place
        base = self._read(self.entry.base) if self.entry.base is not None else None
        subject = self._subject(Step.CONFLICT, record)
        deleted_here = self.oid is None or (
            self.change is not None and file is not None and not selected(file, self.site)
        )
        record_conflict(
            self.incoming,
            replace(subject, oid=None) if deleted_here else subject,
            file,
            base=base,
            record=record,
            lift=lambda post: lift(post, self.path, place),
        )
