"""`gitsync check`: what the sites would refuse or lose, before anything is sent."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from gitsync.cli.findings import FORMATS, counted, line_of, sarif
from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.events import Summary

if TYPE_CHECKING:
    from gitsync.check import Check
    from gitsync.lint.finding import Finding
    from gitsync.project import Project


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--site", "sites", multiple=True, metavar="SITE", help="Check for this site only; may be repeated.")
@click.option("--links", is_flag=True, help="Ask other hosts too whether what is linked to is there.")
@click.option("--fix", is_flag=True, help="Mend what is safe to mend: links that differ in case, tags said twice.")
@click.option("--strict", is_flag=True, help="End with 6 for warnings too.")
@click.option("--posts-only", is_flag=True, help="Leave out each PATH that is no post, as a hook names any file.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How it is told.")
@common_options
@pass_invocation
def check(
    invocation: Invocation,
    paths: tuple[str, ...],
    sites: tuple[str, ...],
    links: bool,
    fix: bool,
    strict: bool,
    posts_only: bool,
    form: str,
) -> int:
    """Find what the sites would refuse or lose, before anything is sent.

    The former are errors, the latter warnings. Looks at each PATH, a post or a folder of posts, or at all posts, as
    they are on the disk, committed or not: front matter, links, headings linked to, twins, your JSON Schema. Asks no
    site. Ends with 6 when there is an error.
    """
    from gitsync.check import Check, posts_to_check

    project = invocation.project()
    form = "json" if invocation.json else form
    invocation.json = form == "json"
    printer = Printer(invocation)
    chosen = posts_to_check(project, paths, invocation.directory, others=posts_only)
    found: list[Finding] = []
    with ExitStack() as stack:
        checking = Check(project, project.config.choose(sites), stack)
        for site, reason in checking.skipped.items():
            printer.notice(f"Not checked for {site}: {reason}")
        for path in chosen:
            if fix and _fixed(checking, path):
                printer.notice(f"Mended {path}.")
            found += _told(printer, form, checking.post(path))
        if links:
            found += _told(printer, form, _links(checking, chosen))
    if form == "sarif":
        click.echo(json.dumps(sarif(found, _uri(project)), indent=1))
    errors, warnings = counted(found)
    code = 6 if errors or (strict and warnings) else 0
    if form == "json":
        printer.event(Summary(failed=errors, exit_code=code))
    elif form != "text":
        pass
    elif not chosen:
        printer.notice(f"There are no posts in {', '.join(project.config.content.paths)}.")
    else:
        mendable = sum(it.fixable for it in found)
        tail = f" --fix mends {mendable} of them." if mendable else ""
        printer.say(f"{_count(len(chosen), 'post')}: {_count(errors, 'error')}, {_count(warnings, 'warning')}.{tail}")
    return code


def _told(printer: Printer, form: str, findings: list[Finding]) -> list[Finding]:
    from dataclasses import asdict

    for finding in findings:
        if form == "json":
            printer.result("problem", asdict(finding), "")
        elif form != "sarif":
            printer.lines([line_of(form)(finding)])
    return findings


def _fixed(checking: Check, path: str) -> bool:
    from gitsync.errors import InvalidContent

    try:
        return checking.fix(path)
    except InvalidContent:  # told by the check itself
        return False


def _links(checking: Check, paths: list[str]) -> list[Finding]:
    from gitsync.errors import InvalidContent
    from gitsync.lint.external import Asked, check_links, external_links

    asked: list[Asked] = []
    for path in paths:
        try:
            asked += external_links(checking.read(path))
        except InvalidContent:  # told by the check itself
            continue
    return [finding for finding in check_links(asked) if not checking.allows(finding)]


def _uri(project: Project) -> str:
    root = project.repository.root
    return f"{root.as_uri()}/" if root is not None else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
