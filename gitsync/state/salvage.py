"""What can still be known of a write whose note cannot be read: its file's name and age, and what is left of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gitsync.state.intents import OPERATIONS, Begun, named
from gitsync.state.records import Oid


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What of an intent could be saved; `at` is the Unix time when its file was written, the others as in Intent."""

    site: str | None
    op: Begun | None
    path: str | None
    id: str | None
    blob: Oid | None
    at: float


def remains(file: Path) -> Remains:
    """Return what is left of the intent in `file`; of what is no file, only its name speaks."""
    text = file.read_text(encoding="ascii", errors="replace") if file.is_file() and not file.is_symlink() else ""
    site, op = named(file.name)
    said = _text(text, "op")
    return Remains(
        site=site or _text(text, "site"),
        op=op or (cast(Begun, said) if said in OPERATIONS else None),
        path=_text(text, "path"),
        id=_text(text, "id"),
        blob=blob if (blob := _text(text, "blob")) and re.fullmatch(r"[0-9a-f]{40,64}", blob) else None,
        at=file.lstat().st_mtime,
    )


def _text(text: str, key: str) -> str | None:
    """Return a text on the first level: there a key stands in a line of its own, one space in."""
    match = re.search(rf'^ "{key}": ("(?:[^"\\\n\ufffd]|\\[ -~])*"),?$', text, re.MULTILINE)
    try:
        return str(json.loads(match[1])) or None if match is not None else None
    except ValueError:
        return None
