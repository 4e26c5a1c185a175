"""What waits to be synced, as far as this repository knows: no site is asked, and nothing is read but what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice

from gitsync.engine.local import LocalChange, local_changes
from gitsync.errors import InvalidContent
from gitsync.events import Action, Event, Notice, Operation, Summary, exit_code
from gitsync.ledger import Ledger
from gitsync.own_files import NotOurs
from gitsync.project import Project
from gitsync.repository import EMPTY_TREE, Oid
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.state.intents import UNTIL_THEN, Intent, Intents, Unreadable
from gitsync.state.journal import Journal
from gitsync.state.records import KEEP, Entry, LedgerRecord, Result

CHUNK = 500
REMOVALS: Mapping[str, Action] = {"unpublish": "unpublish", "delete": "delete", "ignore": "skip"}


def waits(operation: Operation) -> bool:
    """Say whether an operation is still to be carried out, by a sync and without anybody's decision."""
    return operation.result in ("planned", "unknown") and operation.action not in ("skip", "conflict")


def local_status(project: Project, sites: Sequence[Site]) -> Iterator[Event]:
    """Yield what a push would have to look at, and what awaits a decision; the last event is the Summary.

    A change that a site cannot hold (another order of keys, a comment) is told too: only the site's connector knows.
    Raises RepositoryError when there is no commit yet.
    """
    head = project.head()
    unfolded = Journal(project.repository.state_dir).pending()
    intents = Intents(project.repository.state_dir)
    counts: dict[str, int] = {}
    codes: set[int] = set()
    for site in sites:
        ledger = Ledger(project.repository, site.name)
        recorded = {result.path: result for result in unfolded if result.site == site.name}
        try:
            noted = intents.outstanding(site.name)
        except (Unreadable, NotOurs) as error:
            codes.add(error.exit_code)
            yield Notice(level="error", message=f"{site.name}: {error} {UNTIL_THEN}")
            noted = intents.readable(site.name)
        unknown = {it.path: it for it in (*ledger.intents(), *noted)}
        for operation, code in _Local(project, site, ledger, recorded, unknown).operations(head):
            codes.add(code)
            name = _counted(operation)
            counts[name] = counts.get(name, 0) + 1
            yield operation
    counts.pop("", None)
    yield Summary(**counts, exit_code=exit_code(codes))


def unsent(project: Project, site: Site) -> list[str]:
    """Return the posts that a push would create on `site`, as far as can be told here. Raises RepositoryError."""
    ledger = Ledger(project.repository, site.name)
    pending = Journal(project.repository.state_dir).pending()
    recorded = {result.path: result for result in pending if result.site == site.name}
    told = _Local(project, site, ledger, recorded, {}).operations(project.head())
    return [it.path for it, _ in told if it.action == "create" and it.path is not None]


def _counted(operation: Operation) -> str:
    if operation.result == "failed":
        return "failed"
    names = {"create": "created", "update": "updated", "delete": "deleted", "unpublish": "deleted"}
    return {**names, "conflict": "conflicts"}.get(operation.action, "")


