"""Events as the user sees them: sentences on stdout, or one JSON object a line; bars and notices on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gitsync.cli.invocation import Invocation
from gitsync.cli.text import clean, clean_lines
from gitsync.events import Event, Notice, Operation, Progress, Summary

if TYPE_CHECKING:
    from gitsync.cli.bars import Bars

PARTICIPLES = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "unpublish": "unpublished",
    "pull": "pulled",
    "import": "imported",
    "merge": "merged",
    "adopt": "adopted",
    "skip": "skipped",
}
MARKS = {"gone": ("red", "[-", "-]"), "new": ("green", "{+", "+}")}
COUNTS = ("created", "updated", "deleted", "pulled", "merged", "conflicts", "failed")


def sentence(operation: Operation) -> str:
    """Return an operation in words."""
    done = PARTICIPLES.get(operation.action, "")
    phrase = {
        "planned": f"would {operation.action}",
        "done": done,
        "failed": f"could not {operation.action}",
        "unknown": f"may have {done}",
    }[operation.result]
    if operation.action == "conflict":
        phrase = "conflict in"
    elif operation.action == "skip" and operation.result == "failed":
        phrase = "left out"
    if operation.path and operation.reason and operation.reason.startswith(f"{operation.path}:"):
        return f"{operation.site}: {phrase} {operation.reason}"  # a place in the file says its path itself
    text = f"{operation.site}: {phrase} {operation.path or operation.id or 'a post'}"
    if operation.action == "adopt" and operation.result == "planned":
        text += f" as {' '.join(filter(None, (operation.id, operation.url)))}"  # for somebody to look at first
    elif operation.url and operation.result == "done":
        text += f" ({operation.url})"
    return f"{text}: {operation.reason}" if operation.reason else text


def total(summary: Summary, *, planned: bool) -> str:
    """Return a summary in words; `planned` when nothing was done yet."""
    counts = [f"{number} {name}" for name in COUNTS if (number := getattr(summary, name))]
    if summary.conflicts == 1:
        counts = [count.replace("conflicts", "conflict") for count in counts]
    said = f"{'Planned: ' if planned and counts else ''}{', '.join(counts) or 'Nothing to do'}"
    # A database or a folder is not asked over HTTP.
    return f"{said}; {summary.requests} request{'s' * (summary.requests != 1)}." if summary.requests else f"{said}."


class Printer:
    """Prints the events of one command. No secret and no terminal code gets through."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._bars: Bars | None = None
        self._results: set[str] = set()

    def follow(self, events: Iterable[Event], *, last: Callable[[Printer], object] = lambda _: None) -> int:
        """Print every event as it comes and return the exit code of the summary, before which `last` may print."""
        code = 0
        with self._open_bars():
            for event in events:
                if isinstance(event, Summary):
                    last(self)
                self.event(event)
                if isinstance(event, Summary):
                    code = event.exit_code
        return code

    def event(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.notice(event.message)
        elif self._invocation.json:
            self._json(event.to_json())
        elif isinstance(event, Operation):
            self._results.add(event.result)
            self._line(sentence(event))
        elif isinstance(event, Progress):
            self._progress(event)
        else:
            self._line(total(event, planned="planned" in self._results and "done" not in self._results))

    def result(self, kind: str, fields: Mapping[str, Any], text: str) -> None:
        """Print what a command found that is no operation: `text`, or a JSON event called `kind`."""
        if self._invocation.json:
            self._json({"event": kind, **fields})
        else:
            self._line(text)

    def say(self, text: str) -> None:
        """Print a sentence for people: on stdout, or on stderr where stdout is for programs."""
        self._line(text, err=self._invocation.json)

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines for people on stdout, indented as they are."""
        for line in lines:
            self._line(line)

    def marked(self, pieces: Iterable[tuple[str, str]]) -> None:
        """Print one line of (kind, text) pieces, kinds as in wording: brackets around words, colours on a terminal."""
        colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        line = ""
        for kind, text in pieces:
            shown = clean(self._invocation.redact(text))
            if kind == "cut":
                shown = "…"
            elif kind in MARKS and colours:
                shown = click.style(shown, fg=MARKS[kind][0])
            elif kind in MARKS:
                shown = f"{MARKS[kind][1]}{shown}{MARKS[kind][2]}"
            line += shown
        click.echo(line)

    def page(self, text: str) -> None:
        """Print a text of many lines as it is, without secrets and terminal codes."""
        click.echo(clean_lines(self._invocation.redact(text)).rstrip("\n"))

    def notice(self, text: str) -> None:
        """Print a sentence on stderr."""
        self._line(text, err=True)

    def _line(self, text: str, *, err: bool = False) -> None:
        if self._bars is not None:
            self._bars.hide()
        click.echo(clean(self._invocation.redact(text)), err=err)

    def _json(self, fields: Mapping[str, Any]) -> None:
        # ASCII only: JSON escapes then hold every control character and every undecodable byte of a path.
        click.echo(json.dumps(self._redacted(fields)))
        self._invocation.summed_up = fields.get("event") == "summary"

    def _redacted(self, value: Any) -> Any:
        # Before encoding: a secret with a quote or an umlaut looks different in JSON.
        if isinstance(value, str):
            return self._invocation.redact(value)
        if isinstance(value, Mapping):
            return {key: self._redacted(item) for key, item in value.items()}
        return [self._redacted(item) for item in value] if isinstance(value, list | tuple) else value

    def _progress(self, event: Progress) -> None:
        if self._bars is None:
            if not sys.stderr.isatty():
                return
            from gitsync.cli.bars import Bars

            self._bars = Bars()
        self._bars.show(event)

    @contextmanager
    def _open_bars(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._bars is not None:
                self._bars.hide()
