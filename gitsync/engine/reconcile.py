"""What becomes of one post when its three versions meet. Pure: documents and posts in, documents and posts out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gitsync import document, merge
from gitsync.document import Document
from gitsync.engine.projection import view
from gitsync.model import FIELDS, Post, Value

Lift = Callable[[Post], Post]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The outcome for one file.

    `theirs` is the base with the site's edit carried into it; `merged` has everything that merges cleanly, and each
    side's version where nothing does; `text` is the new file, or None while clashes are open.
    """

    theirs: Post
    merged: merge.Merged
    text: bytes | None


def reconcile(
    base: Document,
    ours: Document,
    remote0: Post,
    remote1: Post,
    *,
    site: str,
    default_status: str | None,
    fields: Collection[str],
    lift: Lift,
    conflict: Literal["markers", "ours", "theirs"] = "markers",
) -> Reconciled:
    """Carry the site's edit (remote0 -> remote1) into the base, and merge that with our edit (base -> ours)."""
    base_view = view(base, site, default_status)
    shown0, shown1 = lift(remote0), lift(remote1)
    theirs = merge.carry(base_view, shown0, shown1, fields=fields)
    base_view = merge.asked_for(base_view, view(ours, site, default_status), shown0, shown1, fields=fields)
    return combine(base_view, ours, theirs, site=site, default_status=default_status, fields=fields, conflict=conflict)


def combine(
    base: Post,
    ours: Document,
    theirs: Post,
    *,
    site: str,
    default_status: str | None,
    fields: Collection[str],
    conflict: Literal["markers", "ours", "theirs"] = "markers",
) -> Reconciled:
    """Merge two views of one base, and write the outcome into our file."""
    ours_view = view(ours, site, default_status)
    merged = merge.merge_posts(base, ours_view, theirs, fields=fields)
    after = {"ours": merged.ours, "theirs": merged.theirs, "markers": merged.ours if merged.clean else None}[conflict]
    text = None if after is None else rewrite(ours, ours_view, after, site=site, default_status=default_status)
    return Reconciled(theirs=theirs, merged=merged, text=text)


def rewrite(file: Document, before: Post, after: Post, *, site: str, default_status: str | None) -> bytes:
    """Return the file with the difference between two views of it written where its author says that field.

    A field that the file overrides for this site is changed in the override; a status that only this site's
    configuration gave becomes an override too, since the other sites never had it.
    """
    overridden = file.overrides.get(site, {})
    changes: dict[str, Value] = {}
    overrides: dict[str, Value] = {}
    for name in FIELDS:
        value = after.get(name)
        if before.get(name) == value:
            continue
        ours_alone = name in overridden or (name == "status" and file.post.status is None and default_status)
        (overrides if ours_alone else changes)[name] = value
    body = after.body if after.body != before.body else None
    if not changes and not overrides and body is None:
        return file.data
    return document.edit(file, changes, body=body, overrides={site: overrides} if overrides else None)


def shows(projection: Post, stored: Post, fields: Collection[str]) -> bool:
    """Say whether a site's version says all that the projection says, but for white space and finer clocks.

    What the projection leaves open (None) is the platform's own affair.
    """
    return all(
        _alike(projection.get(name), stored.get(name)) for name in fields if projection.get(name) is not None
    ) and (_words(projection.body) == _words(stored.body))


def stored_of(projection: Post, stored: Post, fields: Collection[str]) -> bool:
    """Say whether a site may have made `stored` of `projection` that was sent: the same text, typeset as it likes.

    Only for a request whose answer was lost. A letter, its case, a comma or a mark that differs is somebody's edit.
    """
    said = [name for name in fields if projection.get(name) is not None]
    return all(typed_alike(projection.get(name), stored.get(name)) for name in (*said, "body"))


def typed_alike(one: Value, other: Value) -> bool:
    """Say whether two values are the same text, or the same, however they are typeset."""
    both = isinstance(one, str) and isinstance(other, str)
    return typed(str(one)) == typed(str(other)) if both else _alike(one, other)


_TYPED = str.maketrans({**dict.fromkeys("\u2018\u2019\u201a", "'"), **dict.fromkeys("\u201c\u201d\u201e", '"')})
_DASHES = re.compile("[-\u2010-\u2015]+")


def typed(text: str) -> str:
    """Return a text as a typewriter has it: no curly quotes, long dashes, dots in one, and no white space."""
    plain = unicodedata.normalize("NFKC", text).translate(_TYPED)
    return "".join(_DASHES.sub("-", plain).split())


def same_content(one: Post, other: Post, fields: Collection[str]) -> bool:
    """Say whether two readings of one record have the same content; a moved revision alone is not an edit."""
    return one.body == other.body and all(_alike(one.get(name), other.get(name)) for name in fields)


def came_due(remote0: Post, remote1: Post, now: datetime) -> Post:
    """Return what the site stored, as it is by now: a scheduled post that came out at its date was edited by nobody."""
    date = remote1.date or remote0.date
    if remote0.status == "scheduled" and remote1.status == "published" and (date is None or date <= now):
        return remote0.with_fields({"status": "published"})
    return remote0


def owed(
    sent0: Post, stored0: Post, sent1: Post, stored1: Post, *, fields: Collection[str], telling: Collection[str]
) -> bool:
    """Say whether a site that shows `stored1` has to be sent `sent1`.

    It answered `stored0` to `sent0`: what it does to a text once, it does again. So the difference between the two
    projections is applied to what it stored then; if that is what it shows now, sending would change nothing. Of
    `fields`, only the `telling` ones say by what is shown what was sent.
    """
    if any(not _alike(sent0.get(name), sent1.get(name)) for name in fields if name not in telling):
        return True
    if shows(sent1, stored1, telling):
        return False
    expected = merge.carry(stored0, sent0, sent1, fields=telling)
    return not (shows(expected, stored1, telling) and shows(stored1, expected, telling))


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(one - other) < timedelta(seconds=1)
    if isinstance(one, str) and isinstance(other, str):
        return _words(one) == _words(other)
    return (one or None) == (other or None)


def _words(text: str) -> list[str]:
    return text.split()


def moved_fields(before: Post, after: Post, fields: Collection[str]) -> Mapping[str, Value]:
    """Return the fields (and `body`) in which two posts differ, with the later value: what a person is told."""
    names = [name for name in (*FIELDS, "body") if name in fields or name == "body"]
    return {name: after.get(name) for name in names if not _alike(before.get(name), after.get(name))}
