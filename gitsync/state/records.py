"""What the ledger holds for one post on one site, and how that is written as JSON."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, cast, get_args

from gitsync.bounded_json import own
from gitsync.errors import RepositoryError
from gitsync.model import DATES, FIELDS, LISTS, Post

Oid = str
State = Literal["live", "unpublished", "deleted", "gone", "ignored"]


class Keep(enum.Enum):
    """The type of KEEP, apart from None, which means "there is none"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
"""In a Result: what the ledger has there stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What the last projection was made with: linked posts and their URLs there, files and their blobs."""

    posts: Mapping[str, str | None] = field(default_factory=dict)
    assets: Mapping[str, Oid] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """Who a post is on a site, and what we last did there.

    id         the site's id; `former` has the ids it had before, which stay claimed
    url        where readers find it
    revision   the site's change token at the last agreement; "" is unknown, so the site must be asked
    revisions  tokens that our own earlier writes left behind: a stale read shows one of them
    state      live, or why it is not: a tombstone is never removed
    sent       hash of the projection last written; None means that a push is owed
    written    Unix time of our last write
    uses       what the projection last written was made with
    assets     uploaded files: blob -> URL
    raw        the platform's own fields, as the connector gave them
    doubted    `sent` of a write that was answered to be stored, and was not
    was        blob of the file that went when the post was let go of, in case that it comes back elsewhere; of a live
               post without a base, the last one that was agreed on in a history that the branch has left
    """

    id: str
    former: tuple[str, ...] = ()
    url: str | None = None
    revision: str = ""
    revisions: tuple[str, ...] = ()
    state: State = "live"
    sent: str | None = None
    written: float | None = None
    uses: Uses = field(default_factory=Uses)
    assets: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    was: Oid | None = None
    doubted: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that this record claims, the present one first."""
        return (self.id, *self.former)

    @property
    def is_let_go(self) -> bool:
        """Whether gitsync took the post off the site, or stopped following it, because its file went."""
        return self.state in ("unpublished", "deleted", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A pending conflict: three blobs (None: that side has no file), and what the site showed when it was found."""

    base: Oid | None
    ours: Oid | None
    theirs: Oid | None
    remote: Post | None
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All that the ledger of one site holds of `path`; base without record: considered, and not for this site."""

    path: str
    base: Oid | None = None
    remote: Post | None = None
    record: LedgerRecord | None = None
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One change to one site's ledger: what holds from now on at `path`. None removes, KEEP leaves.

    `remote_blob` is a blob of the branch that has `remote` in the ledger's own words, where there is one.

    With `old_path` the post was renamed. Such a result says everything itself (no KEEP), so that it means the same
    wherever it stands among other results, and twice: two files that swap their names are two such results.
    """

    site: str
    path: str
    base: Oid | Keep | None = KEEP
    remote: Post | Keep | None = KEEP
    remote_blob: Oid | None = None
    record: LedgerRecord | Keep | None = KEEP
    conflict: Conflict | Keep | None = KEEP
    old_path: str | None = None

    def __post_init__(self) -> None:
        if self.old_path is not None and KEEP in (self.base, self.remote, self.record, self.conflict):
            raise ValueError("a rename says everything itself: make it with moved()")


def moved(entry: Entry, *, site: str, path: str) -> Result:
    """Return the result that moves `entry`, as it is, to `path`; change it with dataclasses.replace."""
    return Result(
        site=site,
        path=path,
        base=entry.base,
        remote=entry.remote,
        record=entry.record,
        conflict=entry.conflict,
        old_path=entry.path,
    )


def parked_path(path: str, id: str) -> str:
    """Return where the record `id` stays claimed after another post took its path: no file has such a name."""
    return f"{path}~{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def dump_record(record: LedgerRecord) -> bytes:
    """Return the file `records/<path>.json`: only what is set, keys sorted, one to a line."""
    said = sorted(record_to_json(record).items())
    try:
        return _lines(said, _READABLE).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON from a site may hold and UTF-8 may not
        return _lines(said, _ASCII).encode()


