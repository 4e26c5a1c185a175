"""Posts as a CMS's JSON records, and back: the whole of a mapping that gitsync.toml declares. Pure."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from math import isfinite
from typing import Any, Final

from gitsync.connector import Problem
from gitsync.errors import ConfigError, Malformed
from gitsync.model import DATES, FIELDS, LISTS, Post, Record, Value, clean_body
from gitsync_connectors import bodies, rest_fields, sql_cells
from gitsync_connectors.rest_fields import Field
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Json, drop, put, steps
from gitsync_connectors.rest_requests import filled

Item = dict[str, Json]

LONGEST_ID: Final = 250
"""Characters of an id: it stands in addresses, and in sentences."""

NEVER_EMPTIED: Final = frozenset({"slug", "date", "authors", "lang", "status"})
"""Fields that the CMS gives a value by itself: what the file does not say is not taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How this CMS keeps posts. `by_request`: a status is said in the request, or by one of its own, not in a body."""

    site: str
    fields: Mapping[str, Field]
    statuses: Mapping[str, tuple[Json, ...]]
    by_request: bool
    html: bool
    summary: bool
    permalink: str
    origin: str
    wrap: str
    mode: str
    constants: Mapping[str, Any]
    on_create: Mapping[str, Any]
    omit: tuple[str, ...]
    limits: Mapping[str, int]
    required: tuple[str, ...]

    @property
    def held(self) -> list[str]:
        """The fields of a post, the body included, that the CMS keeps."""
        return [name for name in (*FIELDS, "body") if name in self.fields and name != "updated"]

    def writes(self, name: str) -> bool:
        """Say whether a field can be sent."""
        return bool(self.fields[name].write) or (name == "status" and self.by_request)

    def id_of(self, item: Json) -> str | None:
        """Return a record's id as text, or None for what has none. Raises Malformed where it is too long."""
        read = self.fields["id"].read
        value = read(item) if read and isinstance(item, dict) else None
        if isinstance(value, float):
            value = int(value) if value.is_integer() else value if isfinite(value) else None
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            return None
        id = str(value)
        if len(id) > LONGEST_ID:
            hint = f"Correct id under [sites.{self.site}.fields]."
            raise Malformed(f"{self.site} lists a record whose id has {len(id)} characters.", hint)
        return id


def shape(options: Options, site: str, origin: str, *, by_request: bool, update_method: str) -> Shape:
    """Return the mapping that the options of a site declare. Raises ConfigError."""
    fields = rest_fields.fields(options)
    envelope = options.table("envelope")
    for key in ("list", "item"):
        envelope.take(key)
    wrap = envelope.text("write")
    envelope.end()
    limits = options.table("limits")
    counts = {name: most for name in (*FIELDS, "body") if (most := limits.whole(name, 0))}
    limits.end()
    required = tuple(options.take("required") or ())
    for name in required:
        if name not in (*FIELDS, "body"):
            raise options.unknown("a field in required", str(name), (*FIELDS, "body"))
    return Shape(
        site=site,
        fields=fields,
        statuses=rest_fields.statuses(options, fields.get("status")),
        by_request=by_request,
        html=options.text("format") == "html",
        summary=options.flag("summary"),
        permalink=options.text("permalink"),
        origin=origin,
        wrap=wrap,
        mode=options.text("update_body") or ("changed" if update_method == "PATCH" else "fields"),
        constants=options.take("constants") or {},
        on_create=options.take("on_create") or {},
        omit=tuple(str(path) for path in options.take("omit") or ()),
        limits=counts,
        required=required,
    )


def projected(how: Shape, post: Post) -> Post:
    """Return what the CMS will hold of `post`: empty is None, instants are whole seconds."""
    held: dict[str, Any] = {
        name: _projected(how, name, post.get(name)) if how.writes(name) else None for name in how.held
    }
    held["body"] = _projected(how, "body", post.body) or ""
    return Post(**held)


def _projected(how: Shape, name: str, value: Any) -> Value:
    field = how.fields[name]
    if name == "status":
        return value if value in how.statuses else "draft" if value and "draft" in how.statuses else "published"
    if name == "body":
        return read_body(how, write_body(how, value)) if how.html else value
    if name in DATES:
        return _day(field, value.astimezone(UTC).replace(microsecond=0)) if value else None
    if name in LISTS:
        apart = field.separator if field.kind == "comma" else ""
        clean = sql_cells.read_list([v.replace(apart, " ") for v in value] if value and apart else value, "array")
        return clean[: how.limits[name]] or None if clean and name in how.limits else clean
    return value or None


