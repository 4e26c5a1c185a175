"""`gitsync convert`: the translation alone, a filter."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.text import clean
from gitsync.errors import InvalidContent, UsageError
from gitsync.markdown.formats import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

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
    for name, file in _files(invocation, files):
        if jsonl:
            lines = (_decoded(line, name, number) for number, line in enumerate(file, 1))
            for line in convert_lines(lines, reading, writing, name):
                out.write(f"{line}\n")
            continue
        whole = _decoded(file.read(), name)
        done = translate(whole, reading, writing)
        out.write(done.text)
        _tell(name, whole, reading, done)
    out.detach()
    return 0


def _files(invocation: Invocation, files: tuple[str, ...]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the bytes of each file; "-" is standard input. Raises UsageError."""
    for name in files or ("-",):
        if name == "-":
            yield "<stdin>", sys.stdin.buffer
            continue
        path = Path(invocation.directory / name)
        try:
            with path.open("rb") as file:
                yield name, file
        except OSError as error:
            raise UsageError(
                f"{name} cannot be read: {error.strerror}.", "Name a file, or - for standard input."
            ) from None


def _decoded(data: bytes, name: str, first: int = 1) -> str:
    """Return what begins in line `first` of the file `name` as text. Raises InvalidContent; nothing is replaced."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = first + before.count("\n"), len(before) - before.rfind("\n")
        raise InvalidContent(
            "The text is not UTF-8.", "Save it as UTF-8.", code="not-utf-8", path=name, line=line, column=column
        ) from None


def _tell(name: str, text: str, reading: Format, done: Translation) -> None:
    markdown = reading.read(text) if done.losses else ""
    for loss in done.losses:
        before = markdown[: loss.offset]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        place = f"{name}:{line}:{column}" if reading.name in ("markdown", "devto", "hashnode") else name
        click.echo(clean(f"{place}: {loss.code} {loss.message}. {loss.hint}".rstrip()), err=True)
