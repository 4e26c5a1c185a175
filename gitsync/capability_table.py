"""What platforms can do, as a table: the very declarations that the engine obeys, put into words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gitsync.connector import Capabilities

YES, NO = "yes", "–"


def _held(name: str) -> Callable[[Capabilities], str]:
    return lambda it: (YES if name not in it.unseen else "yes, changed") if name in it.fields else NO


def _flag(name: str) -> Callable[[Capabilities], str]:
    return lambda it: YES if getattr(it, name) else NO


def _tags(it: Capabilities) -> str:
    if "tags" not in it.fields:
        return NO
    return f"{'any number' if it.max_tags is None else it.max_tags}: {it.tag_form}"


def _uploads(it: Capabilities) -> str:
    if not it.uploads or it.upload_types is None:
        return YES if it.uploads else NO
    names = sorted(kind.partition("/")[2].partition("+")[0].upper() for kind in it.upload_types)
    return ", ".join(names)


def _seen(it: Capabilities) -> str:
    if not it.listed:
        return "nothing can be read"
    return "a hash of the content" if it.revision_hash else "a version or a date"


def _checked(it: Capabilities) -> str:
    if not it.update:
        return NO
    return "by the platform" if it.conditional else "read again before a write"


ROWS: Final[Mapping[str, Callable[[Capabilities], str]]] = {
    "create": _flag("create"),
    "update": _flag("update"),
    "delete": _flag("delete"),
    "unpublish": _flag("unpublish"),
    "drafts": _flag("drafts"),
    "schedule": _flag("scheduled"),
    "back-date": _flag("backdates"),
    "tags": _tags,
    "canonical URL": _held("canonical_url"),
    "cover": _held("cover"),
    "series": _held("series"),
    "uploads": _uploads,
    "uploads are found again": _flag("finds_files"),
    "body": lambda it: it.body,
    "changes are seen by": _seen,
    "edits in between": _checked,
    "webhooks": _flag("webhooks"),
    "reads may be old": lambda it: f"{it.settles_after:g} s" if it.settles_after else NO,
    "limits": lambda it: it.limits or NO,
}
"""What is told of a platform, in order, and how it is said."""


def table(platforms: Mapping[str, Capabilities]) -> list[list[str]]:
    """Return rows of cells; the first row has the names, the first column the facts."""
    return [
        ["", *platforms],
        *([fact, *(say(capabilities) for capabilities in platforms.values())] for fact, say in ROWS.items()),
    ]


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    head, *rest = rows
    said = [[cell.replace("|", "\\|") for cell in row] for row in (head, ["---"] * len(head), *rest)]
    return [f"| {' | '.join(row)} |" for row in said]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
