"""Posts that a site has under another id than the ledger says: a table that was loaded anew, or an answer made up.

Taken for gone and for new, a post would be a second file.
"""

from __future__ import annotations

from dataclasses import replace

from gitsync.engine.reconcile import same_content
from gitsync.engine.recovery import Recovery
from gitsync.engine.subject import seen
from gitsync.engine.survey import Reading
from gitsync.events import Operation
from gitsync.model import Record
from gitsync.state.records import Entry, Result


def follow(reading: Reading, recovery: Recovery) -> None:
    """Let posts that are gone be those records that nobody claims and that say what they said. Raises SiteError."""
    gone = _gone(reading) if reading.fresh else {}
    found: list[tuple[Entry, Record]] = []
    for record in reading.fresh_records() if gone else ():
        alike = gone.get(record.post.body, []) if record.post is not None else []
        for entry in alike:
            if entry.remote and record.post and same_content(entry.remote, record.post, reading.capabilities.fields):
                found.append((entry, record))
                alike.remove(entry)
                break
    for entry, record in found:
        _agree(reading, recovery, entry, record)


def _gone(reading: Reading) -> dict[str, list[Entry]]:
    """Return the posts that the site lost and that still have a file, by the text they had there."""
    by_body: dict[str, list[Entry]] = {}
    for path, entry in reading.entries(sorted(reading.gone)).items():
        change = reading.local.get(path)
        has_file = entry.base is not None if change is None else change.kind == "changed"
        if has_file and entry.record is not None and entry.remote is not None and entry.conflict is None:
            by_body.setdefault(entry.remote.body, []).append(entry)
    return by_body


def _agree(reading: Reading, recovery: Recovery, entry: Entry, record: Record) -> None:
    known = seen(entry.record, record)
    agreed = replace(entry, remote=record.post, record=known)
    recovery.results.append(
        Result(site=reading.name, path=entry.path, base=entry.base, remote=agreed.remote, record=known, conflict=None)
    )
    reading.settle(agreed, was=entry.base)
    reading.fresh.remove(record.id)
    recovery.events.append(
        Operation(
            site=reading.name,
            path=entry.path,
            action="adopt",
            result="planned",
            id=record.id,
            url=record.url,
            reason="has another id there now.",
        )
    )
