"""gitsync's own files inside git's folder: plain files and folders. Whatever else is in their place is never opened.

A pipe would be waited for for ever, a link leads to somebody's file, and a folder can be neither read nor written.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gitsync.durable import sync_folder
from gitsync.errors import RepositoryError

FILES = frozenset({"journal", "lock", "uploads", "leases.json", "together.json", "unshown.json"})
FOLDERS = frozenset({"intents", "pages", "worktree"})
BESIDE = frozenset({Path(name).stem + end for name in FILES for end in (".new", ".damaged", ".json.damaged")})
"""What is being written, and what doctor could not read."""

KINDS = {
    "gitsync": {**dict.fromkeys(FILES | BESIDE, "file"), **dict.fromkeys(FOLDERS, "folder")},
    "worktree": {**dict.fromkeys(("move.json", "move.new", "lock", "index"), "file"), "checkout": "folder"},
}
"""What is in which folder of ours; other names are not ours to judge."""


class NotOurs(RepositoryError):
    """Something is in the place of a file or folder of gitsync's."""


def check(folder: Path) -> None:
    """Raise NotOurs where `folder`, or something of ours directly in it, is not what it should be."""
    for path, what in strange(folder):
        raise NotOurs(f"{path} is {what}.", "Run gitsync doctor, which sets it aside.")


def check_file(path: Path) -> Path:
    """Return `path`, where a plain file is, or nothing. Raises NotOurs."""
    if what := _not(path, "file"):
        raise NotOurs(f"{path} is {what}.", "Run gitsync doctor, which sets it aside.")
    return path


def strange(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is not as it should be: the folder itself, or what is of ours directly in it; and what it is."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        names = []
    except NotADirectoryError:
        pass
    if not folder.is_dir() and (what := _not(folder, "folder")):
        yield folder, what
        return
    for name in names:
        kind = KINDS[folder.name].get(name, "")
        if kind and (what := _not(folder / name, kind)):
            yield folder / name, what


def strange_inside(folder: Path, *suffixes: str) -> Iterator[tuple[Path, str]]:
    """Yield what is no plain file directly in `folder` though its name ends like one."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in suffixes and (what := _not(path, "file")):
            yield path, what


def set_aside(path: Path) -> Path:
    """Rename what is at `path`, so that it stays and is out of the way; return where it is now."""
    number, aside = 1, path.with_name(f"{path.name}.aside")
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.aside-{number}")
    path.rename(aside)
    sync_folder(path.parent)
    return aside


def _not(path: Path, kind: str) -> str:
    """Say what is at `path` where that is not of the `kind`: "a pipe, where gitsync keeps a file"; else nothing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return ""
    found = _KINDS.get(stat.S_IFMT(mode), "a device")
    return "" if found == f"a {kind}" else f"{found}, where gitsync keeps a {kind}"


_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
