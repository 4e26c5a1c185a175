"""`gitsync watch`: every save is checked, committed and sent; every edit on a site comes back."""

from __future__ import annotations

import queue
import sys
from datetime import datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.cli.text import clean

if TYPE_CHECKING:
    from gitsync.project import Project
    from gitsync.watch import Watched


@click.command()
@sites_argument
@click.option(
    "--on-save",
    type=click.Choice(("check", "commit", "sync")),
    help="What a save does, whatever [watch] on_save says.",
)
@click.option("--install", is_flag=True, help="Write a service that watches this folder when you are logged in.")
@click.option("--print", "shown", is_flag=True, help="With --install: only show that service.")
@common_options
@pass_invocation
def watch(invocation: Invocation, sites: tuple[str, ...], on_save: str | None, install: bool, shown: bool) -> int:
    """Sync whenever a post is saved, and look at the sites now and then.

    A save is checked, committed and sent to every SITE as soon as your editor is done; [watch] on_save = "commit" or
    "check" stops earlier. Edits made on the sites come back every five minutes ([watch] poll). Conflicts are only
    reported: gitsync sync shows them in the files. Ctrl-C ends it.
    """
    project = invocation.project()
    if install or shown:
        return _install(invocation, project, shown=shown)
    from gitsync.cli.status_line import StatusLine
    from gitsync.filewatch import Inbox, watching
    from gitsync.watch import Watch, Watched

    printer = Printer(invocation)
    line = StatusLine() if sys.stderr.isatty() and not invocation.json else None
    inbox: Inbox = queue.SimpleQueue()
    with watching(project, inbox) as files:
        seen = Watch(invocation.directory, sites, inbox, files=files, on_save=on_save)
        try:
            for event in seen.events():
                if line is not None:
                    line.hide()
                if isinstance(event, Watched):
                    _tell(invocation, printer, event)
                    if line is not None:
                        line.show(clean(invocation.redact(_standing(event, seen.due))))
                else:
                    printer.event(event)
        finally:
            if line is not None:
                line.hide()
    return 0


def _tell(invocation: Invocation, printer: Printer, event: Watched) -> None:
    if invocation.json:
        printer.result("watch", event.to_json(), "")
    elif event.state in ("ready", "waiting", "committed") or (event.state == "retrying"):
        printer.say(event.message)
    sys.stdout.flush()  # whoever reads this from a pipe wants it now


def _standing(event: Watched, due: float) -> str:
    at = datetime.now().astimezone()
    later = f"; next look at {datetime.fromtimestamp(due).astimezone():%H:%M:%S}" if due < inf else ""
    return f"{at:%H:%M:%S} {event.message.rstrip('.')}{later}. Ctrl-C ends."


def _install(invocation: Invocation, project: Project, *, shown: bool) -> int:
    from gitsync.cli.toml_edit import replace_file
    from gitsync.service_unit import unit_for

    unit = unit_for(project.config.root, home=Path.home())
    printer = Printer(invocation)
    if shown:
        if invocation.json:
            printer.result("unit", {"path": str(unit.path), "text": unit.text}, "")
        else:
            printer.page(unit.text)
        return 0
    unit.path.parent.mkdir(parents=True, exist_ok=True)
    unit.path.touch()
    replace_file(unit.path, unit.text)
    printer.result("unit", {"path": str(unit.path), "text": unit.text}, f"Wrote {unit.path}.")
    printer.say(f"Put the secrets as NAME=value lines into {unit.environment} (chmod 600), then: {unit.start}")
    printer.say(f"Its log: {unit.log}")
    return 0
