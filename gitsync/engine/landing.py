"""Puts what the sites brought into the branch and the ledgers: objects first, then the shared copy, then here.

The ledger never says "agreed" of a file that the branch does not contain, so it moves last; a crash in between only
makes the next run see the same edit on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitsync.engine.incoming import Edit, Incoming
from gitsync.engine.overlay import Overlay
from gitsync.git import worktree
from gitsync.ledger import NAMED, naming, with_trailers
from gitsync.repository import KEEP_MODE, CommitHandle, Importer, Oid

Publish = Callable[[Oid, Mapping[str, Oid]], None]
"""Shares a new head and new ledger tips (site -> commit) before they hold here. Raises Moved: somebody was first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The branch's commit from now on, and whether anything moved."""

    head: Oid
    moved: bool


def land(
    overlay: Overlay,
    incomings: Sequence[Incoming],
    *,
    branch: str,
    trailers: Mapping[str, str],
    publish: Publish | None,
) -> Landed:
    """Commit all edits, move the branch and the work tree, and record the agreements. Raises Moved, Locked, Refused."""
    repository, head = overlay.project.repository, overlay.head
    edits = [edit for incoming in incomings for edit in incoming.edits]
    if not edits and not any(map(_has_news, incomings)):
        return Landed(head=head, moved=False)
    with repository.importer() as importer:
        tip: CommitHandle | None = None
        for edit in edits:
            tip = commit_edit(importer, overlay, edit, tip or head, trailers)
        new_head = head if tip is None else tip.oid
        for incoming in incomings:
            for content in incoming.blobs.values():
                importer.blob(content)
        ledgers = {}
        for incoming in incomings:
            ledger = incoming.reading.ledger
            message = _what(incoming)
            told = {**trailers, **incoming.trailers, "Branch": branch}
            commit = ledger.write(importer, incoming.results, head=new_head, message=message, trailers=told)
            if commit is not None:
                ledgers[ledger] = commit
    tips = {ledger.site: commit.oid for ledger, commit in ledgers.items()}
    if publish is not None and (tips or new_head != head):
        publish(new_head, tips)
    if new_head != head:
        worktree.advance(repository, branch=branch, old=head, new=new_head)
    for ledger in ledgers:
        repository.update_refs([(ledger.ref, tips[ledger.site], ledger.tip)], message="gitsync: agreed")
        ledger.reload()
    return Landed(head=new_head, moved=new_head != head or bool(tips))


def _has_news(incoming: Incoming) -> bool:
    """Say whether the ledger has something to learn: an agreement, or with which configuration all was looked at."""
    ledger = incoming.reading.ledger
    settings = incoming.trailers.get("Settings", ledger.settings)
    return len(incoming.results) > 0 or (ledger.tip is not None and settings != ledger.settings)


def commit_edit(
    importer: Importer, overlay: Overlay, edit: Edit, parent: CommitHandle | Oid, trailers: Mapping[str, str]
) -> CommitHandle:
    """Store one edit as a commit in the name of the site's author."""
    told: dict[str, str | tuple[str, ...]] = {"Gitsync-Site": edit.site}
    if edit.ids:
        told["Gitsync-Id"] = edit.ids
    told |= {f"Gitsync-{name}": value for name, value in trailers.items() if name == "Sync"}
    mode = "100644" if edit.is_new else KEEP_MODE
    changes = ((path, None if oid is None else overlay.read(oid), mode) for path, oid in edit.files.items())
    return importer.commit(
        parent=parent,
        changes=changes,
        message=with_trailers(edit.subject, told),
        author=(edit.author or edit.site, f"{edit.site}@gitsync.invalid"),
        when=edit.when,
    )


def _what(incoming: Incoming) -> str:
    count = len(incoming.results)
    subject = f"{incoming.reading.name}: agree on {count} post{'' if count == 1 else 's'}"
    return naming(subject, (it.path for it in incoming.results) if count <= NAMED else ())
