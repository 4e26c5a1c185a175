"""`gitsync restore`: bring a whole site back."""

from __future__ import annotations

from typing import Any

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.cli.sync import allow_option, carry_out, dry_run_option, no_markers_option, no_wait_option, options


@click.command()
@click.argument("commit", metavar="COMMIT")
@sites_argument
@click.option("--to", metavar="SITE", help="Bring the posts of SITE to this one, which may be new and empty.")
@allow_option
@no_markers_option
@no_wait_option
@dry_run_option
@common_options
@pass_invocation
def restore(invocation: Invocation, /, commit: str, sites: tuple[str, ...], to: str | None, **given: Any) -> int:
    """Bring a whole site back to what it was at some time.

    Each SITE goes back to what it was at COMMIT, and the branch's files with it.

    COMMIT is a sync of `gitsync log`, a commit of the branch or of a ledger (refs/gitsync/SITE), or a date. Posts
    that are missing there are created, changed ones are sent again, and later ones leave the site, behind the guard.
    What the site shows now is kept in its ledger's history. A clone of a backup is all that is needed.
    """
    from gitsync.restore import choose, foretell
    from gitsync.restore import restore as start

    project = invocation.project()
    plans = choose(project, commit, sites, to)
    run_with = options(**given)
    for plan in plans:
        source = "" if plan.target.site == plan.site.name else f"{plan.target.site} "
        count = len(plan.target.files)
        Printer(invocation).notice(
            f"{plan.site.name}: as {source or 'it '}was {plan.target.label}, {count} post{'s' * (count != 1)}."
        )
    if run_with.dry_run:
        return Printer(invocation).follow(foretell(project, plans, run_with))
    return carry_out(invocation, start(project, plans, run_with))
