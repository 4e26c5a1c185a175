"""What identifies a row, and new rows: ids that the database, or the manner of the rows there, makes."""

from __future__ import annotations

import re
import secrets
import string
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from gitsync_connectors import sql_cells
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_schema import Column

DIGITS = string.digits + string.ascii_lowercase
CUID = re.compile(r"c[a-z0-9]{24}")
CUID2 = re.compile(r"[a-z][a-z0-9]{23}")


def text_of(cells: Sequence[Cell]) -> str | None:
    """Return an id as text: the cell alone, or several with "/" between them. None where one is NULL."""
    if None in cells:
        return None
    said = [bytes(c).hex() if isinstance(c, bytes | bytearray | memoryview) else str(c) for c in cells]
    return said[0] if len(said) == 1 else "/".join(quote(part, safe="") for part in said)


def cells_of(columns: Sequence[Column], id: str) -> list[Cell] | None:
    """Return an id as its columns hold it, or None when it cannot be one of theirs."""
    parts = [id] if len(columns) == 1 else [unquote(part) for part in id.split("/")]
    if len(parts) != len(columns):
        return None
    cells = [_cell(column, part) for column, part in zip(columns, parts, strict=True)]
    return None if None in cells or text_of(cells) != id else cells


def _cell(column: Column, part: str) -> Cell:
    try:
        if column.kind == "integer":
            return int(part)
        if column.kind == "bytes":
            return bytes.fromhex(part)
        return uuid.UUID(part) if column.python is uuid.UUID else part
    except ValueError:
        return None


def made(column: Column, like: Cell) -> Cell:
    """Return a new id of a column that holds no numbers, in the manner of `like`."""
    new = uuid.uuid4()
    if column.python is uuid.UUID:
        return new
    if column.kind == "bytes":
        return new.bytes
    if isinstance(like, str) and CUID.fullmatch(like):
        return cuid()
    if isinstance(like, str) and CUID2.fullmatch(like):
        return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(DIGITS) for _ in range(23))
    return new.hex if isinstance(like, str) and re.fullmatch(r"[0-9a-f]{32}", like) else str(new)


def cuid() -> str:
    """Return a cuid: "c", the time in base 36, and what nobody guesses."""
    stamp, milliseconds = "", int(time.time() * 1000)
    while milliseconds:
        milliseconds, digit = divmod(milliseconds, 36)
        stamp = DIGITS[digit] + stamp
    return f"c{stamp}" + "".join(secrets.choice(DIGITS) for _ in range(24 - len(stamp)))


def default(column: Column, value: Any, like: Cell) -> Cell:
    """Return what a declared default is in a new row."""
    match value:
        case "{now}":
            now = datetime.now(UTC).replace(microsecond=0)
            return sql_cells.write_moment(now, kind=column.kind, zoned=column.zoned, like=like)
        case "{uuid}":
            return made(column, None)
        case "{cuid}":
            return cuid()
    return value


def insert(
    connection: Any,
    table: Any,
    columns: Mapping[str, Column],
    keys: Sequence[str],
    values: Mapping[str, Cell],
    *,
    like: Mapping[str, Cell],
) -> list[Cell]:
    """Insert a row and return the cells of its id; `like` is another row of the table, by column."""
    import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

    said = dict(values)
    counted = ""
    for key in keys:
        column = columns[key]
        if key in said:
            continue
        if column.default:
            counted = key
        elif column.kind == "integer":
            said[key] = (connection.execute(sqlalchemy.select(sqlalchemy.func.max(table.c[key]))).scalar() or 0) + 1
        else:
            said[key] = made(column, like.get(key))
    statement = table.insert().values(said)
    if connection.dialect.insert_returning:
        return list(connection.execute(statement.returning(*(table.c[key] for key in keys))).one())
    result = connection.execute(statement)
    return [result.lastrowid if key == counted else said[key] for key in keys]
