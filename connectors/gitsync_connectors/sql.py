"""A table of posts in any SQL database as a site: the custom CMS of people who have a database.

A row is read, compared and written in one transaction, so an update never overwrites what moved meanwhile. Only the
cells that change are written, in the manner of what stood there: the application behind the table goes on
understanding its own dates, lists and flags.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any, ClassVar

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import Forged, Malformed, Rejected, Stale
from gitsync.model import DATES, FIELDS, LISTS, Account, Asset, Cursor, Event, Post, Record, Value, clean_body
from gitsync_connectors import bodies, sql_cells
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_database import Database
from gitsync_connectors.sql_schema import Column
from gitsync_connectors.sql_settings import SETTINGS, columns, statuses, tags_table
from gitsync_connectors.sql_table import CHUNK, Row, Table
from gitsync_connectors.sql_tags import Tags, single, slug_of

TAKEN = re.compile(r"unique|duplicate", re.IGNORECASE)


class Sql:
    """`[sites.NAME]` with platform = "sql". Facts: PEP 249, SQLAlchemy 2.1 Core, sqlite.org/lang.html."""

    settings: ClassVar[Mapping[str, Setting]] = SETTINGS

    capabilities: Capabilities = Capabilities(
        conditional=True,
        bulk_fetch=CHUNK,
        scheduled=True,
        backdates=True,
        body="Markdown or HTML",
        limits="what has a column",
    )

    def __init__(self, settings: SiteSettings) -> None:
        options = settings.options
        self._site = settings.name
        keys, self._columns = columns(settings.name, options["columns"])
        own = tags_table(settings.name, options.get("tags_table"), self._columns)
        mapped = {**self._columns, **({"tags": ""} if own else {})}
        self._held = [name for name in (*FIELDS, "body") if name in mapped and name != "updated"]
        self._statuses = statuses(settings.name, options.get("statuses"), self._columns.get("status", ""))
        self._html = options.get("format") == "html"
        self._lists: str = options.get("tags", "json")
        self._permalink: str | None = options.get("permalink")
        self._database = Database(settings)
        self._table_name: str = options["table"]
        self._tags: Tags | None = None
        if own:
            single(keys, settings.name)
            self._tags = Tags(self._database, own, f"[sites.{settings.name}.tags_table.defaults]")
        self._table = Table(
            self._database,
            self._table_name,
            keys,
            self._columns,
            options.get("where", {}),
            defaults=options.get("defaults", {}),
            tags=self._tags,
        )
        drafts = "status" in self._columns and "draft" in self._statuses
        self.capabilities = replace(
            self.capabilities,
            fields=frozenset(self._held) - {"body"},
            unpublish=drafts,
            drafts=drafts,
            conditional=True,
            revision_hash="updated" not in self._columns,
            scheduled="scheduled" in self._statuses and "date" in self._held,
            backdates="date" in self._held,
            body="HTML" if self._html else "Markdown",
            bulk_fetch=CHUNK,
        )

    def whoami(self) -> Account:
        """Name the table, after looking that it and all columns are there."""
        self._table.schema()
        return Account(name=f"{self._table_name} in {self._database.name}")

    def project(self, post: Post) -> Post:
        """Keep what has a column. Empty is None, instants are whole seconds, a status without a word is draft."""
        held: dict[str, Any] = {name: self._projected(name, post.get(name)) for name in self._held}
        return Post(**held)

    def _projected(self, name: str, value: Any) -> Value:
        if name == "status":
            return value if value in self._statuses else "draft" if value else "published"
        if name == "body":
            return self._read_body(self._write_body(value, like=None)) if self._html else value
        if name in DATES:
            return value.astimezone(UTC).replace(microsecond=0) if value else None
        if name in LISTS:
            comma = self._lists == "comma" and name in self._columns
            found = sql_cells.read_list([v.replace(",", " ") for v in value] if value and comma else value, "array")
            return self._tags.sorted(found) if found and self._tags and name == "tags" else found
        return value or None

    def problems(self, post: Post) -> Sequence[Problem]:
        """Tell the fields without a column, and what a column cannot hold."""
        found = []
        for name in FIELDS:
            if name not in (*self._held, "status", "updated") and post.get(name):
                hint = f"Map it under [sites.{self._site}.columns] to keep it there."
                found.append(_loss("SQL001", f"the table {self._table_name!r} has no column for {name}", hint, name))
        if "status" in self._columns and post.status and post.status not in self._statuses:
            hint = f"Add {post.status} to [sites.{self._site}.statuses]."
            found.append(_loss("SQL002", f"the status {post.status} is stored as draft", hint, "status"))
        for name in self._held:
            value = post.get(name)
            words = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
            joined = name in LISTS and name in self._columns and self._lists == "comma"
            if joined and any("," in word for word in words):
                hint = 'Use tags = "json" in gitsync.toml, or no commas.'
                found.append(_loss("SQL003", f"a comma in {name} becomes a space", hint, name))
            if any("\0" in word for word in words):
                found.append(
                    Problem(code="SQL004", message=f"{name} holds a NUL character", hint="Remove it.", field=name)
                )
        if self._html:
            found += bodies.losses("html", post.body)
        return found

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  a whole listing costs next to nothing
        """Yield id and revision of every row."""
        unsaid = [repeat(it) for it in Record("", "", complete=False)[2:]]
        for ids, revisions in self._table.listing():
            # As Record(id, revision, complete=False), without a call of Python's for each of a hundred thousand rows.
            yield from map(tuple.__new__, repeat(Record), zip(ids, revisions, *unsaid, strict=False))

    def fetch(self, id: str) -> Record:
        """Return one row. Raises NotFound."""
        with self._database.reading() as connection:
            return self._record(self._table.row(connection, id))

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        """Yield those rows that exist, 500 a query."""
        for start in range(0, len(ids), CHUNK):
            with self._database.reading() as connection:
                rows = self._table.rows(connection, ids[start : start + CHUNK])
            yield from map(self._record, rows)

    def find(self, post: Post) -> Iterator[Record]:
        """Yield the newest rows that share the slug, the canonical URL or the title with `post`."""
        told: dict[str, Value] = {
            name: post.get(name) for name in ("slug", "canonical_url", "title") if name in self._held
        }
        if not any(told.values()) and "body" in self._held and not self._html:
            told = {"body": post.body}
        with self._database.reading() as connection:
            rows = self._table.alike(connection, {name: value for name, value in told.items() if value})
        yield from map(self._record, rows)

    def create(self, post: Post) -> Record:
        """Insert a row and return what it then holds. Raises Rejected, OutcomeUnknown."""
        try:
            return self._inserted(post)
        except Rejected as error:
            # MariaDB names the index, which most often is called after its column.
            if not (post.slug and self._columns.get("slug", "\0") in error.field and TAKEN.search(error.message)):
                raise
            # Nothing was stored. Another post of ours has this address, and what is a post here is one there.
            same = hashlib.sha256(f"{post.title}\0{post.body}".encode("utf-8", "replace")).hexdigest()[:6]
            return self._inserted(post.with_fields({"slug": f"{post.slug}-{same}"}))

    def _inserted(self, post: Post) -> Record:
        with self._database.writing() as connection:
            like = self._table.newest(connection)
            cells: dict[str, Cell] = {}
            for name in self._held:
                value = post.get(name)
                column = self._table.schema().get(name)
                if value or not (column is None or column.nullable or column.default):
                    cells[name] = self._cell(name, value or self._needed(connection, name, post), like.get(name))
            stamp = self._stamp(None, like.get("updated"))
            id = self._table.insert(connection, {**cells, **stamp}, like)
            return self._record(self._table.row(connection, id))

    def _needed(self, connection: Any, name: str, post: Post) -> Value:
        """Return what to say in a column that must be filled where the post says nothing."""
        if name == "date":
            return datetime.now(UTC).replace(microsecond=0)
        if name != "slug":
            return None
        slug = slug_of(post.title or "") or "post"
        taken = self._table.alike(connection, {"slug": slug}, limit=1)
        return f"{slug}-{uuid.uuid4().hex[:6]}" if taken else slug

    def update(self, id: str, post: Post, *, expect: str) -> Record:
        """Write the cells that differ, and return the row. Raises Stale, NotFound, Rejected, OutcomeUnknown."""
        with self._database.writing() as connection:
            row = self._table.row(connection, id, lock=True)
            self._compare(row, expect)
            shown = self._shown(row)
            differing = [name for name in self._held if post.get(name) != shown.get(name)]
            cells = {n: self._cell(n, post.get(n), row[n]) for n in differing if self._may_set(n, post)}
            if not cells:
                return self._record(row)
            self._table.update(connection, row, {**cells, **self._stamp(row.get("updated"), None)})
            now = self._table.row(connection, id)
            if "updated" in self._columns and self._table.revision(now) == expect:
                # A column of whole seconds rounded our stamp back to the one that was there.
                later = sql_cells.read_moment(row["updated"]) or datetime.now(UTC)
                self._table.update(connection, now, self._stamp(row["updated"], None, later + timedelta(seconds=1)))
                now = self._table.row(connection, id)
            return self._record(now)

    def _may_set(self, name: str, post: Post) -> bool:
        """Say whether an update writes this cell: a slug, or a date that the table insists on, is never taken away."""
        if name not in self._columns:
            return True
        column = self._table.schema()[name]
        kept = name == "slug" or (name == "date" and (column.default or not column.nullable))
        return not (kept and post.get(name) is None)

    def delete(self, id: str, *, expect: str) -> None:
        """Delete the row. Raises Stale, NotFound, Rejected, OutcomeUnknown."""
        with self._database.writing() as connection:
            row = self._table.row(connection, id, lock=True)
            self._compare(row, expect)
            self._table.delete(connection, row)

    def upload(self, asset: Asset) -> str:
        """Refuse: a table has no place for files, and `capabilities.uploads` says so."""
        raise Rejected(f"A database cannot store {asset.path}.", "Set [content] url, where your files are served.")

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  the protocol's own names
        """Refuse: databases send no webhooks."""
        raise Forged("A database sends no webhooks.", "Remove the webhook for this site.")

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _compare(self, row: Row, expect: str) -> None:
        if self._table.revision(row) != expect:
            raise Stale(f"Row {row['id']} of {self._table_name!r} has changed meanwhile.", "Sync again.")

    def _stamp(self, before: Cell, like: Cell, now: datetime | None = None) -> Row:
        """Return the cell of the revision column for a write, if there is such a column."""
        if "updated" not in self._columns:
            return {}
        column = self._table.schema()["updated"]
        if before is None and like is None and column.default and column.kind == "integer":
            return {}  # a counter, most likely, and the database knows where it starts
        now = now or datetime.now(UTC)
        like = _usual(column) if before is None and like is None else like
        return {"updated": sql_cells.next_stamp(before, now, kind=column.kind, zoned=column.zoned, like=like)}

    def _cell(self, name: str, value: Any, like: Cell) -> Cell:
        """Return the cell that says `value` in the manner of `like`."""
        if name not in self._columns:
            return value or ()
        column = self._table.schema()[name]
        if name == "status" and value not in self._statuses:
            hint = f"Add {value} to [sites.{self._site}.statuses], or keep the post off this site."
            raise Rejected(f"The status {value} has no word in {self._table_name!r}.", hint, field=name)
        if name == "status":
            return sql_cells.write_status(value, self._statuses, kind=column.kind, like=like)
        if name in LISTS:
            empty = not value and column.nullable
            return None if empty else sql_cells.write_list(value or (), self._lists, kind=column.kind, like=like)
        if not value:
            return None if column.nullable else ""
        if name in DATES:
            like = _usual(column) if like is None else like
            return sql_cells.write_moment(value, kind=column.kind, zoned=column.zoned, like=like)
        return self._write_body(value, like=like) if name == "body" else value

    def _write_body(self, body: str, *, like: Cell) -> str:
        if self._html:
            body = bodies.write("html", body).text
        return body.replace("\n", "\r\n") if isinstance(like, str) and "\r\n" in like else body

    def _read_body(self, cell: Cell) -> str:
        text = clean_body(sql_cells.read_text(cell) or "")
        return bodies.read("html", text).text if self._html else text

    def _shown(self, row: Row) -> Post:
        """Return what a row says. Raises Malformed when a text in it is none."""
        said: dict[str, Any] = {}
        for name in self._held:
            try:
                said[name] = self._read(name, row[name])
            except UnicodeDecodeError:
                where = f"{self._columns[name]!r} of row {row['id']} in {self._table_name!r}"
                raise Malformed(f"The column {where} is not UTF-8 text.", "Store it as text.") from None
        return Post(**said)

    def _read(self, name: str, cell: Cell) -> Value:
        if name not in self._columns:
            return cell or None
        if name == "status":
            return sql_cells.read_status(cell, self._statuses)
        if name == "body":
            return self._read_body(cell)
        if name in DATES:
            moment = sql_cells.read_moment(cell)
            return moment.astimezone(UTC).replace(microsecond=0) if moment else None
        return sql_cells.read_list(cell, self._lists) if name in LISTS else sql_cells.read_text(cell)

    def _record(self, row: Row) -> Record:
        post = self._shown(row)
        raw = {}
        for name in self._held:
            verbatim = row[name] is None or row[name] == post.get(name) or name not in self._columns
            if not verbatim and (
                (self._html and name == "body") or row[name] != self._cell(name, post.get(name), None)
            ):
                raw[name] = sql_cells.plain(row[name])
        url = None
        if self._permalink and (post.slug or "{slug}" not in self._permalink):
            url = self._permalink.replace("{slug}", post.slug or "").replace("{id}", str(row["id"]))
        return Record(
            id=str(row["id"]),
            revision=self._table.revision(row),
            url=url,
            post=post,
            raw=raw,
            modified=sql_cells.read_moment(row.get("updated")),
            author=post.authors[0] if post.authors else None,
            losses=bodies.left_out("html", clean_body(sql_cells.read_text(row["body"]) or "")) if self._html else (),
        )


def _usual(column: Column) -> Cell:
    """Return what a date looks like where there is none to go by: as JavaScript has it in a column named its way."""
    script = column.kind == "text" and re.search(r"[a-z][A-Z]", column.name)
    return "2000-01-01T00:00:00.000Z" if script else None


def _loss(code: str, message: str, hint: str, field: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, field=field, severity="loss")
