"""What undoing one sync asks of each file, site by site. Decides nothing, and knows no other site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gitsync.engine.relocating import relocate
from gitsync.engine.survey import read_local
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state.index import Index
from gitsync.state.records import Entry, LedgerRecord, Result
from gitsync.state.records import moved as renamed
from gitsync.undo.history import Sync, Touched, imported, touched

Kind = Literal["restore", "return", "withdraw", "forget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to become of the file of one post, for one site.

    restore    the file says again what it said; return does so too, and the site is to have it back
    withdraw   the sync brought the post to the site: the file goes, and the site's copy by policy
    forget     the sync brought the post from the site: the file goes, and the site is not touched

    The file is at `path` in HEAD, or was, and belongs at `wanted`. The sync left the blob `then`; `target` is the one
    of the last agreement before it. `result` is what the ledger is told without asking the site.
    """

    kind: Kind
    post: Touched
    path: str
    wanted: str
    then: Oid | None
    target: Oid | None = None
    result: Result | None = None

    @property
    def site(self) -> str:
        return self.post.site


def wishes(project: Project, sync: Sync, ledger: Ledger, head: Oid) -> tuple[list[Wish], list[Result]]:
    """Return what undoing `sync` asks for the site of `ledger`.

    Then what that ledger has to be told before anything else, if it is told anything: where its records are in `head`.
    """
    part = next((part for part in sync.parts if part.site == ledger.site), None)
    if part is None:
        return [], []
    posts = touched(project.repository, part)
    with Index.at(ledger) as index:
        absent = {
            it.after.path: it.before.base
            for it in posts
            if it.record.state != "live" and it.before is not None and it.before.base is not None
        }
        reading = read_local(project, project.config.sites[ledger.site], head, ledger, index, also=absent)
        moves = relocate(project, reading, head)
        left_behind = ledger.offered_again(reading.agreed)
        found: list[Wish] = []
        for post in posts:
            known = _place(ledger, index, post)
            here = reading.relocated.get(known, known)
            change = reading.local.get(here)
            entry = replace(ledger.entries([known])[known], path=here)
            wish = _wish(project, sync, post, entry, change.path if change is not None else known)
            if wish is not None and wish.result is None:
                wish = replace(wish, result=_as_left(entry, post, was_left=known in left_behind, known=known))
            if wish is not None:
                found.append(wish)
    return found, moves


def _place(ledger: Ledger, index: Index, post: Touched) -> str:
    """Return where the ledger has a post today: where it was, unless it left; its id alone may be another's by now."""
    there = ledger.entries([post.after.path])[post.after.path].record
    if there is not None and post.record.id in there.ids:
        return post.after.path
    claimed = index.path_of_id(post.record.id)
    return claimed[0] if claimed is not None else post.after.path


def _as_left(now: Entry, post: Touched, *, known: str, was_left: bool) -> Result | None:
    """Return what `post` was when the sync ended, where HEAD has no history that says so and the site may show it.

    An ordinary run offers again what a reset or a rebase left behind; here it is what nobody wants back.
    """
    before, after = post.before, post.after
    if now.record is None or now.record.state != "live" or now.conflict is not None or known != after.path:
        return None
    if was_left and (now.base, now.remote) == (after.base, after.remote):
        return _told(post, now.path, base=now.base, record=now.record)
    was = before.base if before is not None else None
    if now.record.revision == "" and now.base == was != after.base:
        # Another rollback went back behind this sync meanwhile: the site is asked, and what is new there is an edit.
        return _told(post, now.path, base=after.base, record=now.record)
    return None


def _wish(project: Project, sync: Sync, post: Touched, now: Entry, path: str) -> Wish | None:
    """`now` is what the ledger has of the post today, `path` where its file is."""
    state, before, then = post.record.state, post.before, post.after.base
    was_ignored = before is not None and before.record is not None and before.record.state == "ignored"
    if not post.was_live and state != "live":
        return None
    if was_ignored or imported(project.repository, sync, post):
        # As the site was seen last, not as the sync left it: what we have hidden there since is no editor's doing.
        has_it = now.record is not None and post.record.id in now.record.ids
        record = replace(now.record if now.record is not None and has_it else post.record, state="ignored", sent=None)
        told = _told(post, now.path, base=None, record=record)
        told = replace(told, remote=now.remote) if has_it and now.remote is not None else told
        return Wish(kind="forget", post=post, path=path, wanted=path, then=then, result=told)
    agreed = before if post.was_live else post.first if post.found else None
    if agreed is None:
        return Wish(kind="withdraw", post=post, path=path, wanted=path, then=then)
    moved = agreed.path != post.after.path and path == post.after.path
    if agreed.base is None or (agreed.base == then and not moved and state in ("live", "gone")):
        return None
    back: Result | None = None
    if state == "ignored" and agreed.record is not None:
        # Whoever owned it meanwhile may have edited it: without a revision the site is asked, and that is an edit.
        back = _told(post, agreed.path, base=agreed.base, record=replace(agreed.record, revision=""))
    elif moved and state == "live":
        # Said outright: texts that differ much would look like another post at the old path.
        back = replace(renamed(now, site=post.site, path=agreed.path), conflict=None)
    return Wish(
        kind="restore" if state == "live" else "return",
        post=post,
        path=path,
        wanted=agreed.path if moved else path,
        then=then,
        target=agreed.base,
        result=back,
    )


def _told(post: Touched, path: str, *, base: Oid | None, record: LedgerRecord) -> Result:
    return Result(site=post.site, path=path, base=base, remote=post.after.remote, record=record, conflict=None)
