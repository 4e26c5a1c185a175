"""`gitsync plan` and `gitsync apply`: look first, and have exactly that done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, format_option, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.cli.sync import (
    allow_option,
    carry_out,
    dry_run_option,
    materialises,
    no_markers_option,
    no_wait_option,
)
from gitsync.errors import UsageError
from gitsync.events import Notice, Summary, exit_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitsync.engine.planning import Plan
    from gitsync.project import Project
    from gitsync.sync import Options


@click.command()
@sites_argument
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the plan in this file, for apply.")
@click.option("--exit-code", "pending_code", is_flag=True, help="End with 4 when something is to be done.")
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Also write it as Markdown, into this file."
)
@allow_option
@format_option
@common_options
@pass_invocation
def plan(
    invocation: Invocation,
    sites: tuple[str, ...],
    out: Path | None,
    pending_code: bool,
    page: Path | None,
    allow: tuple[str, ...],
    form: str,
) -> int:
    """List what a sync would do, and keep that for apply.

    Site by site, with what would be lost there, and the calls and the time that it takes at least. Nothing is written
    but the file of --out. gitsync apply FILE then does exactly that, or nothing.
    """
    from gitsync.forecast import Forecast, forecasts
    from gitsync.saved_plan import SavedPlan, describe, dump
    from gitsync.status import waits
    from gitsync.sync import Options, Run

    project = invocation.project()
    options = Options(dry_run=True, allow=frozenset(allow))
    made: list[SavedPlan] = []
    pending: list[bool] = []
    costs: list[Forecast] = []

    def look(now: Plan) -> None:
        pending.append(any(map(waits, now.operations())))
        costs.extend(forecasts(now))
        if page is not None:
            (invocation.directory / page).write_text(invocation.redact(page_of(now)[0]), encoding="utf-8", newline="\n")
        if out is not None and not now.failures:
            made.append(describe(now, allow=options.allow))

    if form == "markdown":
        code, _ = print_page(invocation, project, sites, options, look)
    else:
        code = carry_out(
            invocation,
            Run(project, project.config.choose(sites), options, agree=look),
            last=lambda printer: printer.lines([] if invocation.json else [f"{it}." for it in costs]),
        )
    if out is not None:
        printer = Printer(invocation)
        target = invocation.directory / out
        if not made:
            printer.notice(f"{target} was not written, since not every site could be read.")
        else:
            if not target.parent.is_dir():
                raise UsageError(f"There is no folder {target.parent}.", "Make it, or name another file.")
            target.write_text(dump(made[0]), encoding="utf-8", newline="\n")
            printer.say(f"Kept in {target}. Next: `gitsync apply {out}`.")
    return exit_code({code, 4 if pending_code and any(pending) else 0})


def page_of(plan: Plan) -> tuple[str, int]:
    """Return what a plan would do as a page of Markdown, and how many differences it shows."""
    from gitsync.difference import differences
    from gitsync.forecast import forecasts
    from gitsync.report import markdown

    words = list(differences(plan))
    notes = [event.message for event in plan.failures if isinstance(event, Notice)]
    return markdown(plan.operations(), words, forecasts(plan), notes), len(words)


def print_page(
    invocation: Invocation,
    project: Project,
    sites: tuple[str, ...],
    options: Options,
    look: Callable[[Plan], None] = lambda _: None,
) -> tuple[int, int]:
    """Print what a sync would do as a page of Markdown; returns the run's exit code, and how much differs."""
    from gitsync.sync import Run

    printer = Printer(invocation)
    found = 0

    def show(now: Plan) -> None:
        nonlocal found
        look(now)
        page, found = page_of(now)
        printer.page(page)

    events = Run(project, project.config.choose(sites), options, agree=show).events()
    return next((event.exit_code for event in events if isinstance(event, Summary)), 0), found


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@no_wait_option
@no_markers_option
@dry_run_option
@common_options
@pass_invocation
def apply(invocation: Invocation, file: Path, no_wait: bool, no_markers: bool, dry_run: bool) -> int:
    """Carry out a kept plan, exactly.

    When the repository or a site has moved since the plan in FILE was made, nothing is done, and the exit code is 5.
    """
    from gitsync.saved_plan import Approval, check_repository, load
    from gitsync.sync import Options, Run

    target = invocation.directory / file
    try:
        text = target.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"There is no file {target}.", "Make a plan: gitsync plan --out FILE.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{target} is no plan of gitsync.", "Make one: gitsync plan --out FILE.") from None
    saved = load(text, name=str(target))
    project = invocation.project()
    check_repository(project, saved)
    sites = project.config.choose(list(saved.ledgers)) if saved.ledgers else []
    options = Options(dry_run=dry_run, wait=not no_wait, materialise=materialises(no_markers), allow=saved.allow)
    return carry_out(invocation, Run(project, sites, options, agree=Approval(saved)))
