"""Rows in and out of one table, by post field instead of column; what the cells mean is not asked here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from gitsync.bounded_json import TooMuch, loads
from gitsync.errors import ConfigError, Malformed, NotFound, Stale
from gitsync_connectors import sql_cells, sql_rows, sql_schema
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_database import Database
from gitsync_connectors.sql_tags import Tags

Row = Mapping[str, Cell]
"""A row by post field; beside these "id" as text, and "updated" where there is a revision column."""

CHUNK = 500
"""Rows of a listing that are looked at together, and ids in one SELECT: an old SQLite allows 999 variables."""


class Table:
    """`keys` are the columns of the id, `columns` maps post fields and "updated" to columns, or to keys inside JSON.

    Only rows that agree with `where` exist; new ones get `defaults` too. `tags` are in tables of their own.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        keys: Sequence[str],
        columns: Mapping[str, str],
        where: Row,
        *,
        defaults: Row,
        tags: Tags | None,
    ) -> None:
        self._database = database
        self._name = name
        self._keys = keys
        self._columns = columns
        self._where, self._defaults = where, defaults
        self._tags = tags
        self._compared = [field for field in columns if field != "updated"]
        self._known: dict[str, sql_schema.Column] | None = None
        self._core_made: Any = None
        self._all: Mapping[str, sql_schema.Column] = {}
        self._inside: dict[str, tuple[str, list[str]]] = {}

    def schema(self) -> Mapping[str, sql_schema.Column]:
        """Return the column of each field. Raises ConfigError when the table or a column is not there."""
        if self._known is None:
            self._all = self._database.columns(self._name)
            for field, column in self._columns.items():
                if column not in self._all and "." in column:
                    name, *path = column.split(".")
                    self._inside[field] = (name, path)
            if "updated" in self._inside:
                raise ConfigError(f"updated of {self._name!r} is inside a JSON column.", "Map a column of its own.")
            plain = {field: column for field, column in self._columns.items() if field not in self._inside}
            documents = [name for name, _ in self._inside.values()]
            wanted = [*self._keys, *plain.values(), *documents, *self._where, *self._defaults]
            sql_schema.check(self._all, wanted, self._name)
            inner = {field: sql_schema.Column(self._columns[field], "json") for field in self._inside}
            self._known = {field: self._all[column] for field, column in plain.items()} | inner
            if self._tags:
                self._tags.tables()
        return self._known

    def revision(self, row: Row) -> str:
        """Return the row's stamp; a row without one is hashed, so that an edit of it is seen all the same.

        Tags in tables of their own are hashed beside it: whoever changes them need not touch the row.
        """
        stamp = row.get("updated")
        own = _hash([row[field] for field in self._compared]) if stamp is None else sql_cells.token(stamp)
        return _with_tags(own, row["tags"]) if self._tags else own

    def listing(self) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        """Yield chunks of all rows, in no order, as (ids, revisions). Raises Malformed for ids that do not identify."""
        schema = self.schema()
        if self._database.file and not self._inside and not self._tags and len(self._keys) == 1:
            yield from self._listing_of_file(schema)
            return
        seen: set[str] = set()
        whole = self._select()
        with self._database.reading() as connection:
            if "updated" in schema:
                stamp = self._core("updated")
                query = self._select(["updated"]).where(stamp.is_not(None)).execution_options(yield_per=CHUNK)
                for chunk in connection.execute(query).partitions():
                    *cells, stamps = zip(*chunk, strict=True)
                    ids = self._ids(cells, seen)
                    tokens = sql_cells.tokens(stamps)
                    if self._tags:
                        tagged = self._tagged(cells[0])
                        tokens = [_with_tags(t, tagged.get(key)) for t, key in zip(tokens, cells[0], strict=True)]
                    yield ids, tokens
                whole = whole.where(stamp.is_(None))
            for rows in connection.execute(whole.execution_options(yield_per=100)).mappings().partitions():
                keys = [[row[f"id {n}"] for row in rows] for n in range(len(self._keys))]
                ids = self._ids(keys, seen)
                tagged = self._tagged(keys[0])
                yield ids, [self.revision(self._shaped(row, tagged)) for row in rows]

    def _tagged(self, posts: Sequence[Cell]) -> Mapping[Cell, tuple[str, ...]]:
        """Return the tags of posts, asked on another connection: one that streams rows can do nothing else."""
        if not self._tags:
            return {}
        with self._database.reading() as connection:
            return self._tags.of(connection, posts)

    def _ids(self, cells: Sequence[Sequence[Cell]], seen: set[str]) -> list[str]:
        """Return ids as text. Raises Malformed for one that is NULL or there already."""
        only = self._all[self._keys[0]]
        if len(cells) == 1 and only.unique and only.kind != "bytes":
            return list(map(str, cells[0]))
        ids = []
        for several in zip(*cells, strict=True):
            id = sql_rows.text_of(several)
            if id is None or id in seen:
                self._bad_id(id)
            if not (len(cells) == 1 and only.unique):
                seen.add(id)
            ids.append(id)
        return ids

    def _listing_of_file(
        self, schema: Mapping[str, sql_schema.Column]
    ) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
        # Names were found in the schema before: SQLite takes an unknown quoted name for a text, and says nothing.
        id = self._all[self._keys[0]]
        key = _quoted(id.name)
        names = ", ".join([key, *(_quoted(schema[field].name) for field in self._compared)])
        conditions = " AND ".join(["1", *(f"{_quoted(column)} = ?" for column in self._where)])
        rows = f"FROM {_quoted(self._name)} WHERE {conditions}"
        values = tuple(self._where.values())
        with self._database.file_connection() as connection:
            if not id.unique:
                twice = f"SELECT {key} {rows} GROUP BY 1 HAVING count(*) > 1 OR {key} IS NULL LIMIT 1"
                if found := connection.execute(twice, values).fetchone():
                    self._bad_id(sql_rows.text_of(found))
            if "updated" in schema:
                stamp = _quoted(schema["updated"].name)
                listed = connection.execute(f"SELECT {key}, {stamp} {rows} AND {stamp} IS NOT NULL", values)
                while chunk := listed.fetchmany(1000):
                    ids, stamps = zip(*chunk, strict=True)
                    yield self._ids([ids], set()), sql_cells.tokens(stamps)
                rows += f" AND {stamp} IS NULL"
            unstamped = connection.execute(f"SELECT {names} {rows}", values)
            while chunk := unstamped.fetchmany(100):
                yield self._ids([[row[0] for row in chunk]], set()), [_hash(row[1:]) for row in chunk]

    def row(self, connection: Any, id: str, *, lock: bool = False) -> Row:
        """Return one row, and keep others from changing it when `lock`. Raises NotFound."""
        same = self._same(id)
        query = self._select().where(*same).limit(2) if same else None
        rows = (
            connection.execute(query.with_for_update() if lock else query).mappings().all() if query is not None else []
        )
        if not rows:
            raise NotFound(f"The table {self._name!r} has no row {id}.", "It was deleted there.")
        if len(rows) > 1:
            self._bad_id(id)
        return self._all_shaped(connection, rows)[0]

    def rows(self, connection: Any, ids: Sequence[str]) -> Sequence[Row]:
        """Return those rows that exist, in no order."""
        import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

        keys = [cells for id in ids if (cells := self._cells(id)) is not None]
        table = self._table()
        if len(self._keys) == 1:
            query = self._select().where(table.c[self._keys[0]].in_([cells[0] for cells in keys]))
        else:
            same = [sqlalchemy.and_(*(table.c[k] == c for k, c in zip(self._keys, cs, strict=True))) for cs in keys]
            query = self._select().where(sqlalchemy.or_(sqlalchemy.false(), *same))
        return self._all_shaped(connection, connection.execute(query).mappings().all())

    def alike(self, connection: Any, cells: Row, *, limit: int = 100) -> Sequence[Row]:
        """Return up to `limit` rows, the newest first, in which at least one of `cells` is the same."""
        import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

        if not cells:
            return []
        same = sqlalchemy.or_(*(self._core(field) == cell for field, cell in cells.items()))
        found = connection.execute(self._select().where(same).order_by(*self._newest_first()).limit(limit))
        return self._all_shaped(connection, found.mappings().all())

    def newest(self, connection: Any) -> Row:
        """Return a row whose manner new rows follow: the one with the greatest id; empty in an empty table.

        Beside the fields it has the columns that new rows are given, under "= column".
        """
        table = self._table()
        others = [table.c[name].label(f"= {name}") for name in dict.fromkeys((*self._keys, *self._defaults))]
        query = self._select().add_columns(*others).order_by(*self._newest_first()).limit(1)
        found = connection.execute(query).mappings().first()
        if found is None:
            return {}
        return {**self._shaped(found, {}), **{label: cell for label, cell in found.items() if label[0] == "="}}

    def insert(self, connection: Any, cells: Row, like: Row) -> str:
        """Insert a row and return its id: the database's own numbering or default, else one made here."""
        import sqlalchemy  # noqa: PLC0415  as above

        self.schema()
        table = self._table()
        others = {name: like.get(f"= {name}") for name in (*self._keys, *self._defaults)}
        given = {n: sql_rows.default(self._all[n], value, others[n]) for n, value in self._defaults.items()}
        documents: dict[str, Cell] = {name: _document(given.get(name)) for name, _ in self._inside.values()}
        values = {**given, **self._where, **self._written(cells, documents)}
        # A number of one's own is one more than the greatest there is: a racing writer makes the database refuse it.
        found = sql_rows.insert(connection, table, self._all, self._keys, values, like=others)
        id = sql_rows.text_of(found)
        if id is None:
            # A trigger or an id that the driver does not tell of; the row just made has the greatest.
            newest = sqlalchemy.select(*(table.c[key] for key in self._keys)).order_by(*self._newest_first()).limit(1)
            id = sql_rows.text_of(connection.execute(newest).one())
        if self._tags and "tags" in cells:
            self._tags.write(connection, found[0], cells["tags"])
        return str(id)

    def update(self, connection: Any, row: Row, cells: Row) -> None:
        """Set some cells of a row. Raises Stale where the row is no longer the one that was read."""
        documents = {name: row[f"in {name}"] for name, _ in self._inside.values()}
        touched = {self._inside[field][0] for field in cells if field in self._inside}
        values = self._written(cells, {name: document for name, document in documents.items() if name in touched})
        same = self._same(row["id"])
        if values:
            done = connection.execute(self._table().update().where(*same, *self._unmoved(row)).values(values))
            self._compare(done, row)
        if self._tags and "tags" in cells:
            self._tags.write(connection, self._key(row["id"]), cells["tags"])

    def delete(self, connection: Any, row: Row) -> None:
        """Delete a row, and what says which tags it has. Raises Stale where it is no longer the one that was read."""
        if self._tags:
            self._tags.write(connection, self._key(row["id"]), ())
        done = connection.execute(self._table().delete().where(*self._same(row["id"]), *self._unmoved(row)))
        self._compare(done, row)

    def _unmoved(self, row: Row) -> list[Any]:
        """Return the condition that a row still has the stamp it was read with.

        The lock says so already, where a database knows locks of rows; this one holds everywhere.
        """
        stamp = row.get("updated")
        exact = stamp is not None and self.schema()["updated"].kind in ("text", "integer", "datetime")
        return [self._core("updated") == stamp] if exact else []

    def _compare(self, done: Any, row: Row) -> None:
        # A driver that does not count, or counts changed rows alone, says -1 or has been asked not to.
        if done.rowcount == 0 and row.get("updated") is not None:
            raise Stale(f"Row {row['id']} of {self._name!r} has changed meanwhile.", "Sync again.")

    def _written(self, cells: Row, documents: dict[str, Cell]) -> dict[str, Cell]:
        """Return column -> cell of a write; `documents` are the JSON columns that fields are put into."""
        values = {}
        for field, cell in cells.items():
            if field in self._inside:
                name, path = self._inside[field]
                documents[name] = _put(_document(documents.get(name)), path, cell)
            elif field in self._columns:
                values[self._columns[field]] = cell
        for name, document in documents.items():
            if document or not self._all[name].nullable:
                values[name] = document if self._all[name].kind == "json" else json.dumps(document, ensure_ascii=False)
        return values

    def _all_shaped(self, connection: Any, rows: Sequence[Any]) -> list[Row]:
        tagged = self._tags.of(connection, [row["id 0"] for row in rows]) if self._tags and rows else {}
        return [self._shaped(row, tagged) for row in rows]

    def _shaped(self, found: Any, tagged: Mapping[Cell, tuple[str, ...]]) -> Row:
        """Return a row as it was selected by post field; JSON columns that fields are in are under "in column"."""
        row = {field: found[field] for field in self._columns if field not in self._inside}
        row["id"] = sql_rows.text_of([found[f"id {n}"] for n in range(len(self._keys))])
        for field, (name, path) in self._inside.items():
            row[f"in {name}"] = document = _document(found[f"in {name}"])
            row[field] = _at(document, path)
        if self._tags:
            row["tags"] = tagged.get(found["id 0"])
        return row

    def _cells(self, id: str) -> list[Cell] | None:
        self.schema()
        return sql_rows.cells_of([self._all[key] for key in self._keys], id)

    def _key(self, id: str) -> Cell:
        """Return the one cell of an id that a row has."""
        return (self._cells(id) or [None])[0]

    def _same(self, id: str) -> list[Any]:
        """Return the conditions of one row; none where the id cannot be one of this table."""
        cells = self._cells(id)
        table = self._table()
        return [] if cells is None else [table.c[k] == cell for k, cell in zip(self._keys, cells, strict=True)]

    def _newest_first(self) -> list[Any]:
        return [self._table().c[key].desc() for key in self._keys]

    def _table(self) -> Any:
        """Return the table as SQLAlchemy knows it."""
        if self._core_made is None:
            self._core_made, _ = self._database.core(self._name)
        return self._core_made

    def _core(self, field: str) -> Any:
        """Return the column of a field, or what is inside a JSON column, for a condition."""
        self.schema()
        if field not in self._inside:
            return self._table().c[self._columns[field]]
        import sqlalchemy  # noqa: PLC0415  imported already: there is a table

        name, path = self._inside[field]
        return sqlalchemy.type_coerce(self._table().c[name], sqlalchemy.JSON)[tuple(path)].as_string()

    def _select(self, fields: Sequence[str] | None = None) -> Any:
        import sqlalchemy  # noqa: PLC0415  as in _table

        table = self._table()
        self.schema()
        keys = [table.c[key].label(f"id {n}") for n, key in enumerate(self._keys)]
        plain = [f for f in (self._columns if fields is None else fields) if f not in self._inside]
        documents = dict.fromkeys(name for name, _ in self._inside.values()) if fields is None else ()
        query = sqlalchemy.select(
            *keys,
            *(self._core(field).label(field) for field in plain),
            *(table.c[name].label(f"in {name}") for name in documents),
        )
        return query.where(*(table.c[column] == value for column, value in self._where.items()))

    def _bad_id(self, id: str | None) -> NoReturn:
        what = "a row has no id" if id is None else f"two rows have the id {id}"
        hint = f"Make the column {self._keys[0]!r} a primary key, or map another as id."
        raise Malformed(f"In the table {self._name!r}, {what}.", hint)


