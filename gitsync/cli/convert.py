"""`gitsync convert`: the translation alone, a filter."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.text import clean
from gitsync.errors import UsageError
from gitsync.markdown.formats import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitsync.markdown.formats import Format, Translation


@click.command()
@click.option("--from", "source", type=click.Choice(NAMES), required=True, help="What the text is.")
@click.option("--to", "target", type=click.Choice(NAMES), required=True, help="What it is to be.")
@click.option("--jsonl", is_flag=True, help='Read {"text": …} and print {"text": …, "losses": […]}, a line each.')
@click.argument("files", nargs=-1, metavar="[FILE]...")
@common_options
@pass_invocation
def convert(invocation: Invocation, source: str, target: str, jsonl: bool, files: tuple[str, ...]) -> int:
    """Translate the body of a post between formats; a filter.

    Each FILE, or standard input, goes to standard output. The text is a body alone, without front matter. What the
    target cannot say is told on standard error. --jsonl translates many texts, a line each, as they come.
    """
    from gitsync.convert import convert as translate
    from gitsync.convert import convert_lines
    from gitsync.markdown.formats import named

    reading, writing = named(source), named(target)
    # A body is bytes for another program: UTF-8, and line ends as they are.
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", "replace", newline="", write_through=True)
    for name, text in _texts(invocation, files):
        if jsonl:
            for line in convert_lines(text, reading, writing, name):
                out.write(f"{line}\n")
            continue
        whole = text.read()
        done = translate(whole, reading, writing)
        out.write(done.text)
        _tell(name, whole, reading, done)
    out.detach()
    return 0


def _texts(invocation: Invocation, files: tuple[str, ...]) -> Iterator[tuple[str, io.TextIOBase]]:
    """Yield the name and the text of each file; "-" is standard input. Raises UsageError."""
    for name in files or ("-",):
        if name == "-":
            yield "<stdin>", io.TextIOWrapper(sys.stdin.buffer, "utf-8", "replace", newline="")
            continue
        path = Path(invocation.directory / name)
        try:
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                yield name, file
        except OSError as error:
            raise UsageError(
                f"{name} cannot be read: {error.strerror}.", "Name a file, or - for standard input."
            ) from None


def _tell(name: str, text: str, reading: Format, done: Translation) -> None:
    markdown = reading.read(text) if done.losses else ""
    for loss in done.losses:
        before = markdown[: loss.offset]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        place = f"{name}:{line}:{column}" if reading.name in ("markdown", "devto", "hashnode") else name
        click.echo(clean(f"{place}: {loss.code} {loss.message}. {loss.hint}".rstrip()), err=True)
