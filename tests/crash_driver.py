"""Syncs projects in processes of their own, each of which may be killed at a given step.

Reads one JSON object a line from stdin, {"root", "at", "later"}: the project, the step to die at or null, and by how
many seconds the clock is ahead. Answers with {"code", "steps", "told"}; code -9 is a killed one. Everything is imported
once, and every sync is a fork.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from gitsync_connectors.devto import DevTo
from gitsync_connectors.folder import Folder
from gitsync_connectors.sql import Sql
from sqlalchemy.dialects import sqlite

from gitsync import http
from gitsync.project import Project
from gitsync.sync import Options, Run
from tests.killing import Steps, kill

ASKED = ("scan", "fetch", "fetch_many", "find", "create", "update", "delete")
_ = (sqlite, http)


def serve() -> None:
    for line in sys.stdin:
        said = json.loads(line)
        report = Path(said["root"] + ".report")
        report.unlink(missing_ok=True)
        pid = os.fork()
        if not pid:
            _sync(said, report)
        _, status = os.waitpid(pid, 0)
        told = json.loads(report.read_text()) if report.exists() else {"steps": None, "told": ""}
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), **told}), flush=True)


def _sync(said: dict[str, Any], report: Path) -> None:
    steps = Steps(said["at"], kill)
    code, told = 1, []
    try:
        for connector in (DevTo, Folder, Sql):
            for name in ASKED:
                setattr(connector, name, _counted(steps, name, getattr(connector, name)))
        steps.install()
        later = [float(said["later"])]

        def sleep(seconds: float) -> None:
            later[0] += seconds

        project = Project.open(Path(said["root"]))
        run = Run(project, project.config.choose([]), Options(), sleep=sleep, clock=lambda: time.time() + later[0])
        for event in run.events():
            told.append(str(event))
        code = run.events and 0
    except BaseException:  # noqa: BLE001  whatever it is, the test tells of it
        told.append(traceback.format_exc())
    done, steps._at = steps.done, None
    report.write_text(json.dumps({"steps": done, "told": "\n".join(told)}))
    os._exit(code)


def _counted(steps: Steps, name: str, ask: Any) -> Any:
    def asked(*args: Any, **more: Any) -> Any:
        steps.step(f"before {name}")
        answer = ask(*args, **more)
        steps.step(f"after {name}")
        return answer

    return asked


if __name__ == "__main__":
    serve()
