"""Brings a whole site back to what it was, or another site to what that one was: repository first, then the site.

The branch gets the files of that time; what the site shows now is noted in its ledger, so that nothing of it is lost;
then an ordinary run sends what the site lacks or shows otherwise. A run that dies in between is finished by a sync.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from gitsync.connector import Connector
from gitsync.engine.exchange import Exchange
from gitsync.engine.landing import Publish
from gitsync.engine.scope import Prepared
from gitsync.errors import UsageError
from gitsync.events import Event, Operation, Summary, exit_code
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.state import share
from gitsync.sync import Options, Run
from gitsync.undo.restoring import Restoring, plan_restore
from gitsync.undo.reversal import land_reversal, recorded_branch
from gitsync.undo.target import find_target


def choose(project: Project, commit: str, sources: Sequence[str], to: str | None) -> list[Restoring]:
    """Return what is to be restored: each of `sources` in place, or the only one to the site `to`.

    A source needs only a ledger, here or on the remote: its site may be gone from gitsync.toml. Raises UsageError.
    """
    Exchange(project, list(project.config.sites)).look()  # another clone may have synced
    if to is None:
        sites = project.config.choose(list(sources))
        return [Restoring(site=it, target=find_target(project, ledger_of(project, it.name), commit)) for it in sites]
    [site] = project.config.choose([to])
    if len(sources) != 1:
        raise UsageError("--to copies one site to another.", "Name the one whose posts are meant.")
    return [Restoring(site=site, target=find_target(project, ledger_of(project, sources[0]), commit))]


def ledger_of(project: Project, site: str) -> Ledger:
    """Return the ledger of `site`, as it was fetched last where that goes further. Raises UsageError.

    In a fresh clone without a state remote, that of the remote it was cloned from.
    """
    repository, remote = project.repository, project.config.state.remote
    ledger = share.further(repository, site, remote)
    if ledger.tip is None:
        [ledger] = share.known(repository, [site], remote or "origin")
    if ledger.tip is None:
        raise UsageError(f"There is no ledger of {site} here.", "Sync it once, or name a site that was synced.")
    return ledger


def restore(
    project: Project,
    plans: Sequence[Restoring],
    options: Options,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Run:
    """Return the run that restores when its events are read; `sleep` and `clock` are a Run's."""

    def prepare(connectors: Mapping[str, Connector], publish: Publish | None) -> Prepared:
        branch = project.check_writable(recorded_branch(project, list(project.config.sites)))
        for plan in plans:
            _take_in(project, plan.site.name)
        reversal = plan_restore(project, plans, connectors, allow=options.allow, ledger_of=ledger_of, clock=clock)
        land_reversal(
            project,
            reversal,
            branch=branch,
            subject=_subject(plans),
            trailers={"Gitsync-Restore": " ".join(sorted(plan.site.name for plan in plans))},
            run=run.id,
            publish=publish,
        )
        return reversal.prepared()

    sites = [plan.site for plan in plans]
    # Nothing comes in: what the sites show is what is to be replaced, and it is in their ledgers by then.
    run = Run(project, sites, replace(options, pull=False), prepare=prepare, sleep=sleep, clock=clock)
    return run


def foretell(project: Project, plans: Sequence[Restoring], options: Options) -> Iterator[Event]:
    """Yield what a restore would do. The sites are read, nothing is written. The last event is the Summary."""
    connectors = {plan.site.name: plan.site.connect() for plan in plans}
    try:
        reversal = plan_restore(project, plans, connectors, allow=options.allow, ledger_of=ledger_of)
    finally:
        for connector in connectors.values():
            connector.close()
    yield from reversal.events
    counted = [event.action for event in reversal.events if isinstance(event, Operation)]
    yield Summary(
        created=counted.count("create"),
        updated=counted.count("update"),
        deleted=counted.count("unpublish"),
        conflicts=counted.count("conflict"),
        exit_code=exit_code(reversal.codes),
    )


def _take_in(project: Project, site: str) -> None:
    """Make a fresh clone's copy of the ledger ours: ids and addresses go on from there."""
    ledger = Ledger(project.repository, site)
    if ledger.tip is None:
        share.take_in(ledger, project.config.state.remote or "origin")


def _subject(plans: Sequence[Restoring]) -> str:
    one = plans[0]
    source = "" if one.target.site == one.site.name else f"{one.target.site} "
    names = ", ".join(plan.site.name for plan in plans)
    return f"Restore {names} to what {source or 'it '}was {one.target.label}"
