"""Posts that nobody edited but that would be sent differently now: another configuration, translator, image or URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitsync.engine.incoming import Incoming
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import changed_links
from gitsync.state.records import LedgerRecord


def with_other_links(incoming: Incoming, moved: Iterable[str]) -> list[str]:
    """Return the live posts whose links lead to other addresses now than when they were sent."""
    reading = incoming.reading
    users = sorted(reading.index.using(moved))
    entries = reading.entries(users)
    return [
        path
        for path in users
        if (record := entries[path].record) is not None
        and record.state == "live"
        and changed_links(record.uses, incoming.addresses.url_of)
    ]


def outdated_links(incoming: Incoming) -> list[str]:
    """Return the posts that were merged in this run and lead to an address that moved after that."""
    results = incoming.results
    found = ((path, results[path].record) for path in sorted(incoming.linking) if path in results)
    return [
        path
        for path, record in found
        if isinstance(record, LedgerRecord) and changed_links(record.uses, incoming.addresses.url_of)
    ]


def with_other_files(incoming: Incoming, overlay: Overlay) -> list[str]:
    """Return the live posts that show an uploaded file which has another content now."""
    if not incoming.reading.capabilities.uploads:
        return []
    changed = [
        path for path, oid in incoming.reading.index.assets() if (now := overlay.oid(path)) is not None and now != oid
    ]
    return sorted(incoming.reading.index.using(changed))


def everything(incoming: Incoming) -> Iterator[str]:
    """Yield the live posts of a site: after a change of configuration each may be sent differently."""
    for entry in incoming.reading.ledger.stream():
        if entry.record is not None and entry.record.state == "live" and entry.conflict is None:
            yield entry.path
