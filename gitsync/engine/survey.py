"""Everything a plan for one site is made from: what changed here, what changed there, and nothing else.

Costs follow the change: one tree diff here, one listing there, and a fetch for each record whose token moved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf

from gitsync.connector import Capabilities, Connector
from gitsync.engine.given_again import sort_out
from gitsync.engine.local import LocalChange, local_changes
from gitsync.engine.reconcile import came_due, same_content
from gitsync.errors import Refused
from gitsync.ledger import Ledger
from gitsync.model import Post, Record, clean_address, clean_body
from gitsync.project import Project
from gitsync.repository import EMPTY_TREE, Oid
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.state.records import Entry, LedgerRecord

CHUNK = 500
"""How many new records are read at once: bounds memory, and is at least what any platform lists on a page."""


@dataclass(slots=True)
class Reading:
    """One site as it was found. Paths are the ledger's.

    agreed    the ledger commit whose bases hold for this HEAD; None when there is none
    local     files that are not as they were agreed
    changed   complete records whose content is not as it was agreed
    unstored  records that are as they were before our last write of them, which was answered to be stored
    gone      paths whose records the site surely has no longer
    unseen    paths of records written so lately that the site may not list them yet -> when it surely does
    revived   paths of records that were deleted or gone, and are listed again
    disputed  (path, record) of listed records whose id nobody has, and which may be what had it before
    taken     ids that posts had which are gone, and that are another post's now
    moved     (id, revision) of records whose token moved without an edit
    fresh     ids that nobody claims; `fresh_records` reads them
    listed    how many records the site has; `known` how many of ours it should have
    at        Unix time of the listing
    crowded   key of a file that came to a path where this site still has another post -> that path: it waits
    settled   entries that are not in the ledger yet, of writes that turned out to have arrived
    relocated path of a record in the ledger -> path of its file, where history was rewritten around a rename
    """

    site: Site
    ledger: Ledger
    index: Index
    agreed: Oid | None
    local: dict[str, LocalChange]
    connector: Connector | None = None
    changed: dict[str, Record] = field(default_factory=dict)
    unstored: dict[str, Record] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unseen: dict[str, float] = field(default_factory=dict)
    revived: list[str] = field(default_factory=list)
    disputed: list[tuple[str, Record]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    moved: list[tuple[str, str]] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    listed: int = 0
    known: int = 0
    complete: dict[str, Record] = field(default_factory=dict)
    settled: dict[str, Entry] = field(default_factory=dict)
    at: float = 0.0
    crowded: dict[str, str] = field(default_factory=dict)
    relocated: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def online(self) -> Connector:
        """The connector, where something is to be asked or sent."""
        if self.connector is None:
            raise AssertionError(f"{self.name} was read offline")
        return self.connector

    @property
    def capabilities(self) -> Capabilities:
        return self.online.capabilities

    @property
    def conflicts(self) -> set[str]:
        """The posts that have a pending conflict, or had one when this history was agreed on last."""
        return {*self.ledger.conflicts(), *self.ledger.conflicts(at=self.agreed)}

    def entries(self, paths: Sequence[str]) -> dict[str, Entry]:
        """Return what the ledger holds of `paths`: bases as of `agreed`, records of today."""
        entries = self.ledger.entries(paths, at=self.agreed)
        if self.ledger.tip not in (None, self.agreed):
            newest = self.ledger.bases(paths, at=self.ledger.tip)
            if self.agreed is None:
                entries = {path: replace(entry, base=None) for path, entry in entries.items()}
            entries = {path: _remembering(entry, newest.get(path)) for path, entry in entries.items()}
        return entries | {path: self.settled[path] for path in paths if path in self.settled}

    def source_of(self, path: str) -> str:
        """Return a post's path at the tip of the ledger: another one where history was rewritten around a rename."""
        return next((source for source, key in self.relocated.items() if key == path), path)

    def newest_remote(self, entry: Entry) -> Post | None:
        """Return what the site showed when its record became what `entry` says: of the tip, as records are.

        Where history was rewritten, `entry` has the version of an older agreement.
        """
        if self.agreed == self.ledger.tip or entry.record is None:
            return entry.remote
        source = self.source_of(entry.path)
        newest = self.ledger.entries([source])[source]
        same = newest.record is not None and newest.record.id == entry.record.id and newest.remote is not None
        return newest.remote if same else entry.remote

    def is_given_again(self, entry: Entry) -> bool:
        """Say whether the id of a post that is gone is another post's now: a database made anew counts from one."""
        if entry.record is None:
            return False
        claim = self.index.path_of_id(entry.record.id, now=True)
        others = claim is not None and claim[0] != entry.path and claim[1] == "live"
        return others or entry.record.id in self.taken

    def take(self, record: Record, paths: Collection[str]) -> None:
        """Let a record be nobody's that has the id which the posts at `paths` had."""
        for path in paths:
            self.changed.pop(path, None)
        self.revived = [path for path in self.revived if path not in paths]
        self.taken |= {record.id} if paths else set()
        self.complete[record.id] = record
        self.fresh += [record.id] if record.id not in self.fresh else []

    def has_room(self) -> bool:
        """Say whether a path that a file waits for has become free, in the ledger as it is now."""
        ledger = Ledger(self.ledger.repository, self.name)
        entries = ledger.entries(set(self.crowded.values()))
        return any(entry.record is None or entry.record.state != "live" for entry in entries.values())

    def settle(self, entry: Entry, *, was: Oid | None) -> None:
        """Take `entry` as agreed: the site's version is no edit, and the file's is one only if it differs.

        `was` is the base until now: the file, where nothing was known to have changed.
        """
        self.settled[entry.path] = entry
        self.changed.pop(entry.path, None)
        self.gone.discard(entry.path)
        change = self.local.get(entry.path)
        if change is not None and change.oid is not None:
            if change.oid == entry.base and change.path == entry.path:
                del self.local[entry.path]
            else:
                self.local[entry.path] = replace(change, kind="changed", old_path=entry.path, base=entry.base)
        elif change is None and was is not None and was != entry.base:
            path = entry.path
            self.local[path] = LocalChange(kind="changed", path=path, old_path=path, oid=was, base=entry.base)

    def fresh_records(self) -> Iterator[Record]:
        """Yield the unclaimed records, complete, a few at a time."""
        for start in range(0, len(self.fresh), CHUNK):
            ids = self.fresh[start : start + CHUNK]
            yield from (clean(self.complete[id]) for id in ids if id in self.complete)
            missing = [id for id in ids if id not in self.complete]
            if missing:
                yield from map(clean, self.online.fetch_many(missing))


