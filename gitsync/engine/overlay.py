"""HEAD with what this run is about to commit on top of it: every later step of a plan sees the outcome of the earlier.

Contents wait in a temporary file, not in memory: an import may bring a hundred thousand posts.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import TracebackType
from typing import Literal

from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state.spool import Spool

_LENGTH = 32  # bits


class Overlay:
    """Paths are the repository's. Nothing here touches the repository."""

    def __init__(self, project: Project, head: Oid) -> None:
        self.project = project
        self.head = head
        self._spool = Spool()
        self._pending: dict[str, Oid | None] = {}
        self._added: dict[str, Oid] = {}  # files that are no posts
        self._no_content: set[str] = set()  # symbolic links and submodules of HEAD: what they lead to is not in it
        self._spooled: dict[Oid, int] = {}  # start and length in one number, a third of a tuple

    def __enter__(self) -> Overlay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._spool.close()

    @property
    def changed(self) -> Iterable[str]:
        """The paths that will differ from HEAD."""
        return self._pending.keys()

    def put(self, path: str, data: bytes) -> Oid:
        """Let `data` be the file at `path`; return the id its blob will have."""
        self._pending[path] = oid = self._spool_in(data)
        self._claim(path)
        return oid

    def add_file(self, path: str, data: bytes) -> Oid:
        """Let `data` be the file at `path` that is no post, and is not looked at as one; returns its blob's id."""
        self._added[path] = oid = self._spool_in(data)
        self._claim(path)
        return oid

    def _spool_in(self, data: bytes) -> Oid:
        oid = self.project.repository.hash_blob(data)
        if oid not in self._spooled:
            self._spooled[oid] = self._spool.add(data) << _LENGTH | len(data)
        return oid

    def remove(self, path: str) -> None:
        """Let there be no file at `path`."""
        self._pending[path] = None

    def forget(self, path: str) -> None:
        """Leave the file at `path` as HEAD has it after all; its content can still be read."""
        self._pending.pop(path, None)

    def pending(self, path: str) -> Oid | None:
        """Return the blob that this run puts at `path`, or None when it puts none there."""
        return self._pending.get(path)

    def is_pending(self, path: str) -> bool:
        """Say whether this run changes `path`."""
        return path in self._pending

    def read(self, oid: Oid) -> bytes:
        """Return a blob of the repository, or one that this run puts there."""
        if oid not in self._spooled:
            return self.project.repository.blob(oid)
        place = self._spooled[oid]
        return self._spool.read(place >> _LENGTH, place & (1 << _LENGTH) - 1)

    def is_new(self, oid: Oid) -> bool:
        """Say whether this run puts the blob there."""
        return oid in self._spooled

    def read_all(self, wanted: Iterable[tuple[str, Oid]]) -> Iterator[tuple[str, bytes]]:
        """Yield (path, content) of each (path, blob), in one pass over git's object store; the order may differ."""
        stored: dict[Oid, list[str]] = {}
        for path, oid in wanted:
            if self.is_new(oid):
                yield path, self.read(oid)
            else:
                stored.setdefault(oid, []).append(path)
        for oid, content in self.project.repository.blobs(stored):
            for path in stored[oid]:
                yield path, content

    def oid(self, path: str) -> Oid | None:
        """Return the blob at `path`, or None."""
        if path in self._pending:
            return self.pending(path)
        return self._added.get(path) or self._files.get(path)

    def path_of(self, oid: Oid) -> str | None:
        """Return the first file of HEAD that has the content `oid`, still has it, and is no post."""
        return next((path for path in self._by_content.get(oid, ()) if self.oid(path) == oid), None)

    def kind(self, path: str) -> Literal["post", "file"] | None:
        """Say what is at `path`, for links: a post, another file, or nothing."""
        if self.oid(path) is None:
            return None
        if self.project.is_post(path):
            return "post"
        return None if path in self._no_content else "file"

    def free_path(self, path: str) -> str:
        """Return `path`, or the nearest name that no file has, on a disk that folds case or composes letters too."""
        stem, dot, ending = path.rpartition(".")
        candidate, number = path, 1
        while _folded(candidate) in self._names or self._on_disk(candidate):
            number += 1
            candidate = f"{stem}-{number}{dot}{ending}"
        return candidate

    def _on_disk(self, path: str) -> bool:
        root = self.project.repository.root
        return root is not None and os.path.lexists(f"{root}/{path}")  # a Path would cost more than the look

    def _claim(self, path: str) -> None:
        if "_names" in self.__dict__:
            self._names.add(_folded(path))

    @cached_property
    def _files(self) -> dict[str, Oid]:
        found = {}
        for entry in self.project.repository.tree(self.head):
            found[entry.path] = entry.oid
            if entry.mode in ("120000", "160000"):
                self._no_content.add(entry.path)
        return found

    @cached_property
    def _by_content(self) -> dict[Oid, list[str]]:
        found: dict[Oid, list[str]] = {}
        for path, oid in self._files.items():
            if not self.project.is_post(path):
                found.setdefault(oid, []).append(path)
        return found

    @cached_property
    def _names(self) -> set[str]:
        return {_folded(path) for path in (*self._files, *self._pending, *self._added)}


def _folded(path: str) -> str:
    folded = unicodedata.normalize("NFC", path).casefold()
    return path if folded == path else folded  # the very same text is not held twice