def _day(field: Field, moment: datetime) -> datetime:
    """Return the instant that comes back from a field which may keep the day alone."""
    return rest_fields.moment_of(field, rest_fields.written(field, moment, None)) or moment if field.kind else moment


def problems_of(how: Shape, post: Post) -> Sequence[Problem]:
    """Tell what has no place in the CMS, what is too long for it, and what it insists on."""
    found: list[Problem] = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = True) -> None:
        severity: Any = "loss" if loss else "error"
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity=severity))

    for name in FIELDS:
        if name not in (*how.fields, "status", "updated") and post.get(name):
            add("REST001", name, f"{how.site} has no field for {name}", f"Map it under [sites.{how.site}.fields].")
    if "status" not in how.fields and post.status in ("private", "scheduled"):
        hint = f"Map status under [sites.{how.site}.fields], or leave the site out of this post's `sites`."
        add("REST002", "status", f"every post on {how.site} is public, and this one is {post.status}", hint, loss=False)
    elif "status" in how.fields and post.status and post.status not in how.statuses:
        if "draft" in how.statuses:
            hint = f"Add {post.status} to [sites.{how.site}.statuses]."
            add("REST003", "status", f"the status {post.status} is stored as draft", hint)
        elif post.status != "draft":
            hint = f"Say what {how.site} calls it under [sites.{how.site}.statuses]."
            add("REST003", "status", f"{how.site} has no word for {post.status}", hint, loss=False)
    for name in how.required:
        if not post.get(name):
            add("REST004", name, f"{how.site} needs {name}", "Add it to the post.", loss=False)
    for name, most in how.limits.items():
        value = post.get(name)
        if isinstance(value, tuple) and len(value) > most:
            add(
                "REST005",
                name,
                f"{how.site} takes {most} {name}, so the others are left out: {', '.join(value[most:])}",
            )
        elif isinstance(value, str) and len(value) > most:
            message = f"{name} has {len(value)} characters, {how.site} takes {most}"
            add("REST006", name, message, "Shorten it, or set a shorter one for this site in `overrides`.", loss=False)
    if how.html:
        found += bodies.losses("html", post.body)
    return found


def write_body(how: Shape, body: str) -> str:
    """Return a body as the CMS keeps it."""
    return bodies.write("html", body).text if how.html else body


def read_body(how: Shape, text: str | None) -> str:
    """Return a stored body as Markdown."""
    return bodies.read("html", text).text if how.html and text else clean_body(text or "")


def post_of(how: Shape, item: Item, id: str, now: datetime) -> Post:
    """Return what a record says. Raises Malformed where a text in it is none."""
    said: dict[str, Any] = {}
    for name in how.held:
        field = how.fields[name]
        if field.read is None:
            continue
        value = field.read(item)
        if name == "status":
            said[name] = rest_fields.status_of(field, value, how.statuses, now)
        elif name == "body":
            said[name] = read_body(how, rest_fields.text_of(field, value, id))
        elif name in DATES:
            said[name] = rest_fields.moment_of(field, value)
        elif name in LISTS:
            said[name] = rest_fields.list_of(field, value)
        else:
            said[name] = rest_fields.text_of(field, value, id)
    return Post(**said)


def record_of(how: Shape, item: Json, now: datetime, *, complete: bool = True) -> Record:
    """Return a record of a listing or an answer. Raises Malformed for what has no id."""
    id = how.id_of(item)
    if id is None:
        path = how.fields["id"].path
        hint = (
            f"Correct id under [sites.{how.site}.fields], or where the records are under [sites.{how.site}.envelope]."
        )
        raise Malformed(f"{how.site} lists a record without an id at {path!r}.", hint)
    token = token_of(how, item)
    modified = _read(how, "updated", item)
    when = rest_fields.moment_of(how.fields["updated"], modified) if modified is not None else None
    if not complete:
        return Record(id, token, complete=False, modified=when)
    post = post_of(how, item, id, now)
    raw = {}
    for name in how.held:
        value = _read(how, name, item)
        said = post.get(name)
        if value not in (None, "") and value != (list(said) if isinstance(said, tuple) else said):
            raw[name] = value
    return Record(
        id,
        token,
        url=_url(how, item, id, post),
        post=post,
        raw=raw,
        modified=when,
        author=post.authors[0] if post.authors else None,
        losses=_left_out(how, item),
    )


def _left_out(how: Shape, item: Json) -> tuple[Problem, ...]:
    stored = _read(how, "body", item) if how.html else None
    return bodies.left_out("html", stored) if isinstance(stored, str) else ()


def _read(how: Shape, name: str, item: Json) -> Json:
    field = how.fields.get(name)
    return field.read(item) if field and field.read else None


