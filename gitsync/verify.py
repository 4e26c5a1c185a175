"""Compares what sites show with their ledgers, and the ledgers with the branch. Writes nothing, anywhere."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from gitsync.connector import Connector, Meter
from gitsync.engine.local import LocalChange, local_changes
from gitsync.engine.projection import selected
from gitsync.engine.reconcile import moved_fields, same_content
from gitsync.engine.survey import clean
from gitsync.errors import InvalidContent, RepositoryError, SiteError
from gitsync.ledger import Ledger
from gitsync.lost_posts import advice, still_meant
from gitsync.model import Record
from gitsync.own_files import NotOurs
from gitsync.project import Project
from gitsync.repository import EMPTY_TREE
from gitsync.site import Site
from gitsync.state.intents import Intents, Unreadable
from gitsync.state.journal import Journal
from gitsync.state.records import Entry, Oid, State

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it should be. `where` is site, ledger or repository; `message` reads after the path."""

    site: str
    where: str
    message: str
    path: str | None = None
    id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.site}: {' '.join(filter(None, (self.path or self.id, self.message)))}"


@dataclass(frozen=True, slots=True)
class _Known:
    path: str
    state: State
    revision: str


def verify(project: Project, sites: Sequence[Site], *, deep: bool, meter: Meter | None = None) -> Iterator[Difference]:
    """Yield every difference of `sites`.

    `deep` reads every record there, also for what no post holds, and every agreed file here.
    """
    repository = project.repository
    unfolded = Journal(repository.state_dir).pending()
    intents = Intents(repository.state_dir)
    for site in sites:
        try:
            ledger = Ledger(repository, site.name)
            check = _Check(project, site, ledger, deep=deep)
            if ledger.tip is None:
                yield check.told("ledger", "was never synced.")
                continue
            known = yield from check.ledger_itself()
            yield from check.repository()
        except RepositoryError as error:
            yield Difference(site=site.name, where="ledger", message=f"The ledger cannot be read: {error}")
            continue
        for result in unfolded:
            if result.site == site.name:
                yield check.told("ledger", "has a result that waits to be folded in; a sync does that.", result.path)
        try:
            begun = intents.outstanding(site.name)
        except (Unreadable, NotOurs) as error:
            yield check.told("ledger", str(error))
            begun = intents.readable(site.name)
        for intent in {it.key: it for it in (*begun, *ledger.intents())}.values():
            yield check.told("ledger", f"had a write ({intent.op}) begun that nobody saw the end of.", intent.path)
        connector = site.connect(meter=meter)
        try:
            yield from check.site_itself(connector, known)
        except SiteError as error:
            yield check.told("site", f"The site cannot be compared: {error}")
        finally:
            connector.close()


