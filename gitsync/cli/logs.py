"""What -v shows: the log of gitsync and of the libraries it stands on, on stderr, without secrets or terminal codes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from gitsync.cli.invocation import Invocation
from gitsync.cli.text import clean_lines


class _Redacting(logging.Formatter):
    def __init__(self, invocation: Invocation) -> None:
        super().__init__("%(name)s: %(message)s")
        self._invocation = invocation

    def format(self, record: logging.LogRecord) -> str:
        return clean_lines(self._invocation.redact(super().format(record)))


def show_logs(invocation: Invocation) -> Callable[[], None]:
    """Show INFO with -v and DEBUG with -vv; return what stops it."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(_Redacting(invocation))
    root = logging.getLogger()
    root.addHandler(shown)
    root.setLevel(logging.INFO if invocation.verbose == 1 else logging.DEBUG)
    # Below INFO these log headers, which hold the token, and every byte of the connection.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.INFO)
    return lambda: root.removeHandler(shown)