def revision_in(how: Shape, item: Json) -> str | None:
    """Return the CMS's own change token: its revision, else when it was updated."""
    value = _read(how, "revision", item)
    value = _read(how, "updated", item) if value is None else value
    return None if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def http_date(how: Shape, item: Json) -> str | None:
    """Return when a record was updated, as HTTP headers have it."""
    field = how.fields.get("updated") or how.fields.get("revision")
    moment = rest_fields.moment_of(field, field.read(item)) if field and field.read else None
    return format_datetime(moment, usegmt=True) if moment else None


def emptied(how: Shape, before: Item, after: Item) -> list[str]:
    """Return the keys that no field is mapped to, and that had something in them before an update and are empty now."""
    mapped = {steps(path)[0] for field in how.fields.values() for path in (field.path, field.write) if path}
    nothing: tuple[Json, ...] = (None, "", [], {})
    return [
        key
        for key, value in before.items()
        if key not in mapped and value not in nothing and key in after and after[key] in nothing
    ]


def token_of(how: Shape, item: Json) -> str:
    """Return the revision of a record: its own, and a hash of what it says where the listing shows that too.

    The hash is what tells two edits of one second apart.
    """
    own = revision_in(how, item)
    if how.summary and own is not None:
        return own
    said = [_read(how, name, item) for name in how.held]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    hashed = hashlib.blake2b(text, digest_size=12).hexdigest()
    return hashed if own is None else f"{own}~{hashed}"


def _url(how: Shape, item: Item, id: str, post: Post) -> str | None:
    if "status" in how.fields and post.status not in ("published", None):
        return None
    url = _read(how, "url", item)
    if isinstance(url, str) and url:
        return how.origin + url if url.startswith("/") and not url.startswith("//") else url
    if how.permalink and (post.slug or "{slug}" not in how.permalink):
        return how.permalink.replace("{slug}", post.slug or "").replace("{id}", id)
    return None


def says(how: Shape, post: Post, shown: Post) -> list[str]:
    """Return the fields that a write has to say because the record shows something else."""
    return [
        name
        for name in how.held
        if how.writes(name)
        and post.get(name) != shown.get(name)
        and not (name in NEVER_EMPTIED and post.get(name) is None)
    ]


def body_of(
    how: Shape,
    post: Post,
    item: Item | None,
    *,
    like: Mapping[str, Json],
    slots: Mapping[str, str | None],
    now: datetime,
) -> Item:
    """Return the body of a write: a new record where `item` is None, else over that one.

    `like` are values of other records, whose manner is kept where the mapping declares none.
    """
    record: Item = copy.deepcopy(item) if item is not None and how.mode == "record" else {}
    shown = post_of(how, item, slots.get("id") or "", now) if item is not None else None
    changed = says(how, post, shown) if shown is not None else []
    for name in how.held:
        field, value = how.fields[name], post.get(name)
        there = field.read(item) if item is not None and field.read else None
        if not field.write or (item is None and not value):
            continue
        if shown is not None and name not in changed:
            if how.mode == "fields" and there is not None:
                # What was not edited is sent back as it was found, where it was found.
                same_place = field.write == field.path and not field.kind and field.template is None
                put(record, field.write, there if same_place or not value else _said(how, field, post, there, now))
            continue
        put(record, field.write, _said(how, field, post, there if there is not None else like.get(name), now))
    for path in how.omit:
        drop(record, path)
    for declared in (how.constants, how.on_create if item is None else {}):
        _merge(record, filled(declared, slots))
    if not how.wrap:
        return record
    wrapped: Item = {}
    put(wrapped, how.wrap, record)
    return wrapped


def _said(how: Shape, field: Field, post: Post, like: Json, now: datetime) -> Json:
    value = post.get(field.name)
    if field.name == "status":
        status = str(value or "published")
        if status not in how.statuses:
            raise ConfigError(f"[sites.{how.site}.statuses] has no word for {status}.", f"Add {status} to it.")
        date = post.date or (now if status == "published" else None)
        shown = rest_fields.word_for(field, status, how.statuses, post.date, like)
        word = shown if field.kind != "date" or shown else rest_fields.written(field, date, like)
        return rest_fields.fitted(field, word)
    if field.name == "body":
        value = write_body(how, post.body)
        return rest_fields.fitted(field, value) if value or field.empty is None else field.empty
    said = rest_fields.written(field, value, like)
    return rest_fields.fitted(field, said) if value and field.name not in LISTS else said


def _merge(record: Item, more: Mapping[str, Json]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(record.get(key), dict):
            _merge(record[key], value)
        elif "." in key:
            put(record, key, value)
        else:
            record[key] = value
