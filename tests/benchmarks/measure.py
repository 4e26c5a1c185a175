"""Starts commands and tells their wall clock, their CPU time with that of their children, and their memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PROBE = Path(__file__).with_name("probe.py")
_COMPILED = tempfile.TemporaryDirectory(prefix="gitsync-benchmarks-")
_ENVIRONMENT = {**os.environ, "PYTHONPYCACHEPREFIX": _COMPILED.name, "PYTHONDONTWRITEBYTECODE": ""}
"""Modules are compiled once, as they are where a package is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of wall clock and of CPU time, children included; the peak of the process and of its largest child in
    MiB, where they are known.
    """

    wall: float
    cpu: float
    peak: float = 0.0
    child_peak: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(wall=self.wall + other.wall, cpu=self.cpu + other.cpu)


def cost(*command: str | Path, stdin: IO[bytes] | None = None) -> Cost:
    """Run a command to its end, which must be a good one."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, stdin=stdin, stdout=subprocess.DEVNULL, check=True, env=_ENVIRONMENT)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall=time.perf_counter() - started, cpu=cpu)


def gitsync(folder: Path, *args: str) -> Cost:
    """Run gitsync in a process of its own, from its start to its end."""
    with tempfile.NamedTemporaryFile("r") as note:
        spent = cost(sys.executable, PROBE, note.name, "-C", folder, *args)
        peak, child_peak = (int(kib) / 1024 for kib in note.read().split())
    return Cost(wall=spent.wall, cpu=spent.cpu, peak=peak, child_peak=child_peak)


def best(times: int, *runs: Callable[[], Cost]) -> Sequence[Cost]:
    """Do every run `times` times, in turn, and return the least of each: what else the machine does only adds."""
    costs = [[run() for run in runs] for _ in range(times)]
    return [
        Cost(
            wall=min(it.wall for it in row),
            cpu=min(it.cpu for it in row),
            peak=max(it.peak for it in row),
            child_peak=max(it.child_peak for it in row),
        )
        for row in zip(*costs, strict=True)
    ]
