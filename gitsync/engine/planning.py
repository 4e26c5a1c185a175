"""One round's plan for all sites: read each, then what comes in, site by site, then what goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from math import inf

from gitsync.connector import Connector
from gitsync.engine.bringing import Fetch, fetched
from gitsync.engine.displacing import move_the_displaced
from gitsync.engine.incoming import Incoming, Round
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import host_of
from gitsync.engine.proposing import set_aside
from gitsync.engine.pulling import pass_over, plan_pulls, revive_others
from gitsync.engine.pushing import Outgoing, Pushing
from gitsync.engine.recovery import Recovery, deletes, recover
from gitsync.engine.relocating import reconsider, relocate
from gitsync.engine.renumbered import follow
from gitsync.engine.scope import Scope, narrow
from gitsync.engine.standing_in import stand_ins
from gitsync.engine.survey import Reading, read_local, read_site
from gitsync.engine.unstored import take_back
from gitsync.errors import Error, Refused, SiteError
from gitsync.events import Event, Notice, Operation, Progress
from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.own_files import NotOurs
from gitsync.project import Project
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.state.intents import UNTIL_THEN, Intent, Intents, Unreadable

ALLOWANCES = frozenset({"missing", "deletes", "creates", "resend"})
"""The guards that a user can lift for one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run may do. `allow` names the guards that are lifted; `wait` lets it wait for unknown outcomes.

    `again` are paths of posts to create though an earlier request may have arrived: a person looked that it did not.
    `progress` is told how far reading is. With a `scope` the run is about those posts only, and imports nothing.
    `began` is the Unix time of its start.
    """

    pull: bool = True
    push: bool = True
    dry_run: bool = False
    wait: bool = True
    materialise: bool = True
    allow: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    progress: Callable[[Progress], None] = field(default=lambda _: None, compare=False)
    scope: Scope | None = None
    began: float = inf


@dataclass(slots=True)
class Plan:
    """What one round would do. `failures` tell of sites that could not be read; they are left out of the rest."""

    overlay: Overlay
    incomings: list[Incoming] = field(default_factory=list)
    outgoings: list[Outgoing] = field(default_factory=list)
    recoveries: dict[str, Recovery] = field(default_factory=dict)
    failures: list[Event] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be committed, recorded or sent."""
        comes_in = any(it.edits or it.proposed or len(it.results) for it in self.incomings)
        return not comes_in and not any(outgoing.writes for outgoing in self.outgoings)

    @property
    def branch(self) -> str | None:
        """The branch that the ledgers say is followed."""
        return next((branch for it in self.incomings if (branch := it.reading.ledger.branch)), None)

    def operations(self) -> Iterator[Operation]:
        """Yield everything that would happen, as planned."""
        for outgoing in self.outgoings:
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


class _Silent(Exception):
    """A site stopped answering in the middle of a plan."""

    def __init__(self, site: str, error: SiteError) -> None:
        super().__init__(site)
        self.site = site
        self.error = error


