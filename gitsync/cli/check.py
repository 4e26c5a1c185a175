"""`gitsync check`: what the sites would refuse or lose, before anything is sent."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.events import Summary


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--site", "sites", multiple=True, metavar="SITE", help="Check for this site only; may be repeated.")
@common_options
@pass_invocation
def check(invocation: Invocation, paths: tuple[str, ...], sites: tuple[str, ...]) -> int:
    """Find what the sites would refuse or lose, before anything is sent.

    The former are errors, the latter warnings. Looks at each PATH, a post or a folder of posts, or at all posts, as
    they are on the disk, committed or not. Asks no site. Ends with 6 when there is an error.
    """
    from gitsync.check import Check, posts_to_check

    project = invocation.project()
    printer = Printer(invocation)
    chosen = posts_to_check(project, paths, invocation.directory)
    errors = warnings = 0
    with ExitStack() as stack:
        checking = Check(project, project.config.choose(sites), stack)
        for site, reason in checking.skipped.items():
            printer.notice(f"Not checked for {site}: {reason}")
        for path in chosen:
            for finding in checking.post(path):
                errors += finding.severity == "error"
                warnings += finding.severity == "warning"
                printer.result("problem", asdict(finding), str(finding))
    code = 6 if errors else 0
    if invocation.json:
        printer.event(Summary(failed=errors, exit_code=code))
    elif not chosen:
        printer.notice(f"There are no posts in {', '.join(project.config.content.paths)}.")
    else:
        printer.say(f"{_count(len(chosen), 'post')}: {_count(errors, 'error')}, {_count(warnings, 'warning')}.")
    return code


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
