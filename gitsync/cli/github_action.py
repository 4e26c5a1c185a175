"""One step of a GitHub workflow: `python -m gitsync.cli.github_action`, which action.yml runs.

It refuses to write where nothing may be written, makes a shallow checkout whole, runs one command, and tells what
happened as a summary, as annotations and as outputs. Facts: docs.github.com, "Workflow commands for GitHub Actions" and
"Store information in variables".
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import click

from gitsync.cli.annotations import annotation
from gitsync.config import load
from gitsync.engine.proposing import CONFLICTS, PREFIX
from gitsync.errors import Error, Refused, SiteError, UsageError
from gitsync.report import cell
from gitsync.repository import Repository

READING: Final = ("plan", "status", "check", "diff")
WRITING: Final = ("sync", "push", "pull")
COUNTS: Final = ("created", "updated", "deleted", "pulled", "merged", "conflicts", "failed")
EVENTS: Final = ("pull_request", "pull_request_target")
BOT: Final = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Run the step; return the exit code of the command, or of what was refused."""
    try:
        command = _command(environment)
        _prepare(environment, writes=_writes(command))
    except Error as error:
        click.echo(annotation("error", str(error)))
        return error.exit_code
    page = _page(environment, command)
    if page is not None:
        command += ["--page", str(page.absolute())]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    for line in workflow_commands(events):
        click.echo(line)
    _append(environment, "GITHUB_STEP_SUMMARY", "\n".join(summary(events, done.returncode)) + "\n")
    last = events[-1] if events and events[-1]["event"] == "summary" else {}
    _append(environment, "GITHUB_OUTPUT", "".join(f"{name}={last.get(name, 0)}\n" for name in COUNTS))
    for line in _pulls(environment, page, done.returncode):
        click.echo(line)
    return done.returncode


def _page(environment: Mapping[str, str], command: list[str]) -> Path | None:
    """Return the file that a plan is to be written into, for a comment; None where no comment is wanted."""
    wanted = environment.get("GITSYNC_COMMENT") == "true" and environment.get("GITHUB_EVENT_NAME") in EVENTS
    if not wanted or command[5] != "plan":
        return None
    return Path(environment.get("RUNNER_TEMP") or gettempdir()) / "gitsync-plan.md"


def _pulls(environment: Mapping[str, str], page: Path | None, code: int) -> Iterator[str]:
    """Comment on the pull request, or open the ones that sites' edits wait on; yield what to print."""
    token, name = environment.get("GITSYNC_TOKEN", ""), environment.get("GITHUB_REPOSITORY", "")
    propose = environment.get("GITSYNC_PULL_REQUESTS") == "true" and environment.get("GITHUB_EVENT_NAME") not in EVENTS
    if page is None and not propose:
        return
    if not token or not name:
        yield annotation("warning", "Without a token nothing can be said on GitHub: give the input github-token.")
        return
    from gitsync.cli.github_pulls import Pulls, number_of

    pulls = Pulls(environment.get("GITHUB_API_URL") or "https://api.github.com", name, token)
    try:
        number = number_of(environment.get("GITHUB_EVENT_PATH", ""))
        if page is not None and number is not None:
            text = page.read_text(encoding="utf-8") if page.exists() else None
            if text is None and code:
                text = f"The plan could not be made; it ended with {code}. See the job's summary."
            quiet = text is None or text.startswith("Nothing to do")
            url = pulls.comment(number, environment.get("GITSYNC_DIRECTORY") or ".", None if quiet else text)
            if url:
                yield f"The plan is at {url}"
        if propose:
            yield from _proposed(environment, pulls)
    except SiteError as error:  # a fork's token may only read: what was planned stands in the summary
        yield annotation("warning", str(error))
    finally:
        pulls.close()


def _proposed(environment: Mapping[str, str], pulls: Any) -> Iterator[str]:
    folder = Path(environment.get("GITSYNC_DIRECTORY") or ".")
    config = load(None, folder)
    repository = Repository.open(folder)
    remote = config.state.remote or "origin"
    base = config.state.branch or environment.get("GITHUB_REF_NAME") or repository.default_branch(remote) or "main"
    heads = repository.remote_refs(remote, [f"refs/heads/{PREFIX}*", f"refs/heads/{CONFLICTS}*"])
    repository.fetch(remote, [f"+{ref}:refs/gitsync-pulls/{ref.removeprefix('refs/heads/gitsync/')}" for ref in heads])
    tip = repository.head()
    for ref, oid in sorted(heads.items()):
        branch = ref.removeprefix("refs/heads/")
        if tip is None or repository.is_ancestor(oid, tip) or not repository.diff(tip, oid, renames=False):
            continue  # it was merged
        conflict = branch.startswith(CONFLICTS)
        site = branch.removeprefix(CONFLICTS if conflict else PREFIX)
        title = f"{site}: its words where they collide with ours" if conflict else f"{site}: edits made there"
        body = CONFLICT if conflict else EDITS
        url, new = pulls.propose(branch, base, title, body.format(site=site))
        yield f"{'Opened' if new else 'Kept'} {url}"


