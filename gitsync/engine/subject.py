"""One post on one site while a sync works on it, and how an outcome is written down for the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitsync.engine.projection import Projection
from gitsync.model import Post, Record
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.records import KEEP, Conflict, Entry, LedgerRecord, Result, Uses, moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`path` and `oid` are the file in HEAD (or what this run commits there), `entry` what the ledger holds of it,
    under the path that the ledger knows; `theirs` is the record as read in this run, where it was read.
    """

    site: str
    path: str
    oid: Oid | None
    entry: Entry
    step: Step
    theirs: Record | None = None
    reason: str = ""

    def result(
        self,
        *,
        base: Oid | None,
        remote: Post | None,
        record: LedgerRecord | None,
        conflict: Conflict | None = None,
    ) -> Result:
        """Return what the ledger holds from now on, under the path where the file is now."""
        if record is not None and record.is_let_go and base is None and self.entry.base is not None:
            record = replace(record, was=self.entry.base)
        elif record is not None and record.was and record.state == "live" and base is not None:
            record = replace(record, was=None)
        entry = replace(self.entry, base=base, remote=remote, record=record, conflict=conflict)
        if self.entry.path != self.path:
            return moved(entry, site=self.site, path=self.path)
        return Result(site=self.site, path=self.path, base=base, remote=remote, record=record, conflict=conflict)

    def after(self, result: Result, *, step: Step, oid: Oid | None) -> Subject:
        """Return the subject as it is when `result` holds."""
        entry = entry_of(result)
        return replace(self, entry=entry, step=step, oid=oid, path=result.path)


def entry_of(result: Result, known: Entry | None = None) -> Entry:
    """Return the entry that `result` leaves behind of `known`, which only results that say everything do without."""
    base, remote, record, conflict = result.base, result.remote, result.record, result.conflict
    if known is not None:
        base = known.base if base is KEEP else base
        remote = known.remote if remote is KEEP else remote
        record = known.record if record is KEEP else record
        conflict = known.conflict if conflict is KEEP else conflict
    if base is KEEP or remote is KEEP or record is KEEP or conflict is KEEP:
        raise AssertionError(f"{result.path}: a result that keeps something is no entry")
    return Entry(path=result.path, base=base, remote=remote, record=record, conflict=conflict)


def seen(known: LedgerRecord | None, record: Record, shows: Projection | None = None) -> LedgerRecord:
    """Return the ledger's record after `record` was read: its token, address and raw fields.

    `shows` is the projection that the record is the outcome of; None leaves the last one, and with it what is owed.
    """
    if known is None:
        sent, uses = (None, Uses()) if shows is None else (shows.digest, shows.uses)
        return LedgerRecord(
            id=record.id, url=record.url, revision=record.revision, raw=record.raw, sent=sent, uses=uses
        )
    return replace(
        known,
        id=record.id,
        former=known.former if known.id == record.id else (*known.former, known.id),
        url=record.url,
        revision=record.revision,
        raw=record.raw,
        state="live",
        sent=known.sent if shows is None else shows.digest,
        uses=known.uses if shows is None else shows.uses,
        was=None,
    )


def written(
    known: LedgerRecord | None, record: Record, projection: Projection, at: float, *, over: str = ""
) -> LedgerRecord:
    """Return the ledger's record after we wrote `projection` at the Unix time `at`, and the site answered `record`.

    `over` is the token of what the write went over: a decision forgets the ledger's, and a stale read still shows it.
    """
    now = seen(known, record)
    earlier = (over, known.revision, *known.revisions) if known is not None else ()
    left = tuple(dict.fromkeys(token for token in earlier if token and token != record.revision))[:8]
    doubted = now.doubted if now.doubted == projection.digest else None
    return replace(now, revisions=left, sent=projection.digest, uses=projection.uses, written=at, doubted=doubted)
