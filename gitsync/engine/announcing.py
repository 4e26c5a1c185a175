"""Writes that other machines are to know of before they happen, and those that another one may have made."""

from __future__ import annotations

from collections.abc import Sequence

from gitsync.engine.pushing import Outgoing
from gitsync.engine.recovery import Recovery
from gitsync.state.intents import Intent, Intents


def announced(outgoings: Sequence[Outgoing], intents: Intents, *, now: float, run: str) -> dict[str, list[Intent]]:
    """Return each site's coming writes as other machines need to know of them: that they may happen, to which posts.

    With them go the files that are to be sent first, and all that may be on the site since an earlier run.
    """
    return {
        site: [*intents.readable(site), *_files(it, now, run), *_writes(it, now, run)]
        for it in outgoings
        for site in (it.incoming.reading.name,)
    }


def _files(outgoing: Outgoing, now: float, run: str) -> list[Intent]:
    site = outgoing.incoming.reading.name
    files = {path: oid for write in outgoing.writes for path, oid in write.files.items()}
    return [Intent(op="upload", site=site, path=path, blob=oid, at=now, run=run) for path, oid in files.items()]


def _writes(outgoing: Outgoing, now: float, run: str) -> list[Intent]:
    return [
        Intent(
            op=write.op,
            site=outgoing.incoming.reading.name,
            path=write.subject.path,
            id=write.subject.entry.record.id if write.subject.entry.record is not None else None,
            blob=write.subject.oid,
            at=now,
            run=run,
        )
        for write in outgoing.writes
    ]


def keep_in_mind(recovery: Recovery, intents: Intents, *, run: str) -> None:
    """Remember here too what another machine may just have sent: a ledger names what one run announced, no more."""
    here = {intent.key for intent in intents.readable()}
    for intent in (*recovery.creates, *recovery.missed, *recovery.uploads):
        known = intent.key in here or intents.is_stand_in(intent)
        if intent not in recovery.over and not known and intent.run != run:
            intents.begin(intent)
