"""What a database cell says, and how to say something else the way that cell, or its neighbour, says it. Pure.

Databases of one's own have dates as text, numbers or timestamps, lists as JSON or "a, b", a status as a word or a
flag. Reading understands all of them; writing takes a `like` cell (the one to be replaced, else one of the newest
row) and keeps its manner, so that whatever else reads the table goes on understanding it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gitsync.bounded_json import loads

Cell = Any
"""What a database driver gives and takes: the one place where types are not ours."""

KINDS = ("text", "integer", "real", "boolean", "datetime", "date", "json", "array", "bytes")
"""What a column is declared to be, as far as reading and writing differ."""

FLAGS: Mapping[str, Mapping[str, bool]] = {
    **{
        name: {"published": True, "draft": False}
        for name in ("published", "is_published", "public", "is_public", "live")
    },
    **{name: {"published": False, "draft": True} for name in ("draft", "is_draft", "hidden")},
}
"""Status columns that are a flag by their very name, and what the flag says."""

SYNONYMS = {
    **dict.fromkeys(("publish", "live", "public", "1", "true"), "published"),
    "future": "scheduled",
}
LARGEST_COUNTER = 10**8
"""A whole number below this is a version counter; above, seconds since 1970 (this one is in March 1973)."""

SMALLEST_MILLISECONDS = 10**11
"""A number from here on counts milliseconds: as seconds it would be in the year 5138."""


def read_text(cell: Cell) -> str | None:
    """Return the text of a cell; NULL and "" are both absent. Raises UnicodeDecodeError."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell).decode("utf-8") or None
    return cell if isinstance(cell, str) else str(cell)


def read_list(cell: Cell, form: str) -> tuple[str, ...] | None:
    """Return the distinct items of a list; `form` is json, comma or array. Text that is no JSON is read as "a, b"."""
    if isinstance(cell, list | tuple):
        items: Sequence[Any] = cell
    else:
        text = read_text(cell) or ""
        items = text.split(",")
        if form != "comma":
            try:
                parsed = loads(text) if text else []
            except ValueError:
                parsed = None
            if parsed is not None:
                items = parsed if isinstance(parsed, list) else [text]
    clean = (str(item).strip() for item in items if item is not None)
    return tuple(dict.fromkeys(item for item in clean if item)) or None


def write_list(items: Sequence[str], form: str, *, kind: str, like: Cell) -> Cell:
    """Return the cell for a list; a JSON column whose `like` cell holds plain "a, b" goes on doing so."""
    if kind in ("json", "array") or form == "array":
        return list(items)
    plain = isinstance(like, str) and like.strip() and not like.lstrip().startswith("[")
    if form == "comma" or plain:
        tight = isinstance(like, str) and re.search(r",\S", like) and not re.search(r",\s", like)
        return ("," if tight else ", ").join(items)
    return json.dumps(list(items), ensure_ascii=False)


def read_moment(cell: Cell) -> datetime | None:
    """Return the instant a cell tells, aware; without a zone it is UTC. None for NULL, counters and what is no date."""
    if isinstance(cell, datetime):
        moment = cell if cell.tzinfo else cell.replace(tzinfo=UTC)
        try:
            moment.astimezone(UTC)
        except OverflowError:
            return None
        return moment
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    if isinstance(cell, str):
        text = cell.strip().removesuffix("UTC").strip()
        if not re.fullmatch(r"\d{9,}(\.\d+)?", text):
            try:
                return read_moment(datetime.fromisoformat(text))
            except ValueError:
                return None
        cell = float(text)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and cell >= LARGEST_COUNTER:
        try:
            seconds = cell / 1000 if cell >= SMALLEST_MILLISECONDS else cell
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        except OverflowError:
            return None
    return None


