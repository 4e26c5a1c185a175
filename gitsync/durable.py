"""Small files that must survive a power cut: whole or not there, and their names on the disk, too."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(path: Path, data: bytes, *, unfinished: Path | None = None) -> None:
    """Return when `path` holds `data` and the disk has both.

    It is written as `unfinished` first (by default the same name ending in `.new`): what a killed run left there is
    written over by the next.
    """
    unfinished = unfinished or path.with_suffix(".new")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in `folder` are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
