"""Runs the command line in this very process and writes down what the process cost: `probe.py FILE ARGUMENTS…`."""

from __future__ import annotations

import atexit
import resource
import sys


def _note(path: str) -> None:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    with open(path, "w") as file:  # noqa: PTH123  nothing is imported that gitsync itself would not import
        file.write(f"{own.ru_maxrss} {children.ru_maxrss}")


if __name__ == "__main__":
    atexit.register(_note, sys.argv.pop(1))
    from gitsync.cli import main

    sys.exit(main())
