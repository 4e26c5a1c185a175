"""Bytes that wait on the disk as soon as they are many: an import may bring a hundred thousand posts."""

from __future__ import annotations

import tempfile
from typing import IO

IN_MEMORY = 8 * 1024 * 1024
"""Bytes that are held in memory before they go to a file."""


class Spool:
    """Is only ever added to; what was added is read at the place that `add` told. In an unnamed file of our own."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed by close()
        self._reading = False
        self.end = 0

    def add(self, data: bytes) -> int:
        """Add `data` at the end and return where it starts."""
        if self._reading:  # never without need: every seek writes out what is buffered
            self._file.seek(self.end)
            self._reading = False
        start = self.end
        self._file.write(data)
        self.end += len(data)
        return start

    def read(self, start: int, length: int) -> bytes:
        """Return `length` bytes from `start` on."""
        self._reading = True
        self._file.seek(start)
        return self._file.read(length)

    def close(self) -> None:
        """Forget everything."""
        self._file.close()
