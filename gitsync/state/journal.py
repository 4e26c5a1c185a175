"""Results that are not in a ledger commit yet: one line each, on disk before the next thing happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from gitsync.bounded_json import own
from gitsync.durable import sync_folder
from gitsync.errors import RepositoryError
from gitsync.state.records import Oid, Result, result_from_json, result_to_json


class Journal:
    """`journal` in gitsync's state folder. It cannot be derived from anything: never delete it as a cache.

    Lines mean the same when they are folded twice, so a crash between the fold and `clear` does no harm.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "journal"

    def append(self, *results: Result, head: Oid | None) -> None:
        """Write `results`, a line each, and return when they are on the disk.

        `head` is the commit of the followed branch that they were found with.
        """
        lines = [json.dumps({"head": head, **result_to_json(result)}) + "\n" for result in results]
        new = not self.path.exists()
        with self.path.open("ab") as file:
            self._cut_torn_line()
            file.write("".join(lines).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self.path.parent)

    def pending(self) -> list[Result]:
        """Return the results that wait to be folded, oldest first."""
        return [result for _, result in self._lines()]

    def head(self) -> Oid | None:
        """Return the `head` of the newest line: the commit that a fold of these results is about."""
        newest = None
        for newest, _ in self._lines():  # noqa: B007  the last one is wanted
            pass
        return newest

    def clear(self) -> None:
        """Forget every line, after all of them went into ledger commits."""
        if self.path.exists() and self.path.stat().st_size:
            with self.path.open("r+b") as file:
                file.truncate(0)
                os.fsync(file.fileno())

    def damaged(self) -> list[int]:
        """Return the numbers of the lines that cannot be read, the torn last one too."""
        return [number for number, _, result in self._examined() if result is None]

    def readable(self) -> Iterator[Result]:
        """Yield the results that can be read, whatever stands between them."""
        return (result for _, _, result in self._examined() if result is not None)

    def set_aside(self) -> None:
        """Move what cannot be read to `journal.damaged`, so that the rest can be folded."""
        lines = list(self._examined())
        with self.path.with_suffix(".damaged").open("ab") as file:
            file.write(b"".join(line + b"\n" for _, line, result in lines if result is None))
            file.flush()
            os.fsync(file.fileno())
        unfinished = self.path.with_suffix(".new")
        with unfinished.open("wb") as file:
            file.write(b"".join(line + b"\n" for _, line, result in lines if result is not None))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
        sync_folder(self.path.parent)

    def _examined(self) -> Iterator[tuple[int, bytes, Result | None]]:
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for number, line in enumerate(lines, 1):
            if not line and number == len(lines):
                return
            try:
                said = own(line)
                del said["head"]
                # A last line without its end is not trusted, even when it can be read.
                yield number, line, None if number == len(lines) else result_from_json(said)
            except (ValueError, KeyError, TypeError, AttributeError):
                yield number, line, None

    def _lines(self) -> Iterator[tuple[Oid | None, Result]]:
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        whole = lines[:-1]
        for number, line in enumerate(whole, 1):
            try:
                said = own(line)
                yield said.pop("head"), result_from_json(said)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if number == len(whole):  # the power went while it was written: nothing was told to anybody
                    return
                raise RepositoryError(
                    f"{self.path}:{number}: this line of the journal cannot be read ({error}).",
                    "Run gitsync doctor, which sets it aside; what it said of its post is asked of the site again.",
                ) from error

    def _cut_torn_line(self) -> None:
        """Remove what a crash left of a line, so that the next one does not continue it."""
        with self.path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
