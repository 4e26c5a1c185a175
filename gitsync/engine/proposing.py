"""`[policy] pull = "pull-request"`: edits of a site go to a branch of their own, and wait there for a person.

The ledger agrees on nothing of these posts in the branch that is followed, and nothing of them is sent anywhere, until
that branch contains the edit, however it got there. It only remembers whose a new file is: both sides may have changed
it beyond recognition by the time that it is merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitsync.engine.incoming import Incoming
from gitsync.engine.landing import commit_edit
from gitsync.engine.overlay import Overlay
from gitsync.ledger import Ledger, with_trailers
from gitsync.repository import KEEP_MODE, CommitHandle, Oid, Repository
from gitsync.state.records import LedgerRecord, Result
from gitsync.state.results import Results

PREFIX = "gitsync/pull-"
CONFLICTS = "gitsync/conflict-"
"""The branches' names, before a site's."""


def set_aside(incoming: Incoming, overlay: Overlay) -> Results:
    """Take what the site brought out of the plan, so that neither the ledger nor other sites see it.

    Returns what would be agreed on of new files; close it when the plan is over.
    """
    paths = {path for edit in incoming.edits for path in edit.files}
    incoming.proposed, incoming.edits = incoming.edits, []
    incoming.waiting = waiting = Results()
    new = {path for edit in incoming.proposed if edit.is_new for path in edit.files if path in incoming.results}
    for path in paths:
        overlay.forget(path)
        if path in new:
            waiting.append(incoming.results[path])
        incoming.results.discard(path)
        incoming.held.add(path)
    reason = f"waits on the branch {PREFIX}{incoming.reading.name}."
    incoming.events = [
        replace(event, reason=reason) if event.path in paths and event.result == "planned" else event
        for event in incoming.events
    ]
    return waiting


def propose(incoming: Incoming, overlay: Overlay, *, trailers: Mapping[str, str], remote: str | None) -> None:
    """Put the edits set aside onto the site's own branch, above HEAD; a branch that says just that is left alone.

    The ledger learns of new files as agreed on in that branch alone: as if they had been pulled and were reset away.
    """
    repository, head, ledger = overlay.project.repository, overlay.head, incoming.reading.ledger
    ref = f"refs/heads/{PREFIX}{incoming.reading.name}"
    wanted: dict[str, Oid | None] = {}
    for edit in incoming.proposed:
        wanted |= edit.files
    if not wanted:
        return
    old = repository.resolve(ref)
    says_it = old is not None and {it.path: it.oid for it in repository.diff(head, old, renames=False)} == wanted
    waiting = incoming.waiting or ()
    if says_it and _are_known(ledger, waiting):
        return
    with repository.importer() as importer:
        tip: CommitHandle | Oid = head
        for edit in incoming.proposed:
            tip = commit_edit(importer, overlay, edit, tip, trailers)
    new = tip if isinstance(tip, str) else tip.oid
    _publish(repository, ref, new, old, remote, f"gitsync: edits of {incoming.reading.name}")
    if count := len(waiting):
        if ledger.tip is None:  # that nothing is agreed on yet is no sign of a rewritten history
            ledger.fold((), head=head, message=f"{incoming.reading.name}: agree on 0 posts", trailers=trailers)
        message = f"{incoming.reading.name}: propose {count} post{'' if count == 1 else 's'}"
        ledger.fold(waiting, head=new, message=message, trailers=trailers)


def _are_known(ledger: Ledger, waiting: Iterable[Result]) -> bool:
    """Say whether the ledger knows which of the site's posts each of these files is."""
    ids = {it.path: it.record.id for it in waiting if isinstance(it.record, LedgerRecord)}
    entries = ledger.entries(ids)
    return all((known := entries[path].record) is not None and id in known.ids for path, id in ids.items())


def propose_conflicts(incoming: Incoming, overlay: Overlay, *, remote: str | None) -> None:
    """Put what a site says where it collides with us onto a branch of its own, for a person to take, change or leave.

    Merged as it is, it decides for the site's words; no markers are in it.
    """
    repository, site = overlay.project.repository, incoming.reading.name
    offered = [(it.path, it.offered, KEEP_MODE) for it in incoming.markers if it.offered is not None]
    if not offered:
        return
    ref = f"refs/heads/{CONFLICTS}{site}"
    old = repository.resolve(ref)
    wanted = {path: repository.hash_blob(text) for path, text, _ in offered}
    if old is not None and {it.path: it.oid for it in repository.diff(overlay.head, old, renames=False)} == wanted:
        return
    names = ", ".join(sorted(wanted)) if len(wanted) < 4 else f"{len(wanted)} posts"
    with repository.importer() as importer:
        tip = importer.commit(
            parent=overlay.head,
            changes=offered,
            message=with_trailers(f"Take {names} as {site} has it", {"Gitsync-Site": site}),
            author=(site, f"{site}@gitsync.invalid"),
        )
    _publish(repository, ref, tip.oid, old, remote, f"gitsync: conflicts with {site}")


def _publish(repository: Repository, ref: str, new: Oid, old: Oid | None, remote: str | None, message: str) -> None:
    if remote is not None:
        there = repository.remote_refs(remote, [ref]).get(ref)
        repository.push(remote, [f"+{new}:{ref}"], leases={ref: there})
    repository.update_refs([(ref, new, old)], message=message)
