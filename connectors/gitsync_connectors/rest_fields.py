"""One field of a post in a CMS's JSON: where it is, how it is written there, and how to read it. Pure.

Reading understands every manner in use; writing keeps the manner that is declared, else that of the value which is
there already, or of the same field in another record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from gitsync.errors import Malformed
from gitsync.model import DATES, FIELDS, LISTS, STATUSES, Value
from gitsync_connectors import sql_cells
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import WRITABLE, Json, Reader, put, reader, steps
from gitsync_connectors.rest_terms import Lookup, Terms, lookup

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text",),
    "date": ("iso", "date", "seconds", "milliseconds", "http"),
    "list": ("list", "comma", "objects", "json"),
    "status": ("word", "date"),
}
ISO: Final = "2000-01-01T00:00:00Z"
"""What new dates look like where there is no other to go by."""

CLOCKS_APART: Final = timedelta(minutes=5)

NAMES: Final = ("name", "title", "label", "slug", "value", "tag", "text")
"""The keys under which a tag or an author that is an object has its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `read` None: the CMS never shows it; `write` "": it is never sent; `kind` "": as the others are.

    `template` is what is written of a value, or of each entry of a list, with {value} in it.
    """

    name: str
    path: str
    read: Reader | None
    write: str
    kind: str = ""
    key: str = ""
    separator: str = ","
    empty: Json = None
    lookup: Lookup | None = None
    terms: Terms | None = None
    template: Json = None


def fields(options: Options) -> dict[str, Field]:
    """Return the fields of `[fields]` in the order of a post's. Raises ConfigError."""
    table = options.table("fields")
    given = {name: table.take(name) for name in ("id", "url", "revision", *FIELDS, "body")}
    table.end()
    if given["id"] is None:
        raise table.wrong("lacks id.", 'Say which key identifies a record, like id = "id".')
    if given["body"] is None:
        raise table.wrong("lacks body.", 'Say which key holds the text, like body = "content".')
    return {name: _field(table, name, value) for name, value in given.items() if value is not None}


def _field(table: Options, name: str, value: Any) -> Field:
    place = f"[{table.place}] {name}"
    if isinstance(value, str) and value:
        write = value if WRITABLE.fullmatch(value) and name not in ("id", "url", "revision", "updated") else ""
        return Field(name=name, path=value, read=reader(value, place), write=write)
    if not isinstance(value, dict):
        raise table.wrong(f"{name} must name a key.", f'Like {name} = "{name}", or {name} = {{path = "{name}"}}.')
    inner = table.inner(name, value)
    path = inner.text("path")
    write = inner.take("write")
    match = inner.text("match")
    if write is None:
        write = path if WRITABLE.fullmatch(path) and not match and name != "id" else ""
    elif write is False:
        write = ""
    elif not isinstance(write, str) or not WRITABLE.fullmatch(write):
        raise inner.wrong("write must be keys with dots between them, or false.", 'Like write = "content.raw".')
    group = "status" if name == "status" else "list" if name in LISTS else "date" if name in DATES else "text"
    kind = inner.text("type")
    if kind and kind not in TYPES[group] and not (group == "date" and "%" in kind):
        raise inner.unknown("type", kind, TYPES[group])
    field = Field(
        name=name,
        path=path or write,
        read=_part(reader(path, place), inner, match) if path else None,
        write=write,
        kind=kind,
        key=inner.text("key"),
        separator=inner.text("separator", ","),
        empty=inner.take("empty"),
        lookup=lookup(inner.table("lookup")) if group == "list" else None,
        template=inner.take("as"),
    )
    inner.end()
    if not path and not write:
        raise inner.wrong("names no key.", f'Write {name} = {{path = "…"}}.')
    return field


