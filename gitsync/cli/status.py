"""`gitsync status`: what waits to be synced, site by site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, format_option, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.errors import Refused
from gitsync.events import Event, Notice, Operation, Summary, exit_code

if TYPE_CHECKING:
    from gitsync.engine.planning import Plan
    from gitsync.project import Project
    from gitsync.site import Site

LISTED = 20
"""How many posts of a site are named without -v."""

KINDS = {
    "create": "to send",
    "update": "to send",
    "delete": "to remove there",
    "unpublish": "to remove there",
    "pull": "to bring in",
    "import": "to bring in",
    "merge": "to merge",
    "adopt": "to link",
    "conflict": "in conflict",
    "skip": "left alone",
}


@dataclass(slots=True)
class _Found:
    """What was found of one site: how many of each kind, and the lines that name the first of them."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    unnamed: int = 0


@click.command()
@sites_argument
@click.option("--no-fetch", is_flag=True, help="Ask no site: tell only what this repository knows.")
@click.option("--exit-code", "pending_code", is_flag=True, help="End with 4 when something waits to be synced.")
@format_option
@common_options
@pass_invocation
def status(invocation: Invocation, sites: tuple[str, ...], no_fetch: bool, pending_code: bool, form: str) -> int:
    """Say what waits to be synced.

    Committed changes here, edits there, posts that are owed, and conflicts. With --no-fetch a change counts even if
    the site could not show it, and edits there are not known.
    """
    project = invocation.project()
    chosen = project.config.choose(sites)
    printer = Printer(invocation)
    found = {site.name: _Found() for site in chosen}
    operations: list[Operation] = []
    pending, code = False, 0
    read = set(found) if no_fetch else set()
    for event in _events(project, chosen, no_fetch, read):
        if isinstance(event, Operation):
            from gitsync.status import waits

            pending = pending or waits(event)
            _note(found[event.site], event, named=LISTED if not invocation.verbose else None)
            operations.append(event)
        if isinstance(event, Summary):
            code = event.exit_code
        if invocation.json or isinstance(event, Notice):
            printer.event(event)
    if form == "markdown":
        from gitsync.report import markdown

        printer.page(markdown(operations, [], [], []))
    elif not invocation.json:
        for name in found.keys() - read:
            found[name].counts["could not be asked"] = 0
        _print(printer, found, asked=not no_fetch)
        _say_next(printer, project, pending, code, no_sites=not chosen)
    return exit_code({code, 4 if pending and pending_code else 0})


def _events(project: Project, sites: list[Site], no_fetch: bool, read: set[str]) -> Iterator[Event]:
    """Yield what is found; the sites that answered go into `read`."""
    if no_fetch:
        from gitsync.status import local_status

        return local_status(project, sites)
    from gitsync.sync import Options, Run

    def agree(plan: Plan) -> None:
        read.update(incoming.reading.name for incoming in plan.incomings)

    return Run(project, sites, Options(dry_run=True), agree=agree).events()


def _note(found: _Found, event: Operation, *, named: int | None) -> None:
    kind = "invalid" if event.result == "failed" else KINDS[event.action]
    kind = "uncertain" if event.result == "unknown" else kind
    found.counts[kind] = found.counts.get(kind, 0) + 1
    if named is not None and len(found.lines) >= named:
        found.unnamed += 1
        return
    what = "invalid" if event.result == "failed" else event.action
    about = f"{event.path or event.id or 'a post'}"
    reason = event.reason or ""
    if event.path and reason.startswith(f"{event.path}:"):  # a place in the file says its path itself
        about, reason = reason, ""
    found.lines.append(f"  {what:<9} {about}{': ' if reason else ''}{reason}")


def _print(printer: Printer, found: dict[str, _Found], *, asked: bool) -> None:
    quiet = "in step" if asked else "nothing waits here (the site was not asked)"
    for name, it in found.items():
        counts = ", ".join(f"{count or ''} {kind}".lstrip() for kind, count in it.counts.items())
        printer.say(f"{name}: {counts or quiet}.")
        printer.lines([*it.lines, *([f"  … and {it.unnamed} more; -v names them all."] if it.unnamed else [])])


def _say_next(printer: Printer, project: Project, pending: bool, code: int, *, no_sites: bool) -> None:
    if no_sites:
        printer.notice("No sites yet. Run `gitsync site add NAME`.")
        return
    if not pending and not code:
        return
    try:
        project.check_writable(_recorded_branch(project))
    except Refused as error:
        printer.notice(f"{error} Until then nothing is written.")
        return
    if pending:
        printer.say("Run `gitsync sync` to carry it out, or `gitsync diff` to see the words.")
    elif code == 3:
        printer.say("Decide what is in conflict, then run `gitsync sync`.")


def _recorded_branch(project: Project) -> str | None:
    from gitsync.ledger import Ledger

    names: Iterable[str] = project.config.sites
    return next((branch for name in names if (branch := Ledger(project.repository, name).branch)), None)
