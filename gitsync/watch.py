"""Watch mode: what is saved is checked, committed and sent, and the sites are looked at now and then.

One loop over one inbox. Files tell that something happened, git tells what is true: so our own writes, editors' ways of
saving and a branch that is switched need no special case.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any, Literal

from gitsync.config import Config
from gitsync.errors import Error, Refused
from gitsync.events import Event, Notice, Operation, Summary
from gitsync.filewatch import GIT, FileWatch, Inbox
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.saves import Saves, check_saved, commit, is_fit, saved
from gitsync.sync import Options, Run

SETTLE = 0.15
"""Seconds without a change after which a save is over: editors write, rename and change modes within 0.1."""

BURST = 2.0
"""Seconds after which a stream of changes is looked at though it goes on."""

RETRY = (5.0, 15.0, 60.0, 300.0)
"""Seconds between tries of a site that does not answer; the last one for good."""

STOP = "\0stop"

State = Literal["ready", "checked", "committed", "waiting", "synced", "retrying"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Something that the watch itself tells: one sentence. `due` is the Unix time of the next look at a site."""

    state: State
    message: str
    path: str | None = None
    due: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {"event": "watch", "state": self.state, "message": self.message, "path": self.path, "due": self.due}


@dataclass(slots=True)
class Pace:
    """When each site is looked at next (Unix time), and how often it failed since it last answered."""

    every: dict[str, float]
    due: dict[str, float]
    failed: dict[str, int] = field(default_factory=dict)

    def over(self, names: Sequence[str], now: float, *, failed: set[str]) -> None:
        """Note that `names` were looked at, and which of them did not answer."""
        for name in names:
            self.failed[name] = self.failed.get(name, 0) + 1 if name in failed else 0
            pause = self.every[name]
            if self.failed[name]:
                pause = min(pause, RETRY[min(self.failed[name], len(RETRY)) - 1])
            self.due[name] = now + pause