def _part(read: Reader, inner: Options, match: str) -> Reader:
    """Return a reader of that part of a text which `match` finds: its first group, else all of it."""
    if not match:
        return read
    try:
        pattern = re.compile(match)
    except re.error as error:
        hint = 'Like match = "/([^/]+)/?$" for the last part of an address.'
        raise inner.wrong(f"match is no regular expression: {error}.", hint) from None

    def part(value: Json) -> Json:
        found = pattern.search(str(whole)) if isinstance(whole := read(value), str | int) else None
        return found[1 if pattern.groups else 0] if found else None

    return part


def statuses(options: Options, status: Field | None) -> Mapping[str, tuple[Json, ...]]:
    """Return status -> the CMS's words for it, the one that is written first. Raises ConfigError."""
    table = options.table("statuses")
    given = {name: words for name in STATUSES if (words := table.take(name)) is not None}
    table.end()
    if given and "published" not in given:
        raise table.wrong("lacks published.", 'Say what the CMS calls it, like published = "live".')
    for name, words in given.items():
        if not isinstance(words, str | bool | int | list) or words == []:
            raise table.wrong(f"{name} must be a word, a number or true or false.", f'Like {name} = "{name}".')
    if given:
        return {name: tuple(words) if isinstance(words, list) else (words,) for name, words in given.items()}
    if status is None:
        return {}
    if status.kind == "date":
        return {"published": (), "draft": (), **({"scheduled": ()} if status.write else {})}
    last = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", (steps(status.path) or [""])[-1]).lower()
    flags: Mapping[str, Json] = sql_cells.FLAGS.get(last) or {"published": "published", "draft": "draft"}
    return {name: (word,) for name, word in flags.items()}


def text_of(field: Field, value: Json, id: str) -> str | None:
    """Return a text. Raises Malformed for what is none, such as the tree of a block editor."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, dict | list):
        what = "a tree of an editor's blocks" if field.name == "body" else "no text"
        hint = "Map a field that holds Markdown or HTML text." if field.name == "body" else "Give its path in JMESPath."
        raise Malformed(f"{field.name} of record {id} is {what}, at {field.path!r}.", hint)
    return str(value)


def moment_of(field: Field, value: Json) -> datetime | None:
    """Return an instant in whole seconds, or None for what is no date."""
    moment = None
    if "%" in field.kind and isinstance(value, str):
        try:
            moment = datetime.strptime(value, field.kind)
        except ValueError:
            return None
    elif isinstance(value, str | int | float):
        moment = sql_cells.read_moment(value)
    if moment is None and isinstance(value, str):
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None


def list_of(field: Field, value: Json) -> tuple[str, ...] | None:
    """Return the names in a list of texts or objects, or in a text with separators."""
    if isinstance(value, str) and field.kind != "json" and field.separator != ",":
        value = value.split(field.separator)
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value = value["data"]
    if field.terms is not None:
        several = value if isinstance(value, list) else [value]
        return sql_cells.read_list([field.terms.name(one) for one in several], "array")
    if isinstance(value, list):
        return sql_cells.read_list([_name(field, one) for one in value], "array")
    return sql_cells.read_list(value, "comma" if field.kind == "comma" else "json") if value else None


def _name(field: Field, one: Json) -> Json:
    if not isinstance(one, dict):
        return one
    if field.key:
        return one.get(field.key)
    inner = one.get("attributes")
    return next(
        (where[key] for where in (one, inner) if isinstance(where, dict) for key in NAMES if key in where), None
    )


def status_of(field: Field, value: Json, words: Mapping[str, tuple[Json, ...]], now: datetime) -> str:
    """Return a status; a word that nobody explained is a draft, which is shown to nobody."""
    if field.kind == "date":
        at = moment_of(field, value)
        if at is None:
            return "draft"
        # A date that the CMS sets by itself is never one to come, but its clock may be ahead of ours.
        return "scheduled" if field.write and at > now + CLOCKS_APART else "published"
    for status, said in words.items():
        for word in said:
            if sql_cells.read_status(value, {status: word}) == status and _same_word(value, word):
                return status
    # What the words leave open may still be told by a usual one, such as true, 1 or "live".
    return sql_cells.read_status(value, {})


def _same_word(value: Json, word: Json) -> bool:
    if isinstance(value, str) and isinstance(word, str):
        return value.strip().casefold() == word.strip().casefold()
    return bool(value == word) and (isinstance(value, bool) or not isinstance(word, bool) or value in (0, 1))


def written(field: Field, value: Value, like: Json) -> Json:
    """Return what says `value` (no status, no body) in the declared manner, else in the manner of `like`."""
    if not value and (field.name not in LISTS or field.empty is not None):
        return field.empty
    if isinstance(value, datetime):
        return _moment(field.kind, value, like)
    return _list(field, value or (), like) if field.name in LISTS else value


def _moment(kind: str, moment: datetime, like: Json) -> Json:
    moment = moment.astimezone(UTC).replace(microsecond=0)
    if "%" in kind:
        return moment.strftime(kind)
    match kind:
        case "iso":
            return moment.isoformat().replace("+00:00", "Z")
        case "date":
            return moment.date().isoformat()
        case "seconds":
            return int(moment.timestamp())
        case "milliseconds":
            return int(moment.timestamp()) * 1000
        case "http":
            return format_datetime(moment, usegmt=True)
    if isinstance(like, str) and sql_cells.read_moment(like) is None:
        return format_datetime(moment, usegmt=like.endswith("GMT")) if like else _moment("iso", moment, None)
    if isinstance(like, str) and len(like.strip()) == len("2000-01-01"):
        return moment.date().isoformat()
    return sql_cells.write_moment(moment, kind="text", like=ISO if like is None or isinstance(like, bool) else like)


def fitted(field: Field, value: Json) -> Json:
    """Return a written value in the shape that the field's `as` declares; None stays None."""
    return value if field.template is None or value is None else _filled(field.template, value)


