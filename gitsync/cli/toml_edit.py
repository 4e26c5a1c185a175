"""Changes to gitsync.toml that leave every other line, comment and line end as it was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table


def add_site(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the file `text` with `[sites.NAME]` after its last line."""
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
    return text + gap + block.replace("\n", newline)


def remove_site(text: str, name: str) -> str:
    """Return the file `text` without `[sites.NAME]` and the tables in it."""
    document = tomlkit.parse(text)
    sites: Any = document["sites"]  # a Table, an InlineTable, or a proxy of several tables
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
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