class _Local:
    """One site's part. `recorded` are results not in the ledger yet, `unknown` writes without an answer, by path."""

    def __init__(
        self,
        project: Project,
        site: Site,
        ledger: Ledger,
        recorded: Mapping[str, Result],
        unknown: Mapping[str, Intent],
    ) -> None:
        self._project = project
        self._site = site.name
        self._ledger = ledger
        self._recorded = recorded
        self._unknown = unknown

    def operations(self, head: Oid) -> Iterator[tuple[Operation, int]]:
        """Yield each operation and the exit code it stands for."""
        agreed = self._ledger.agreed(head)
        base = EMPTY_TREE if agreed is None else f"{agreed}:base"
        project = self._project
        changes = local_changes(
            project.repository, base, head, project.pathspecs, project.read, project.dialect.is_post
        )
        conflicts = set(self._ledger.conflicts())
        for path, intent in self._unknown.items():
            if intent.op == "upload":  # its post is told of
                continue
            yield self._told(intent.op, path, None, "was sent, and no answer came back; a sync looks for it first."), 1
        for path in sorted(conflicts):
            reason = f"awaits a decision: commit the merged file, or run gitsync resolve {path}."
            yield self._told("conflict", path, None, reason), 3
        quiet = conflicts | self._unknown.keys()
        wanted = (path for path in sorted(changes) if path not in quiet)
        while chunk := list(islice(wanted, CHUNK)):
            yield from self._changed({path: changes[path] for path in chunk}, agreed)
        yield from self._owed(quiet | changes.keys())
        yield from self._lost(quiet | changes.keys(), head)

    def _changed(self, changes: Mapping[str, LocalChange], agreed: Oid | None) -> Iterator[tuple[Operation, int]]:
        entries = self._ledger.entries(changes, at=agreed)
        contents = dict(self._project.repository.blobs({it.oid for it in changes.values() if it.oid is not None}))
        for path, change in changes.items():
            entry = self._now(entries[path])
            if self._is_recorded(change):
                continue
            try:
                found = self._one(change, entry, contents)
            except InvalidContent as error:
                failed = str(error if error.path else error.at(change.path))
                yield Operation(site=self._site, path=change.path, action="skip", result="failed", reason=failed), 6
                continue
            if found is not None:
                action, reason = found
                yield (
                    self._told(action, change.path, entry.record, reason),
                    3 if change.kind == "outside" else 0,
                )

    def _one(self, change: LocalChange, entry: Entry, contents: Mapping[Oid, bytes]) -> tuple[Action, str] | None:
        from gitsync.engine.projection import selected  # noqa: PLC0415  heavy, and needed only where something changed

        record = entry.record
        live = record is not None and record.state == "live"
        if change.kind == "outside":
            return ("skip", f"is now at {change.path}, which [content] paths do not reach.") if live else None
        removal = REMOVALS[self._project.config.policy.delete]
        if change.oid is None:
            return (removal, "was deleted here.") if live else None
        if not selected(self._project.read(change.path, contents[change.oid]), self._site):
            return (removal, f"is not meant for {self._site} any more.") if live else None
        if record is None:
            return "create", ""
        if record.state == "ignored" and entry.base is not None:
            return None
        if change.old_path not in (None, change.path):
            return "update", f"was {change.old_path} before."
        return "update", "" if live else "comes back."

    def _owed(self, told: Iterable[str]) -> Iterator[tuple[Operation, int]]:
        seen = set(told)
        with Index.at(self._ledger) as index:
            owed = [path for path in index.owed() if path not in seen]
        entries = self._ledger.entries(owed) if owed else {}
        for path in owed:
            record = self._now(entries[path]).record
            if record is not None and record.sent is None:
                yield self._told("update", path, record, "is owed what an earlier run brought together."), 0

    def _lost(self, told: Set[str], head: Oid) -> Iterator[tuple[Operation, int]]:
        with Index.at(self._ledger) as index:
            gone = [path for path in index.paths_in("gone") if path not in told]
        entries = self._ledger.entries(gone) if gone else {}
        kept = [path for path in gone if entries[path].base is not None]
        if not kept:
            return
        from gitsync.lost_posts import advice, still_meant  # noqa: PLC0415  heavy, and rarely needed

        for path in still_meant(self._project, head, self._site, kept):
            yield self._told("skip", path, self._now(entries[path]).record, advice(path, self._site)), 0

    def _now(self, entry: Entry) -> Entry:
        """Return the entry with what the journal says of it."""
        result = self._recorded.get(entry.path)
        if result is None or result.record is KEEP:
            return entry
        return Entry(path=entry.path, base=entry.base, remote=entry.remote, record=result.record)

    def _is_recorded(self, change: LocalChange) -> bool:
        result = self._recorded.get(change.path)
        return result is not None and result.base == change.oid

    def _told(self, action: Action, path: str, record: LedgerRecord | None, reason: str) -> Operation:
        return Operation(
            site=self._site,
            path=path,
            action=action,
            result="unknown" if path in self._unknown else "planned",
            id=record.id if record is not None else None,
            url=record.url if record is not None else None,
            reason=reason or None,
        )
