"""Plans how sites come to show what they showed at some time: the files it takes, and what each ledger must know."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from gitsync.connector import Connector
from gitsync.engine.subject import seen
from gitsync.engine.survey import Reading, clean, read_local, read_site
from gitsync.errors import InvalidContent, Refused
from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.model import Record
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.state.records import Entry, LedgerRecord, Result, moved
from gitsync.undo.reversal import Reversal
from gitsync.undo.reverting import chosen_sites, newest_version
from gitsync.undo.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """`site` is to show again what `target` says."""

    site: Site
    target: Target


def plan_restore(
    project: Project,
    plans: Sequence[Restoring],
    connectors: Mapping[str, Connector],
    *,
    allow: Collection[str],
    ledger_of: Callable[[Project, str], Ledger],
    clock: Callable[[], float] = time.time,
) -> Reversal:
    """Return what is to be committed and noted; the sites are read. Raises SiteError, and Refused by the guards.

    `ledger_of` finds a ledger that is not here yet; `clock` is that of the run, which reads the sites again.
    """
    planner = _Files(project)
    parts = []
    with ExitStack() as stack:
        for plan in plans:
            name = plan.site.name
            ledger = Ledger(project.repository, name)
            if ledger.tip is None and name == plan.target.site:
                ledger = ledger_of(project, name)
            index = stack.enter_context(Index.at(ledger))
            reading = read_local(project, plan.site, planner.head, ledger, index)
            read_site(reading, connectors[name], allow_missing=True, missing_limit=_any, clock=clock)
            parts.append(_OneSite(planner, plan, reading, allow))
        for part in parts:
            part.plan()
    return planner.reversal


def _any(_missing: int, _known: int) -> bool:
    """What is missing there is what a restore brings back."""
    return False


class _Files:
    """The branch's files, and what becomes of them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.repository = project.repository
        self.head = project.head()
        self.now = {entry.path: entry.oid for entry in self.repository.tree(self.head)}
        self.reversal = Reversal()
        self.leaving: set[tuple[str, str]] = set()

    def oid(self, content: Oid | bytes) -> Oid:
        return self.repository.hash_blob(content) if isinstance(content, bytes) else content

    def put(self, path: str, content: Oid | bytes) -> None:
        """Let `content` be the file; of two old versions that two sites ask for, the newer one."""
        files = self.reversal.files
        other = files.get(path)
        if isinstance(content, str) and isinstance(other, str) and content != other:
            content = newest_version(self.repository, path, self.head, [content, other])
        if path in files or self.oid(content) != self.now.get(path):
            files[path] = content

    def holders(self, path: str, without: str) -> list[str]:
        """Return the other sites that go on showing the post at `path`, by their newest ledgers."""
        found = []
        for name in self.project.config.sites:
            record = Ledger(self.repository, name).entries([path])[path].record if name != without else None
            if record is not None and record.state == "live" and (name, path) not in self.leaving:
                found.append(name)
        return found


