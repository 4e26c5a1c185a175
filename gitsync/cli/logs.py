"""What -v shows: the log of gitsync and of the libraries it stands on, on stderr, without secrets or terminal codes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gitsync.cli.invocation import Invocation
from gitsync.cli.text import clean_lines


class _Redacting(logging.Formatter):
    def __init__(self, invocation: Invocation) -> None:
        super().__init__("%(name)s: %(message)s")
        self._invocation = invocation

    def format(self, record: logging.LogRecord) -> str:
        return clean_lines(self._invocation.redact(super().format(record)))


@contextmanager
def show_logs(invocation: Invocation) -> Iterator[None]:
    """Show WARNING and above, INFO with -v, DEBUG with -vv."""
    root = logging.getLogger()
    # Asked for again, by a -v on the other side of the command's name, it only shows more.
    shown = next((handler for handler in root.handlers if isinstance(handler.formatter, _Redacting)), None)
    before = root.level
    root.setLevel((logging.WARNING, logging.INFO, logging.DEBUG)[min(invocation.verbose, 2)])
    # Below INFO these log headers, which hold the token, and every byte of the connection.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    if shown is not None:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(invocation))
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
