"""Undoes what one sync did: the posts' files go back to the last agreement before it, and the sites follow them.

The files change in one commit, three-way merged where somebody edited them since; the rest is an ordinary run about
just these posts, which is in the history like any other and can be rolled back too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from gitsync.connector import Connector
from gitsync.engine.exchange import Exchange
from gitsync.engine.landing import Publish
from gitsync.engine.scope import Prepared, Scope
from gitsync.errors import InvalidContent, UsageError
from gitsync.events import Event, Operation, Summary, exit_code
from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state import share
from gitsync.state.records import Result
from gitsync.sync import Options, Run
from gitsync.undo.history import Sync, operations, syncs, touched
from gitsync.undo.reversal import Reversal, land_reversal, recorded_branch
from gitsync.undo.reverting import chosen_sites, merged_file, newest_version
from gitsync.undo.undoable import foretold
from gitsync.undo.wishes import Wish, wishes


def find_sync(project: Project, name: str | None) -> Sync | None:
    """Return the sync called `name`, or by its first letters; without a name the newest one that did something.

    None when no sync ever did anything. Raises UsageError when none or several have that name.
    """
    Exchange(project, list(project.config.sites)).look()  # another clone may have synced
    known = syncs(project.repository, ledgers(project))
    if name is None:
        return next((sync for sync in known if did_something(project, sync)), None)
    found = [sync for sync in known if sync.id.startswith(name)]
    if len(found) != 1:
        how = "No sync is" if not found else f"{len(found)} syncs are"
        raise UsageError(f"{how} called {name}.", "Run gitsync log to see them.")
    return found[0]


def ledgers(project: Project) -> list[Ledger]:
    """Return the ledger of every site, as it was fetched last where that goes further."""
    return [share.further(project.repository, site, project.config.state.remote) for site in project.config.sites]


def did_something(project: Project, sync: Sync) -> bool:
    """Say whether any post of any site was touched."""
    return any(
        operation
        for part in sync.parts
        for operation in operations(project.repository, sync, touched(project.repository, part))
    )


def roll_back(project: Project, sync: Sync, options: Options, **outside: Callable[..., float | None]) -> Run:
    """Return the run that undoes `sync` when its events are read; `outside` are a Run's `sleep` and `clock`."""

    def prepare(connectors: Mapping[str, Connector], publish: Publish | None) -> Prepared:
        branch = project.check_writable(recorded_branch(project, list(project.config.sites)))
        if is_landed(project, sync):
            # An earlier try died later than this: the rest of it is an ordinary sync of these posts.
            return Prepared(scope=_scope(project, sync))
        reversal = plan_rollback(project, sync, connectors)
        land_reversal(
            project,
            reversal,
            branch=branch,
            subject=f"Roll back sync {sync.id}",
            trailers={"Gitsync-Rollback": sync.id},
            run=run.id,
            publish=publish,
        )
        return reversal.prepared()

    run = Run(project, list(project.config.sites.values()), options, prepare=prepare, **outside)  # type: ignore[arg-type]
    return run


def is_landed(project: Project, sync: Sync) -> bool:
    """Say whether the branch has a rollback of `sync` that nobody rolled back since."""
    undone: set[object] = set()
    for commit in project.repository.log(project.head()):
        if (of := commit.trailers.get("Gitsync-Rollback")) is not None:
            if of == sync.id and commit.trailers.get("Gitsync-Sync") not in undone:
                return True
            undone.add(of)
    return False


def _scope(project: Project, sync: Sync) -> Scope:
    """Return what a rollback of `sync` is about: its posts; those that it made are to leave the sites."""
    paths: set[str] = set()
    made: set[tuple[str, str]] = set()
    for post in (it for part in sync.parts for it in touched(project.repository, part)):
        known = {entry.path for entry in (post.before, post.first, post.after) if entry is not None}
        paths |= known
        if not post.was_live and not post.found:
            made |= {(post.site, path) for path in known}
    return Scope(paths=frozenset(paths), withdrawn=frozenset(made))


def foretell(project: Project, sync: Sync) -> Iterator[Event]:
    """Yield what a rollback of `sync` would do, and what it cannot; no site is asked. The last event is the Summary."""
    connectors = {site.name: site.connect() for site in project.config.sites.values()}
    try:
        reversal = plan_rollback(project, sync, connectors)
    finally:
        for connector in connectors.values():
            connector.close()
    yield from reversal.events
    told = [event for event in reversal.events if isinstance(event, Operation)]
    counted = [event.action for event in told if event.result == "planned"]
    yield Summary(
        created=counted.count("create"),
        updated=counted.count("update"),
        deleted=counted.count("delete") + counted.count("unpublish"),
        conflicts=counted.count("conflict"),
        failed=sum(event.result == "failed" for event in told),
        exit_code=exit_code(reversal.codes),
    )


def plan_rollback(project: Project, sync: Sync, connectors: Mapping[str, Connector]) -> Reversal:
    """Return what a rollback of `sync` puts back, as things stand now. Nothing is written, and no site is asked."""
    return _Planner(project, sync, connectors).plan()


