"""What a run has done, on disk at once, and in the ledgers before long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gitsync.repository import Oid
from gitsync.state.journal import Journal
from gitsync.state.records import Result
from gitsync.state.uploads import Uploads

FOLD_RESULTS = 500
FOLD_SECONDS = 30.0


@dataclass(slots=True)
class Recorder:
    """Journal first, ledger commits now and then. `fold` puts all that the journal holds into the ledgers."""

    journal: Journal
    uploads: Uploads
    head: Oid
    fold: Callable[[], None]
    clock: Callable[[], float] = time.monotonic
    waiting: int = 0
    since: float = 0.0

    def record(self, result: Result) -> None:
        """Return when `result` is on disk."""
        self.journal.append(result, head=self.head)
        self._count()

    def note(self, site: str, oid: Oid, url: str) -> None:
        """Return when it is on disk that `site` has the blob at `url`."""
        self.uploads.note(site, oid, url)
        self._count()

    def _count(self) -> None:
        if not self.waiting:
            self.since = self.clock()
        self.waiting += 1
        if self.waiting >= FOLD_RESULTS or self.clock() - self.since >= FOLD_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Fold what waits."""
        if self.waiting:
            self.fold()
            self.waiting = 0
