"""`gitsync verify`: compare sites, ledgers and repository."""

from __future__ import annotations

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.events import Summary


@click.command()
@sites_argument
@click.option("--deep", is_flag=True, help="Read every post of every site and every file, not only what moved.")
@common_options
@pass_invocation
def verify(invocation: Invocation, sites: tuple[str, ...], deep: bool) -> int:
    """Compare sites, ledgers and repository; change nothing.

    Each SITE is compared with its ledger, and the ledger with the branch. Ends with 1 when anything differs; what only
    waits for a sync differs too. With --deep, a folder of files is compared to the byte: line ends, comments and keys
    of its own that changed there are told, which no sync touches.
    """
    from gitsync.connector import Meter
    from gitsync.verify import verify as differences

    project = invocation.project()
    chosen = project.config.choose(sites)
    printer, meter = Printer(invocation), Meter()
    counts = dict.fromkeys((site.name for site in chosen), 0)
    for difference in differences(project, chosen, deep=deep, meter=meter):
        counts[difference.site] += 1
        printer.result("difference", difference.to_json(), str(difference))
    code = int(any(counts.values()))
    if invocation.json:
        printer.event(Summary(failed=sum(counts.values()), requests=meter.requests, exit_code=code))
    else:
        for name, count in counts.items():
            found = f"{count} difference{'s' * (count != 1)}" if count else "as agreed"
            printer.say(f"{name}: {found}.")
    return code
