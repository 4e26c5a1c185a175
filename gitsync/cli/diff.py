"""`gitsync diff`: the words that a sync would change, on each site and here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from gitsync.cli.invocation import Invocation, common_options, format_option, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.cli.sync import allow_option
from gitsync.errors import Error
from gitsync.events import Notice, Operation, Summary, exit_code

if TYPE_CHECKING:
    from gitsync.difference import Difference
    from gitsync.engine.planning import Plan
    from gitsync.model import Value

HEADS = {
    "create": "would be created from {path}",
    "update": "would take from {path}",
    "delete": "would lose {path}",
    "unpublish": "would hide {path}",
    "pull": "changes {path}",
}


@click.command()
@sites_argument
@click.option("--exit-code", "pending_code", is_flag=True, help="End with 4 when there is a difference.")
@allow_option
@format_option
@common_options
@pass_invocation
def diff(invocation: Invocation, sites: tuple[str, ...], pending_code: bool, allow: tuple[str, ...], form: str) -> int:
    """Show the words that a sync would change.

    On each SITE by a push, and here by a pull: [-Words that go-] and {+words that come+}; in colour on a terminal.
    Nothing is written.
    """
    from gitsync.sync import Options, Run

    project = invocation.project()
    printer = Printer(invocation)
    found = [0]

    def look(plan: Plan) -> None:
        from gitsync.difference import differences

        for difference in differences(plan):
            found[0] += 1
            _print(printer, invocation, difference)

    options = Options(dry_run=True, allow=frozenset(allow))
    if form == "markdown":
        from gitsync.cli.plan import print_page

        code, differing = print_page(invocation, project, sites, options)
        return exit_code({code, 4 if pending_code and differing else 0})
    run = Run(project, project.config.choose(sites), options, agree=look)
    code = 0
    try:
        for event in run.events():
            if isinstance(event, Notice) or (
                isinstance(event, Operation) and (event.result == "failed" or event.action in ("conflict", "skip"))
            ):
                printer.event(event)
            elif isinstance(event, Summary):
                code = event.exit_code
                if invocation.json:
                    printer.event(event)
    except Error as error:
        if invocation.json:
            printer.event(Summary(failed=1, requests=run.requests, exit_code=error.exit_code))
        raise
    if not found[0] and not code:
        printer.say("No differences.")
    return exit_code({code, 4 if pending_code and found[0] else 0})


def _print(printer: Printer, invocation: Invocation, difference: Difference) -> None:
    from gitsync.wording import changed_words

    before = difference.before.body if difference.before else ""
    # A post that goes is told, not shown: its words are in the ledger.
    after = difference.after.body if difference.after else before
    lines = list(changed_words(before, after))
    if invocation.json:
        words = "\n".join("".join(_bracketed(*piece) for piece in line) for line in lines)
        fields = {name: [_plain(value) for value in pair] for name, pair in difference.fields.items()}
        told: dict[str, Any] = {
            "site": difference.site,
            "path": difference.path,
            "direction": difference.direction,
            "action": difference.action,
            "fields": fields,
            "body": words,
        }
        printer.result("diff", told, "")
        return
    printer.say(f"{difference.site} {HEADS[difference.action].format(path=difference.path)}:")
    for name, (old, new) in difference.fields.items():
        told_line = [("same", f"  {name}: ")]
        told_line += [("gone", _shown(old))] if old is not None else []
        told_line += [("new", _shown(new))] if new is not None else []
        printer.marked(told_line)
    for line in lines:
        printer.marked([("same", "  "), *line])
    printer.say("")


def _bracketed(kind: str, text: str) -> str:
    return {"gone": f"[-{text}-]", "new": f"{{+{text}+}}", "cut": "…"}.get(kind, text)


def _plain(value: Value) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
