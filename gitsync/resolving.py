"""Decides conflicts as a person says: theirs, ours, gone, or as the committed file has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gitsync import merge
from gitsync.by_hand import Bench, Post, bench
from gitsync.document import Document
from gitsync.engine.conflicts import with_markers
from gitsync.engine.exchange import Exchange
from gitsync.engine.incoming import Edit
from gitsync.engine.local import local_changes
from gitsync.engine.projection import project as project_post
from gitsync.engine.projection import selected, view
from gitsync.engine.reconcile import Reconciled, combine, shows
from gitsync.errors import ConfigError, Refused, UsageError
from gitsync.git import worktree
from gitsync.git.busy import index_entries
from gitsync.model import FIELDS
from gitsync.model import Post as Content
from gitsync.project import Project
from gitsync.repository import EMPTY_TREE, Oid
from gitsync.site import Site
from gitsync.state import share
from gitsync.state.records import Conflict, LedgerRecord

Choice = Literal["ours", "theirs", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What became of a conflict: one sentence. `settled` is False when it was only shown."""

    site: str
    path: str
    id: str | None
    sentence: str
    settled: bool = True


def in_conflict(project: Project, sites: Sequence[Site]) -> dict[str, list[Site]]:
    """Return the posts that await a decision, by the path where the file is now, with the sites.

    Raises RepositoryError when the state is shared, and its remote cannot be asked.
    """
    found: dict[str, list[Site]] = {}
    Exchange(project, list(project.config.sites)).look()  # another clone may have met it, or decided it
    for site in sites:
        ledger = share.further(project.repository, site.name, project.config.state.remote)
        if keys := ledger.conflicts():
            agreed = ledger.agreed(project.head())
            base = EMPTY_TREE if agreed is None else f"{agreed}:base"
            changes = local_changes(project.repository, base, project.head(), project.pathspecs, project.read)
            for key in keys:
                found.setdefault(changes[key].path if key in changes else key, []).append(site)
    return found


def lost_on(project: Project, sites: Sequence[Site], path: str) -> list[Site]:
    """Return the sites that lost the post at `path`, which is kept here; `in_conflict` has asked the remote."""
    ledgers = [(site, share.further(project.repository, site.name, project.config.state.remote)) for site in sites]
    entries = [(site, ledger.entries([path])[path]) for site, ledger in ledgers]
    return [site for site, entry in entries if entry.record is not None and entry.record.state == "gone"]


def resolve(project: Project, site: Site, path: str, choice: Choice | None) -> Resolved:
    """Settle the conflict of the post at `path` on one site; the next sync sends what was decided.

    `choice` None takes the committed file as the decision, or shows the conflict in it when nobody touched it yet.
    Raises Refused for a file that is not committed, and UsageError where there is nothing to decide.
    """
    with bench(project, site) as at:
        post = at.post(path)
        record, conflict = post.entry.record, post.entry.conflict
        if record is None or (conflict is None and not (record.state == "gone" and choice is not None)):
            raise UsageError(f"{post.path} is not in conflict on {site.name}.", "gitsync status tells what is.")
        if conflict is not None and choice is None:
            return _as_committed(at, post, record, conflict)
        if conflict is not None and at.project.repository.root is not None:
            shown = _shown(at, post, conflict)
            worktree.unmaterialise(at.project.repository, post.path, merged=shown)
        at.check_free(post.path)
        if conflict is None or conflict.theirs is None:
            return _gone_there(at, post, record, choice)
        if conflict.ours is None or post.oid is None:
            return _gone_here(at, post, record, conflict, choice)
        return _both(at, post, record, conflict, choice)


def _as_committed(at: Bench, post: Post, record: LedgerRecord, conflict: Conflict) -> Resolved:
    site = at.site.name
    if conflict.theirs is None or conflict.ours is None or post.oid is None:
        choices = "--ours or --deleted" if conflict.theirs is None else "--theirs or --deleted"
        where = f"is gone on {site}" if conflict.theirs is None else "was deleted here"
        raise UsageError(f"{post.path} {where}, so there is nothing to merge.", f"Choose {choices}.")
    entry = index_entries(at.project.repository, [post.path]).get(post.path) if at.project.repository.root else None
    if entry is not None and 0 not in entry.stages:
        raise Refused(
            f"{post.path} shows the conflict and is not committed.",
            "Edit it until no markers are left and commit it, or choose --ours or --theirs.",
        )
    at.check_free(post.path)
    if merge.has_markers(at.overlay.read(post.oid).decode("utf-8", "replace")):
        raise Refused(f"{post.path} was committed with conflict markers in it.", "Take them out and commit again.")
    if post.oid == conflict.ours:
        marked = _shown(at, post, conflict)
        if marked is None or at.project.repository.root is None:
            raise UsageError(f"{post.path} is as it was when the conflict came up.", "Choose --ours or --theirs.")
        worktree.materialise(
            at.project.repository,
            post.path,
            base=conflict.base,
            ours=conflict.ours,
            theirs=conflict.theirs,
            merged=marked,
        )
        sentence = f"shows both sides now. Edit it, commit it, then sync; or run gitsync resolve {post.path} --ours."
        return Resolved(site=site, path=post.path, id=record.id, sentence=sentence, settled=False)
    _agree(at, post, record, conflict, post.oid)
    return _done(at, post, record, f"is settled as it is committed; the next sync sends it to {site}.")


