"""The one place where errors become a sentence on stderr and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from gitsync.cli import INTERRUPTED
from gitsync.cli.group import gitsync
from gitsync.cli.invocation import Invocation
from gitsync.cli.text import clean, clean_lines
from gitsync.errors import Error
from gitsync.events import Summary


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code. Only SystemExit of shell completion and of a closed pipe pass."""
    invocation = Invocation()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A title that the terminal's encoding cannot show must not end a sync half-way.
            stream.reconfigure(errors="backslashreplace")
    try:
        with _terminate_as_interrupt():
            result = gitsync.main(list(arguments), prog_name="gitsync", standalone_mode=False, obj=invocation)
        code = result if isinstance(result, int) else 0
        return _summed_up(invocation, [], code, failed=0)
    except (KeyboardInterrupt, click.Abort):
        _say(invocation, INTERRUPTED)
        return _summed_up(invocation, arguments, 130)
    except click.ClickException as error:
        error.show()
        return _summed_up(invocation, arguments, error.exit_code)
    except Error as error:
        _say(invocation, str(error))
        return _summed_up(invocation, arguments, error.exit_code)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has gone; nobody is left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        _say(invocation, f"{error.filename or 'A file'}: {error.strerror or error}. Check permissions and free space.")
        return _summed_up(invocation, arguments, 1)
    except Exception as error:  # noqa: BLE001  a bug is told in one sentence too; -vv shows where
        _say(invocation, f"gitsync met a bug ({type(error).__name__}: {error}). Run it again with -vv and report that.")
        return _summed_up(invocation, arguments, 1)


def _summed_up(invocation: Invocation, arguments: Sequence[str], code: int, *, failed: int | None = None) -> int:
    """Return `code`, after the summary that ends what a program reads, also when the command broke off before it."""
    # It may have ended before its options were read.
    if (invocation.json or "--json" in arguments) and not invocation.summed_up:
        click.echo(Summary(failed=int(code != 130) if failed is None else failed).line)
    return code


def _say(invocation: Invocation, sentence: str) -> None:
    click.echo(clean(invocation.redact(sentence)), err=True)
    if invocation.verbose > 1:
        import traceback

        click.echo(clean_lines(invocation.redact(traceback.format_exc())), err=True)


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, which CI sends when a job is cancelled, unwind like Ctrl-C, so that locks and files are let go."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