def write_moment(moment: datetime, *, kind: str, zoned: bool = False, like: Cell = None) -> Cell:
    """Return the cell for an instant, in UTC; `zoned` says whether a timestamp column keeps zones."""
    moment = moment.astimezone(UTC)
    if kind == "datetime" and not isinstance(like, str | int | float):
        return moment if zoned else moment.replace(tzinfo=None)
    if kind == "date":
        return moment.date()
    if isinstance(like, str) and like.strip().isdigit():
        return str(int(moment.timestamp() * (1000 if int(like) >= SMALLEST_MILLISECONDS else 1)))
    if kind in ("integer", "real") or (isinstance(like, int | float) and not isinstance(like, bool)):
        seconds = moment.timestamp()
        if isinstance(like, int | float) and like >= SMALLEST_MILLISECONDS:
            seconds *= 1000
        return seconds if kind == "real" or isinstance(like, float) else int(seconds)
    return _like_text(moment, like if isinstance(like, str) else "")


def _like_text(moment: datetime, like: str) -> str:
    """Return `moment`, which is in UTC, with the separator and the zone of `like`; a day alone where `like` is one."""
    like = like.strip()
    if len(like) == len("2026-01-31") and moment.time() == datetime.min.time():
        return moment.date().isoformat()
    text = moment.replace(tzinfo=None).isoformat(sep="T" if "T" in like else " ")
    if like.endswith("Z"):
        return text + "Z"
    if like.endswith("UTC"):
        return text + " UTC"
    return text + "+00:00" if re.search(r":\d.*[+-]\d\d:?(\d\d)?$", like) else text


def next_stamp(before: Cell, now: datetime, *, kind: str, zoned: bool = False, like: Cell = None) -> Cell:
    """Return the value of a revision column for a write at `now`: in the column's manner, and never `before` again.

    Microseconds are written where the column keeps them: an application that stamps whole seconds cannot then stamp an
    edit of the same second with the revision that we know.
    """
    like = before if before is not None else like
    number = isinstance(like, int | float) and not isinstance(like, bool)
    if number and like < LARGEST_COUNTER:
        return before + 1 if before is not None else 1
    stamp = write_moment(now, kind=kind, zoned=zoned, like=like)
    if before is None or (isinstance(stamp, date) and not isinstance(stamp, datetime)):
        return stamp
    if isinstance(stamp, int | float) and isinstance(before, int | float):
        return max(stamp, before + 1)
    earlier = read_moment(before)
    if earlier and earlier >= now:
        return write_moment(earlier + timedelta(seconds=1), kind=kind, zoned=zoned, like=like)
    return stamp if stamp != before else write_moment(now + timedelta(seconds=1), kind=kind, zoned=zoned, like=like)


def read_status(cell: Cell, statuses: Mapping[str, Cell]) -> str:
    """Return the status that a cell means; NULL and words nobody explained are drafts, which are shown to nobody."""
    word = cell.strip().casefold() if isinstance(cell, str) else cell
    for status, said in statuses.items():
        if word == (said.casefold() if isinstance(said, str) else said):
            return status
    if isinstance(word, bool | int):
        return "published" if word == 1 else "draft"
    return SYNONYMS.get(word, "draft") if isinstance(word, str) else "draft"


def write_status(status: str, statuses: Mapping[str, Cell], *, kind: str, like: Cell) -> Cell:
    """Return the cell for a status: what `statuses` has, or 1 and 0 in a column that turns out to hold flags."""
    said = statuses[status]
    if isinstance(said, str) and (kind in ("boolean", "integer") or isinstance(like, bool | int)):
        return status == "published" if kind == "boolean" else int(status == "published")
    return int(said) if isinstance(said, bool) and kind == "integer" else said


def token(cell: Cell) -> str:
    """Return a revision column's value as text, the same one whatever zone the database session is in."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        return (cell.astimezone(UTC) if cell.tzinfo else cell).isoformat()
    return str(cell)


def tokens(stamps: Sequence[Cell]) -> Sequence[str]:
    """Return the token of each stamp; text, which is most of them on SQLite, at the cost of a look at its type."""
    return stamps if set(map(type, stamps)) == {str} else list(map(token, stamps))


def plain(cell: Cell) -> Any:
    """Return a cell as JSON can hold it."""
    return cell if isinstance(cell, str | int | float | bool | list | dict) else token(cell)
