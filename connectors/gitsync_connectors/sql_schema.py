"""What a table looks like: read through SQLite's own pragma, or through SQLAlchemy's inspector on other databases."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from gitsync.errors import ConfigError


class Column(NamedTuple):
    """A column: `kind` is one of sql_cells.KINDS, `type` its SQLAlchemy type (None on SQLite, whose cells are free).

    `default`: the database fills it in by itself. `unique`: surely no two rows have the same value.
    """

    name: str
    kind: str = "text"
    nullable: bool = True
    default: bool = False
    unique: bool = False
    zoned: bool = False
    type: Any = None

    @property
    def python(self) -> Any:
        """The type of its cells in Python, None where that is not known."""
        try:
            return self.type.python_type if self.type is not None else None
        except NotImplementedError:
            return None


def read_sqlite(connection: sqlite3.Connection, table: str) -> dict[str, Column]:
    """Return the columns of a table or view by name. Raises ConfigError where there is none of that name."""
    rows = connection.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?)', (table,))
    found = rows.fetchall()
    if not found:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        raise no_such("table", table, (name for (name,) in names if not name.startswith("sqlite_")))
    keys = [name for name, _, _, _, pk in found if pk]
    columns = {}
    for name, declared, notnull, default, pk in found:
        # Only a column declared exactly INTEGER PRIMARY KEY counts by itself; INT PRIMARY KEY is filled with NULL.
        counts = bool(pk) and len(keys) == 1 and declared.upper() == "INTEGER"
        columns[name] = Column(
            name,
            _sqlite_kind(declared),
            nullable=not notnull,
            default=default is not None or counts,
            unique=counts or (bool(pk) and len(keys) == 1 and bool(notnull)),
        )
    return columns


SQLITE: Mapping[str, str] = {
    "BOOL": "boolean",
    "INT": "integer",
    "REAL": "real",
    "FLOA": "real",
    "DOUB": "real",
    "BLOB": "bytes",
    "BINARY": "bytes",
}


def _sqlite_kind(declared: str) -> str:
    declared = declared.upper()
    for word, kind in SQLITE.items():
        if word in declared:
            return kind
    return "text"


def read_engine(engine: Any, table: str) -> tuple[str, str | None, dict[str, Column]]:
    """Return (table, schema, columns) of a `table` that may be written "schema.table". Raises ConfigError."""
    import sqlalchemy  # noqa: PLC0415  0.2 s that only a database of another kind than SQLite costs

    inspector = sqlalchemy.inspect(engine)
    schema, _, name = table.rpartition(".")
    for where, called in ((None, table), (schema or None, name)):
        if inspector.has_table(called, schema=where):
            break
    else:
        raise no_such("table", table, [*inspector.get_table_names(), *inspector.get_view_names()])
    key = inspector.get_pk_constraint(called, schema=where).get("constrained_columns") or []
    single = {tuple(u["column_names"]) for u in inspector.get_unique_constraints(called, schema=where)} | {tuple(key)}
    columns = {}
    for found in inspector.get_columns(called, schema=where):
        column = found["name"]
        generated = bool(found.get("identity") or found.get("computed"))
        counts = bool(found.get("autoincrement") is True)
        columns[column] = Column(
            column,
            _kind(found["type"], sqlalchemy.types),
            nullable=bool(found.get("nullable", True)),
            default=found.get("default") is not None or generated or counts,
            unique=(column,) in single and not found.get("nullable", True),
            zoned=bool(getattr(found["type"], "timezone", False)),
            type=found["type"],
        )
    return called, where, columns


def _kind(type_: Any, types: Any) -> str:
    table = {
        "boolean": types.Boolean,
        "integer": types.Integer,
        "real": types.Numeric,
        "datetime": types.DateTime,
        "date": types.Date,
        "json": types.JSON,
        "array": types.ARRAY,
        "bytes": (types.LargeBinary, types.BINARY, types.VARBINARY),
    }
    if type_.__class__.__name__ == "TINYINT" and getattr(type_, "display_width", None) == 1:
        return "boolean"  # MySQL's BOOL
    return next((kind for kind, parent in table.items() if isinstance(type_, parent)), "text")


def check(columns: Mapping[str, Column], wanted: Collection[str], table: str) -> None:
    """Raise ConfigError when a wanted column is not in the table."""
    for name in wanted:
        if name not in columns:
            raise no_such(f"column in the table {table!r}", name, columns)


def no_such(what: str, name: str, known: Iterable[str]) -> ConfigError:
    """Return the error for a name that does not exist, naming those that do."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, 1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    have = ", ".join(known[:30]) + (", …" if len(known) > 30 else "")
    return ConfigError(f"There is no {what} called {name!r}.", f"{guess}There is: {have or 'nothing'}.")
