"""Fixtures that every test may use: a git of its own, and repositories in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitsync.repository import Repository


@pytest.fixture(autouse=True)
def _own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees, or writes, the configuration of the machine it runs on."""
    home = tmp_path_factory.mktemp("home")
    configuration = home / "gitconfig"
    configuration.touch()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "GIT_CONFIG_GLOBAL": str(configuration),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada Author",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Cy Committer",
        "GIT_COMMITTER_EMAIL": "cy@example.org",
        "GIT_PYTHON_REFRESH": "quiet",
    }.items():
        monkeypatch.setenv(name, value)


GitRunner = Callable[..., str]


def run_git(directory: Path, *args: str, input: bytes | None = None) -> str:
    """Run the user's git in `directory` and return its output without the last newline."""
    done = subprocess.run(["git", "-C", str(directory), *args], input=input, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


@pytest.fixture
def git(tmp_path: Path) -> GitRunner:
    """The user's git in `tmp_path/work`: `git("add", "-A")`."""
    return lambda *args, input=None: run_git(tmp_path / "work", *args, input=input)


@pytest.fixture
def empty_repository(tmp_path: Path) -> Repository:
    """A repository in `tmp_path/work`, on branch main, without commits."""
    (tmp_path / "work").mkdir()
    run_git(tmp_path / "work", "init", "--quiet", "--initial-branch=main")
    return Repository.open(tmp_path / "work")


@pytest.fixture
def repository(empty_repository: Repository) -> Repository:
    """A repository in `tmp_path/work`, on branch main, with one commit of three posts."""
    root = empty_repository.root
    assert root is not None
    posts = root / "posts"
    posts.mkdir()
    (posts / "erste.md").write_bytes(b"---\ntitle: Erste\n---\nHallo.\n")
    (posts / 'zw\xc3\xb6lf "q" b\\s.md'.encode("latin-1").decode("utf-8")).write_bytes(b"---\r\ntitle: 12\r\n---\r\nx")
    (posts / "empty.md").write_bytes(b"")
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", "first")
    return empty_repository
