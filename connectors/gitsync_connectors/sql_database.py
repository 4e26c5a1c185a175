"""One database: connections, transactions, and its drivers' errors in our words. SQLAlchemy is imported here, late.

A listing of a SQLite file goes through Python's own sqlite3, so a sync that finds nothing to do never pays for
importing SQLAlchemy (0.2 s); everything else goes through SQLAlchemy Core on any database.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gitsync.connector import SiteSettings
from gitsync.errors import ConfigError, Error, Malformed, OutcomeUnknown, Rejected, Unauthorized, Unreachable
from gitsync_connectors.sql_schema import Column, read_engine, read_sqlite

TIMEOUTS: Mapping[str, Callable[[float], dict[str, Any]]] = {
    "psycopg": lambda s: {"connect_timeout": max(1, int(s)), "options": f"-c statement_timeout={int(s * 1000)}"},
    "pymysql": lambda s: dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), max(1, int(s))),
}
"""How each driver is told to wait `s` seconds at most."""

DENIED = re.compile(
    r"readonly database|permission denied|access denied|authentication failed|no password supplied"
    r"|role \"[^\"]*\" does not exist|command denied",
    re.IGNORECASE,
)
MISSING = re.compile(r"no such (table|column)|(relation|column|database) .*does not exist|unknown (column|database)|"
                     r"table .*doesn't exist|file is not a database", re.IGNORECASE)  # fmt: skip
UNFILLED = re.compile(
    r"NOT NULL constraint failed: (?:[^.\s]+\.)?(\w+)|null value in column \"(\w+)\"|Column '(\w+)' cannot be null"
    r"|Field '(\w+)' doesn't have a default value"
)
UNREADABLE = re.compile(r"could not decode|malformed|invalid byte sequence", re.IGNORECASE)


class Database:
    """The database that `[sites.NAME]` points at; nothing is opened before it is used."""

    def __init__(self, settings: SiteSettings) -> None:
        scheme, colon, rest = settings.url.partition("://")
        if not colon:
            raise ConfigError(
                f"The url of [sites.{settings.name}] is no database URL.", 'Like url = "sqlite:///cms.db".'
            )
        self._settings = settings
        self._engine_made: Any = None
        self._tables: dict[str, tuple[str, str | None, dict[str, Column]]] = {}
        self._url = re.sub(r"^(mysql|mariadb)$", r"\1+pymysql", scheme) + "://" + rest
        self._url = re.sub(r"^(postgresql|postgres)://", "postgresql+psycopg://", self._url)
        self.file: Path | None = None
        if scheme.partition("+")[0] == "sqlite":
            name = rest.partition("/")[2]
            if not name or name.startswith(":memory:") or "?" in name:
                hint = "Write sqlite:///FILE, relative to gitsync.toml, or sqlite:////ABSOLUTE/FILE."
                raise ConfigError(f"The url of [sites.{settings.name}] names no database file.", hint)
            self.file = settings.root / name

    @property
    def name(self) -> str:
        """What to call this database in a sentence; without user, password and query, which may hold one too."""
        if self.file:
            return str(self.file)
        scheme, _, rest = self._url.partition("?")[0].partition("://")
        return f"{scheme.partition('+')[0]}://{rest.rpartition('@')[2]}"

    def connect_file(self) -> sqlite3.Connection:
        """Return a new connection to the SQLite file, which must exist."""
        assert self.file is not None  # noqa: S101  for the type checker: callers have asked
        if not self.file.is_file():
            hint = "Mind that a relative path is relative to gitsync.toml; the table must be there already."
            raise ConfigError(f"There is no database file {self.file}.", hint)
        # "rw", because SQLite would make an empty database of a mistyped name.
        return sqlite3.connect(
            f"{self.file.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._settings.timeout,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def file_connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to the SQLite file."""
        with self._errors(), closing(self.connect_file()) as connection:
            yield connection

    def engine(self) -> Any:
        """Return the SQLAlchemy engine. Raises ConfigError for a URL or a driver that is not there."""
        if self._engine_made is None:
            import sqlalchemy  # noqa: PLC0415  0.2 s, so only when rows are read or written
            from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415
            from sqlalchemy.pool import QueuePool  # noqa: PLC0415

            try:
                if self.file:
                    engine = sqlalchemy.create_engine("sqlite://", creator=self.connect_file, poolclass=QueuePool)
                else:
                    driver = sqlalchemy.make_url(self._url).get_driver_name()
                    waits = TIMEOUTS[driver](self._settings.timeout) if driver in TIMEOUTS else {}
                    engine = sqlalchemy.create_engine(self._url, connect_args=waits, pool_pre_ping=True)
            except ModuleNotFoundError as error:
                hint = "Install it: gitsync-content[postgres] or gitsync-content[mysql] bring one."
                raise ConfigError(f"The database driver {error.name} is not installed.", hint) from None
            except (ArgumentError, NoSuchModuleError):
                hint = 'Write it as SQLAlchemy does, like "postgresql://me@localhost/cms".'
                raise ConfigError(f"The url of [sites.{self._settings.name}] is no database URL.", hint) from None
            self._engine_made = engine
        return self._engine_made

    def columns(self, table: str) -> dict[str, Column]:
        """Return the columns of a table or view. Raises ConfigError where there is none of that name."""
        return self._described(table)[2]

    def _described(self, table: str) -> tuple[str, str | None, dict[str, Column]]:
        """Return (table, schema, columns), read once."""
        if table not in self._tables:
            if self.file:
                with self.file_connection() as connection:
                    self._tables[table] = table, None, read_sqlite(connection, table)
            else:
                engine = self.engine()
                with self._errors():
                    self._tables[table] = read_engine(engine, table)
        return self._tables[table]

    def core(self, table: str) -> tuple[Any, dict[str, Column]]:
        """Return a table as SQLAlchemy knows it, with its columns. Raises ConfigError."""
        import sqlalchemy  # noqa: PLC0415  only where rows are read or written, not in a listing of a file

        name, schema, columns = self._described(table)
        typed = (sqlalchemy.column(column.name, column.type) for column in columns.values())
        return sqlalchemy.table(name, *typed, **({"schema": schema} if schema else {})), columns

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Lend a SQLAlchemy connection for reads that belong together."""
        engine = self.engine()
        with self._errors(), engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Lend a connection inside a transaction, committed at the end; an exception undoes it all.

        Raises OutcomeUnknown only when the answer to the commit itself was lost.
        """
        engine = self.engine()
        with self._errors(), engine.connect() as connection:
            if self.file:
                # Taking the lock at once makes compare-and-write atomic, and waits here rather than fails half-way.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            try:
                connection.commit()
            except Exception as error:
                if self.file or not getattr(error, "connection_invalidated", False):
                    raise
                hint = "The next sync looks before it writes again."
                raise OutcomeUnknown(f"{self.name} went away in the middle of a commit.", hint) from None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate what drivers raise; by the names that PEP 249 gives them, which SQLAlchemy and sqlite3 share."""
        started = time.monotonic()
        try:
            yield
        except (Error, GeneratorExit):
            raise
        except Exception as error:
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if "DatabaseError" not in kinds and not {"InterfaceError", "TimeoutError", "StatementError"} & kinds:
                raise
            raise self._translated(error, kinds, time.monotonic() - started) from None

    def _translated(self, error: Exception, kinds: set[str], waited: float) -> Error:
        # The driver's own words: SQLAlchemy's would show the statement, and with it the post.
        said = " ".join(str(getattr(error, "orig", None) or error).split())[:300].rstrip(".?!")
        if DENIED.search(said):
            return Unauthorized(f"{self.name} refuses: {said}.", "Check the user, and that it may write this table.")
        if MISSING.search(said):
            return ConfigError(f"{self.name} says: {said}.", "Compare the table and columns with gitsync.toml.")
        if unfilled := UNFILLED.search(said):
            column = unfilled[unfilled.lastindex or 0]
            place = f"[sites.{self._settings.name}.defaults] {column} = …"
            hint = f"Fill it in the post, or say what new rows hold there: {place}"
            return Rejected(f"The database refuses the row: {said}.", hint, field=column)
        if kinds & {"IntegrityError", "DataError", "StatementError"} and "OperationalError" not in kinds:
            field = re.search(r"(?:failed: [^.\s]+\.|Key \(|column \"|for key '(?:[^.']+\.)?|column ')(\w+)", said)
            hint = "Change the post, or loosen the table's rule."
            return Rejected(f"The database refuses the row: {said}.", hint, field=field[1] if field else "")
        if UNREADABLE.search(said):
            return Malformed(f"{self.name} cannot be read: {said}.", "Check the database, then sync again.")
        if "locked" in said:
            return Unreachable(f"{self.name} was locked for {waited:.0f} s.", "Try again when its other user is done.")
        return Unreachable(f"{self.name} gives no answer: {said}.", "Nothing was written; try again later.")

    def close(self) -> None:
        """Close every connection."""
        if self._engine_made is not None:
            self._engine_made.dispose()
            self._engine_made = None