class _Planner:
    """Brings together what the sites ask of each file."""

    def __init__(self, project: Project, sync: Sync, connectors: Mapping[str, Connector]) -> None:
        self._project = project
        self._repository = project.repository
        self._sync = sync
        self._connectors = connectors
        self._head = project.head()
        self._ledgers = {ledger.site: ledger for ledger in ledgers(project)}
        self._reversal = Reversal()
        self._files: dict[str, Oid] = {}

    def plan(self) -> Reversal:
        by_path: dict[str, list[Wish]] = {}
        moves: dict[str, list[Result]] = {}
        for ledger in self._ledgers.values():
            found, moves[ledger.site] = wishes(self._project, self._sync, ledger, self._head)
            for wish in found:
                by_path.setdefault(wish.path, []).append(wish)
        paths = {path for group in by_path.values() for wish in group for path in (wish.path, wish.wanted)}
        busy = worktree.busy(self._repository, paths, leaving=by_path.keys())
        contested = {path for ledger in self._ledgers.values() for path in ledger.conflicts()}
        self._files = self._repository.lookup(self._head, paths)
        for path, group in sorted(by_path.items()):
            reason = next((busy[it] for wish in group for it in (path, wish.wanted) if it in busy), None)
            if reason is not None:
                self._leave(group, f"stays, because the file {reason}. Commit or undo that, then roll back again.")
            elif path in contested:
                self._leave(group, f"stays, because it is in conflict. Run gitsync resolve {path} first.")
            else:
                self._one(path, group)
        for site, results in self._reversal.results.items():
            results[:0] = moves[site]
        return self._reversal

    def _leave(self, group: Sequence[Wish], reason: str, *, conflict: bool = False) -> None:
        for wish in group:
            action = "conflict" if conflict else "skip"
            self._reversal.tell(wish.site, wish.path, action, reason, record=wish.post.record, code=3, settled=True)  # type: ignore[arg-type]

    def _one(self, path: str, group: Sequence[Wish]) -> None:
        """Find out what the file at `path` becomes, and take down what follows from that."""
        going = [wish for wish in group if wish.kind in ("withdraw", "forget")]
        coming = self._newest(path, [wish for wish in group if wish.kind in ("restore", "return")])
        content: bytes | Oid | None
        if coming is not None:
            restored = self._restored(path, coming)
            if restored is None:
                self._leave(group, "was edited in the same place since; edit it by hand.", conflict=True)
                return
            if coming.wanted != path and coming.wanted in self._files:
                self._leave(group, f"was at {coming.wanted}, where another file is now.", conflict=True)
                return
            if coming.wanted != path and self._is_held(coming.wanted, group):
                reason = f"was at {coming.wanted}, where another post was that its sites still have. Sync first."
                self._leave(group, reason, conflict=True)
                return
            content = restored
        else:
            content = self._files.get(path)
        if going and content is not None:
            stays_on = self._holders(path, {wish.site for wish in going})
            if stays_on:
                try:
                    content = chosen_sites(self._project.read(path, self._bytes(content)), stays_on)
                except InvalidContent as error:
                    self._leave(group, f"cannot leave one site alone: {error}", conflict=True)
                    return
            elif coming is None and content != going[0].then:
                self._leave(group, "was edited since, so it is not removed; remove it by hand.", conflict=True)
                return
            elif coming is None:
                content = None
        self._put(path, coming.wanted if coming is not None else path, content)
        for wish in group:
            self._take(wish, content)

    def _newest(self, path: str, group: Sequence[Wish]) -> Wish | None:
        """Return the wish whose version of the file is the newest, where sites had agreed on different ones."""
        versions = [wish.target for wish in group if wish.target is not None]
        if not versions:
            return None
        newest = newest_version(self._repository, path, self._head, versions)
        return next(wish for wish in group if wish.target == newest)

    def _restored(self, path: str, wish: Wish) -> bytes | Oid | None:
        """Return what the file is to be; None where somebody's edit is in the way."""
        now = self._files.get(path)
        if now in (wish.then, wish.target):
            return wish.target
        if now is None or wish.then is None or wish.target is None:
            return None
        base, ours, theirs = (self._bytes(oid) for oid in (wish.then, now, wish.target))
        return merged_file(self._project, path, base=base, ours=ours, theirs=theirs)

    def _bytes(self, content: bytes | Oid) -> bytes:
        return content if isinstance(content, bytes) else self._repository.blob(content)

    def _is_held(self, wanted: str, group: Sequence[Wish]) -> bool:
        """Say whether a ledger has another live post at `wanted`.

        It has no file there any more, and would be forgotten before its site has let go of it.
        """
        there = [(wish, self._ledgers[wish.site].entries([wanted])[wanted].record) for wish in group]
        return any(it is not None and it.state == "live" and it.id not in wish.post.record.ids for wish, it in there)

    def _holders(self, path: str, without: set[str]) -> list[str]:
        """Return the other sites that show the post at `path`, by the newest ledgers."""
        held = []
        for name, ledger in self._ledgers.items():
            record = ledger.entries([path])[path].record
            if name not in without and record is not None and record.state == "live":
                held.append(name)
        return held

    def _put(self, path: str, wanted: str, content: bytes | Oid | None) -> None:
        now = self._files.get(path)
        if wanted != path and now is not None:
            self._reversal.files[path] = None
        oid = self._repository.hash_blob(content) if isinstance(content, bytes) else content
        if wanted != path or oid != now:
            self._reversal.files[wanted] = content

    def _take(self, wish: Wish, content: bytes | Oid | None) -> None:
        reversal = self._reversal
        reversal.paths |= {wish.path, wish.wanted, wish.post.after.path}
        if wish.kind == "withdraw":
            reversal.withdrawn |= {(wish.site, wish.path), (wish.site, wish.post.after.path)}
        if (result := wish.result) is not None:
            if wish.kind == "forget" and content is not None:
                # Other sites keep the file: this one has looked at it, and wants nothing of it.
                oid = self._repository.hash_blob(content) if isinstance(content, bytes) else content
                result = replace(result, base=oid)
            reversal.results.setdefault(wish.site, []).append(result)
        word = foretold(wish, self._connectors[wish.site].capabilities, self._project.config.policy)
        reversal.tell(
            wish.site,
            wish.wanted,
            word.action,
            word.reason,
            record=wish.post.record,
            code=word.code,
            settled=wish.kind == "forget" or wish.post.record.state == "ignored",
        )
