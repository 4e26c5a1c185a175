"""Conflicts: recorded as data in the ledger, shown as git shows them, and over when somebody decided.

Over means: our file and the site's version merge cleanly after all, or every place where they collided differs from
our side at the time of the conflict and no marker is left. Then the base is the site's version *as it was shown*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from gitsync import merge
from gitsync.document import Document
from gitsync.engine.incoming import Edit, Incoming, Pending
from gitsync.engine.projection import view
from gitsync.engine.reconcile import Lift, combine, rewrite
from gitsync.engine.subject import Subject, seen
from gitsync.model import Post, Record
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.records import Conflict, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A conflict that is over: the entry as it is from now on, and the merged file if it is not what HEAD has."""

    entry: Entry
    text: bytes | None


def pending(
    incoming: Incoming,
    entry: Entry,
    now: Document | None,
    read: Callable[[Oid | None], Document | None],
    default_status: str | None,
    *,
    decided_for_another: bool = False,
) -> Pending | Settled:
    """Say whether the conflict in `entry` is over, given the file in HEAD (None: there is none for this site).

    What was `decided_for_another` site is no answer to what this one says in the same place: it is asked again.
    """
    conflict = entry.conflict
    if conflict is None:
        raise AssertionError(f"{entry.path} has no conflict")
    site = incoming.reading.name
    fields = incoming.reading.connector.capabilities.fields if incoming.reading.connector else frozenset()
    agreed = replace(entry, base=conflict.theirs, remote=conflict.remote, conflict=None)
    theirs = read(conflict.theirs)
    if now is None and (theirs is None or conflict.ours is not None):
        return Settled(entry=agreed, text=None)
    if theirs is not None and now is not None:
        base, ours = read(conflict.base), read(conflict.ours)
        base_view = view(base, site, default_status) if base is not None else Post()
        theirs_view = view(theirs, site, default_status)
        merged = combine(base_view, now, theirs_view, site=site, default_status=default_status, fields=fields)
        if merged.text is not None:
            return Settled(entry=agreed, text=merged.text)
        ours_view = view(ours, site, default_status) if ours is not None else Post()
        marked = merge.has_markers(now.data.decode())
        now_view = view(now, site, default_status)
        back = ours is None  # deleted at the time, and here again
        if not marked and (back or merge.settled(base_view, ours_view, theirs_view, now_view, fields=fields)):
            if decided_for_another:
                return _asked_again(incoming, entry, conflict, now, merged.merged, default_status)
            # What the site changed elsewhere in the post is nothing that anybody decided on: it is merged.
            with_theirs = rewrite(now, now_view, merged.merged.ours, site=site, default_status=default_status)
            return Settled(entry=agreed, text=with_theirs)
    how = f"run gitsync resolve {entry.path}"
    if conflict.theirs is None or conflict.ours is None:
        reason = f"awaits a decision: {how} {'--ours' if conflict.theirs is None else '--theirs'} or --deleted."
    elif now is not None and now.data != _data_of(read(conflict.ours)) and not merge.has_markers(now.data.decode()):
        reason = (
            f"awaits a decision: the file still says what it said where the two collided; to keep that, {how} --ours."
        )
    else:
        reason = f"awaits a decision: commit the merged file, or {how} --ours or --theirs."
    incoming.tell("conflict", entry.path, "planned", record=entry.record, reason=reason)
    return Pending(path=entry.path, conflict=conflict)


def _asked_again(
    incoming: Incoming,
    entry: Entry,
    conflict: Conflict,
    now: Document,
    merged: merge.Merged,
    default_status: str | None,
) -> Pending:
    """Let the conflict be one with the file as it is now."""
    site = incoming.reading.name
    again = replace(conflict, ours=keep(incoming, now.data))
    marked = with_markers(now, merged, site=site, default_status=default_status, revision=conflict.revision)
    reason = (
        f"was decided for another site; {site} says something else there. Edit and commit it, or run gitsync resolve"
    )
    incoming.tell("conflict", entry.path, "planned", record=entry.record, reason=f"{reason} {entry.path}.")
    return Pending(path=entry.path, conflict=again, marked=marked)


def _data_of(file: Document | None) -> bytes:
    return file.data if file is not None else b""