class Watch:
    """One working copy under watch. `inbox` is filled by `gitsync.filewatch`; STOP in it ends the events."""

    def __init__(
        self,
        start: Path,
        names: tuple[str, ...],
        inbox: Inbox,
        *,
        files: FileWatch | None = None,
        on_save: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._start = start
        self._names = names
        self._inbox = inbox
        self._files = files
        self._on_save = on_save
        self._clock = clock
        self._project = Project.open(start)
        self._sites = self._project.config.choose(names)
        self._pace = self._paced(self._project.config, None)
        self._head: str | None = None
        self._told: set[object] = set()
        self._unfinished = False

    def events(self) -> Iterator[Event | Watched]:
        """Yield what happens until STOP. Errors are told, not raised."""
        count = len(self._project.pathspecs)
        what = ", ".join(self._project.config.content.paths)
        yield Watched(state="ready", message=f"Watching {what} for {self._who()}." if count else "Nothing to watch.")
        touched: set[str] | None = None
        while True:
            yield from self._look(touched)
            touched = self._wait()
            if touched is not None and STOP in touched:
                return

    def _who(self) -> str:
        return ", ".join(site.name for site in self._sites) or "no site yet"

    @property
    def due(self) -> float:
        """The Unix time of the next look at a site."""
        return min(self._pace.due.values(), default=inf) if self._is("sync") else inf

    def _wait(self) -> set[str] | None:
        """Return the paths that changed, once they are at rest; the empty set when a site is due; None: look at all."""
        timeout = max(self.due - self._clock(), 0.0)
        if self._unfinished:  # another git held the index: nothing tells when it lets go
            timeout = min(timeout, RETRY[0])
        try:
            # A machine that slept wakes with its clock ahead: an hour is the longest that it may take to see that.
            first = self._inbox.get(timeout=min(timeout, 3600.0))
        except queue.Empty:
            return None if self._unfinished else set()
        touched = {first}
        end = time.monotonic() + BURST
        while STOP not in touched and time.monotonic() < end:
            try:
                touched.add(self._inbox.get(timeout=SETTLE))
            except queue.Empty:
                break
        if STOP in touched:
            return touched
        if GIT in touched:
            return None  # a branch may have been switched, a folder may have come with files in it: git knows
        return touched if len(touched) <= 1000 else None

    def _look(self, touched: set[str] | None) -> Iterator[Event | Watched]:
        """Do what is to be done after `touched` changed; the empty set: a site is due; None: see what changed."""
        self._unfinished = False
        try:
            if touched is None:
                self._reopen()
            project = self._project
            if touched is None or touched:
                yield from self._saved(project, saved(project, touched))
            moved = project.repository.head() != self._head
            now = self._clock()
            late = [name for name, due in self._pace.due.items() if due <= now]
            if self._is("sync") and (moved or late):
                yield from self._sync(project, [*self._pace.due] if moved else late)
        except Error as error:
            self._unfinished = True
            self._pace.over([*self._pace.due], self._clock(), failed=set(self._pace.due))
            yield from self._once(Notice(level="error", message=str(error)))

    def _is(self, wanted: str) -> bool:
        return (self._on_save or self._project.config.watch.on_save) == wanted

    def _reopen(self) -> None:
        """Read gitsync.toml again where it changed; a broken one is told, and the last one holds."""
        fresh = Project.open(self._start)
        if self._files is not None:
            self._files.arm(fresh)
        if fresh.config != self._project.config:
            self._pace = self._paced(fresh.config, self._pace)
            self._head = None
        self._project, self._sites = fresh, fresh.config.choose(self._names)

    def _paced(self, config: Config, before: Pace | None) -> Pace:
        names = [site.name for site in config.choose(self._names)]
        every = {name: config.watch.every(name) for name in names}
        due = {name: min(before.due.get(name, 0.0), self._clock() + every[name]) if before else 0.0 for name in names}
        return Pace(every=every, due=due)

    def _saved(self, project: Project, saves: Saves) -> Iterator[Event | Watched]:
        refused = None
        if not self._is("check"):
            refused = self._refusal(project)
        if refused is not None:  # a merge, another branch: git tells when that is over
            yield from self._once(Watched(state="waiting", message=refused))
        for path, why in saves.waiting.items() if refused is None else ():
            yield from self._once(Watched(state="waiting", path=path, message=f"{path} {why}."))
        for path in saves.gone if refused is None else ():
            message = f"{path} was deleted; commit that, if it is meant, and it leaves the sites."
            yield from self._once(Watched(state="waiting", path=path, message=message))
        if not saves.files:
            return
        unfit: set[str] = set()
        for path, findings in check_saved(project, self._sites, saves.files).items():
            for finding in findings:
                level: Literal["warning", "error"] = "error" if finding.severity == "error" else "warning"
                yield Notice(level=level, message=str(finding))
            if not findings:
                yield Watched(state="checked", path=path, message=f"{path} is fine.")
            if not is_fit(findings):
                unfit.add(path)
                yield Watched(state="waiting", path=path, message=f"{path} waits until that is mended.")
        if self._is("check") or refused is not None:
            return
        fit = replace(
            saves,
            changed=[path for path in saves.changed if path not in unfit],
            new=[path for path in saves.new if path not in unfit],
            renamed=[pair for pair in saves.renamed if pair[1] not in unfit],
        )
        if commit(project, fit, _message(fit)) is not None:
            self._told.clear()
            names = ", ".join(fit.files[:3]) + (f" and {len(fit.files) - 3} more" if len(fit.files) > 3 else "")
            yield Watched(state="committed", message=f"Committed {names}.", path=fit.files[0])

    def _refusal(self, project: Project) -> str | None:
        try:
            self._check_writable(project)
        except Refused as error:
            return str(error)
        return None

    def _check_writable(self, project: Project) -> None:
        ledgers = (Ledger(project.repository, site.name) for site in project.config.sites.values())
        project.check_writable(next((ledger.branch for ledger in ledgers if ledger.branch), None))

    def _sync(self, project: Project, names: Sequence[str]) -> Iterator[Event | Watched]:
        sites = project.config.choose(list(names))
        failed: set[str] = set()
        code = 0
        options = Options(materialise=False, wait=False)
        try:
            if sites and project.repository.head() is not None:
                self._check_writable(project)
                for event in Run(project, sites, options, clock=self._clock).events():
                    failed |= _failing(event, names)
                    code = event.exit_code if isinstance(event, Summary) else 0
                    if not isinstance(event, Summary):
                        yield from self._once(event)
                    elif not _is_idle(event):
                        yield event
        except Refused as error:
            # A merge, another branch: nothing is wrong with the network, and git tells when it is over.
            code = error.exit_code
            yield from self._once(Watched(state="waiting", message=str(error)))
        except Error as error:
            code = 1
            yield from self._once(Notice(level="error", message=str(error)))
        self._head = None if code == 5 else project.repository.head()
        # Content that waits for its author is no outage.
        failed = set() if code != 1 else failed or set(names)
        self._pace.over(names, self._clock(), failed=failed)
        if failed:
            yield Watched(state="retrying", message=f"{', '.join(sorted(failed))}: tried again later.", due=self.due)
        elif code == 0:
            self._told = {it for it in self._told if not isinstance(it, Notice)}
            yield Watched(state="synced", message=f"In step with {', '.join(names)}.", due=self.due)

    def _once(self, event: Event | Watched) -> Iterator[Event | Watched]:
        """Yield what was not told since the last commit: an outage is no news every minute."""
        kept = isinstance(event, Notice | Watched) or (
            isinstance(event, Operation) and (event.action in ("skip", "conflict") or event.result != "done")
        )
        if not kept:
            yield event
        elif event not in self._told:
            self._told.add(event)
            yield event


def _failing(event: Event, names: Sequence[str]) -> set[str]:
    """Return the sites that an event says something went wrong with."""
    if isinstance(event, Operation):
        return {event.site} if event.result in ("failed", "unknown") else set()
    if isinstance(event, Notice) and event.level == "error":
        return {name for name in names if event.message.startswith(name)}
    return set()


def _is_idle(summary: Summary) -> bool:
    counts = summary.to_json()
    return not any(number for name, number in counts.items() if name not in ("event", "requests"))


def _message(saves: Saves) -> str:
    """Return the subject of the commit, as somebody would write it."""
    files = saves.files
    if len(files) > 1:
        return f"Edit {len(files)} files"
    if saves.renamed:
        return f"Rename {saves.renamed[0][0]} to {saves.renamed[0][1]}"
    return f"{'Add' if saves.new else 'Edit'} {files[0]}" if files else "Edit"
