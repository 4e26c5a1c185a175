"""The agreements of one round, in order, on disk as soon as they are many: an import may bring a hundred thousand."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from operator import attrgetter
from typing import Any

from gitsync.model import Post
from gitsync.repository import Oid
from gitsync.state.records import KEEP, Conflict, LedgerRecord, Result, Uses
from gitsync.state.spool import Spool


class Results:
    """Results by their order and, the newest one, by their path. What is asked often is kept in memory."""

    def __init__(self, results: Iterable[Result] = ()) -> None:
        self._spool = Spool()
        self._starts = array("Q")
        self._newest: dict[str, int] = {}
        self._settled: list[Oid | None] = []
        self._discarded: set[int] = set()
        for result in results:
            self.append(result)

    def append(self, result: Result) -> None:
        """Add a result; it is the one of its path from now on."""
        written = BytesIO()
        pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = _PLAIN
        if result.remote_blob is None:
            pickler.dump(result)
        else:
            # What a blob says already is read by those alone who ask for this one result.
            pickler.dump(replace(result, remote=KEEP))
            pickler.clear_memo()
            pickler.dump(result.remote)
        self._newest[result.path] = len(self._starts)
        self._starts.append(self._spool.add(written.getvalue()))
        sent = result.record.sent if isinstance(result.record, LedgerRecord) else None
        self._settled.append(result.base if isinstance(result.base, str) and sent is not None else None)

    def __len__(self) -> int:
        return len(self._starts) - len(self._discarded)

    def __contains__(self, path: object) -> bool:
        return path in self._newest

    def __getitem__(self, path: str) -> Result:
        return self._load(self._newest[path], whole=True)

    def __iter__(self) -> Iterator[Result]:
        """Yield the results in their order, without `remote` where `remote_blob` says it."""
        for number in range(len(self._starts)):
            if number not in self._discarded:
                yield self._load(number)

    def discard(self, path: str) -> None:
        """Take back what the newest result of `path` says, if there is one."""
        if path in self._newest:
            self._discarded.add(self._newest.pop(path))

    def is_settled(self, path: str, oid: Oid) -> bool:
        """Say whether the site agreed on just the blob `oid` for `path` in this round, and is owed nothing."""
        return path in self._newest and self._settled[self._newest[path]] == oid

    def close(self) -> None:
        """Forget everything."""
        self._spool.close()

    def _load(self, number: int, *, whole: bool = False) -> Result:
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else self._spool.end
        # Our own values in a file of our own: nobody else can have put anything there.
        written = BytesIO(self._spool.read(start, end - start))
        result: Result = pickle.load(written)  # noqa: S301
        return replace(result, remote=pickle.load(written)) if whole and result.remote_blob is not None else result  # noqa: S301


def _taken_apart(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    return _put_together, (kind, *_FIELDS[kind](value))


def _put_together(kind: type[Any], *values: Any) -> Any:
    value = object.__new__(kind)
    for put, it in zip(_PUTS[kind], values, strict=True):
        put(value, it)
    return value


# What frozen dataclasses with slots do to be pickled is written in Python, and takes four times as long.
_KINDS: tuple[type[Any], ...] = (Result, LedgerRecord, Uses, Conflict, Post)
_FIELDS = {kind: attrgetter(*kind.__slots__) for kind in _KINDS}
_PUTS = {kind: [getattr(kind, name).__set__ for name in kind.__slots__] for kind in _KINDS}
_PLAIN = dict.fromkeys(_KINDS, _taken_apart)
