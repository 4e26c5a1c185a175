"""Runs commands of projects in processes of their own, each of which may be killed at a given step.

Reads one JSON object a line from stdin: `root` is the project, `what` the command, `at` the step to die at or null, and
`later` by how many seconds the clock is ahead. With `environment` the steps are those of tests/instrument, which are
counted (and made deadly) there. Answers with {"code", "steps", "told"}; code -9 is a killed one. Everything is imported
once, and every run is a fork.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import git.cmd
import gitsync_connectors
from gitsync_connectors.devto import DevTo
from gitsync_connectors.folder import Folder
from gitsync_connectors.sql import Sql
from sqlalchemy.dialects import sqlite

import gitsync
from gitsync import http, restore, rollback, saved_plan
from gitsync.cli import failure
from gitsync.errors import Error
from gitsync.events import Event, Notice, Summary
from gitsync.project import Project
from gitsync.sync import Options, Run
from tests.killing import Steps, kill

ASKED = ("scan", "fetch", "fetch_many", "find", "create", "update", "delete")
_ = (sqlite, http, git.cmd)


def serve() -> None:
    for package in (gitsync, gitsync_connectors):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    gc.freeze()
    for line in sys.stdin:
        said = json.loads(line)
        report = Path(said.get("report") or said["root"] + ".report")
        report.unlink(missing_ok=True)
        pid = os.fork()
        if not pid:
            _run(said, report)
        _, status = os.waitpid(pid, 0)
        told = json.loads(report.read_text()) if report.exists() else {"steps": None, "told": ""}
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), **told}), flush=True)


def _run(said: dict[str, Any], report: Path) -> None:
    os.setpgid(0, 0)
    steps = Steps(said.get("at"), kill)
    code, told = 1, []
    try:
        if "environment" in said:
            os.environ.update(said["environment"])
            ctypes.CDLL(os.environ["LD_PRELOAD"]).steps_begin()
        else:
            for connector in (DevTo, Folder, Sql):
                for name in ASKED:
                    setattr(connector, name, _counted(steps, name, getattr(connector, name)))
            steps.install()
        later = [float(said.get("later", 0))]

        def sleep(seconds: float) -> None:
            later[0] += seconds

        for event in _started(said, sleep=sleep, clock=lambda: time.time() + later[0]):
            told.append(str(event))
            code = event.exit_code if isinstance(event, Summary) else code
    except Error as error:
        code = error.exit_code
        told.append(traceback.format_exc())
    except BaseException:  # noqa: BLE001  whatever it is, the test tells of it
        told.append(traceback.format_exc())
    done, steps._at = steps.done, None
    os.environ.pop("STEPS_ROOT", None)
    report.write_text(json.dumps({"steps": done, "told": "\n".join(told)}))
    os._exit(code)


def _started(said: dict[str, Any], **outside: Any) -> Iterable[Event]:
    project = Project.open(Path(said["root"]))
    sites = project.config.choose([])
    match said.get("what", "sync").split():
        case ["sync"]:
            run = Run(project, sites, Options(), **outside)
        case ["push"]:
            run = Run(project, sites, Options(pull=False), **outside)
        case ["pull"]:
            run = Run(project, sites, Options(push=False), **outside)
        case ["rollback", id]:
            found = rollback.find_sync(project, id)
            assert found is not None
            run = rollback.roll_back(project, found, Options(), **outside)
        case ["restore", commit, *names]:
            to = names.pop() if "--to" in names else None
            names = [name for name in names if name != "--to"]
            run = restore.restore(project, restore.choose(project, commit, names, to), Options(), **outside)
        case ["resolve" | "adopt" | "detach", *_] as words:
            # They send nothing, and wait for nothing: the command itself can be run.
            with redirect_stdout(StringIO()) as said_there, redirect_stderr(said_there):
                code = failure.run([*words, "-vv", "-C", said["root"]])
            yield Notice(level="info", message=said_there.getvalue())
            yield Summary(exit_code=code)
            return
        case ["apply", file]:
            saved = saved_plan.load(Path(file).read_text(), name=file)
            saved_plan.check_repository(project, saved)
            run = Run(project, sites, Options(), agree=saved_plan.Approval(saved), **outside)
        case ["plan", file]:
            made: list[saved_plan.SavedPlan] = []
            run = Run(project, sites, Options(dry_run=True), agree=lambda it: made.append(saved_plan.describe(it)))
            yield from run.events()
            Path(file).write_text(saved_plan.dump(made[0]))
            return
    yield from run.events()


def _counted(steps: Steps, name: str, ask: Any) -> Any:
    def asked(*args: Any, **more: Any) -> Any:
        steps.step(f"before {name}")
        answer = ask(*args, **more)
        steps.step(f"after {name}")
        return answer

    return asked


if __name__ == "__main__":
    serve()
