"""A command that is broken off or fails: a sentence, its exit code, and with --json a summary as the last line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gitsync_connectors.memory import Fault

from gitsync.cli.failure import run
from tests.blog import Blog, post

EVERY_COMMAND = (
    ("sync",), ("push",), ("pull",), ("import", "site"), ("status",), ("diff",), ("plan",), ("check",), ("log",),
    ("verify",), ("verify", "--deep"), ("doctor",), ("site", "test"), ("site", "list"), ("rollback",),
    ("restore", "posts/a.md"), ("resolve", "posts/a.md"), ("adopt", "posts/a.md", "site", "1"),
    ("detach", "posts/a.md", "site"), ("publish", "posts/a.md", "site"), ("apply", "plan.json"),
)  # fmt: skip


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A"))
    blog.run()
    return blog


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(it, marks=[] if it in (("sync",), ("verify",)) else [pytest.mark.slow], id=" ".join(it))
        for it in EVERY_COMMAND
        if it[0] in ("sync", "push", "pull", "diff", "plan", "verify")
    ],
)
def test_the_last_line_of_an_interrupted_command_is_a_summary(
    blog: Blog, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    blog.site().faults.append(Fault(on="scan", error=KeyboardInterrupt()))
    capsys.readouterr()
    assert run(["-C", str(blog.root), *command, "--json"]) == 130
    told = capsys.readouterr()
    lines = [json.loads(line)["event"] for line in told.out.splitlines()]
    assert lines[-1] == "summary"
    assert lines.count("summary") == 1
    assert told.err.endswith("Interrupted. Nothing is lost: run the command again and it goes on.\n")


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=" ".join)
def test_the_last_line_of_a_command_that_fails_is_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    blog = Blog(tmp_path / "blog")
    (blog.root / "gitsync.toml").write_text("[content]\npaths = 3\n")
    capsys.readouterr()
    assert run(["-C", str(blog.root), *command, "--json"]) == 2
    [line] = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert (said["event"], said["failed"]) == ("summary", 1)


def test_a_command_line_that_is_not_understood_ends_with_a_summary_too(
    blog: Blog, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(blog.root), "sync", "--bogus", "--json"]) == 2
    assert run(["-C", str(blog.root), "sync", "--json", "nosite"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["summary", "summary"]


STARTING = """
import os, sys
from importlib.abc import MetaPathFinder

class Signalling(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{name}":
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Signalling())
sys.argv[1:] = {arguments}
from gitsync.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["click", "gitsync.cli.sync"])
def test_a_signal_while_it_starts_is_an_interrupt_without_a_traceback(number: signal.Signals, name: str) -> None:
    code = STARTING.format(name=name, number=int(number), arguments=["sync", "--json"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert done.stderr.strip() == "Interrupted. Nothing is lost: run the command again and it goes on."
    [line] = done.stdout.splitlines()
    assert json.loads(line)["event"] == "summary"
