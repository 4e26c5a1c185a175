"""`gitsync install-hooks`, and what git calls once that is done."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from gitsync.bounded_json import own
from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer


@click.command("install-hooks")
@click.option("--pre-push", is_flag=True, help="Also check the posts before every push.")
@click.option("--remove", is_flag=True, help="Take it all back.")
@common_options
@pass_invocation
def install_hooks(invocation: Invocation, pre_push: bool, remove: bool) -> int:
    """Let plain git merge posts by fields and words, and show records.

    git merge, rebase, revert and cherry-pick then merge two edits of one paragraph as a sync does. Only this clone
    knows of it, and no file of yours changes.
    """
    from gitsync.git_setup import install
    from gitsync.git_setup import remove as take_back

    project = invocation.project()
    printer = Printer(invocation)
    told = take_back(project) if remove else install(project, pre_push=pre_push)
    if invocation.json:
        printer.result("hooks", {"done": told.done, "left": told.left}, "")
    else:
        printer.lines(told.done)
    for sentence in told.left:
        printer.notice(sentence)
    return 0


@click.command("merge-driver", hidden=True)
@click.argument("base")
@click.argument("ours")
@click.argument("theirs")
@click.argument("size")
@click.argument("path")
@click.argument("labels", nargs=-1)
@pass_invocation
def merge_driver(
    invocation: Invocation, base: str, ours: str, theirs: str, size: str, path: str, labels: tuple[str, ...]
) -> int:
    """Merge THEIRS into OURS, as git's merge drivers do: 0 when it is clean, 1 when markers are left."""
    from gitsync.dialects import DIALECTS
    from gitsync.errors import Error
    from gitsync.merge_driver import merge_files
    from gitsync.repository import Repository

    try:
        dialect = DIALECTS[invocation.config().content.dialect]
    except Error:  # another branch's configuration, or none: git's merge goes on all the same
        dialect = DIALECTS["gitsync"]
    said = [label if label and not label.startswith("%") else "" for label in (*labels, "", "")[:2]]
    git = Repository.open(invocation.directory).git
    outcome = merge_files(
        git,
        *(str(Path.cwd() / name) for name in (base, ours, theirs)),
        path=path,
        dialect=dialect,
        labels=(said[0] or "ours", said[1] or "theirs"),
        marker_size=int(size) if size.isdecimal() else 7,
    )
    Path(ours).write_bytes(outcome.text)
    return 0 if outcome.clean else 1


@click.command("textconv", hidden=True)
@click.argument("file", type=click.Path(path_type=Path))
def textconv(file: Path) -> int:
    """Print a record of a ledger a line a fact; any other file as it is."""
    data = file.read_bytes()
    try:
        said = own(data)
    except ValueError:
        said = None
    if isinstance(said, dict) and "id" in said:
        if isinstance(written := said.get("written"), int | float):
            said["written"] = datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")
        data = (
            json.dumps(said, indent=2, ensure_ascii=False, sort_keys=True).encode("utf-8", "backslashreplace") + b"\n"
        )
    sys.stdout.buffer.write(data)
    return 0