def _both(at: Bench, post: Post, record: LedgerRecord, conflict: Conflict, choice: Choice | None) -> Resolved:
    site = at.site.name
    if choice == "deleted":
        _remove(at, post, record)
        _agree(at, post, record, conflict, None)
        return _done(at, post, record, f"is deleted here; the next sync takes it off {site}.")
    file, outcome = _outcome(at, post, conflict, choice)
    oid = post.oid
    if outcome.text is not None and outcome.text != file.data:
        oid = _commit(at, post, record, outcome.text, f"Resolve {post.path} with {site}: {choice}")
    _agree(at, post, record, conflict, oid)
    if choice == "theirs":
        return _done(at, post, record, f"has the words of {site} now where both had changed it.")
    return _done(at, post, record, f"keeps the words from here; the next sync sends them to {site}.")


def _gone_here(at: Bench, post: Post, record: LedgerRecord, conflict: Conflict, choice: Choice | None) -> Resolved:
    """Deleted or deselected here, changed there."""
    site = at.site.name
    if choice != "theirs":
        _agree(at, post, record, conflict, None)
        return _done(at, post, record, f"stays deleted; the next sync takes it off {site}.")
    file = at.file(post.path, post.oid)
    if file is not None and not selected(file, site):
        raise Refused(f"{post.path} does not name {site} in its sites.", "Add it there, commit, then choose --theirs.")
    if conflict.theirs is None:
        raise AssertionError(f"{post.path}: nothing to bring back")
    text = at.overlay.read(conflict.theirs)
    oid = _commit(at, post, record, text, f"Bring {post.path} back from {site}")
    _agree(at, post, record, conflict, oid)
    return _done(at, post, record, f"is back, with the words of {site}.")


def _gone_there(at: Bench, post: Post, record: LedgerRecord, choice: Choice | None) -> Resolved:
    site = at.site.name
    known = replace(record, state="gone", sent=None, revision="")
    if choice == "ours":
        if post.oid is None:
            raise UsageError(f"{post.path} is gone here too.", "Bring the file back with git, commit it, then sync.")
        # Without a base the file is new, and the id that was lost is tried first: it may be there after all.
        at.incoming.results.append(at.subject(post).result(base=None, remote=None, record=known))
        return _done(at, post, record, f"is kept; the next sync publishes it on {site} again.")
    if post.oid is not None:
        _remove(at, post, record)
    at.incoming.results.append(at.subject(post).result(base=None, remote=post.entry.remote, record=known))
    return _done(at, post, record, f"is deleted here, as it is on {site}.")


def _outcome(
    at: Bench, post: Post, conflict: Conflict, choice: Choice | None, oid: Oid | None = None
) -> tuple[Document, Reconciled]:
    site, status = at.site.name, at.site.status
    file = at.file(post.path, oid or post.oid)
    theirs = at.file(post.path, conflict.theirs)
    base = at.file(post.path, conflict.base)
    if file is None or theirs is None:
        raise AssertionError(f"{post.path}: a side is missing")
    # Fields that the site does not hold are in theirs as they are in the base, so they need not be known here.
    outcome = combine(
        view(base, site, status) if base is not None else Content(),
        file,
        view(theirs, site, status),
        site=site,
        default_status=status,
        fields=FIELDS,
        conflict=choice if choice in ("ours", "theirs") else "markers",
    )
    return file, outcome


def _shown(at: Bench, post: Post, conflict: Conflict) -> bytes | None:
    """Return the file as the conflict is shown in it; None for a conflict that cannot be shown."""
    if conflict.ours is None or conflict.theirs is None:
        return None
    file, outcome = _outcome(at, post, conflict, None, oid=conflict.ours)
    if outcome.text is not None:
        return None
    return with_markers(
        file, outcome.merged, site=at.site.name, default_status=at.site.status, revision=conflict.revision
    )


def _agree(at: Bench, post: Post, record: LedgerRecord, conflict: Conflict, oid: Oid | None) -> None:
    """Record that base and site are what the conflict showed; `oid` is the file from now on."""
    sent = replace(record, state="live", revision=conflict.revision, sent=None)
    if oid is not None and oid == conflict.theirs:
        sent = _as_shown(at, post, sent, conflict, oid)
    result = at.subject(post).result(base=conflict.theirs, remote=conflict.remote, record=sent)
    at.incoming.results.append(result)


def _as_shown(at: Bench, post: Post, record: LedgerRecord, conflict: Conflict, oid: Oid) -> LedgerRecord:
    """Say that nothing is owed, where the site is known to show what it would be sent."""
    try:
        connector = at.site.connect()
    except ConfigError:  # its secret is not at hand: the next sync sends the post once more, which does no harm
        return record
    try:
        file = at.file(post.path, oid)
        if file is None or conflict.remote is None:
            return record
        ours = view(file, at.site.name, at.site.status)
        projection = project_post(ours, post.path, at.incoming.addresses.place, connector)
        if not shows(projection.post, conflict.remote, connector.capabilities.fields):
            return record
        return replace(record, sent=projection.digest, uses=projection.uses)
    finally:
        connector.close()


def _commit(at: Bench, post: Post, record: LedgerRecord, text: bytes, subject: str) -> Oid:
    oid = at.overlay.put(post.path, text)
    _edit(at, post, record, oid, subject)
    return oid


def _remove(at: Bench, post: Post, record: LedgerRecord) -> None:
    at.overlay.remove(post.path)
    _edit(at, post, record, None, f"Delete {post.path}")


def _edit(at: Bench, post: Post, record: LedgerRecord, oid: Oid | None, subject: str) -> None:
    edit = Edit(site=at.site.name, subject=subject, ids=(record.id,), files={post.path: oid})
    at.incoming.edits.append(edit)


def _done(at: Bench, post: Post, record: LedgerRecord, sentence: str) -> Resolved:
    return Resolved(site=at.site.name, path=post.path, id=record.id, sentence=sentence)
