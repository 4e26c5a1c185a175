"""Changes to gitsync.toml that leave every other line, comment and line end as it was."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from gitsync.durable import sync_folder
from gitsync.errors import UsageError
from gitsync.tomlfile import HEADER, dotted


def add_site(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the file `text` with `[sites.NAME]` after its last line. Raises UsageError."""
    table = tomlkit.table()
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = tomlkit.table()
            inner.update(value)
            table.append(key, inner)
        else:
            table.append(key, value)
    sites = tomlkit.table(is_super_table=True)
    sites.append(name, table)
    document = tomlkit.document()
    document.append("sites", sites)
    block = tomlkit.dumps(document)
    # Appended as text: a table in the middle would have to share its neighbours' comments.
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else newline if text.endswith("\n") else newline * 2
    added = text + gap + block.replace("\n", newline)
    try:
        tomllib.loads(added)
    except tomllib.TOMLDecodeError:
        raise UsageError("The sites of gitsync.toml are written inline.", "Add this one there by hand.") from None
    return added


def remove_site(text: str, name: str) -> str:
    """Return the file `text` without `[sites.NAME]` and the tables in it. Raises UsageError."""
    wanted = tomllib.loads(text)
    del wanted["sites"][name]
    if not wanted["sites"]:
        del wanted["sites"]
    for left in (_without_lines(text, name), _without_item(text, name)):
        with suppress(tomllib.TOMLDecodeError):
            found = tomllib.loads(left)
            if found == wanted or found == {**wanted, "sites": {}}:
                return left
    raise UsageError(f"{name} cannot be taken out without touching more.", "Delete its lines in gitsync.toml.")


def _without_lines(text: str, name: str) -> str:
    """Cut the lines of the site's tables. Comments after its last key stay: they are about what follows."""
    kept: list[str] = []
    held: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        header = HEADER.match(line)
        if header:
            inside = dotted(header["key"])[:2] == ("sites", name)
            kept += held
            held = []
        if not inside:
            kept.append(line)
        elif header or (line.strip() and not line.lstrip().startswith("#")):
            held = []
        elif line.strip() or held or (kept and kept[-1].strip()):
            held.append(line)
    return "".join(kept + held)


def _without_item(text: str, name: str) -> str:
    """Remove the site where it is no table of its own lines: inline, or in dotted keys."""
    document = tomlkit.parse(text)
    sites: Any = document["sites"]
    del sites[name]
    if isinstance(sites, Table) and not sites:
        del document["sites"]
    return tomlkit.dumps(document)


def replace_file(path: Path, text: str) -> None:
    """Write the file whole or not at all. A symbolic link stays one, and the mode is kept."""
    target = path.resolve()
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(number)
        Path(name).chmod(target.stat().st_mode & 0o777)
        Path(name).replace(target)
        sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
