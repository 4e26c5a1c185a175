"""Writes that a site answered to have stored, and did not: it shows the version before them, which is no edit.

Taken for one, it would be pulled: the author's words would be reverted in the repository.
"""

from __future__ import annotations

from dataclasses import replace

from gitsync.engine.recovery import Recovery
from gitsync.engine.subject import seen
from gitsync.engine.survey import Reading
from gitsync.events import Operation
from gitsync.state.records import Result


def take_back(reading: Reading, recovery: Recovery) -> bool:
    """Let the ledger say what the site shows and that it is owed more; return whether that is old news of a post."""
    entries = reading.entries(list(reading.unstored))
    again = False
    for path, record in reading.unstored.items():
        entry = entries[path]
        known = entry.record
        if known is None:
            raise AssertionError(f"{path} has no record")
        owed = replace(seen(known, record), sent=None, doubted=known.sent)
        agreed = replace(entry, remote=record.post, record=owed)
        recovery.results.append(
            Result(site=reading.name, path=path, base=agreed.base, remote=agreed.remote, record=owed, conflict=None)
        )
        reading.settle(agreed, was=entry.base)
        twice = known.doubted == known.sent
        again = again or twice
        reason = f"was answered to be stored, and {reading.name} shows the version before it"
        reason += ", once more. Look there; it is sent again." if twice else ": it is sent again."
        recovery.events.append(
            Operation(
                site=reading.name,
                path=path,
                action="skip",
                result="failed" if twice else "planned",
                id=record.id,
                url=record.url,
                reason=reason,
            )
        )
    return again