class _Check:
    """The comparison of one site."""

    def __init__(self, project: Project, site: Site, ledger: Ledger, *, deep: bool) -> None:
        self._project = project
        self._site = site.name
        self._ledger = ledger
        self._deep = deep

    def told(self, where: str, message: str, path: str | None = None, id: str | None = None) -> Difference:
        return Difference(site=self._site, where=where, message=message, path=path, id=id)

    def ledger_itself(self) -> Generator[Difference, None, dict[str, _Known]]:
        """Yield what the ledger contradicts itself in; returns what it knows of each id."""
        known: dict[str, _Known] = {}
        bases: dict[Oid, str] = {}
        gone: list[str] = []
        for entry in self._ledger.stream():
            if entry.base is not None:
                bases[entry.base] = entry.path
            if entry.conflict is not None:
                yield self.told("ledger", "is in conflict; run gitsync resolve.", entry.path)
            if (record := entry.record) is None:
                continue
            other = known.get(record.id)
            if other is not None and other.state == record.state == "live":
                yield self.told("ledger", f"has the same id as {other.path}.", entry.path, record.id)
            if other is None or record.state == "live":
                known[record.id] = _Known(entry.path, record.state, record.revision)
            if record.state == "gone" and entry.base is not None and entry.conflict is None:
                gone.append(entry.path)
            if record.state == "live" and entry.conflict is None:
                if entry.base is None or entry.remote is None:
                    yield self.told("ledger", "is live, and no version was agreed on.", entry.path, record.id)
                elif record.sent is None:
                    yield self.told("ledger", "is owed to the site; a sync sends it.", entry.path, record.id)
        for path in still_meant(self._project, self._project.head(), self._site, gone):
            yield self.told("site", advice(path, self._site), path)
        if self._deep:
            yield from self._files(bases)
        return known

    def _files(self, bases: dict[Oid, str]) -> Iterator[Difference]:
        remaining = iter(bases)
        while chunk := list(islice(remaining, CHUNK)):
            try:
                for _ in self._project.repository.blobs(chunk):
                    pass
            except RepositoryError as error:
                paths = ", ".join(bases[oid] for oid in chunk if oid in str(error))
                yield self.told("repository", f"lacks an agreed file: {error}", paths or None)

    def repository(self) -> Iterator[Difference]:
        """Yield the posts whose file is not what was agreed on."""
        project, head = self._project, self._project.head()
        agreed = self._ledger.agreed(head)
        if agreed is None:
            yield self.told("repository", "Nothing that was agreed on is in this branch's history.")
        base = EMPTY_TREE if agreed is None else f"{agreed}:base"
        changes = local_changes(project.repository, base, head, project.pathspecs, project.read)
        for path in sorted(changes):
            message = self._changed(changes[path])
            if message is not None:
                yield self.told("repository", message, changes[path].path)
        again = self._ledger.offered_again(agreed) if agreed is not None else set()
        entries = self._ledger.entries(again, at=agreed)
        has_file = project.repository.lookup(head, again) if again else {}
        for path in sorted(entries.keys() - has_file.keys()):
            record = entries[path].record
            if record is not None and record.state == "live" and entries[path].base is None:
                message = "was pulled, and this branch does not have it: merge it, or sync to get it again."
                yield self.told("repository", message, path, record.id)

    def _changed(self, change: LocalChange) -> str | None:
        if change.kind == "deleted":
            record = self._ledger.entries([change.path])[change.path].record
            live = record is not None and record.state == "live"
            return "was deleted here since it was agreed on." if live else None
        if change.kind == "outside":
            return "is where [content] paths do not reach."
        if change.oid is None:
            return None
        try:
            file = self._project.read(change.path, self._project.repository.blob(change.oid))
        except InvalidContent as error:
            return f"cannot be read: {error}"
        if change.kind == "new":
            return "is new here." if selected(file, self._site) else None
        if change.old_path not in (None, change.path):
            return f"was {change.old_path} when it was agreed on."
        return "was changed here since it was agreed on."

    def site_itself(self, connector: Connector, known: dict[str, _Known]) -> Iterator[Difference]:
        """Yield what the site shows otherwise than the ledger says, where it can be read. Raises SiteError."""
        if not connector.capabilities.listed:
            return
        listed: set[str] = set()
        suspects: dict[str, _Known] = {}
        complete: dict[str, Record] = {}
        former = self._former()
        for record in connector.scan():
            listed.add(record.id)
            there = known.get(record.id)
            if there is None:
                if record.id not in former:
                    yield self.told("site", "is on the site, and no file is linked with it.", id=record.id)
            elif there.state in ("deleted", "gone"):
                yield self.told("site", f"was {there.state}, and is there again.", there.path, record.id)
            elif there.state != "ignored" and (self._deep or record.revision != there.revision):
                suspects[record.id] = there
                if record.complete and len(complete) < CHUNK:
                    complete[record.id] = record
        missing = {id: it for id, it in known.items() if it.state == "live" and id not in listed}
        fetch = _Fetch(connector, complete)
        for record in fetch.all(suspects):
            yield from self._compared(record, suspects.pop(record.id), connector)
        for record in fetch.all(missing):
            yield from self._compared(record, missing.pop(record.id), connector)
        for id, it in {**suspects, **missing}.items():
            yield self.told("site", "is missing on the site.", it.path, id)

    def _former(self) -> set[str]:
        return {id for entry in self._ledger.stream() if entry.record is not None for id in entry.record.former}

    def _compared(self, record: Record, known: _Known, connector: Connector) -> Iterator[Difference]:
        entry: Entry = self._ledger.entries([known.path])[known.path]
        fields, whole = connector.capabilities.fields, connector.capabilities.revision_whole
        if entry.remote is None or record.post is None:
            return
        if same_content(entry.remote, record.post, fields):
            if self._deep and whole and record.revision != known.revision:
                message = "shows what was agreed on; line ends, comments or keys of its own are other ones there."
                yield self.told("site", message, known.path, record.id)
            return
        names = ", ".join(moved_fields(entry.remote, record.post, fields)) or "white space"
        yield self.told("site", f"shows something else than was agreed on: {names}.", known.path, record.id)


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Reads complete records, a few at a time; those that the listing had are not asked for again."""

    connector: Connector
    complete: dict[str, Record]

    def all(self, ids: Iterable[str]) -> Iterator[Record]:
        remaining = iter(list(ids))
        while chunk := list(islice(remaining, CHUNK)):
            yield from (clean(self.complete[id]) for id in chunk if id in self.complete)
            wanted = [id for id in chunk if id not in self.complete]
            if wanted:
                yield from map(clean, self.connector.fetch_many(wanted))
