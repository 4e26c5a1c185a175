"""One sync: read everything, plan, land what the sites brought, then write to the sites. An iterator of events.

Repository first: what a site's editors wrote is committed (and shared) before anything is sent anywhere.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from gitsync import worktree
from gitsync.apply import Applied, Applying, Recorder
from gitsync.connector import Connector, Meter
from gitsync.errors import Error, Refused, SiteError
from gitsync.events import Event, Notice, Operation, Summary, exit_code
from gitsync.incoming import Incoming, Round
from gitsync.index import Index
from gitsync.intents import Intent, Intents
from gitsync.journal import Journal
from gitsync.landing import Publish, land
from gitsync.ledger import Ledger
from gitsync.lock import process_lock
from gitsync.overlay import Overlay
from gitsync.project import Project
from gitsync.pulling import plan_pulls
from gitsync.pushing import Outgoing, Pushing
from gitsync.records import Result
from gitsync.recovery import Recovery, deletes, recover
from gitsync.repository import Oid
from gitsync.site import Site
from gitsync.survey import Reading, read_local, read_site

ROUNDS = 4
"""How often a run plans again because a site moved under it, before it leaves the rest to the next run."""

ALLOWANCES = frozenset({"missing", "deletes", "creates", "resend"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run may do. `allow` names the guards that are lifted; `wait` lets it wait for unknown outcomes."""

    pull: bool = True
    push: bool = True
    dry_run: bool = False
    wait: bool = True
    materialise: bool = True
    allow: frozenset[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """One round's plan: what comes in, what goes out, and the sites that could not be read."""

    overlay: Overlay
    incomings: list[Incoming]
    outgoings: list[Outgoing]
    recoveries: Mapping[str, Recovery]
    failures: list[Event] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)