def _remembering(entry: Entry, newest: Oid | None) -> Entry:
    """Let a live post that this history has no agreement on tell its file by the newest one."""
    record = entry.record
    if record is None or record.state != "live" or entry.base is not None or newest is None:
        return entry
    return replace(entry, record=replace(record, was=newest))


def read_local(
    project: Project, site: Site, head: Oid, ledger: Ledger, index: Index, also: Mapping[str, Oid] | None = None
) -> Reading:
    """Read the repository's side only. `also` are versions of posts that are not on the site, which may come back."""
    agreed = ledger.agreed(head)
    base = EMPTY_TREE if agreed is None else f"{agreed}:base"
    # A file that collided with the site's post when they met has no base, and may be renamed all the same; so may one
    # whose agreement the branch has left.
    met = ledger.entries(ledger.conflicts(), at=agreed)
    versions = {
        it.path: it.conflict.ours
        for it in met.values()
        if it.conflict and it.conflict.ours and not (agreed and it.base)
    }
    left = {path: oid for path, oid in index.left().items() if path not in versions}
    if left and agreed:
        left = {path: left[path] for path in left.keys() - ledger.bases(left, at=agreed).keys()}
    local = local_changes(
        project.repository,
        base,
        head,
        project.pathspecs,
        project.read,
        project.dialect.is_post,
        also={**(also or {}), **versions, **left},
    )
    # That none of them is there is nothing which this history has done.
    local = {key: it for key, it in local.items() if it.kind != "deleted" or key not in left}
    return Reading(site=site, ledger=ledger, index=index, agreed=agreed, local=local, crowded=crowded(ledger, local))


