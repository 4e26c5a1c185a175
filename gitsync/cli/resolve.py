"""`gitsync resolve`: decide a conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.errors import UsageError
from gitsync.events import Operation, Summary

if TYPE_CHECKING:
    from gitsync.project import Project
    from gitsync.resolving import Choice
    from gitsync.site import Site


@click.command()
@click.argument("path")
@click.option("--ours", "choice", flag_value="ours", help="Where both changed it, keep the words from here.")
@click.option("--theirs", "choice", flag_value="theirs", help="Where both changed it, take the words of the site.")
@click.option("--deleted", "choice", flag_value="deleted", help="Let the post be deleted, here and there.")
@click.option("--site", "sites", multiple=True, metavar="SITE", help="Only with this site; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only say which sites are in conflict about it.")
@common_options
@pass_invocation
def resolve(invocation: Invocation, path: str, choice: Choice | None, sites: tuple[str, ...], dry_run: bool) -> int:
    """Decide a conflict.

    Without a choice the committed file at PATH is the decision; where nobody touched it yet, the conflict is shown in
    it. What merges cleanly is kept from both sides. Nothing is sent: the next sync does that.
    """
    from gitsync.resolving import resolve as settle

    project = invocation.project()
    where, about = _about(invocation, project, path, sites, choice)
    if choice == "theirs" and len(about) > 1:
        names = ", ".join(site.name for site in about)
        raise UsageError(f"{where} is in conflict on several sites: {names}.", "Say whose words to take: --site NAME.")
    printer = Printer(invocation)
    code = 0
    for site in about:
        if dry_run:
            operation = Operation(site=site.name, path=where, action="conflict", result="planned")
            printer.event(operation)
            continue
        done = settle(project, site, where, choice)
        code = code or (0 if done.settled else 3)
        if invocation.json:
            printer.event(
                Operation(
                    site=done.site,
                    path=done.path,
                    action="merge" if done.settled else "conflict",
                    result="done",
                    id=done.id,
                    reason=done.sentence,
                )
            )
        else:
            printer.say(f"{done.path} {done.sentence}")
    if invocation.json:
        printer.event(Summary(merged=0 if code or dry_run else len(about), conflicts=int(bool(code)), exit_code=code))
    return code


def _about(
    invocation: Invocation, project: Project, typed: str, names: tuple[str, ...], choice: Choice | None
) -> tuple[str, list[Site]]:
    """Return the post that is meant, and the sites that are in conflict about it. Raises UsageError."""
    from gitsync.by_hand import live_posts
    from gitsync.naming import named_post, spellings
    from gitsync.resolving import in_conflict, lost_on

    sites = project.config.choose(names)
    conflicts = in_conflict(project, sites)
    path = next((it for it in spellings(project, typed, invocation.directory) if it in conflicts), None)
    if path is not None:
        return path, conflicts[path]
    path = named_post(project, typed, invocation.directory, {*live_posts(project), *conflicts})
    if choice is not None and (lost := lost_on(project, sites, path)):
        return path, lost
    on = f" on {', '.join(names)}" if names else ""
    hint = f"In conflict: {', '.join(sorted(conflicts)[:5])}." if conflicts else "Nothing is in conflict."
    raise UsageError(f"{path} is not in conflict{on}.", hint)