def _filled(template: Json, value: Json) -> Json:
    if isinstance(template, str):
        return value if template == "{value}" else template.replace("{value}", str(value))
    if isinstance(template, dict):
        return {key: _filled(inner, value) for key, inner in template.items()}
    return [_filled(inner, value) for inner in template] if isinstance(template, list) else template


def _list(field: Field, items: Any, like: Json) -> Json:
    if field.template is not None:
        return [fitted(field, field.terms.id(name) if field.terms else name) for name in items]
    if field.terms is not None:
        ids = [field.terms.id(name) for name in items]
        return field.separator.join(map(str, ids)) if field.kind == "comma" else ids
    if field.kind == "objects" or (not field.kind and isinstance(like, list) and like and isinstance(like[0], dict)):
        known = {_name(field, one): one for one in like or () if isinstance(one, dict)}
        key = field.key or next((name for one in known.values() for name in NAMES if name in one), "name")
        return [{key: item} if item not in known or field.kind else known[item] for item in items]
    if field.kind == "comma" or (not field.kind and isinstance(like, str) and not like.lstrip().startswith("[")):
        if field.separator != ",":
            return field.separator.join(items)
        return sql_cells.write_list(items, "comma", kind="text", like=like)
    if field.kind == "json" or (not field.kind and isinstance(like, str)):
        return json.dumps(list(items), ensure_ascii=False)
    return list(items)


def word_for(
    field: Field, status: str, words: Mapping[str, tuple[Json, ...]], date: datetime | None, like: Json
) -> Json:
    """Return what the CMS stores for a status; where that is a date, the post's own, else the one that is there."""
    if field.kind != "date":
        return words[status][0]
    if status == "draft":
        return None
    if date is None and moment_of(field, like) is not None:
        return like
    return _moment("", date or datetime.now(UTC), like)


def place(target: dict[str, Json], field: Field, value: Json) -> None:
    """Put a written value where the field belongs."""
    put(target, field.write, value)