def crowded(ledger: Ledger, local: Mapping[str, LocalChange]) -> dict[str, str]:
    """Return the files that cannot be at their path in the ledger yet: it has to let go of another post first."""
    left = {path for path, change in local.items() if change.kind == "deleted"}
    come = {key: change.path for key, change in local.items() if change.path in left and key != change.path}
    entries = ledger.entries(set(come.values())) if come else {}
    live = {path for path, entry in entries.items() if entry.record is not None and entry.record.state == "live"}
    return {key: path for key, path in come.items() if path in live}


def read_site(
    reading: Reading,
    connector: Connector,
    *,
    allow_missing: bool,
    missing_limit: Callable[[int, int], bool],
    deleted: Collection[str] = (),
    began: float = inf,
    clock: Callable[[], float] = time.time,
) -> None:
    """Read the site's side into `reading`. Raises SiteError, and Refused when too much is missing there.

    `deleted` are ids that we may have deleted ourselves, without an answer. What was written since `began` is no
    reason to refuse: a run that reads again may be faster than the site.
    """
    reading.connector, reading.at = connector, clock()
    if not connector.capabilities.listed:
        reading.known = reading.listed = reading.index.live_count()
        return
    found = reading.index.compare(connector.scan())
    reading.listed, reading.known, reading.complete = found.listed, found.known, found.records
    reading.fresh = list(found.new)
    hidden = _written_lately(reading, found.revived, connector.capabilities, clock())
    revived = [claim for claim in found.revived if claim[0] not in hidden]  # a listing from before it was deleted
    lately = _written_lately(reading, found.missing, connector.capabilities, clock())
    lacking = [id for id, _ in found.missing if id not in deleted and lately.get(id, 0.0) < began]
    _guard_listing(reading, len(lacking), allow_missing, missing_limit, lately=bool(lately))
    missing = [id for id, _ in found.missing if id not in lately]
    settles = connector.capabilities.settles_after
    reading.unseen = {path: lately[id] + settles for id, path in found.missing if id in lately}
    suspects = {path: id for id, path, _ in found.changed}
    reset = _reset_away(reading)
    suspects |= reset
    claims = [*revived, *found.former]
    entries = reading.ledger.entries([*suspects, *(path for _, path in claims)]) if suspects or claims else {}
    claims += [(id, path) for path, id in suspects.items() if _is_hidden(entries[path])]
    fetched = _complete(connector, found.records, dict.fromkeys([*suspects.values(), *(id for id, _ in claims)]))
    reading.disputed, others = sort_out(claims, entries, fetched)
    reading.revived = [path for path, _ in reading.disputed if path in {path for _, path in revived}]
    for id, paths in others.items():
        reading.take(fetched[id], paths)
    for path, id in suspects.items():
        if id in others:
            continue
        record = fetched.get(id)
        if record is None:  # it went away between the listing and the fetch: the next run sees it gone
            continue
        entry = entries[path]
        if is_stale(entry.record, record, connector.capabilities, clock()):
            continue
        if entry.remote is not None and _same(entry.remote, record, connector.capabilities, clock()):
            reading.moved.append((id, record.revision))
            if path not in reset:
                continue
        if path not in reset and entry.remote and not entry.conflict and _is_unstored(reading, entry.record, record):
            # A listing may be older than the record itself.
            now = next(map(clean, connector.fetch_many([id])), None)
            if now is None or _same(entry.remote, now, connector.capabilities, clock()):
                continue
            if now.revision == record.revision:
                reading.unstored[path] = now
                continue
            record = now
        reading.changed[path] = record
    if not reading.unstored:  # nothing is done about them in a dry run
        reading.index.look(reading.at - connector.capabilities.settles_after)
    gone = set(missing) - {record.id for record in connector.fetch_many(missing)} if missing else set()
    reading.gone = {path for id, path in found.missing if id in gone} | {path for _, path in found.displaced}


