"""`gitsync sync`, `pull`, `push` and `import`: keep repository and sites in step."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.errors import Error
from gitsync.events import Notice, Summary

if TYPE_CHECKING:
    from gitsync.project import Project
    from gitsync.sync import Options, Run

F = TypeVar("F", bound=Callable[..., Any])

ALLOWANCES = ("missing", "deletes", "creates", "resend")
"""The guards that --allow lifts; gitsync.sync has the same, but importing it would slow down every --help."""

FILES = (".zip", ".xml", ".md", ".json")

allow_option = click.option(
    "--allow",
    multiple=True,
    type=click.Choice(ALLOWANCES),
    help="Lift a guard: posts missing on a site, many deletes, many creates, or a new configuration. May be repeated.",
)
no_wait_option = click.option(
    "--no-wait", is_flag=True, help="Do not wait for a site that may still be storing a post; the next run looks."
)
no_markers_option = click.option(
    "--no-markers", is_flag=True, help="Only report conflicts; never write them into files. So it is with CI=true."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


create_option = click.option(
    "--create",
    "again",
    multiple=True,
    metavar="PATH",
    help="Send this new post again though an earlier try may have arrived: you looked, and it is not there.",
)


def run_options(function: F) -> F:
    """Add the options of every command that writes to files or sites."""
    yes = click.option(
        "--yes", is_flag=True, help="Allow the many creates of a first sync without being asked; never deletes."
    )
    for option in (yes, allow_option, no_markers_option, no_wait_option, dry_run_option):
        function = option(function)
    return function


def materialises(no_markers: bool) -> bool:
    """Say whether conflicts go into the work tree: where a person is there to see them, not in CI."""
    return not no_markers and os.environ.get("CI", "").lower() in ("", "0", "false", "no")


def options(
    *,
    pull: bool = True,
    push: bool = True,
    dry_run: bool,
    no_wait: bool,
    no_markers: bool,
    allow: tuple[str, ...],
    again: frozenset[str] = frozenset(),
) -> Options:
    from gitsync.sync import Options

    return Options(
        pull=pull,
        push=push,
        dry_run=dry_run,
        wait=not no_wait,
        materialise=materialises(no_markers),
        allow=frozenset(allow),
        again=again,
    )


def carry_out(invocation: Invocation, run: Run, *, last: Callable[[Printer], object] = lambda _: None) -> int:
    """Print what a run does and return its exit code. With --json a summary is last, also when it breaks off.

    `last` may print before that.
    """
    printer = Printer(invocation)
    run.options = replace(run.options, progress=printer.event)
    if not run.sites:
        printer.event(Notice(level="warning", message="No sites yet. Run `gitsync site add NAME`."))
    try:
        return printer.follow(run.events(), last=last)
    except KeyboardInterrupt:
        for sentence in run.interrupted():
            printer.notice(sentence)
        if invocation.json:
            printer.event(replace(run.summary(), exit_code=130))
        raise
    except Error as error:
        if invocation.json:  # with the requests that were sent
            printer.event(Summary(failed=1, requests=run.requests, exit_code=error.exit_code))
        raise


def _start(invocation: Invocation, project: Project, sites: tuple[str, ...], yes: bool, **given: Any) -> int:
    from gitsync.naming import spellings
    from gitsync.sync import Run

    allow = (*given.pop("allow"), *(("creates",) if yes else ()))
    paths = given.pop("again", ())
    given["again"] = frozenset(it for path in paths for it in spellings(project, path, invocation.directory))
    return carry_out(invocation, Run(project, project.config.choose(sites), options(**given, allow=allow)))


@click.command()
@sites_argument
@create_option
@run_options
@common_options
@pass_invocation
def sync(invocation: Invocation, /, sites: tuple[str, ...], **given: Any) -> int:
    """Keep repository and sites in step, in both directions.

    Brings the edits of each SITE into the branch, merges, and sends every SITE what it lacks. Only committed work
    takes part. Conflicts are shown in the files as git shows them; edit and commit, or run gitsync resolve.
    """
    return _start(invocation, invocation.project(), sites, **given)


@click.command()
@sites_argument
@run_options
@common_options
@pass_invocation
def pull(invocation: Invocation, /, sites: tuple[str, ...], **given: Any) -> int:
    """Bring the edits of sites into the branch; nothing is sent."""
    return _start(invocation, invocation.project(), sites, push=False, **given)


@click.command()
@sites_argument
@create_option
@run_options
@common_options
@pass_invocation
def push(invocation: Invocation, /, sites: tuple[str, ...], **given: Any) -> int:
    """Send sites what changed here; no file changes.

    A post that was also edited on the site is left to gitsync sync.
    """
    return _start(invocation, invocation.project(), sites, pull=False, **given)


@click.command("import")
@click.argument("site", metavar="SITE|FILE")
@run_options
@common_options
@pass_invocation
def import_(invocation: Invocation, /, site: str, **given: Any) -> int:
    """Make files of the posts that are only on a site, or in an export.

    A SITE is pulled, whatever [policy] import says; nothing is sent. A FILE is WordPress' export, Medium's ZIP, a feed,
    or a folder of another blog's Markdown files. Posts that are here already are left alone.
    """
    project = invocation.project()
    named = site in project.config.sites
    path = invocation.directory / site
    if not named and (path.exists() or "/" in site or Path(site).suffix.lower() in FILES):
        from gitsync.import_source import import_source

        return Printer(invocation).follow(import_source(project, path, dry_run=given["dry_run"]))
    config = project.config
    for chosen in config.choose((site,)):
        if not chosen.check().capabilities.listed:
            message = f"{site} shows nothing of what it has: export it there, and run gitsync import FILE."
            Printer(invocation).event(Notice(level="warning", message=message))
    willing = replace(project, config=replace(config, policy=replace(config.policy, import_=True)))
    return _start(invocation, willing, (site,), push=False, **given)
