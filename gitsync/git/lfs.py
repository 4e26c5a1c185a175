"""Git LFS: a blob that is only a pointer, and where its content is kept once it was fetched.

Source: github.com/git-lfs/git-lfs docs/spec.md.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from gitsync.errors import Refused
from gitsync.repository import Repository

LARGEST_POINTER = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)


def cleaned(repository: Repository, path: str, data: bytes) -> bytes:
    """Return what git keeps of `data` at `path`: a pointer, where .gitattributes gives that folder to Git LFS.

    Git runs the filter itself, which also puts the content where it is pushed from. Raises Refused without git-lfs.
    """
    told = repository.git.run("check-attr", "-z", "filter", "--", path).output.split(b"\0")
    name = told[2].decode() if len(told) > 2 else ""
    if name in ("", "unspecified", "unset", "set"):
        return data
    if not any(repository.config(f"filter.{name}.{way}") for way in ("clean", "process")):
        if name != "lfs":  # git takes such a file as it is
            return data
        raise Refused(
            f"{path} would be kept by Git LFS (.gitattributes says so), and git-lfs is not set up here.",
            "Install git-lfs and run git lfs install, or set [content] fetch_assets = false.",
        )
    return repository.blob(
        repository.git.run("hash-object", "-w", "--stdin", "--path", path, input=data, write=True).text
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
