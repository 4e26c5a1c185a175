"""One sync: read everything, plan, land what the sites brought, then write to the sites. An iterator of events.

Repository first: what a site's editors wrote is committed (and shared) before anything is sent anywhere.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from math import inf

from gitsync.apply import Applying
from gitsync.connector import ByHand, Connector, Meter
from gitsync.engine.announcing import announced, keep_in_mind
from gitsync.engine.exchange import PROCESS_WAIT, Exchange
from gitsync.engine.landing import Publish, land
from gitsync.engine.planning import ALLOWANCES, Options, Plan, Planner
from gitsync.engine.proposing import propose, propose_conflicts
from gitsync.engine.recording import Recorder
from gitsync.engine.scope import Prepared
from gitsync.engine.uploading import Doubts
from gitsync.errors import Locked, Moved
from gitsync.events import Event, Notice, Operation, Progress, Summary, exit_code
from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.pages import write_page
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.showing import Showing
from gitsync.site import Site
from gitsync.state import share, together
from gitsync.state.intents import Intents
from gitsync.state.journal import Journal
from gitsync.state.lock import process_lock
from gitsync.state.replaying import fold_journal
from gitsync.state.uploads import Uploads

__all__ = ["ALLOWANCES", "Options", "Run", "run"]

ROUNDS = 5
"""How often a run plans again because something moved under it, before it leaves the rest to the next run."""

LEASE_WAIT = 900.0
"""Seconds that a run waits for another machine to finish."""


Prepare = Callable[[Mapping[str, Connector], Publish | None], Prepared]


class Run:
    """One run over some sites. `sleep` and `clock` (Unix time) are the outside world's.

    `agree` sees every plan before anything of it is carried out, and may raise Refused. `prepare` commits what the run
    is to carry to the sites, under its locks; it may raise Moved, and is called again then.
    """

    def __init__(
        self,
        project: Project,
        sites: Sequence[Site],
        options: Options,
        *,
        agree: Callable[[Plan], None] = lambda _: None,
        prepare: Prepare | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.project = project
        self.sites = sites
        self.options = replace(options, began=clock())
        self.id = secrets.token_hex(6)
        self._agree = agree
        self._prepare = prepare
        self._sleep = sleep
        self._clock = clock
        self._meter = Meter()
        self._codes: set[int] = set()
        self._counts: dict[str, int] = {}
        self._told: set[Event] = set()
        self._sent: dict[str, tuple[int, int]] = {}
        self._branch = ""
        self._trailers: dict[str, dict[str, str]] = {}
        self._journal = Journal(project.repository.state_dir)
        self._intents = Intents(project.repository.state_dir)
        self._showing = Showing(project.repository)
        self._exchange = Exchange(project, [site.name for site in sites])
        self._check_lease: Callable[[str], None] | None = None
        self._doubts: dict[str, Doubts] = {}
        self._forsaken: list[str] = []  # sites whose announced writes are of a run that died, and all settled

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._meter.requests

    def interrupted(self) -> Iterator[str]:
        """Say of a run that was broken off what it had sent, and what nobody knows."""
        for site, (done, total) in self._sent.items():
            yield f"{site}: {done} of {total} posts were sent."
        for intent in self._intents.readable()[:3]:
            yield f"{intent.site}: {intent.path} was being sent; whether it arrived, the next run finds out."

    def events(self) -> Iterator[Event]:
        """Do it. The last event is the Summary; errors that concern everything are raised."""
        with ExitStack() as stack:
            if not self.options.dry_run:
                stack.enter_context(process_lock(self.project.repository, wait=PROCESS_WAIT, sleep=self._sleep))
                worktree.complete(self.project.repository)
                together.complete(self.project.repository)
                self._replay()
            self._receive()
            connectors = self._connect(stack)
            yield from self._prepared(connectors, stack)
            for event in self._rounds(connectors, stack):
                if event not in self._told:
                    self._count(event)
                    yield event
                if _is_once_enough(event):
                    self._told.add(event)
        yield self.summary()

    def _receive(self) -> None:
        if not self.options.dry_run:
            self._branch = self.project.check_writable(self._exchange.recorded_branch())
        self._exchange.check()
        if not self.options.dry_run:
            self._exchange.give_back()
            self._exchange.receive()
        elif self._exchange.remote is not None:
            share.fetch(self.project.repository, self._exchange.remote)

    def _prepared(self, connectors: Mapping[str, Connector], run: ExitStack) -> Iterator[Event]:
        if self._prepare is None:
            return
        self._check_lease = yield from self._exchange.taken(run, wait=LEASE_WAIT, sleep=self._sleep)
        self._exchange.receive()
        for number in range(ROUNDS):
            try:
                prepared = self._prepare(connectors, self._publish)
                break
            except Moved:
                if number == ROUNDS - 1:
                    raise
                self._exchange.receive()
        self.options = replace(self.options, scope=prepared.scope)
        self._codes |= prepared.codes
        for event in prepared.events:
            self._count(event)
            yield event

    @property
    def _shows(self) -> bool:
        """Whether a person is there to see conflicts in the work tree."""
        return self.options.materialise and self.project.repository.root is not None

    @property
    def _publish(self) -> Publish | None:
        return self._exchange.publish if self._exchange.remote is not None else None

    def _ledger(self, site: str) -> Ledger:
        """Return the ledger to plan with: for a dry run the shared one, where it only goes further than ours."""
        repository, remote = self.project.repository, self._exchange.remote
        if not self.options.dry_run or remote is None:
            return Ledger(repository, site)
        return share.further(repository, site, remote)

    def _connect(self, stack: ExitStack) -> dict[str, Connector]:
        connectors = {}
        for site in self.sites:
            connectors[site.name] = connector = site.connect(meter=self._meter)
            stack.callback(connector.close)
        return connectors

    def _rounds(self, connectors: Mapping[str, Connector], run: ExitStack) -> Iterator[Event]:
        planner = Planner(
            project=self.project,
            connectors=connectors,
            options=self.options,
            intents=self._intents,
            clock=self._clock,
            ledger_of=self._ledger,
        )
        for number in range(ROUNDS):
            waits: list[float] = []
            with ExitStack() as stack:
                plan = planner.plan(self.sites, stack)
                self._agree(plan)
                if self.options.dry_run:
                    self._codes |= plan.codes
                    yield from plan.failures
                    yield from plan.operations()
                    return
                again = yield from self._carry_out(plan, run, waits)
            if waits and self.options.wait:
                yield from self._countdown(max(waits))
                again = True
            elif waits:
                self._codes.add(1)
            if not again:
                break
            if number == ROUNDS - 1:
                self._codes.add(1)
                message = (
                    "Posts keep changing; the rest waits for the next run. If that says so too, run gitsync doctor."
                )
                yield Notice(level="warning", message=message)
        yield from self._end()

    def _carry_out(self, plan: Plan, run: ExitStack, waits: list[float]) -> Generator[Event, None, bool]:
        """Land and write what was planned. Returns whether something has to be planned again."""
        if not plan.is_empty and self._check_lease is None:
            self._check_lease = yield from self._exchange.taken(run, wait=LEASE_WAIT, sleep=self._sleep)
            if self._exchange.receive():
                return True
        branch = self._branch if plan.is_empty else self.project.check_writable(plan.branch)
        self._trailers = {it.reading.name: {**it.trailers, "Branch": branch} for it in plan.incomings}
        try:
            told = {"Sync": self.id}
            if self._shows:
                self._showing.expect(plan.incomings)
            landed = land(plan.overlay, plan.incomings, branch=branch, trailers=told, publish=self._publish)
        except Moved:
            self._exchange.receive()
            return True
        self._codes |= plan.codes
        yield from plan.failures
        for incoming in plan.incomings:
            site, remote = incoming.reading.name, self._exchange.remote
            propose(incoming, plan.overlay, trailers=told | self._trailers[site], remote=remote)
            if self.project.config.policy.pull == "pull-request":
                propose_conflicts(incoming, plan.overlay, remote=remote)
            for id, revision in incoming.reading.moved:
                incoming.reading.index.note_revision(id, revision)
            for event in incoming.events:
                event = self._with_page(event, plan)
                yield replace(event, result="done") if event.result == "planned" else event
                if event.result == "unknown" and event.path is not None:
                    until = plan.recoveries[incoming.reading.name].unsettled[event.path]
                    waits += [until] if until < inf else []
        for recovery in plan.recoveries.values():
            for intent in recovery.over:
                self._intents.done(intent.key)
            keep_in_mind(recovery, self._intents, run=self.id)
        self._forsaken = [
            it.reading.name
            for it in plan.incomings
            if it.reading.ledger.intents() and not plan.recoveries[it.reading.name].unsettled
        ]
        if self._shows:
            yield from self._showing.show()
        again = yield from self._write(plan, landed.head)
        return again or any(it.reading.crowded and it.reading.has_room() for it in plan.incomings)

    def _with_page(self, event: Operation, plan: Plan) -> Operation:
        """Add to a post that only a person can bring to its site the page to do it with."""
        outgoing = next(it for it in plan.outgoings if it.incoming.reading.name == event.site)
        connector = outgoing.incoming.reading.online
        if event.path not in outgoing.by_hand or not isinstance(connector, ByHand):
            return event
        try:
            page = write_page(self.project, event.site, event.path, connector, outgoing.by_hand[event.path])
        except OSError as error:
            self._codes.add(1)
            why = f"{error.filename or 'A file'}: {error.strerror or error}"
            told = f"{event.reason} Its page cannot be written ({why}); remove what is in its place, then sync."
            return replace(event, result="failed", reason=told)
        return replace(event, reason=f"{event.reason} The page is {page}.")

    def _countdown(self, until: float) -> Iterator[Event]:
        left = until - self._clock()
        if left > 0:
            yield Notice(level="info", message=f"Waiting {left:.0f} s until it is sure what the site stored.")
            self._sleep(left)

    def _write(self, plan: Plan, head: Oid) -> Generator[Event, None, bool]:
        again = False
        writing = [outgoing for outgoing in plan.outgoings if outgoing.writes]
        if writing and self._exchange.remote is not None:
            self._exchange.announce(announced(writing, self._intents, now=self._clock(), run=self.id), head)
        for outgoing in writing:
            site = outgoing.incoming.reading.name
            uploads = Uploads(self.project.repository.state_dir)
            recorder = Recorder(journal=self._journal, uploads=uploads, head=head, fold=self._replay)
            doubts = self._doubts.setdefault(site, Doubts())
            doubts.renew(plan.recoveries[site].uploads, self._intents, run=self.id)
            applying = Applying(
                outgoing,
                plan.overlay,
                recorder=recorder,
                intents=self._intents,
                doubts=doubts,
                run=self.id,
                before_write=partial(self._check_lease or _nothing, site),
                missed=plan.recoveries[site].missed,
                clock=self._clock,
            )
            self._sent[site] = (0, len(outgoing.writes))
            try:
                for event in applying.run():
                    if isinstance(event, Progress):
                        self._sent[site] = (event.done, len(outgoing.writes))
                    yield event
            finally:
                recorder.flush()
            self._codes |= applying.applied.codes
            again = again or bool(applying.applied.stale or applying.applied.unknown or applying.applied.unsure)
            again = again or not outgoing.incoming.awaited.isdisjoint(outgoing.incoming.addresses.created)
            if applying.applied.unsure and self.options.wait:
                yield from self._countdown(applying.applied.until)
            if (applying.applied.unknown or applying.applied.unsure) and not self.options.wait:
                self._codes.add(1)
                again = False
        return again

    def _end(self) -> Iterator[Event]:
        """Hand the ledgers on, with what is unfinished."""
        if self._exchange.remote is not None and self._check_lease is not None:
            self._exchange.announce(self._intents.left([site.name for site in self.sites]), self.project.head())
        elif self._exchange.remote is not None:
            if self._forsaken:
                with suppress(Locked), self._exchange.lease(wait=0, sleep=self._sleep):
                    if not self._exchange.receive():
                        self._exchange.announce(self._intents.left(self._forsaken), self.project.head())
            self._exchange.hand_on()
        for report in self._exchange.reports:
            self._codes.add(3)
            yield Notice(level="warning", message=report)

    def _replay(self) -> None:
        """Fold what the journal holds into the ledgers."""
        fold_journal(self.project.repository, trailers=lambda site: {"Sync": self.id, **self._trailers.get(site, {})})

    def _count(self, event: Event) -> None:
        if isinstance(event, Notice) and event.level == "error":
            self._counts["failed"] = self._counts.get("failed", 0) + 1
        if not isinstance(event, Operation):
            return
        name = None
        if event.result == "failed":
            name = "failed"
        elif event.action == "conflict" or event.result in ("done", "planned" if self.options.dry_run else "done"):
            name = _COUNTED.get(event.action)
        if name is not None:
            self._counts[name] = self._counts.get(name, 0) + 1

    def summary(self) -> Summary:
        """Return what was done so far."""
        return Summary(**self._counts, requests=self._meter.requests, exit_code=exit_code(self._codes))


def _is_once_enough(event: Event) -> bool:
    """Say whether telling this in the next round of the run again would be no news."""
    if isinstance(event, Notice):
        return event.level == "error"
    return isinstance(event, Operation) and event.action in ("conflict", "skip")


def _nothing(_site: str) -> None:
    """Without a remote nobody else can hold the site."""


_COUNTED = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "unpublish": "deleted",
    "pull": "pulled",
    "import": "pulled",
    "merge": "merged",
    "conflict": "conflicts",
}


def run(project: Project, sites: Sequence[Site], options: Options) -> Iterator[Event]:
    """Sync `sites`; the last event is the Summary. Raises Error for what concerns every site."""
    return Run(project, sites, options).events()
