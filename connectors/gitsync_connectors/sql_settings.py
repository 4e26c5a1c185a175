"""The keys of a `sql` site, and what may stand in its tables of columns, statuses, tags and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gitsync.connector import Setting
from gitsync.errors import ConfigError
from gitsync.model import FIELDS, STATUSES
from gitsync_connectors import sql_cells
from gitsync_connectors.sql_cells import Cell
from gitsync_connectors.sql_schema import no_such

SETTINGS: Final[Mapping[str, Setting]] = {
    "table": Setting(type=str, required=True, help="the table or view with one post a row, or schema.table"),
    "columns": Setting(
        type=dict,
        required=True,
        help='post field = column, or "column.key" inside a JSON column; id is required, a list where it is several',
    ),
    "format": Setting(type=str, choices=("markdown", "html"), help="what the body column holds"),
    "tags": Setting(type=str, choices=("json", "comma", "array"), help="how a tags column holds a list"),
    "tags_table": Setting(
        type=dict,
        help="tags in tables of their own: table (the one between), post and tag (its columns); tags, id and name (the "
        "table of tags and its columns), slug, position, defaults",
    ),
    "statuses": Setting(type=dict, help='what the status column says, like {published = "live", draft = "new"}'),
    "where": Setting(type=dict, help="column = value: only these rows are posts, and new rows get these values"),
    "defaults": Setting(
        type=dict, help='column = value for new rows only; "{now}", "{uuid}" and "{cuid}" are made anew'
    ),
    "permalink": Setting(type=str, help="where a row is seen on the web, with {slug} or {id} in it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsTable:
    """`[tags_table]`: `table` joins posts and tags; `tags` is where the tags are, "" where `tag` holds their names."""

    table: str
    post: str
    tag: str
    tags: str = ""
    id: str = "id"
    name: str = "name"
    slug: str = ""
    position: str = ""
    defaults: Mapping[str, Any]


def columns(site: str, given: Mapping[str, Any]) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the columns of the id, and post field -> column of the other fields. Raises ConfigError."""
    for field, column in given.items():
        if field not in ("id", *FIELDS, "body"):
            error = no_such("post field", field, ("id", *FIELDS, "body"))
            raise ConfigError(f"[sites.{site}.columns] is wrong: {error.message}", error.hint)
        several = column if field == "id" and isinstance(column, list) and column else [column]
        if not all(isinstance(one, str) and one for one in several):
            raise ConfigError(f"[sites.{site}.columns] {field} must name a column.", f'Like {field} = "{field}".')
    if "id" not in given:
        raise ConfigError(f"[sites.{site}.columns] lacks id.", "Name the column with the primary key.")
    id = given["id"]
    return (id,) if isinstance(id, str) else tuple(id), {f: c for f, c in given.items() if f != "id"}


def statuses(site: str, given: Mapping[str, Any] | None, column: str) -> Mapping[str, Cell]:
    """Return status -> cell: as given, else by the column's name, else the words themselves. Raises ConfigError."""
    if given is None:
        return sql_cells.FLAGS.get(column.lower()) or {status: status for status in STATUSES}
    for status in given:
        if status not in STATUSES:
            error = no_such("status", status, STATUSES)
            raise ConfigError(f"[sites.{site}.statuses] is wrong: {error.message}", error.hint)
    if "published" not in given:
        raise ConfigError(f"[sites.{site}.statuses] lacks published.", "Say what the column holds for it.")
    return dict(given)


def tags_table(site: str, given: Mapping[str, Any] | None, mapped: Mapping[str, str]) -> TagsTable | None:
    """Return what `[tags_table]` says, None where there is none. Raises ConfigError."""
    if given is None:
        return None
    place = f"[sites.{site}.tags_table]"
    known = list(TagsTable.__slots__)
    for key, value in given.items():
        if key not in known:
            error = no_such("key", key, known)
            raise ConfigError(f"{place} is wrong: {error.message}", error.hint)
        if not isinstance(value, dict if key == "defaults" else str) or not value:
            what = "a table of column = value" if key == "defaults" else "a name in quotes"
            raise ConfigError(f"{place} {key} must be {what}.", "Correct it.")
    for key in ("table", "post", "tag"):
        if key not in given:
            hint = "It needs table, post and tag: the table between, and its columns with the ids of posts and of tags."
            raise ConfigError(f"{place} lacks {key}.", hint)
    if "tags" in mapped:
        hint = f"Remove tags from [sites.{site}.columns]."
        raise ConfigError(f"{place} and a column both hold the tags.", hint)
    return TagsTable(**{"defaults": {}, **given})
