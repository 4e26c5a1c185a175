"""Git LFS: a blob that is only a pointer, and where its content is kept once it was fetched.

Source: github.com/git-lfs/git-lfs docs/spec.md.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from gitsync.repository import Repository

LARGEST_POINTER = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)


def size(data: bytes) -> int:
    """Return how many bytes a blob stands for."""
    match = _POINTER.fullmatch(data) if len(data) <= LARGEST_POINTER else None
    return len(data) if match is None else int(match[2])


def content(repository: Repository, data: bytes) -> bytes | None:
    """Return what a blob stands for: itself, or what its pointer leads to; None when that was not fetched."""
    match = _POINTER.fullmatch(data) if len(data) <= LARGEST_POINTER else None
    if match is None:
        return data
    name = match[1].decode()
    folder = Path(repository.git.text("rev-parse", "--path-format=absolute", "--git-common-dir"))
    try:
        found = (folder / "lfs/objects" / name[:2] / name[2:4] / name).read_bytes()
    except OSError:
        return None
    return found if hashlib.sha256(found).hexdigest() == name else None
