"""Tags in tables of their own: one of tags, and one that says which post has which (many to many)."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gitsync.errors import ConfigError, Rejected
from gitsync_connectors import sql_rows, sql_schema
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_database import Database
from gitsync_connectors.sql_settings import TagsTable


class Tags:
    """The tags of one site's posts. `place` is where defaults of new tags are declared."""

    def __init__(self, database: Database, how: TagsTable, place: str) -> None:
        self._database, self._how, self._place = database, how, place
        self._read: tuple[Any, Any, Mapping[str, sql_schema.Column], Mapping[str, sql_schema.Column]] | None = None

    @property
    def ordered(self) -> bool:
        """Whether the order of a post's tags is kept."""
        return bool(self._how.position)

    def tables(self) -> tuple[Any, Any, Mapping[str, sql_schema.Column], Mapping[str, sql_schema.Column]]:
        """Return the joining table and that of tags (None where there is none), each with its columns.

        Raises ConfigError when a table or a column is not there.
        """
        if self._read is None:
            how = self._how
            joining, between = self._database.core(how.table)
            sql_schema.check(between, [name for name in (how.post, how.tag, how.position) if name], how.table)
            tags, columns = self._database.core(how.tags) if how.tags else (None, {})
            if how.tags:
                sql_schema.check(columns, [name for name in (how.id, how.name, how.slug) if name], how.tags)
            sql_schema.check({**between, **columns}, how.defaults, f"{how.table} or {how.tags}")
            self._read = joining, tags, between, columns
        return self._read

    def of(self, connection: Any, posts: Iterable[Cell]) -> dict[Cell, tuple[str, ...]]:
        """Return the tags of each post, by its id; in their order, or sorted where none is kept."""
        import sqlalchemy  # noqa: PLC0415  imported already: there is a connection

        joining, tags, *_ = self.tables()
        how = self._how
        name = joining.c[how.tag] if tags is None else tags.c[how.name]
        order = [joining.c[how.position]] if how.position else []
        query = sqlalchemy.select(joining.c[how.post], name).where(joining.c[how.post].in_(list(posts)))
        if tags is not None:
            query = query.join(tags, joining.c[how.tag] == tags.c[how.id])
        found: dict[Cell, list[str]] = {}
        for post, said in connection.execute(query.order_by(*order)):
            if said is not None and str(said).strip():
                found.setdefault(post, []).append(str(said).strip())
        return {post: self.sorted(names) for post, names in found.items()}

    def sorted(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return tags as they will be shown."""
        distinct = dict.fromkeys(names)
        return tuple(distinct if self.ordered else sorted(distinct, key=lambda name: (name.casefold(), name)))

    def write(self, connection: Any, post: Cell, names: Sequence[str]) -> None:
        """Make these the tags of a post, within the transaction of `connection`."""
        import sqlalchemy  # noqa: PLC0415  as above

        joining, tags, between, _ = self.tables()
        how = self._how
        wanted = list(dict.fromkeys(n if tags is None else self._id(connection, n) for n in names))
        mine = joining.c[how.post] == post
        there = set(connection.execute(sqlalchemy.select(joining.c[how.tag]).where(mine)).scalars())
        if gone := there - set(wanted):
            connection.execute(joining.delete().where(mine, joining.c[how.tag].in_(gone)))
        for number, tag in enumerate(wanted):
            place = {how.position: number} if how.position else {}
            if tag not in there:
                values = {**self._given(between, {}), how.post: post, how.tag: tag, **place}
                connection.execute(joining.insert().values(values))
            elif place:
                connection.execute(joining.update().where(mine, joining.c[how.tag] == tag).values(place))

    def _id(self, connection: Any, name: str) -> Cell:
        """Return the id of a tag, which is made where there is none of this name in any case."""
        import sqlalchemy  # noqa: PLC0415  as above

        _, tags, _, columns = self.tables()
        how = self._how
        same = sqlalchemy.func.lower(tags.c[how.name]) == name.lower()
        query = sqlalchemy.select(tags.c[how.id], tags.c[how.name]).where(same | (tags.c[how.name] == name))
        if found := connection.execute(query).all():
            return next((id for id, said in found if said == name), found[0][0])
        like = connection.execute(sqlalchemy.select(tags).order_by(tags.c[how.id].desc()).limit(1)).mappings().first()
        like = dict(like or {})
        values = {**self._given(columns, like), how.name: name}
        if how.slug:
            slug = slug_of(name) or name.lower()
            taken = connection.execute(sqlalchemy.select(tags.c[how.slug]).where(tags.c[how.slug] == slug)).first()
            values[how.slug] = f"{slug}-{uuid.uuid4().hex[:6]}" if taken else slug
        lacking = [n for n, c in columns.items() if not (c.nullable or c.default or n in values or n == how.id)]
        if lacking:
            hint = f"Say what new tags hold there: {self._place} {lacking[0]} = …"
            raise Rejected(f"A new tag in {how.tags!r} must say {', '.join(lacking)}.", hint, field="tags")
        [id] = sql_rows.insert(connection, tags, columns, [how.id], values, like=like)
        return id

    def _given(self, columns: Mapping[str, sql_schema.Column], like: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return what new rows of one of the tables hold by declaration."""
        known = {name: value for name, value in self._how.defaults.items() if name in columns}
        return {name: sql_rows.default(columns[name], value, like.get(name)) for name, value in known.items()}


def slug_of(text: str) -> str:
    """Return a text as an address has it; "" where nothing of it can be in one."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:80]


def single(keys: Sequence[str], site: str) -> None:
    """Raise ConfigError where posts are identified by several columns, which no joining table can refer to here."""
    if len(keys) > 1:
        hint = f"Map one column that is unique as id, or remove [sites.{site}.tags_table]."
        raise ConfigError(f"[sites.{site}.tags_table] needs posts with an id of one column.", hint)