EDITS: Final = (
    "These edits were made on {site}. Merge them as you like, squashed too: the next sync sees what the branch says. "
    "Until then these posts are not sent to {site}."
)
CONFLICT: Final = (
    "The same words were changed here and on {site}. Merging this takes the words of {site}; change the branch to mix "
    "them, or close it and run `gitsync resolve PATH --ours`. Until then these posts are neither sent nor pulled."
)


def _command(environment: Mapping[str, str]) -> list[str]:
    """Return the command that the inputs ask for. Raises UsageError."""
    name = environment.get("GITSYNC_COMMAND") or "sync"
    if name not in (*READING, *WRITING):
        raise UsageError(f"The action has no command {name!r}.", f"Use one of {', '.join((*WRITING, *READING))}.")
    dry = ["--dry-run"] if environment.get("GITSYNC_DRY_RUN") == "true" and name in WRITING else []
    # Sites of `check` are an option: its arguments are files.
    sites = environment.get("GITSYNC_SITES", "").split()
    chosen = [word for site in sites for word in ("--site", site)] if name == "check" else sites
    args = shlex.split(environment.get("GITSYNC_ARGS", ""))
    folder = environment.get("GITSYNC_DIRECTORY") or "."
    return [sys.executable, "-m", "gitsync", "-C", folder, name, "--json", *dry, *args, *chosen]


def _writes(command: list[str]) -> bool:
    return command[5] in WRITING and "--dry-run" not in command


def _prepare(environment: Mapping[str, str], *, writes: bool) -> None:
    """Make the checkout fit for the command. Raises Refused, UsageError."""
    folder = Path(environment.get("GITSYNC_DIRECTORY") or ".")
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Check the input `directory`.")
    config = load(None, folder)
    if writes and environment.get("GITHUB_EVENT_NAME") in EVENTS:
        message = "Nothing is written to sites for a pull request: it may be anybody's."
        raise Refused(message, "Use `command: plan` there, and sync when it is merged.")
    if writes and config.state.remote is None:
        message = "A machine that is thrown away afterwards must share its ledger, or the next run knows nothing of it."
        raise Refused(message, 'Add remote = "origin" under [state] in gitsync.toml.')
    repository = Repository.open(folder)
    if repository.is_shallow():
        repository.deepen(config.state.remote or "origin")
    if writes and not repository.config("user.email"):
        for key, value in zip(("user.name", "user.email"), BOT, strict=True):
            subprocess.run(["git", "config", key, value], cwd=folder, check=True)


def workflow_commands(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what GitHub shows beside lines: problems of posts, conflicts, and what failed."""
    lines = []
    for event in events:
        if event["event"] == "problem":
            kind = "error" if event.get("severity") == "error" else "warning"
            place = {"path": event["path"], "line": event.get("line", 1), "column": event.get("column", 1)}
            lines.append(annotation(kind, str(event.get("message", "")), **place, title=str(event.get("code", ""))))
        elif event["event"] == "operation" and (
            event["result"] in ("failed", "unknown") or event["action"] == "conflict"
        ):
            said = f"{event['site']}: {event['action']} {event['result']}: {event.get('reason') or ''}".rstrip(": ")
            kind = "warning" if event["action"] == "conflict" else "error"
            lines.append(annotation(kind, said, path=event.get("path") or ""))
        elif event["event"] == "notice" and event.get("level") != "info":
            lines.append(annotation(event["level"], str(event["message"])))
    return lines


def summary(events: list[dict[str, Any]], code: int) -> list[str]:
    """Return a Markdown page: a table of what happened, with links."""
    operations = [event for event in events if event["event"] == "operation"]
    problems = [event for event in events if event["event"] == "problem"]
    last = events[-1] if events and events[-1]["event"] == "summary" else {}
    counts = ", ".join(f"{last[name]} {name}" for name in COUNTS if last.get(name)) or "nothing to do"
    lines = [f"### gitsync: {counts}", ""]
    if code:
        lines += [f"Ended with {code}.", ""]
    if operations:
        lines += ["| site | post | what | why |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(cell, _row(event)))} |" for event in operations]
    if problems:
        lines += ["| where | what |", "|---|---|"]
        for it in problems:
            said = f"{it.get('code', '')} {it.get('message', '')}"
            lines.append(f"| {cell(it['path'])}:{it.get('line', 1)} | {cell(said)} |")
    return lines


def _row(event: Mapping[str, Any]) -> tuple[str, str, str, str]:
    what = f"{event['action']}: {event['result']}"
    return event["site"], str(event.get("path") or event.get("id") or ""), what, str(event.get("reason") or "")


def _append(environment: Mapping[str, str], name: str, text: str) -> None:
    if path := environment.get(name):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
