"""`gitsync rollback`: take a sync back, here and on the sites."""

from __future__ import annotations

from typing import Any

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.cli.sync import allow_option, carry_out, dry_run_option, no_markers_option, no_wait_option, options


@click.command()
@click.argument("sync", required=False, metavar="[SYNC]")
@allow_option
@no_markers_option
@no_wait_option
@dry_run_option
@common_options
@pass_invocation
def rollback(invocation: Invocation, /, sync: str | None, **given: Any) -> int:
    """Take back what a sync did, here and on the sites.

    SYNC is an id of `gitsync log`; if left out, the newest that did anything. Its posts go back to what repository
    and sites had agreed on before it, and posts that it made leave the sites again. Edits made since stay, or are
    reported where they are in the way. A rollback is a sync: it can be rolled back. --dry-run says too what cannot be
    restored, without asking any site.
    """
    from gitsync.rollback import find_sync, foretell, roll_back

    project = invocation.project()
    printer = Printer(invocation)
    found = find_sync(project, sync)
    if found is None:
        from gitsync.events import Summary

        printer.notice("No sync did anything yet, so there is nothing to roll back.")
        if invocation.json:
            printer.event(Summary())
        return 0
    if given["dry_run"]:
        return printer.follow(foretell(project, found))
    printer.notice(f"Rolling back sync {found.id} of {found.when.astimezone():%Y-%m-%d %H:%M:%S}.")
    return carry_out(invocation, roll_back(project, found, options(**given)))
