"""Rows in and out of one table, by post field instead of column; what the cells mean is not asked here."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn, cast

from gitsync.errors import Malformed, NotFound
from gitsync_connectors import sql_cells, sql_schema
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_database import Database

Row = Mapping[str, Cell]
"""A row by post field; beside these "id", and "updated" where there is a revision column."""


class Table:
    """`columns` maps post fields, "id" and "updated" to columns; only rows that agree with `where` exist."""

    def __init__(self, database: Database, name: str, columns: Mapping[str, str], where: Row) -> None:
        self._database = database
        self._name = name
        self._columns = columns
        self._where = where
        self._compared = [field for field in columns if field not in ("id", "updated")]
        self._known: Mapping[str, sql_schema.Column] | None = None
        self._core_made: Any = None

    def schema(self) -> Mapping[str, sql_schema.Column]:
        """Return the column of each field. Raises ConfigError when the table or a column is not there."""
        if self._known is None:
            if self._database.file:
                with self._database.file_connection() as connection:
                    columns = sql_schema.read_sqlite(connection, self._name)
            else:
                self._name, self._schema_name, columns = self._database.inspect(self._name)
            sql_schema.check(columns, [*self._columns.values(), *self._where], self._name)
            self._known = {field: columns[column] for field, column in self._columns.items()}
            self._where_columns = [columns[column] for column in self._where]
        return self._known

    def revision(self, row: Row) -> str:
        """Return the row's stamp; a row without one is hashed, so that an edit of it is seen all the same."""
        stamp = row.get("updated")
        return _hash([row[field] for field in self._compared]) if stamp is None else sql_cells.token(stamp)

    def listing(self) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        """Yield chunks of all rows, in no order, as (ids, revisions). Raises Malformed for ids that do not identify."""
        schema = self.schema()
        if self._database.file:
            yield from self._listing_of_file(schema)
            return
        seen: set[Cell] = set()
        whole = self._select()
        with self._database.reading() as connection:
            if "updated" in schema:
                stamp = self._core("updated")
                stamped = self._select(["id", "updated"]).where(stamp.is_not(None)).execution_options(yield_per=1000)
                for chunk in connection.execute(stamped).partitions():
                    ids, stamps = zip(*chunk, strict=True)
                    self._check_ids(ids, seen)
                    yield list(map(str, ids)), sql_cells.tokens(stamps)
                whole = whole.where(stamp.is_(None))
            for rows in connection.execute(whole.execution_options(yield_per=100)).mappings().partitions():
                self._check_ids([row["id"] for row in rows], seen)
                yield [str(row["id"]) for row in rows], [self.revision(row) for row in rows]

    def _check_ids(self, ids: Sequence[Cell], seen: set[Cell]) -> None:
        if self.schema()["id"].unique:
            return
        for id in ids:
            if id is None or id in seen:
                self._bad_id(id)
            seen.add(id)

    def _listing_of_file(
        self, schema: Mapping[str, sql_schema.Column]
    ) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        # Names were found in the schema before: SQLite takes an unknown quoted name for a text, and says nothing.
        key = _quoted(schema["id"].name)
        names = ", ".join([key, *(_quoted(schema[field].name) for field in self._compared)])
        conditions = " AND ".join(["1", *(f"{_quoted(column)} = ?" for column in self._where)])
        rows = f"FROM {_quoted(self._name)} WHERE {conditions}"
        values = tuple(self._where.values())
        with self._database.file_connection() as connection:
            if not schema["id"].unique:
                twice = f"SELECT {key} {rows} GROUP BY 1 HAVING count(*) > 1 OR {key} IS NULL LIMIT 1"
                if found := connection.execute(twice, values).fetchone():
                    self._bad_id(found[0])
            if "updated" in schema:
                stamp = _quoted(schema["updated"].name)
                listed = connection.execute(f"SELECT {key}, {stamp} {rows} AND {stamp} IS NOT NULL", values)
                while chunk := listed.fetchmany(1000):
                    ids, stamps = zip(*chunk, strict=True)
                    yield list(map(str, ids)), sql_cells.tokens(stamps)
                rows += f" AND {stamp} IS NULL"
            unstamped = connection.execute(f"SELECT {names} {rows}", values)
            while chunk := unstamped.fetchmany(100):
                yield [str(row[0]) for row in chunk], [_hash(row[1:]) for row in chunk]

    def row(self, connection: Any, id: str, *, lock: bool = False) -> Row:
        """Return one row, and keep others from changing it when `lock`. Raises NotFound."""
        key = self._key(id)
        query = self._select().where(self._core("id") == key).limit(2)
        rows = (
            connection.execute(query.with_for_update() if lock else query).mappings().all() if key is not None else []
        )
        if not rows:
            raise NotFound(f"The table {self._name!r} has no row {id}.", "It was deleted there.")
        if len(rows) > 1:
            self._bad_id(id)
        return cast(Row, rows[0])

    def rows(self, connection: Any, ids: Sequence[str]) -> Sequence[Row]:
        """Return those rows that exist, in no order."""
        keys = [key for id in ids if (key := self._key(id)) is not None]
        return cast(
            Sequence[Row], connection.execute(self._select().where(self._core("id").in_(keys))).mappings().all()
        )

    def alike(self, connection: Any, cells: Row, *, limit: int = 100) -> Sequence[Row]:
        """Return up to `limit` rows, the newest first, in which at least one of `cells` is the same."""
        import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

        query = self._select()
        if not cells:
            return []
        query = query.where(sqlalchemy.or_(*(self._core(field) == cell for field, cell in cells.items())))
        return cast(
            Sequence[Row], connection.execute(query.order_by(self._core("id").desc()).limit(limit)).mappings().all()
        )

    def newest(self, connection: Any) -> Row:
        """Return a row whose manner new rows follow: the one with the greatest id; empty in an empty table."""
        query = self._select()
        return connection.execute(query.order_by(self._core("id").desc()).limit(1)).mappings().first() or {}

    def insert(self, connection: Any, cells: Row) -> str:
        """Insert a row and return its id: the database's own numbering or default, else one made here."""
        import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

        id_column = self.schema()["id"]
        made: Cell = None
        if not id_column.default and id_column.kind == "integer":
            made = (connection.execute(sqlalchemy.select(sqlalchemy.func.max(self._core("id")))).scalar() or 0) + 1
        elif not id_column.default:
            made = uuid.uuid4() if id_column.type is not None and _python(id_column) is uuid.UUID else str(uuid.uuid4())
        values = {self._columns[field]: cell for field, cell in cells.items()} | dict(self._where)
        if made is not None:
            values[id_column.name] = made
        statement = self._table().insert().values(values)
        if connection.dialect.insert_returning:
            return str(connection.execute(statement.returning(self._core("id"))).scalar_one())
        result = connection.execute(statement)
        return str(result.lastrowid if made is None else made)

    def update(self, connection: Any, id: str, cells: Row) -> None:
        """Set some cells of a row."""
        values = {self._columns[field]: cell for field, cell in cells.items()}
        connection.execute(self._table().update().where(self._core("id") == self._key(id)).values(values))

    def delete(self, connection: Any, id: str) -> None:
        """Delete a row."""
        connection.execute(self._table().delete().where(self._core("id") == self._key(id)))

    def _key(self, id: str) -> Cell | None:
        """Return an id as its column holds it, or None when it cannot be one of that column."""
        column = self.schema()["id"]
        try:
            if column.kind == "integer":
                return int(id) if str(int(id)) == id else None
            return uuid.UUID(id) if column.type is not None and _python(column) is uuid.UUID else id
        except ValueError:
            return None

    def _table(self) -> Any:
        """Return the table as SQLAlchemy knows it, made of the mapped columns alone."""
        if self._core_made is None:
            import sqlalchemy  # noqa: PLC0415  only where rows are read or written, not in a listing of a file

            columns = {column.name: column for column in (*self.schema().values(), *self._where_columns)}
            self._core_made = sqlalchemy.table(
                self._name,
                *(sqlalchemy.column(name, column.type) for name, column in columns.items()),
                **({"schema": self._schema_name} if not self._database.file and self._schema_name else {}),
            )
        return self._core_made

    def _core(self, field: str) -> Any:
        return self._table().c[self._columns[field]]

    def _select(self, fields: Sequence[str] | None = None) -> Any:
        import sqlalchemy  # noqa: PLC0415  as in _table

        table = self._table()
        query = sqlalchemy.select(*(self._core(field).label(field) for field in fields or self._columns))
        return query.where(*(table.c[column] == value for column, value in self._where.items()))

    def _bad_id(self, id: Cell) -> NoReturn:
        what = "a row has no id" if id is None else f"two rows have the id {id}"
        hint = f"Make the column {self._columns['id']!r} a primary key, or map another as id."
        raise Malformed(f"In the table {self._name!r}, {what}.", hint)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hash(cells: Sequence[Cell]) -> str:
    """Return a hash of a row. Text is taken as it is: `repr` of a whole row takes four times as long."""
    text = "\0".join([cell if type(cell) is str else f"\1{_same(cell)!r}" for cell in cells])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _same(cell: Cell) -> Cell:
    """Return equal instants as one, whatever zone the database session is in."""
    return cell.astimezone(UTC) if isinstance(cell, datetime) and cell.tzinfo else cell


def _python(column: sql_schema.Column) -> Any:
    try:
        return column.type.python_type
    except NotImplementedError:
        return None
