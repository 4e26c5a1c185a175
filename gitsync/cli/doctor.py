"""`gitsync doctor`: find what is broken in gitsync's own state, and mend it."""

from __future__ import annotations

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.cli.sync import dry_run_option
from gitsync.events import Summary


@click.command()
@dry_run_option
@common_options
@pass_invocation
def doctor(invocation: Invocation, dry_run: bool) -> int:
    """Find what is broken in gitsync's own state, and mend it.

    Says what was done, and asks no site. Ends with 1 when something needs a person. `gitsync verify` compares with the
    sites.
    """
    from gitsync.doctor import examine

    printer = Printer(invocation)
    found = []
    for finding in examine(invocation.project(), mend=not dry_run):
        found.append(finding)
        printer.result("finding", {"kind": finding.kind, "message": finding.message}, finding.message)
    wrong = sum(finding.kind == "wrong" for finding in found)
    if invocation.json:
        printer.event(Summary(failed=wrong, exit_code=int(wrong > 0)))
    elif not found:
        printer.say("All is well.")
    return int(wrong > 0)