_READABLE = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
_ASCII = json.JSONEncoder(sort_keys=True).encode


def _lines(said: Iterable[tuple[str, Any]], encode: Callable[[Any], str]) -> str:
    # The encoder's own `indent` is not written in C, and takes ten times as long.
    return "{\n" + ",\n".join([f' "{key}": {encode(value)}' for key, value in said]) + "\n}\n"


def load_record(data: bytes, *, path: str = "") -> LedgerRecord:
    """Return the record that `dump_record` wrote. Raises RepositoryError."""
    try:
        return record_from_json(own(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RepositoryError(
            f"The ledger's record of {path or 'a post'} cannot be read: {error}.",
            "Fetch the ledger again from its remote, or restore refs/gitsync from a backup.",
        ) from error


def record_to_json(record: LedgerRecord) -> dict[str, Any]:
    said: dict[str, Any] = {"id": record.id}
    if record.state != "live":
        said["state"] = record.state
    for name in ("url", "sent", "written", "was", "doubted"):
        if (value := getattr(record, name)) is not None:
            said[name] = value
    for name in ("former", "revision", "revisions", "assets", "raw"):
        if value := getattr(record, name):
            said[name] = value
    uses = {name: dict(value) for name in ("posts", "assets") if (value := getattr(record.uses, name))}
    if uses:
        said["uses"] = uses
    return said


def record_from_json(said: Mapping[str, Any]) -> LedgerRecord:
    state = said.get("state", "live")
    if state not in get_args(State):
        raise ValueError(f"unknown state {state!r}; a newer gitsync may have written it")
    return LedgerRecord(
        id=said["id"],
        former=tuple(said.get("former", ())),
        url=said.get("url"),
        revision=said.get("revision", ""),
        revisions=tuple(said.get("revisions", ())),
        state=cast(State, state),
        sent=said.get("sent"),
        written=said.get("written"),
        uses=Uses(**said.get("uses", {})),
        assets=said.get("assets", {}),
        raw=said.get("raw", {}),
        was=said.get("was"),
        doubted=said.get("doubted"),
    )


def post_to_json(post: Post) -> dict[str, Any]:
    """Return a post as JSON: fields that are set, dates in ISO 8601 with their zone."""
    said: dict[str, Any] = {"body": post.body}
    for name in FIELDS:
        value = post.get(name)
        if value is not None:
            said[name] = value.isoformat() if isinstance(value, datetime) else value
    return said


def post_from_json(said: Mapping[str, Any]) -> Post:
    values = dict(said)
    for name in LISTS & values.keys():
        values[name] = tuple(values[name])
    for name in DATES & values.keys():
        values[name] = datetime.fromisoformat(values[name])
    return Post(**values)


def result_to_json(result: Result) -> dict[str, Any]:
    """Return a result as JSON; what it keeps is absent, what it removes is null."""
    said: dict[str, Any] = {"site": result.site, "path": result.path}
    if result.old_path is not None:
        said["old_path"] = result.old_path
    if result.base is not KEEP:
        said["base"] = result.base
    if result.remote is not KEEP:
        said["remote"] = result.remote and post_to_json(result.remote)
    if result.record is not KEEP:
        said["record"] = result.record and record_to_json(result.record)
    if result.conflict is not KEEP:
        said["conflict"] = result.conflict and conflict_to_json(result.conflict)
    return said


def result_from_json(said: Mapping[str, Any]) -> Result:
    values = dict(said)
    for name, read in (("remote", post_from_json), ("record", record_from_json), ("conflict", conflict_from_json)):
        if values.get(name) is not None:
            values[name] = read(values[name])
    return Result(**values)


def conflict_to_json(conflict: Conflict) -> dict[str, Any]:
    return {
        "base": conflict.base,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
        "remote": conflict.remote and post_to_json(conflict.remote),
        "revision": conflict.revision,
    }


def conflict_from_json(said: Mapping[str, Any]) -> Conflict:
    values = dict(said)
    values["remote"] = values["remote"] and post_from_json(values["remote"])
    return Conflict(**values)
