"""A process that is killed at any step, and run again, leaves what an uninterrupted one leaves (laws 4 and 5).

Three sites of three kinds: a database, a folder, and an HTTP platform. A few steps on every run; every one of them:
GITSYNC_CRASH_STEPS=all pytest -n0 tests/test_crash_matrix.py  (a few thousand syncs), or every n-th: =10.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.blog import post
from tests.conftest import run_git
from tests.fakes.forem import Forem
from tests.fakes.server import Stage, serving

EVERY = os.environ.get("GITSYNC_CRASH_STEPS", "")
SAMPLES = 3
TEXT = "First sentence stands.\n\nSecond sentence stands.\n\nThird sentence stands.\n"


class Driver:
    """The process of tests/crash_driver.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            text=True,
        )

    def sync(self, root: Path, *, at: int | None = None, later: float = 0) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"root": str(root), "at": at, "later": later}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())  # type: ignore[no-any-return]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    monkeypatch.setenv("FOREM_KEY", "right-key")
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    stage.app = Forem()
    with serving(stage) as stage.host:
        yield stage


class Scene:
    """A project whose three sites agree, which can be brought back as often as wanted."""

    def __init__(self, folder: Path, stage: Stage, driver: Driver) -> None:
        self.kept, self.root = folder / "kept", folder / "project"
        self.stage, self.driver = stage, driver
        self.forem = Forem()
        self.forem.host = stage.host
        self.stage.app = self.forem
        (self.root / "site/_posts").mkdir(parents=True)
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            db.execute("create table posts (id integer primary key, title text, slug text, body text, status text)")
            db.commit()
        (self.root / "gitsync.toml").write_text(
            '[content]\npaths = ["posts/**/*.md"]\n'
            '[sites.cms]\nplatform = "sql"\nurl = "sqlite:///cms.db"\ntable = "posts"\n'
            '[sites.cms.columns]\nid = "id"\ntitle = "title"\nslug = "slug"\nbody = "body"\nstatus = "status"\n'
            '[sites.jekyll]\nplatform = "folder"\npath = "site/_posts"\ndialect = "jekyll"\n'
            f'[sites.forem]\nplatform = "devto"\nurl = "{stage.host}/api"\ntoken = "env:FOREM_KEY"\npace = "off"\n'
        )
        (self.root / ".gitignore").write_text("cms.db*\nsite/\n")
        run_git(self.root, "init", "--quiet", "--initial-branch=main")
        for name in "abcd":
            self.write(name, TEXT)
        self.commit()
        outcome = driver.sync(self.root)
        assert outcome["code"] == 0, outcome["told"]

    def write(self, name: str, body: str) -> None:
        path = self.root / f"posts/{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(post(f"Post {name}", body, slug=name, date="2024-05-06"))

    def commit(self) -> None:
        run_git(self.root, "add", "-A")
        run_git(self.root, "commit", "--quiet", "-m", "edit")

    def keep(self) -> None:
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.root, self.kept, symlinks=True)
        self._articles = copy.deepcopy(self.forem.articles)
        self._next = self.forem.next_id

    def bring_back(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root, symlinks=True)
        self.forem.articles = copy.deepcopy(self._articles)
        self.forem.next_id = self._next

    def edit_cms(self, name: str, body: str) -> None:
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            db.execute("update posts set body = ? where title = ?", (body, f"Post {name}"))
            db.commit()

    def edit_forem(self, name: str, body: str) -> None:
        [id] = [id for id, article in self.forem.articles.items() if article.title == f"Post {name}"]
        self.forem.edit(id, body_markdown=body)

    def edit_folder(self, name: str, old: str, new: str) -> None:
        [path] = (self.root / "site/_posts").glob(f"*-{name}.md")
        path.write_text(path.read_text().replace(old, new))

    def state(self) -> dict[str, Any]:
        """Everything that is to be the same: the branch, the work tree, what each site shows, what is agreed."""
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            cms = sorted(db.execute("select title, slug, body, status from posts"))
        articles = [(it.title, it.body_markdown, it.published) for it in self.forem.articles.values()]
        ledgers = {
            site: run_git(self.root, "ls-tree", "-r", f"refs/gitsync/{site}:base")
            for site in ("cms", "jekyll", "forem")
        }
        return {
            "head": run_git(self.root, "ls-tree", "-r", "HEAD"),
            "status": run_git(self.root, "status", "--porcelain"),
            "cms": cms,
            "forem": sorted(articles),
            "folder": sorted((path.name, path.read_text()) for path in (self.root / "site").rglob("*.md")),
            "ledgers": ledgers,
            "left": sorted(path.name for path in (self.root / ".git/gitsync/intents").glob("*.json"))
            + [path.name for path in (self.root / ".git").glob("*.lock")],
        }


def push(scene: Scene) -> None:
    for name in "efg":
        scene.write(name, TEXT.replace("First", f"New {name}"))
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    (scene.root / "posts/b.md").rename(scene.root / "posts/moved.md")
    (scene.root / "posts/d.md").unlink()
    scene.commit()


def pull(scene: Scene) -> None:
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("b", TEXT.replace("Second", "Their second"))
    scene.edit_folder("c", "Third", "Their third")
    with closing(sqlite3.connect(scene.root / "cms.db")) as db:
        db.execute("insert into posts values (77, 'Post n', 'n', 'Made there.\n', 'published')")
        db.commit()


def merge(scene: Scene) -> None:
    push(scene)
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("a", TEXT.replace("Third", "Their third"))
    scene.edit_folder("b", "Second", "Their second")
    scene.edit_forem("c", TEXT.replace("Third", "Their third"))


@pytest.mark.parametrize("happens", [push, *(pytest.param(it, marks=pytest.mark.slow) for it in (pull, merge))])
def test_a_sync_killed_anywhere_and_run_again_ends_as_if_it_had_not_been(
    tmp_path: Path, stage: Stage, driver: Driver, happens: Callable[[Scene], None]
) -> None:
    scene = Scene(tmp_path, stage, driver)
    happens(scene)
    scene.keep()
    outcome = driver.sync(scene.root)
    assert outcome["code"] == 0, outcome["told"]
    wanted, steps = scene.state(), outcome["steps"]
    assert wanted["status"] == "", outcome["told"]
    assert driver.sync(scene.root, later=100)["code"] == 0
    assert scene.state() == wanted, "the next sync was not quiet"
    every = {"": max(1, steps // SAMPLES), "all": 1}.get(EVERY) or int(EVERY)
    for at in range(1 if EVERY else every // 2 + 1, steps + 1, every):
        scene.bring_back()
        died = driver.sync(scene.root, at=at)
        if died["code"] == 0:  # some steps depend on what a run finds
            continue
        assert died["code"] == -9, died["told"]
        again = driver.sync(scene.root, later=100)
        where = f"killed at step {at} of {steps}:\n{again['told']}"
        assert again["code"] == 0, where
        assert scene.state() == wanted, where
    assert not scene.forem.violations
