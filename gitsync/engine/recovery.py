"""Writes that were begun and whose outcome nobody knows: look what the site shows before anything is sent again.

A lost reply, a timeout, a 5xx or a killed process all end here. The site shows what was sent: it arrived. It shows
what it did before: it did not. It shows something else: somebody edited it, and it is merged from the old base. A
create that is not to be found counts as not arrived only once it surely would be listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from gitsync.engine.projection import Projection
from gitsync.engine.reconcile import same_content, stored_of
from gitsync.engine.subject import written
from gitsync.engine.survey import Reading, clean
from gitsync.events import Operation
from gitsync.model import Post, Record
from gitsync.repository import Oid
from gitsync.state.intents import Intent
from gitsync.state.records import Entry, Result, State, Uses


@dataclass(slots=True)
class Recovery:
    """What became of one site's unfinished writes.

    results     what is known now and was not recorded
    unsettled   path of a create that may still arrive -> Unix time when that is sure; infinite where nobody can look
    over        intents that need no more looking, once `results` are recorded
    missed      updates of which the site shows nothing
    uploads     files that may be there: whoever sends one of them looks first
    """

    results: list[Result] = field(default_factory=list)
    events: list[Operation] = field(default_factory=list)
    unsettled: dict[str, float] = field(default_factory=dict)
    over: list[Intent] = field(default_factory=list)
    creates: list[Intent] = field(default_factory=list)
    missed: list[Intent] = field(default_factory=list)
    uploads: list[Intent] = field(default_factory=list)

    def sent_before(self, path: str) -> list[tuple[Oid, Post]]:
        """Return the (blob, projection) pairs that creates of `path` may have left on the site, newest first."""
        return [
            (intent.blob, intent.projection)
            for intent in reversed(self.creates)
            if intent.path == path and intent.blob is not None and intent.projection is not None
        ]


def arrived(intent: Intent, record: Record, fields: frozenset[str]) -> bool:
    """Say whether a record is what the request of `intent` would have made of it."""
    return (
        intent.projection is not None and record.post is not None and stored_of(intent.projection, record.post, fields)
    )


def deletes(intents: Iterable[Intent]) -> set[str]:
    """Return the ids that we may have deleted without knowing."""
    return {intent.id for intent in intents if intent.op == "delete" and intent.id is not None}


def recover(reading: Reading, intents: Sequence[Intent], *, now: float, again: Collection[str] = ()) -> Recovery:
    """Find out what became of `intents`, oldest first, and settle it in `reading`. Raises SiteError.

    `again` are paths of posts whose creates did not arrive: a person looked.
    """
    recovery = Recovery()
    entries = reading.entries([intent.path for intent in intents if intent.op != "upload"])
    for intent in intents:
        if intent.op == "upload":
            known = intent.blob is None or reading.index.asset_url(intent.blob) is not None
            recovery.uploads += [] if known else [intent]
            recovery.over += [intent] if known or now >= settled_at(reading, intent) else []
            continue
        entry = reading.settled.get(intent.path, entries[intent.path])
        if intent.id is not None and entry.record is not None and intent.id not in entry.record.ids:
            entry = Entry(path=intent.path)  # another post's place; ours is under the path it was moved from
        if _is_recorded(intent, entry) or (intent.op == "create" and _is_decided(reading, intent, entry, again)):
            recovery.over.append(intent)
        elif intent.op == "create" and (back := _shown_again(reading, intent, entry)) is not None:
            _agree(reading, recovery, intent, entry, back)
            recovery.over.append(intent)
        elif intent.op == "create":
            _look_for_create(reading, recovery, intent, now)
        elif _look_at(reading, recovery, intent, entry):
            recovery.over.append(intent)
        else:
            recovery.missed.append(intent)
            if now >= settled_at(reading, intent):
                recovery.over.append(intent)
    return recovery


def settled_at(reading: Reading, intent: Intent) -> float:
    """Return the Unix time from which on the site surely shows whether the request arrived."""
    return intent.at + reading.capabilities.settles_after + reading.site.timeout


def _is_recorded(intent: Intent, entry: Entry) -> bool:
    record = entry.record
    if record is None:
        return False
    if intent.op != "create" and (record.written or 0) > intent.at:  # a later write of ours went over it
        return True
    if intent.op in ("create", "update"):
        return record.sent == intent.sent and (record.written or 0) >= intent.at
    return record.state != "live"


def _is_decided(reading: Reading, intent: Intent, entry: Entry, again: Collection[str]) -> bool:
    """Say whether a person said what became of a create: where nothing can be searched, nobody else can."""
    if intent.path in again:
        return True
    adopted = entry.record is not None and entry.record.state == "live"
    return adopted and not reading.capabilities.searchable


def _look_at(reading: Reading, recovery: Recovery, intent: Intent, entry: Entry) -> bool:
    """Settle a write to a known post if the site shows it. Returns whether there is nothing left to look for."""
    record = entry.record
    if record is None:
        return True
    if intent.op == "delete":
        if intent.path not in reading.gone:
            return False
        known = replace(record, state="deleted", sent=None, written=intent.at)
        _settle(reading, recovery, intent, replace(entry, base=intent.blob, record=known), None, entry.base)
        return True
    shown = reading.changed.get(intent.path)
    if shown is None or not arrived(intent, shown, reading.capabilities.telling):
        return False
    _agree(reading, recovery, intent, entry, shown)
    return True


def _shown_again(reading: Reading, intent: Intent, entry: Entry) -> Record | None:
    """Return the record of a post that the site had lost, and has again under its id: a create made it."""
    known = entry.record
    if known is None or known.state != "live" or known.id != intent.id or entry.path in reading.gone:
        return None
    if entry.path in reading.unseen:
        return None
    shown = reading.changed.get(entry.path) or next(map(clean, reading.online.fetch_many([known.id])), None)
    return shown if shown is not None and arrived(intent, shown, reading.capabilities.telling) else None


def _agree(reading: Reading, recovery: Recovery, intent: Intent, entry: Entry, shown: Record) -> None:
    """Let it be agreed that the site has what was sent."""
    record = entry.record
    if record is None:
        raise AssertionError(f"{entry.path} has no record")
    known = written(record, shown, of_intent(intent, record.uses), intent.at)
    if intent.assets is not None:
        known = replace(known, assets=intent.assets)
    if intent.op == "unpublish":
        known = replace(known, state="unpublished", sent=None)
    agreed = replace(entry, base=intent.blob, remote=shown.post, record=known)
    _settle(reading, recovery, intent, agreed, shown, entry.base)


def of_intent(intent: Intent, uses: Uses | None = None) -> Projection:
    """Return what the request of `intent` sent; `uses` stand in for those that it does not name."""
    post, digest = intent.projection or Post(), intent.sent or ""
    return Projection(post=post, digest=digest, uses=intent.uses or uses or Uses(), problems=())


def _settle(
    reading: Reading, recovery: Recovery, intent: Intent, entry: Entry, record: Record | None, was: Oid | None
) -> None:
    if intent.op == "upload":
        raise AssertionError(f"{intent.path} is no post")
    if entry.record is not None and entry.record.is_let_go and entry.base is None:
        entry = replace(entry, record=replace(entry.record, was=was))
    recovery.results.append(
        Result(
            site=intent.site, path=intent.path, base=entry.base, remote=entry.remote, record=entry.record, conflict=None
        )
    )
    reading.settle(entry, was=was)
    recovery.events.append(
        Operation(
            site=intent.site,
            path=intent.path,
            action=intent.op,
            result="planned",
            id=intent.id,
            url=record.url if record is not None else None,
            reason="had arrived, though no answer came back.",
        )
    )


def _look_for_create(reading: Reading, recovery: Recovery, intent: Intent, now: float) -> None:
    """Add what the create may have made to the unclaimed records; the file and the record meet there."""
    recovery.creates.append(intent)
    capabilities = reading.capabilities
    found = bool(reading.fresh) and any(_is_it(intent, record) for record in reading.fresh_records())
    found = found or _took_an_id(reading, intent)
    if not found and intent.projection is not None:
        for record in map(clean, reading.online.find(intent.projection)):
            claim = reading.index.path_of_id(record.id)
            if record.id in reading.complete or not (claim is None or _is_free(reading, intent, claim, record)):
                continue
            reading.take(record, [claim[0]] if claim is not None else [])
            found = found or claim is not None or _is_it(intent, record)
    sure_at = settled_at(reading, intent)
    if not found and not capabilities.searchable:
        recovery.unsettled[intent.path] = inf
    elif not found and now < sure_at:
        recovery.unsettled[intent.path] = sure_at
    else:
        recovery.over.append(intent)


def _took_an_id(reading: Reading, intent: Intent) -> bool:
    """Say whether the create made a record with an id that a post had before; another post is gone, then."""
    for path, record in [*reading.disputed, *reading.changed.items()]:
        if arrived(intent, record, reading.capabilities.telling):
            entry = reading.entries([path])[path]
            if path == intent.path and entry.record is not None and entry.record.id == record.id:
                return True  # it has its own id again, and the file meets it
            if entry.record is not None and entry.record.id == record.id and entry.record.state == "live":
                reading.gone.add(path)
            reading.take(record, [path for path, other in reading.disputed if other.id == record.id] + [path])
            return True
    return False


def _is_free(reading: Reading, intent: Intent, claim: tuple[str, State], record: Record) -> bool:
    """Say whether the create made a record whose id is that of a post that was let go of, and was deleted there since.

    Nobody looks what becomes of such a post, so its record may also be as it was then; and a database that counts
    seconds may give the new one the token of the old.
    """
    if claim[1] not in ("ignored", "unpublished") or not arrived(intent, record, reading.capabilities.telling):
        return False
    was = reading.entries([claim[0]])[claim[0]].remote
    return was is None or not same_content(was, record.post or Post(), reading.capabilities.fields)


def _is_it(intent: Intent, record: Record) -> bool:
    sent, shown = intent.projection, record.post
    if sent is None or shown is None:
        return False
    same_address = bool(sent.canonical_url) and sent.canonical_url == shown.canonical_url
    same_slug = bool(intent.slug) and intent.slug == shown.slug
    same_title = bool(sent.title) and (sent.title or "").split() == (shown.title or "").split()
    return same_address or same_slug or same_title