def _document(cell: Cell) -> Cell:
    """Return what a JSON column holds; an object where it holds nothing or no JSON. Raises Malformed."""
    if isinstance(cell, str | bytes):
        try:
            cell = loads(cell)
        except TooMuch as error:
            raise Malformed(f"A JSON column holds {error}.", "Make its text smaller.") from None
        except ValueError:
            return {}
    return {} if cell is None else cell


def _at(document: Cell, path: Sequence[str]) -> Cell:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _put(document: Cell, path: Sequence[str], cell: Cell) -> Cell:
    """Return the document with `cell` at `path`; None takes the key away."""
    key, *deeper = path
    inner = dict(document) if isinstance(document, dict) else {}
    value = _put(inner.get(key), deeper, cell) if deeper else cell
    if value is None:
        inner.pop(key, None)
        return inner
    return {**inner, key: value}


def _with_tags(token: str, tags: Cell) -> str:
    return f"{token}~{_hash(sorted(tags))[:12]}" if tags else token


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hash(cells: Sequence[Cell]) -> str:
    """Return a hash of a row. Text is taken as it is: `repr` of a whole row takes four times as long."""
    text = "\0".join([cell if type(cell) is str else f"\1{_same(cell)!r}" for cell in cells])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _same(cell: Cell) -> Cell:
    """Return equal instants as one, whatever zone the database session is in."""
    return cell.astimezone(UTC) if isinstance(cell, datetime) and cell.tzinfo else cell