@contextmanager
def _asking(site: str) -> Iterator[None]:
    """Say which site stopped answering."""
    try:
        yield
    except SiteError as error:
        raise _Silent(site, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans the rounds of one run. `ledger_of` returns the ledger of a site that is planned with."""

    project: Project
    connectors: Mapping[str, Connector]
    options: Options
    intents: Intents
    clock: Callable[[], float]
    ledger_of: Callable[[str], Ledger]

    def plan(self, sites: Sequence[Site], stack: ExitStack) -> Plan:
        """Read every site and plan; `stack` holds what the plan needs open. Raises RepositoryError, Refused.

        A site that cannot be read is left out; when that shows late, all is read and planned again without it.
        """
        silent: list[_Silent] = []
        while True:
            left = [site for site in sites if site.name not in {it.site for it in silent}]
            try:
                plan = self._plan(left, stack)
            except _Silent as error:
                silent.append(error)
                continue
            plan.codes |= {it.error.exit_code for it in silent}
            plan.failures += [Notice(level="error", message=f"{it.site}: {it.error}") for it in silent]
            return plan

    def _plan(self, sites: Sequence[Site], stack: ExitStack) -> Plan:
        options = self.options
        plan = Plan(overlay=stack.enter_context(Overlay(self.project, self.project.head())))
        readings = [reading for site in sites if (reading := self._read(site, plan, stack)) is not None]
        if options.scope is not None:
            narrow(readings, options.scope)
        for reading in readings:
            follow(reading, plan.recoveries[reading.name])
            if take_back(reading, plan.recoveries[reading.name]):
                plan.codes.add(1)
        self._take_in(plan, readings, stack)
        pushing = Pushing(plan.overlay, self.project.config.policy, allow=options.allow, scope=options.scope)
        for incoming in plan.incomings:
            incoming.pushed = options.push and options.scope is None
            plan.outgoings.append(pushing.plan(incoming) if options.push else Outgoing(incoming=incoming))
            move_the_displaced(incoming)
            plan.codes |= incoming.codes
        return plan

    def _read(self, site: Site, plan: Plan, stack: ExitStack) -> Reading | None:
        """Return what changed here and on one site, and what its unfinished writes are; None: `plan` has why not."""
        project, options = self.project, self.options
        ledger = self.ledger_of(site.name)
        reading = read_local(project, site, plan.overlay.head, ledger, stack.enter_context(Index.at(ledger)))
        try:
            unfinished = self._unfinished(reading, plan)
            read_site(
                reading,
                self.connectors[site.name],
                allow_missing="missing" in options.allow,
                missing_limit=project.config.policy.max_delete.exceeded,
                deleted=deletes(unfinished),
                began=options.began,
                clock=self.clock,
            )
            recovery = recover(reading, unfinished, now=self.clock(), again=options.again)
            recovery.results += relocate(project, reading, plan.overlay.head)
            reconsider(project, reading, plan.overlay.head)
        except (SiteError, Refused) as error:
            plan.codes.add(error.exit_code)
            plan.failures.append(Notice(level="error", message=_named(site.name, error)))
            return None
        plan.recoveries[site.name] = recovery
        return reading

    def _unfinished(self, reading: Reading, plan: Plan) -> list[Intent]:
        """Return the unfinished writes of a site, noted on this disk and by others, oldest first."""
        site = reading.name
        try:
            noted = self.intents.outstanding(site)
        except (Unreadable, NotOurs) as error:
            noted = [*self.intents.readable(site), *stand_ins(self.project, reading, self.intents)]
            plan.codes.add(error.exit_code)
            message = f"{_named(site, error)} {UNTIL_THEN}"
            plan.failures.append(Notice(level="error", message=message))
        found = {intent.key: intent for intent in (*reading.ledger.intents(), *noted)}
        return sorted(found.values(), key=lambda intent: (intent.at, intent.key))

    def _take_in(self, plan: Plan, readings: Sequence[Reading], stack: ExitStack) -> None:
        """Plan what comes in, site by site: a later one sees what earlier ones bring. Raises _Silent."""
        config, options = self.project.config, self.options
        this = Round(
            overlay=plan.overlay,
            policy=config.policy if options.scope is None else replace(config.policy, import_=False),
            busy=worktree.busy(self.project.repository, _to_be_touched(readings)),
            pulls=options.pull,
            recoveries=plan.recoveries,
            progress=options.progress,
            bring=fetcher if config.content.fetch_assets and not options.dry_run else None,
        )
        for reading in readings:
            with _asking(reading.name):
                incoming = plan_pulls(this, reading)
            stack.callback(incoming.results.close)
            if config.policy.pull == "pull-request":
                stack.callback(set_aside(incoming, plan.overlay).close)
            plan.incomings.append(incoming)
        for incoming in plan.incomings:
            with _asking(incoming.reading.name):
                revive_others(this, incoming)
        pass_over(this, plan.incomings)


def fetcher(reading: Reading) -> Fetch:
    """Return what fetches the pictures of one site: its own host may be an inner one, others must be public."""
    own = frozenset({host_of(reading.site.url)} if reading.site.url else ())
    return lambda url: fetched(url, own)


def _named(site: str, error: Error) -> str:
    """Return what went wrong, with the name of the site said once."""
    return str(error) if str(error).startswith(f"{site} ") else f"{site}: {error}"


def _to_be_touched(readings: Sequence[Reading]) -> set[str]:
    return {
        change.path if (change := reading.local.get(path)) is not None else path
        for reading in readings
        for path in (*reading.changed, *reading.gone, *reading.conflicts)
    }
