"""What a run is about when it is not about everything: a rollback sends what it put back, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitsync.engine.survey import Reading
from gitsync.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """`paths` are the posts a run is about, as the repository or the ledger names them.

    `withdrawn` are the (site, path) pairs that the user asked to be taken off: no guard counts them.
    """

    paths: frozenset[str]
    withdrawn: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was committed before a run begins to plan, as events and exit codes, and what the run is about since."""

    scope: Scope
    events: Sequence[Event] = ()
    codes: frozenset[int] = frozenset()


def narrow(readings: Sequence[Reading], scope: Scope) -> None:
    """Forget what was read of other posts; it waits for the next run.

    What is in conflict on one site must see its own file; then every site has to, or a renamed file would be new to it.
    """
    known = scope.paths.union(*(reading.ledger.conflicts() for reading in readings))
    files = scope.paths | {
        change.path for reading in readings for path, change in reading.local.items() if path in known - scope.paths
    }
    for reading in readings:
        reading.local = {
            path: change for path, change in reading.local.items() if path in known or change.path in files
        }
        paths = scope.paths | reading.local.keys()
        reading.changed = {path: record for path, record in reading.changed.items() if path in paths}
        reading.unstored = {path: record for path, record in reading.unstored.items() if path in paths}
        reading.gone &= paths
        reading.revived = [path for path in reading.revived if path in paths]
