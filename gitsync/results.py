"""The agreements of one round, in order, on disk as soon as they are many: an import may bring a hundred thousand."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import IO, Any

from gitsync.model import Post
from gitsync.records import Conflict, LedgerRecord, Result, Uses
from gitsync.repository import Oid

IN_MEMORY = 8 * 1024 * 1024


class Results:
    """Results by their order and, the newest one, by their path. What is asked often is kept in memory."""

    def __init__(self, results: Iterable[Result] = ()) -> None:
        # Our own values in an unnamed file of our own: nobody else can have put anything there.
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  lives as long as this
        self._places: dict[str, int] = {}
        self._bases: dict[str, Oid] = {}
        self._count = 0
        self._discarded: set[int] = set()
        for result in results:
            self.append(result)

    def append(self, result: Result) -> None:
        """Add a result; it is the one of its path from now on."""
        self._places[result.path] = self._file.seek(0, 2)
        pickler = pickle.Pickler(self._file, pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = _PLAIN
        pickler.dump(result)
        self._count += 1
        self._bases.pop(result.path, None)
        if isinstance(result.base, str) and isinstance(result.record, LedgerRecord) and result.record.sent is not None:
            self._bases[result.path] = result.base

    def __len__(self) -> int:
        return self._count - len(self._discarded)

    def __contains__(self, path: object) -> bool:
        return path in self._places

    def __getitem__(self, path: str) -> Result:
        self._file.seek(self._places[path])
        return self._load()

    def __iter__(self) -> Iterator[Result]:
        place = 0
        for _ in range(self._count):
            self._file.seek(place)
            at, result = place, self._load()
            place = self._file.tell()
            if at not in self._discarded:
                yield result

    def discard(self, path: str) -> None:
        """Take back what the newest result of `path` says, if there is one."""
        if path in self._places:
            self._discarded.add(self._places.pop(path))
            self._bases.pop(path, None)

    def is_settled(self, path: str, oid: Oid) -> bool:
        """Say whether the site agreed on just the blob `oid` for `path` in this round, and is owed nothing."""
        return self._bases.get(path) == oid

    def close(self) -> None:
        """Forget everything."""
        self._file.close()

    def _load(self) -> Result:
        result: Result = pickle.load(self._file)  # noqa: S301  see __init__
        return result


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
