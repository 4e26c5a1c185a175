"""`gitsync log`: what each sync did."""

from __future__ import annotations

from collections.abc import Iterable

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import PARTICIPLES, Printer
from gitsync.errors import RepositoryError
from gitsync.events import Operation


@click.command()
@sites_argument
@click.option("-n", "number", type=click.IntRange(min=1), metavar="N", help="Tell of the newest N syncs only.")
@common_options
@pass_invocation
def log(invocation: Invocation, sites: tuple[str, ...], number: int | None) -> int:
    """Say what each sync did.

    With each SITE, the newest first. `gitsync rollback` takes one back. Where the state is shared, the remote is asked
    for what other machines did.
    """
    from gitsync.engine.exchange import Exchange
    from gitsync.state import share
    from gitsync.undo.history import operations, syncs, touched

    project = invocation.project()
    printer = Printer(invocation)
    names = [site.name for site in project.config.choose(sites)]
    told = 0
    try:
        Exchange(project, list(project.config.sites)).look()
    except RepositoryError as error:
        printer.notice(f"What other machines did since is not told. {error.message}")
    remote = project.config.state.remote
    ledgers = [share.further(project.repository, site, remote) for site in project.config.sites]
    for sync in syncs(project.repository, ledgers):
        parts = [part for part in sync.parts if part.site in names]
        posts = [post for part in parts for post in touched(project.repository, part)]
        done = list(operations(project.repository, sync, posts))
        if not done:
            continue
        if invocation.json:
            for operation in done:
                fields = {**operation.to_json(), "sync": sync.id, "when": sync.when.isoformat(), "undoes": sync.undoes}
                fields.pop("event")
                printer.result("operation", fields, "")
        else:
            undoes = f", rolled back {sync.undoes}" if sync.undoes else ""
            printer.say(f"{sync.id}  {sync.when.astimezone():%Y-%m-%d %H:%M:%S}{undoes}")
            printer.lines(_lines(done))
        told += 1
        if told == number:
            break
    if not told:
        printer.notice("No sync did anything yet.")
    return 0


def _lines(operations: Iterable[Operation]) -> list[str]:
    lines = []
    site = None
    for operation in operations:
        if operation.site != site:
            site = operation.site
            lines.append(f"  {site}")
        word = PARTICIPLES.get(operation.action, operation.action)
        reason = f" ({operation.reason.rstrip('.')})" if operation.reason else ""
        lines.append(f"    {word:<12} {operation.path}{reason}")
    return lines
