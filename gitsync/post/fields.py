"""One field of a post <-> its value in front matter, in the spelling of a dialect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gitsync.dialects import Dialect
from gitsync.model import DATES, LISTS, STATUSES, Value
from gitsync.post.dates import parse_date, restyled, write_date
from gitsync.post.frontmatter import Bare, Entries, Items, Node, Path, Plain, Scalar, broken, find, label

_TRUE, _FALSE = frozenset(["true", "yes", "on"]), frozenset(["false", "no", "off"])
_MAGIC_DATES = frozenset(["last modified", "created", "git last modified", "git created"])
"""Eleventy's own words: the date is that of the file, and no part of the post."""


def locate(root: Node | None, field: str, dialect: Dialect) -> tuple[Path, Node] | None:
    """Return where `field` stands and what is there; of several keys the first that says something."""
    found: list[tuple[Path, Node]] = []
    for spelling in dialect.keys.get(field, ()):
        path: Path = (spelling,)
        if dialect.any_case or "." in spelling:
            path = follow(root, spelling, any_case=dialect.any_case)
            node = find(root, path)
        else:
            node = root.values.get(spelling) if isinstance(root, Entries) else None
        if node is not None:
            found.append((path, node))
    if not found:
        return None
    fitting = [(p, n) for p, n in found if isinstance(n, Scalar) or (field in LISTS and isinstance(n, Items))]
    speaking = [(p, n) for p, n in fitting if not (isinstance(n, Scalar) and n.absent)]
    return next(iter(speaking + fitting + found), None)


def follow(root: Node | None, spelling: str, *, any_case: bool = False) -> Path:
    """Return the path that `spelling` (dots into maps, numbers into lists) means, with keys as the file has them."""
    path: Path = ()
    for step in spelling.split("."):
        holder = find(root, path)
        if isinstance(holder, Entries) and any_case and step not in holder.values:
            step = next((key for key in holder.values if key.lower() == step.lower()), step)
        path += (int(step) if step.isdigit() else step,)
    return path


def decode(field: str, node: Node, dialect: Dialect, text: str) -> Value:
    """Return the value of `field` that `node` of the front matter `text` holds. Raises InvalidContent, placed."""
    if isinstance(node, Scalar) and node.absent:
        return None
    if field in LISTS:
        return _list(field, node, dialect, text)
    if not isinstance(node, Scalar):
        what = "a list" if isinstance(node, Items) else "a map"
        raise broken(text, node.start, "wrong-type", f"{field!r} must be one value, not {what}.")
    if field in DATES:
        moment = parse_date(node.text, dialect.timezone)
        if moment is None and node.text.strip().lower() not in _MAGIC_DATES:
            raise broken(
                text, node.start, "bad-date", f"{node.text!r} is no date.", "Write 2026-01-31 or 2026-01-31T09:30:00Z."
            )
        return moment
    if field == "status":
        word = node.text.strip().lower()
        if word not in STATUSES:
            raise broken(text, node.start, "bad-status", f"{node.text!r} is no status.", f"Use {', '.join(STATUSES)}.")
        return word
    # The line end that closes a block scalar is a matter of its style.
    return node.text.rstrip("\n") if node.style in ("literal", "folded") else node.text


def _list(field: str, node: Node, dialect: Dialect, text: str) -> tuple[str, ...]:
    if isinstance(node, Scalar):
        return split_list(field, node.text, dialect)
    if isinstance(node, Entries):
        if field == "authors" and label(node):
            return (label(node),)
        raise broken(text, node.start, "wrong-type", f"{field!r} must be a list, not a map.")
    for item in node.items:
        if not isinstance(item, Scalar) and not label(item):
            raise broken(text, item.start, "wrong-type", f"Each of {field!r} must be text.")
    said = [item for item in node.items if not (isinstance(item, Scalar) and item.absent and item.text in ("", "~"))]
    return tuple(label(item) for item in said)


def split_list(field: str, text: str, dialect: Dialect) -> tuple[str, ...]:
    """Return the items that one string holds; authors have commas in their names, so they are never parted."""
    if field == "authors" or dialect.separator is None:
        parts = [text.strip()]
    else:
        parts = text.split() if dialect.separator == " " else [part.strip() for part in text.split(",")]
    return tuple(part for part in parts if part)


def encode(field: str, value: Value, old: Node | None, dialect: Dialect) -> Iterator[Plain]:
    """Yield ways to write `value`, the one most like `old` first; the caller takes the first that reads back."""
    before = old.text if isinstance(old, Scalar) and not old.absent else None
    if isinstance(value, datetime):
        yield from map(Bare, restyled(value, before, dialect.timezone) if before else [write_date(value)])
    elif isinstance(value, tuple):
        if before is not None or (dialect.joined and not isinstance(old, Items) and field == "tags"):
            mark = dialect.separator if field == "tags" and dialect.separator else " "
            yield (mark if mark == " " or (before and "," in before and ", " not in before) else ", ").join(value)
        yield list(value)
    else:
        yield value


def read_status(root: Node | None, dialect: Dialect, text: str) -> str | None:
    """Return the status that front matter says with a `status` key or with flags (`draft`, `published`), or None."""
    word = None
    if found := locate(root, "status", dialect):
        value = decode("status", found[1], dialect, text)
        word = value if isinstance(value, str) else None
    said = [(key, said is when) for key, when, said in flags(root, dialect, text) if said is not None]
    if word or not said:
        return word
    return "draft" if any(draft for _, draft in said) else "published"


def flags(root: Node | None, dialect: Dialect, text: str) -> Iterator[tuple[Path, bool, bool | None]]:
    """Yield the flags that are there: path, value for a draft, value now (None where it says nothing)."""
    for key, when in dialect.flags:
        path = follow(root, key, any_case=dialect.any_case)
        node = find(root, path)
        if node is None:
            continue
        word = node.text.strip().lower() if isinstance(node, Scalar) else "?"
        said = True if word in _TRUE else False if word in _FALSE else None
        # `published: 2026-01-31` is a date to Hugo, and no flag.
        if said is None and when and not (isinstance(node, Scalar) and node.absent):
            raise broken(text, node.start, "wrong-type", f"{key!r} must be true or false.")
        yield path, when, said


def write_status(root: Node | None, status: str | None, dialect: Dialect, text: str) -> Iterator[tuple[Path, Plain]]:
    """Yield the changes that make front matter say `status`, in the spelling it has already."""
    draft = dialect.status(status) == "draft"
    place = locate(root, "status", dialect)
    present = [path for path, _, said in flags(root, dialect, text) if said is not None]
    when = {follow(root, key, any_case=dialect.any_case): value for key, value in dialect.flags}
    fits = place is None and status in ("draft", "published")
    if "status" in dialect.keys and status is not None and not (fits and present):
        yield (place[0] if place else ("status",)), status
        fits = False
    elif place and status is None:
        yield place[0], None
    elif "status" not in dialect.keys and status is not None and not present:
        key, value = dialect.flags[0]
        yield (key,), value if draft else not value
    for path in present:
        keep = status is not None and (fits or "status" not in dialect.keys)
        yield path, ((when[path] if draft else not when[path]) if keep else None)