class _OneSite:
    """One site's part.

    `wanted` is what the files are to be; `entries` what the ledger holds now, by the path that the target has for that
    post, and `extra` the live posts that the target does not know; `lost` are those of them that the site has lost.
    """

    def __init__(self, files: _Files, plan: Restoring, reading: Reading, allow: Collection[str]) -> None:
        self._files = files
        self._reversal = files.reversal
        self._plan = plan
        self._site = plan.site.name
        self._reading = reading
        self._allow = allow
        self._wanted = self._addressed()
        ids = plan.target.ids if plan.target.site == self._site else {}
        self._entries: dict[str, Entry] = {}
        self._extra: dict[str, Entry] = {}
        self._lost: dict[str, Entry] = {}
        known = [entry for entry in reading.ledger.stream() if entry.record is not None]
        for entry in sorted(known, key=lambda entry: _record(entry).state == "live"):  # a live post wins its path
            home = ids.get(_record(entry).id, entry.path)
            if home in self._wanted:
                self._entries[home] = entry
            elif _record(entry).state == "live":
                (self._lost if entry.path in reading.gone else self._extra)[entry.path] = entry
        self._leave_busy_alone()
        files.leaving |= {(self._site, path) for path in (*self._extra, *self._lost)}

    def _addressed(self) -> dict[str, Oid | bytes]:
        """Return the target's files; for another site than it was, with that site among those they name."""
        target = self._plan.target
        if target.site == self._site:
            return dict(target.files)
        paths: dict[Oid, list[str]] = {}
        for path, oid in target.files.items():
            paths.setdefault(oid, []).append(path)
        found: dict[str, Oid | bytes] = {}
        for oid, content in self._files.repository.blobs(paths):
            for path in paths[oid]:
                try:
                    file = self._files.project.read(path, content)
                    others = file.sites
                    named = others is None or self._site in others
                    found[path] = oid if named else chosen_sites(file, [*(others or ()), self._site])
                except InvalidContent as error:
                    reason = f"cannot be addressed to {self._site}: {error}"
                    self._reversal.tell(self._site, path, "skip", reason, code=6, settled=True)
        return found

    def plan(self) -> None:
        missing = [
            path for path in self._wanted if path not in self._entries or self._entries[path].path in self._reading.gone
        ]
        self._guard(len(self._extra), len(missing))
        shown = self._shown()
        for path, content in sorted(self._wanted.items()):
            self._files.put(path, content)
            self._note(path, self._files.oid(content), shown)
        for entry in self._extra.values():
            self._withdraw(entry, shown.get(entry.path))
        for path, entry in self._lost.items():
            # The site lost it already, so its file alone is to go.
            if self._files.now.get(path) == entry.base and not self._files.holders(path, self._site):
                self._reversal.files[path] = None
                gone = replace(_record(entry), state="gone", sent=None)
                self._result(_said(self._site, replace(entry, base=None, record=gone, conflict=None)))

    def _leave_busy_alone(self) -> None:
        paths = {*self._wanted, *self._extra, *self._lost, *(entry.path for entry in self._entries.values())}
        busy = worktree.busy(self._files.repository, paths, leaving=paths)
        for path in sorted(busy):
            content = self._wanted.pop(path, None)
            entry = self._extra.pop(path, None) or self._lost.pop(path, None)
            changes = content is not None and self._files.oid(content) != self._files.now.get(path)
            if changes or entry is not None:
                reason = f"stays, because the file {busy[path]}. Commit or undo that, then restore again."
                self._reversal.tell(self._site, path, "skip", reason, code=3, settled=True)
            elif content is not None:  # the file is right in HEAD; only the site is to be told
                self._wanted[path] = content

    def _guard(self, removals: int, creates: int) -> None:
        policy, reading = self._files.project.config.policy, self._reading
        if "deletes" not in self._allow and policy.max_delete.exceeded(removals, reading.known):
            raise Refused(
                f"{self._site}: {removals} of {reading.known} posts came later and would be taken off the site; "
                "nothing changed.",
                "If that is meant, run again with --allow deletes.",
            )
        if "creates" not in self._allow and reading.known == 0 and reading.listed > 0 and creates > policy.max_create:
            raise Refused(
                f"{self._site} is not empty, and {creates} posts would be created there; nothing changed.",
                "If that is meant, run again with --allow creates.",
            )

    def _shown(self) -> dict[str, Record]:
        """Return what the site shows, by the ledger's path, where that is or may be other than the ledger says."""
        reading = self._reading
        unsure = {*reading.ledger.conflicts(), *reading.revived}
        asked = {
            _record(entry).id: entry.path
            for entry in self._entries.values()
            if entry.path in unsure or _record(entry).state == "ignored"
        }
        fetched = reading.online.fetch_many(list(asked)) if asked else ()
        return {**reading.changed, **{asked[record.id]: clean(record) for record in fetched if record.id in asked}}

    def _note(self, path: str, oid: Oid, shown: Mapping[str, Record]) -> None:
        """Take down how the site stands to one post that it is to show; `oid` is its file's blob."""
        entry = self._entries.get(path)
        self._reversal.paths.add(path)
        if entry is None:
            self._reversal.tell(self._site, path, "create")
            return
        record = _record(entry)
        if (found := shown.get(entry.path)) is not None:
            # What it shows goes into the ledger's history before it is written over.
            self._reversal.tell(self._site, path, "update", "shows something else.", record=record)
            known = replace(seen(record, found), sent=None)
            now = replace(entry, base=entry.base or oid, remote=found.post, record=known, conflict=None)
        elif record.state in ("deleted", "gone") or entry.path in self._reading.gone:
            self._reversal.tell(self._site, path, "create", "is not there any more.", record=record)
            state = record.state if record.state != "live" else "gone"
            now = replace(entry, base=None, record=replace(record, state=state, sent=None))
        elif record.state != "live":
            self._reversal.tell(self._site, path, "update", "is shown again under its id.", record=record)
            now = replace(entry, base=None)
        else:
            if oid != entry.base:
                self._reversal.tell(self._site, path, "update", record=record)
            now = entry
        if entry.path != path:
            self._reversal.paths.add(entry.path)
            if entry.path not in self._wanted and entry.path in self._files.now:
                self._reversal.files.setdefault(entry.path, None)
            self._result(moved(now, site=self._site, path=path))
        elif now != entry:
            self._result(_said(self._site, now))

    def _withdraw(self, entry: Entry, shown: Record | None) -> None:
        """Take a post off the site that came later; its file goes too, unless other sites show it."""
        path, now = entry.path, self._files.now.get(entry.path)
        others = self._files.holders(path, self._site)
        if now is not None and others:
            file = self._files.project.read(path, self._files.repository.blob(now))
            self._files.put(path, chosen_sites(file, others))
        elif now is not None and now != entry.base:
            reason = "was edited since and is not removed; remove it by hand."
            self._reversal.tell(self._site, path, "skip", reason, record=_record(entry), code=3, settled=True)
            return
        elif now is not None:
            self._reversal.files[path] = None
        if shown is not None:
            known = seen(_record(entry), shown)
            self._result(_said(self._site, replace(entry, remote=shown.post, record=known, conflict=None)))
        self._reversal.paths.add(path)
        self._reversal.withdrawn.add((self._site, path))
        self._reversal.tell(self._site, path, "unpublish", "came later.", record=_record(entry))

    def _result(self, result: Result) -> None:
        self._reversal.results.setdefault(self._site, []).append(result)


def _said(site: str, entry: Entry) -> Result:
    return Result(
        site=site,
        path=entry.path,
        base=entry.base,
        remote=entry.remote,
        record=entry.record,
        conflict=entry.conflict,
    )


def _record(entry: Entry) -> LedgerRecord:
    if entry.record is None:
        raise AssertionError(f"{entry.path} has no record")
    return entry.record
