"""Posts that changed places are recorded together: who comes to another's path must not make the ledger forget it."""

from __future__ import annotations

from gitsync.engine.incoming import Incoming
from gitsync.state.records import moved


def move_the_displaced(incoming: Incoming) -> None:
    """Let every post whose path in the ledger another one takes in this run be known where its own file is now.

    That one may be all that a run is about: its text was merged, and nothing is sent in this run.
    """
    reading, results = incoming.reading, incoming.results
    places = {
        key: change.path
        for key, change in reading.local.items()
        if change.kind == "changed" and change.path != key and change.path in reading.local
    }
    waiting = [key for key, path in places.items() if path in results]
    while waiting:
        displaced = places[waiting.pop()]
        if displaced not in places or places[displaced] in results:
            continue
        entry = reading.entries([displaced])[displaced]
        if entry.record is not None and entry.record.state == "live":
            results.append(moved(entry, site=reading.name, path=places[displaced]))
            waiting.append(displaced)
