"""A post as a new file."""

from __future__ import annotations

from datetime import datetime

from gitsync.dialects import GITSYNC, Dialect
from gitsync.errors import InvalidContent
from gitsync.model import FIELDS, STATUSES, Post, Value, clean_body
from gitsync.post.dates import write_date
from gitsync.post.frontmatter import MAX_SIZE, Bare, Plain, yaml_scalar

_scalar = yaml_scalar.scalar


def write(post: Post, *, dialect: Dialect = GITSYNC, path: str = "") -> bytes:
    """Return a new file that says `post`, fields in the order of FIELDS; what `path` says already is left out.

    In the gitsync dialect it reads back as `post` exactly (with its body clean). Others leave out what they have no
    key for, and write private as draft. Raises InvalidContent for what no file can hold.
    """
    said = dialect.from_path(path) if path else {}
    lines = ["---\n"]
    nested: dict[str, Plain] = {}
    for name in FIELDS:
        value: Value = getattr(post, name)
        if value is None or (said and said.get(name) == value):
            continue
        if name == "status":
            lines.append(_status(str(value), dialect))
        elif "." in (key := (dialect.keys.get(name) or ("",))[0]):
            first, *rest = key.split(".")
            nested[first] = _merged(nested.get(first), _inside(rest, value))
        elif key:
            lines.append(_line(key, name, value, dialect))
    lines += [yaml_scalar.entry(first, inner) for first, inner in nested.items()]
    lines.append("---\n")
    body = post.body
    if body[:1] in "\n \t" or "\r" in body:
        body = clean_body(body)
    if body:
        lines.append("\n")
    text = "".join(lines)
    if len(text) > MAX_SIZE:
        raise InvalidContent(f"The front matter is longer than {MAX_SIZE // 1024} KiB.", code="front-matter-size")
    if "\0" in body:
        raise InvalidContent("The body has a NUL character.", "Remove it.", code="nul")
    try:
        return (text + body).encode()
    except UnicodeEncodeError:
        raise InvalidContent(
            "The post has half a character (a lone surrogate).", "Remove it.", code="not-utf-8"
        ) from None


def _status(status: str, dialect: Dialect) -> str:
    if status not in STATUSES:
        raise InvalidContent(f"{status!r} is no status.", f"Use {', '.join(STATUSES)}.", code="bad-status")
    if "status" in dialect.keys:
        return f"status: {status}\n"
    key, draft = dialect.flags[0]
    said = draft if dialect.status(status) == "draft" else not draft
    return f"{key}: {'true' if said else 'false'}\n"


def _line(key: str, name: str, value: Value, dialect: Dialect) -> str:
    if isinstance(value, str):
        return f"{key}: {_scalar(value)}\n"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidContent(f"The {name} has no time zone.", code="bad-date")
        return f"{key}: {write_date(value)}\n"
    items = value or ()
    if dialect.joined and name == "tags" and not any("," in item for item in items):
        return f"{key}: {_scalar(', '.join(items))}\n"
    return f"{key}: [{', '.join([_scalar(item, flow=True) for item in items])}]\n"


def _inside(steps: list[str], value: Value) -> Plain:
    """Return a value in the maps and lists that a dotted key goes through."""
    inner: Plain = Bare(write_date(value)) if isinstance(value, datetime) else value  # type: ignore[assignment]
    inner = list(inner) if isinstance(inner, tuple) else inner
    for step in reversed(steps):
        inner = [inner] if step.isdigit() else {step: inner}
    return inner


def _merged(before: Plain, inner: Plain) -> Plain:
    return {**before, **inner} if isinstance(before, dict) and isinstance(inner, dict) else inner
