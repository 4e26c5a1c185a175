"""Where the demo plays: a folder with a blog in git, a SQLite CMS and a static site, and people who work with them.

Every command is really run, as a process of its own, and every statement goes to the real database.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gitsync.errors import Error, UsageError

SOURCES = (Path(__file__).parent / "content-example", Path(__file__).parent.parent / "content-example")
"""Where the example is: inside an installed package, or beside it in a source tree."""

DATABASE = "cms.db"
SITE = "site/content/posts"
TIMEOUT = 120.0
"""Seconds that one command of the demo may take."""


class DemoFailed(Error):
    """Something was not as it should be: a defect of gitsync, or of the machine it runs on (1)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. `output` is what a program said, `check` a claim that was looked at and holds."""

    kind: Literal["scene", "prose", "command", "output", "check"]
    text: str


Telling = Generator[Line, None, str]
"""Lines, and in the end the whole output of the command."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`root` is the blog's folder; the CMS and the site are inside it, and ignored by git."""

    root: Path

    @classmethod
    def build(cls, root: Path) -> Stage:
        """Copy the example into `root`, which must be absent or empty, and set both sites up. Raises UsageError."""
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise UsageError(f"{root} is not an empty folder.", "Name a new one, or none: gitsync demo.")
        source = next((source for source in SOURCES if source.is_dir()), None)
        if source is None:
            raise DemoFailed("The example content is not part of this installation.", "Install gitsync again.")
        ignored = shutil.ignore_patterns(DATABASE + "*", SITE.partition("/")[0], ".git")
        shutil.copytree(source, root, dirs_exist_ok=True, ignore=ignored)
        stage = cls(root)
        (root / SITE).mkdir(parents=True)
        with closing(sqlite3.connect(root / DATABASE)) as database:
            database.executescript((root / "cms.sql").read_text(encoding="utf-8"))
        # The machine's own templates, hooks, signatures and identity have no part in a demo.
        stage._do("git", "init", "--quiet", "--template=", "--initial-branch=main")
        settings = {"user.name": "Wanda Writer", "user.email": "wanda@blog.example", "core.autocrlf": "false"}
        for key, value in {**settings, "core.hooksPath": ".git/hooks", "commit.gpgSign": "false"}.items():
            stage._do("git", "config", key, value)
        stage._do("git", "add", "--all")
        stage._do("git", "commit", "--quiet", "--message", "The blog so far")
        return stage

    def run(self, line: str, *, code: int = 0, most: int = 12) -> Telling:
        """Run a command line, tell it with at most `most` lines of its output; any other exit code is a failure."""
        yield Line("command", f"$ {line}")
        done = self._process(*shlex.split(line))
        yield from told(done.stdout, most)
        if done.returncode != code:
            raise DemoFailed(
                f"`{line}` ended with {done.returncode} instead of {code}.", f"Look around in {self.root}."
            )
        return done.stdout

    def sql(self, statement: str, *values: Any, most: int = 12) -> Telling:
        """Execute a statement in the CMS's database and tell it, with the rows."""
        shown = " ".join(statement.split())
        for value in values:
            shown = shown.replace("?", repr(value), 1)
        yield Line("command", f"sql> {shown}")
        with closing(sqlite3.connect(self.root / DATABASE, isolation_level=None)) as database:
            cursor = database.execute(statement, values)
            rows = cursor.fetchall()
        changed = f"{cursor.rowcount} row changed" if cursor.rowcount >= 0 else ""
        output = "\n".join(" | ".join(map(str, row)) for row in rows) or changed
        yield from told(output, most)
        return output

    def value(self, statement: str, *values: Any) -> str:
        """Return the one value that a SELECT in the CMS's database finds."""
        with closing(sqlite3.connect(self.root / DATABASE)) as database:
            [(found,)] = database.execute(statement, values).fetchall()
        return str(found)

    def edit(self, path: str, old: str, new: str) -> Iterator[Line]:
        """Change words of a file, as its author does in an editor."""
        text = self.read(path)
        if old not in text:
            raise DemoFailed(f"{path} does not say {old!r}.", f"Look at {self.root / path}.")
        self.write(path, text.replace(old, new, 1))
        yield Line("command", f"{path}: “{old}” becomes “{new}”")

    def commit(self, message: str) -> Telling:
        """Commit all that was edited."""
        return (yield from self.run(f"git commit --quiet --all --message {shlex.quote(message)}"))

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode("utf-8")

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_bytes(text.encode("utf-8"))

    def check(self, holds: bool, claim: str) -> Line:
        """Return the claim as a line, or raise DemoFailed when it does not hold."""
        if not holds:
            raise DemoFailed(f"This should be so, and is not: {claim}", f"Look around in {self.root}.")
        return Line("check", claim)

    def _do(self, *command: str) -> None:
        done = self._process(*command)
        if done.returncode:
            said = done.stdout.strip().rstrip(".")
            raise DemoFailed(f"`{shlex.join(command)}` failed: {said}.", "The demo needs git 2.30 or later.")

    def _process(self, *command: str) -> subprocess.CompletedProcess[str]:
        program = (sys.executable, "-P", "-m", "gitsync") if command[0] == "gitsync" else command[:1]
        try:
            return subprocess.run(
                [*program, *command[1:]],
                cwd=self.root,
                env=_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except FileNotFoundError:
            raise DemoFailed(f"There is no {command[0]} on this machine.", f"Install {command[0]}.") from None
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"`{shlex.join(command)}` took over {TIMEOUT:.0f} s.", "Try again.") from None


def told(output: str, most: int) -> Iterator[Line]:
    """Yield the lines of an output, the middle ones left out where they are more than `most`."""
    lines = output.splitlines()
    if len(lines) > most:
        left = len(lines) - most + 1
        lines[most - 2 : -1] = [f"… {left} more lines"]
    for line in lines:
        yield Line("output", line)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of somebody at a terminal, whose git works in the demo's repository."""
    kept = {name: value for name, value in given.items() if not name.startswith("GIT_") and name != "CI"}
    wanted = {name: given[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM") if name in given}
    return {**kept, **wanted, "GIT_PAGER": "cat", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