def record_conflict(
    incoming: Incoming,
    subject: Subject,
    file: Document | None,
    *,
    base: Document | None,
    record: Record | None,
    lift: Lift,
    theirs: Post | None = None,
    sent: Post | None = None,
    conflict: Literal["markers", "ours", "theirs"] = "markers",
) -> Subject | None:
    """Record that two sides of a post cannot both be had, unless they can after all: then return what is to be sent.

    `theirs` is the base with the site's edit in it, where that is known; `sent` stands in for a missing base: it is
    what the site would have been sent of our file. `record` is None when the site has the post no longer.
    """
    site, status = incoming.reading.name, incoming.reading.site.status
    fields = incoming.reading.capabilities.fields
    model = base if base is not None else file
    if theirs is None and record is not None and record.post is not None and model is not None:
        before = view(model, site, status)
        remote0 = sent if sent is not None else subject.entry.remote
        theirs = merge.carry(before, lift(remote0 or record.post), lift(record.post), fields=fields)
    theirs_text = (
        rewrite(model, view(model, site, status), theirs, site=site, default_status=status)
        if model and theirs
        else None
    )
    marked = offered = None
    if file is not None and theirs is not None and record is not None and subject.oid is not None:
        base_view = view(base, site, status) if base is not None else Post()
        outcome = combine(base_view, file, theirs, site=site, default_status=status, fields=fields, conflict=conflict)
        if outcome.text is not None:
            return _agree(incoming, subject, file, record, outcome.text, agreed=keep(incoming, theirs_text))
        marked = with_markers(file, outcome.merged, site=site, default_status=status, revision=record.revision)
        before = view(file, site, status)
        offered = rewrite(file, before, outcome.merged.theirs, site=site, default_status=status)
    recorded = Conflict(
        base=subject.entry.base,
        ours=subject.oid,
        theirs=keep(incoming, theirs_text),
        remote=record.post if record is not None else None,
        revision=record.revision if record is not None else "",
    )
    known = subject.entry.record
    if known is None and record is not None:
        known = seen(None, record)
    elif known is not None and record is not None and known.revision == record.revision:
        # History was rewritten: the record tells of a later agreement than `remote`. Only the site knows what it shows.
        known = replace(known, revision="")
    if known is not None and known.is_let_go and subject.oid is not None:
        known = replace(known, state="live", sent=None)  # the file is back: the decision is about a post of this site
    incoming.results.append(
        subject.result(base=subject.entry.base, remote=subject.entry.remote, record=known, conflict=recorded)
    )
    incoming.tell("conflict", subject.path, "planned", record=record or known, reason=_reason(subject, site, record))
    incoming.hold(subject.path, 3)
    incoming.markers.append(Pending(path=subject.path, conflict=recorded, marked=marked, offered=offered))
    return None


def with_markers(
    file: Document, merged: merge.Merged, *, site: str, default_status: str | None, revision: str
) -> bytes:
    """Return the file with everything that merges, and both sides between markers where nothing does."""
    before = view(file, site, default_status)
    ours, theirs = (
        rewrite(file, before, side, site=site, default_status=default_status).decode("utf-8")
        for side in (merged.ours, merged.theirs)
    )
    # Hashes are cut as git cuts them; a time cut short would be another time.
    shown = revision if len(revision) <= 32 else revision[:12]
    return merge.markers(ours, theirs, label_ours="ours", label_theirs=f"{site}@{shown}").encode()


def keep(incoming: Incoming, text: bytes | None) -> Oid | None:
    """Let the ledger hold a version that no file of the branch may ever have; return its blob."""
    if text is None:
        return None
    oid = incoming.addresses.overlay.project.repository.hash_blob(text)
    incoming.blobs[oid] = text
    return oid


def _reason(subject: Subject, site: str, record: Record | None) -> str:
    if record is None:
        what = f"changed here, but is gone on {site}. Decide: gitsync resolve {subject.path} --ours or --deleted."
    elif subject.oid is None:
        what = f"deleted here, but changed on {site}. Decide: gitsync resolve {subject.path} --theirs or --deleted."
    else:
        what = (
            f"changed here and on {site} in the same place. Edit and commit it, or run gitsync resolve {subject.path}."
        )
    return what


def _agree(
    incoming: Incoming, subject: Subject, file: Document, record: Record, text: bytes, *, agreed: Oid | None
) -> Subject:
    """Both sides merge without a base: take the text, and send it; until then they agree on the site's alone."""
    oid = subject.oid
    if text != file.data:
        oid = incoming.addresses.overlay.put(subject.path, text)
        incoming.edits.append(
            Edit(
                site=subject.site,
                subject=f"Merge {subject.path} with {subject.site}",
                ids=(record.id,),
                files={subject.path: oid},
                author=record.author,
                when=record.modified,
            )
        )
    known = replace(seen(subject.entry.record, record), sent=None)
    result = subject.result(base=agreed, remote=record.post, record=known)
    incoming.results.append(result)
    incoming.tell("adopt", subject.path, "planned", record=record)
    return replace(subject.after(result, step=Step.PUSH, oid=oid), theirs=record)