def _is_hidden(entry: Entry) -> bool:
    return entry.record is not None and entry.record.state == "unpublished"


def _written_lately(
    reading: Reading, missing: Sequence[tuple[str, str]], capabilities: Capabilities, now: float
) -> dict[str, float]:
    """Return the ids of these (id, path) that we wrote or deleted so lately that a listing may be older, and when."""
    if not missing or not capabilities.settles_after:
        return {}
    entries = reading.ledger.entries([path for _, path in missing])
    written = {id: record.written for id, path in missing if (record := entries[path].record) is not None}
    return {id: at for id, at in written.items() if at is not None and now - at < capabilities.settles_after}


def _guard_listing(
    reading: Reading, missing: int, allow_missing: bool, limit: Callable[[int, int], bool], *, lately: bool
) -> None:
    if allow_missing or not missing:
        return
    if reading.listed == 0 or limit(missing, reading.known):
        slow = "Some were sent just now: if the site is slow, run again in a minute. " if lately else ""
        raise Refused(
            f"{reading.name} lists {reading.listed} posts and lacks {missing} of the {reading.known} known there; "
            "nothing was changed.",
            f"{slow}Look at the site; if they were really removed there, run again with --allow missing.",
        )


def _reset_away(reading: Reading) -> dict[str, str]:
    """Return the live posts whose agreement is not in this history: their bases are older than their records."""
    paths = reading.ledger.offered_again(reading.agreed)
    records = reading.ledger.entries(paths) if paths else {}
    return {
        path: entry.record.id
        for path, entry in records.items()
        if entry.record is not None and entry.record.state == "live"
    }


def _complete(connector: Connector, listed: Mapping[str, Record], ids: Iterable[str]) -> dict[str, Record]:
    wanted = list(ids)
    have = {id: listed[id] for id in wanted if id in listed and listed[id].complete}
    missing = [id for id in wanted if id not in have]
    fetched = connector.fetch_many(missing) if missing else ()
    return {record.id: clean(record) for record in (*have.values(), *fetched)}


def shown_now(reading: Reading, entry: Entry) -> Record | None:
    """Return what the site has of a post that is not compared in every run; None: nothing, or an old copy."""
    known = entry.record
    if known is None or reading.is_given_again(entry):
        return None
    record = next(map(clean, reading.online.fetch_many([known.id])), None)
    stale = record is not None and is_stale(known, record, reading.capabilities, reading.at)
    return None if stale else record


def clean(record: Record) -> Record:
    """Return the record with its body as a Post has it, whatever the platform's line ends are, and a true address."""
    post = record.post if record.post is not None else Post()
    return record._replace(post=post.with_fields({"body": clean_body(post.body)}), url=clean_address(record.url))


def is_stale(known: LedgerRecord | None, record: Record, capabilities: Capabilities, now: float) -> bool:
    """A token that one of our own writes left behind, soon after it, is an old copy and no edit.

    Not where a site never shows one: whoever wrote may have a clock that is ahead, and an edit would wait for so long.
    """
    if known is None or known.written is None or not capabilities.settles_after:
        return False
    return record.revision in known.revisions and now - known.written < capabilities.settles_after


def _is_unstored(reading: Reading, known: LedgerRecord | None, record: Record) -> bool:
    """Say whether a record is as it was before our last write, of which nobody here has seen anything yet.

    Its token tells, where it is no hash: an editor who brings exactly the old text back leaves the same one, and nobody
    goes over what he did.
    """
    if known is None or known.written is None or known.sent is None or record.revision not in known.revisions:
        return False
    looked = reading.index.looked()
    return not reading.capabilities.revision_hash and (looked is None or looked <= known.written)


def _same(remote: Post, record: Record, capabilities: Capabilities, now: float) -> bool:
    if record.post is None:
        return False
    stored = came_due(remote, record.post, datetime.fromtimestamp(now, UTC))
    return same_content(stored, record.post, capabilities.fields)