class Run:
    """One run over some sites. `sleep` and `clock` (Unix time) are the outside world's.

    `look` is shown each round's plan before anything of it is done, while it can be read; it may raise to stop.
    """

    def __init__(
        self,
        project: Project,
        sites: Sequence[Site],
        options: Options,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        look: Callable[[Plan], None] | None = None,
    ) -> None:
        self.project = project
        self.sites = sites
        self.options = options
        self.id = secrets.token_hex(6)
        self._sleep = sleep
        self._clock = clock
        self._look = look
        self._meter = Meter()
        self._codes: set[int] = set()
        self._counts: dict[str, int] = {}
        self._trailers: dict[str, dict[str, str]] = {}
        self._journal = Journal(project.repository.state_dir)
        self._intents = Intents(project.repository.state_dir)

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._meter.requests

    def events(self) -> Iterator[Event]:
        """Do it. The last event is the Summary; errors that concern everything are raised."""
        with ExitStack() as stack:
            if not self.options.dry_run:
                stack.enter_context(process_lock(self.project.repository))
                worktree.complete(self.project.repository)
            self._replay()
            connectors = self._connect(stack)
            for event in self._rounds(connectors):
                self._count(event)
                yield event
        yield self._summary()

    def _connect(self, stack: ExitStack) -> dict[str, Connector]:
        connectors = {}
        for site in self.sites:
            connectors[site.name] = connector = site.connect(meter=self._meter)
            stack.callback(connector.close)
        return connectors

    def _rounds(self, connectors: Mapping[str, Connector]) -> Iterator[Event]:
        for number in range(ROUNDS):
            waits: list[float] = []
            again = yield from self._round(connectors, waits)
            if waits and self.options.wait:
                yield from self._countdown(max(waits))
                again = True
            elif waits:
                self._codes.add(1)
            if not again or self.options.dry_run:
                return
            if number == ROUNDS - 1:
                self._codes.add(1)
                yield Notice(level="warning", message="Posts keep changing; the rest waits for the next run.")

    def _countdown(self, until: float) -> Iterator[Event]:
        left = until - self._clock()
        if left <= 0 or left == float("inf"):
            return
        yield Notice(level="info", message=f"Waiting {left:.0f} s until it is sure what the site stored.")
        self._sleep(left)

    def _round(self, connectors: Mapping[str, Connector], waits: list[float]) -> Generator[Event, None, bool]:
        """Read, plan, land, write. Returns whether something has to be planned again."""
        with ExitStack() as stack:
            plan = self._plan(connectors, stack)
            self._codes |= plan.codes
            if self._look is not None:
                self._look(plan)
            yield from plan.failures
            if self.options.dry_run:
                yield from self._planned(plan)
                return False
            branch = self.project.check_writable(_recorded_branch(plan.incomings))
            self._trailers = {
                incoming.reading.name: {**incoming.trailers, "Branch": branch} for incoming in plan.incomings
            }
            landed = land(
                plan.overlay, plan.incomings, branch=branch, trailers={"Sync": self.id}, publish=self._publish(plan)
            )
            for incoming in plan.incomings:
                for id, revision in incoming.reading.moved:
                    incoming.reading.index.note_revision(id, revision)
                for event in incoming.events:
                    yield replace(event, result="done") if event.result == "planned" else event
            for recovery in plan.recoveries.values():
                waits += [at for at in recovery.unsettled.values() if at != float("inf")]
                for intent in recovery.over:
                    self._intents.done(intent.key)
            yield from self._materialise(plan)
            return (yield from self._write(plan, landed.head))

    def _publish(self, plan: Plan) -> Publish | None:
        return None

    def _planned(self, plan: Plan) -> Iterator[Event]:
        for outgoing in plan.outgoings:
            yield from outgoing.incoming.events
            for write in outgoing.writes:
                known = write.subject.entry.record
                yield Operation(
                    site=outgoing.incoming.reading.name,
                    path=write.subject.path,
                    action=write.op,
                    result="planned",
                    id=known.id if known is not None else None,
                    url=known.url if known is not None else None,
                    reason=write.reason or None,
                )

    def _plan(self, connectors: Mapping[str, Connector], stack: ExitStack) -> Plan:
        head = self.project.head()
        overlay = stack.enter_context(Overlay(self.project, head))
        readings: list[Reading] = []
        recoveries: dict[str, Recovery] = {}
        failures: list[Event] = []
        codes: set[int] = set()
        policy = self.project.config.policy
        for site in self.sites:
            ledger = Ledger(self.project.repository, site.name)
            index = stack.enter_context(Index.at(ledger))
            reading = read_local(self.project, site, head, ledger, index)
            intents = self._outstanding(reading)
            try:
                read_site(
                    reading,
                    connectors[site.name],
                    allow_missing="missing" in self.options.allow,
                    missing_limit=policy.max_delete.exceeded,
                    deleted=deletes(intents),
                    clock=self._clock,
                )
                recoveries[site.name] = recover(reading, intents, now=self._clock())
            except (SiteError, Refused) as error:
                codes.add(error.exit_code)
                failures.append(Notice(level="error", message=f"{site.name}: {error}"))
                continue
            readings.append(reading)
        touched = {
            change.path if (change := reading.local.get(path)) is not None else path
            for reading in readings
            for path in (*reading.changed, *reading.gone)
        }
        this = Round(
            overlay=overlay,
            policy=policy,
            busy=worktree.busy(self.project.repository, touched),
            pulls=self.options.pull,
            recoveries=recoveries,
        )
        incomings = [plan_pulls(this, reading) for reading in readings]
        outgoings = []
        pushing = Pushing(overlay, policy, allow=self.options.allow)
        for incoming in incomings:
            incoming.pushed = self.options.push
            outgoings.append(pushing.plan(incoming) if self.options.push else Outgoing(incoming=incoming))
            codes |= incoming.codes
        return Plan(
            overlay=overlay,
            incomings=incomings,
            outgoings=outgoings,
            recoveries=recoveries,
            failures=failures,
            codes=codes,
        )

    def _outstanding(self, reading: Reading) -> list[Intent]:
        """Return the unfinished writes of this site, from this disk and from other machines, oldest first."""
        found = {intent.key: intent for intent in (*reading.ledger.intents(), *self._intents.outstanding(reading.name))}
        return sorted(found.values(), key=lambda intent: (intent.at, intent.key))

    def _write(self, plan: Plan, head: Oid) -> Generator[Event, None, bool]:
        again = False
        for outgoing in plan.outgoings:
            if not outgoing.writes:
                continue
            recorder = Recorder(journal=self._journal, head=head, fold=self._replay)
            applying = Applying(
                outgoing,
                plan.overlay,
                recorder=recorder,
                intents=self._intents,
                run=self.id,
                before_write=lambda: None,
                clock=self._clock,
            )
            try:
                yield from applying.run()
            finally:
                recorder.flush()
            applied: Applied = applying.applied
            self._codes |= applied.codes
            again = again or bool(applied.stale or applied.unknown)
            if applied.unknown and not self.options.wait:
                self._codes.add(1)
        return again

    def _replay(self) -> None:
        """Fold what the journal holds into the ledgers."""
        results = self._journal.pending()
        head = self._journal.head()
        if not results or head is None:
            return
        by_site: dict[str, list[Result]] = {}
        for result in results:
            by_site.setdefault(result.site, []).append(result)
        for site, ours in by_site.items():
            count = len(ours)
            message = f"{site}: {count} write{'' if count == 1 else 's'}"
            told = {"Sync": self.id, **self._trailers.get(site, {})}
            Ledger(self.project.repository, site).fold(ours, head=head, message=message, trailers=told)
        self._journal.clear()

    def _materialise(self, plan: Plan) -> Iterator[Event]:
        """Show new conflicts in the work tree, where a person is there to see them."""
        if not self.options.materialise or self.project.repository.root is None:
            return
        for incoming in plan.incomings:
            for pending in incoming.markers:
                conflict = pending.conflict
                if pending.marked is None or conflict.ours is None:
                    continue
                try:
                    worktree.materialise(
                        self.project.repository,
                        pending.path,
                        base=conflict.base,
                        ours=conflict.ours,
                        theirs=conflict.theirs,
                        merged=pending.marked,
                    )
                except Refused as error:
                    yield Notice(level="info", message=str(error))

    def _count(self, event: Event) -> None:
        if not isinstance(event, Operation):
            return
        if event.result == "failed":
            self._counts["failed"] = self._counts.get("failed", 0) + 1
        elif event.action == "conflict":
            self._counts["conflicts"] = self._counts.get("conflicts", 0) + 1
        elif event.result in ("done", "planned") and event.action in _COUNTED:
            name = _COUNTED[event.action]
            self._counts[name] = self._counts.get(name, 0) + 1

    def _summary(self) -> Summary:
        return Summary(**self._counts, requests=self._meter.requests, exit_code=exit_code(self._codes))


_COUNTED = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "unpublish": "deleted",
    "pull": "pulled",
    "import": "pulled",
    "merge": "merged",
}


def run(project: Project, sites: Sequence[Site], options: Options) -> Iterator[Event]:
    """Sync `sites`; the last event is the Summary. Raises Error for what concerns every site."""
    return Run(project, sites, options).events()


def _recorded_branch(incomings: Sequence[Incoming]) -> str | None:
    return next((branch for incoming in incomings if (branch := incoming.reading.ledger.branch)), None)


__all__ = ["ALLOWANCES", "Error", "Options", "Run", "run"]
