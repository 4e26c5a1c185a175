"""`gitsync demo`: the main job, really done, on a little blog of its own."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.cli.text import clean

INDENTS = {"scene": "\n", "prose": "  ", "command": "  ", "output": "    ", "check": "  ✓ "}
STYLES: dict[str, dict[str, Any]] = {
    "scene": {"bold": True},
    "command": {"fg": "cyan"},
    "output": {"dim": True},
    "check": {"fg": "green"},
}


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@common_options
@pass_invocation
def demo(invocation: Invocation, folder: Path | None) -> None:
    """Play the main job on a little blog, and show the evidence.

    A first push, an edit coming back, a merge, a conflict, a rename and a rollback, with a SQLite CMS and a static
    site in DIR, a new folder (without it, a temporary one that stays). Ends with 1 when a claim does not hold.
    """
    from gitsync.demo import play

    printer = Printer(invocation)
    begun = time.monotonic()
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="gitsync-demo-")) / "blog"
    root = (invocation.directory / folder).absolute()
    for line in play(root):
        if invocation.json:
            printer.result("demo", {"kind": line.kind, "text": line.text}, "")
        else:
            # click leaves the colours out where stdout is no terminal.
            click.echo(click.style(f"{INDENTS[line.kind]}{clean(line.text)}", **STYLES.get(line.kind, {})))
    printer.say(f"All of it held, in {time.monotonic() - begun:.0f} s.")
