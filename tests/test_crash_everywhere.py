"""Killed at every step that leaves anything new behind, each command still ends as if it had not been (laws 4 and 5).

A library that is preloaded into python and every git counts what they do to the disk and the network (instrument/).
First a command runs undisturbed, and after each of its steps all that it has left so far, here and on the sites, is
looked at; then it is really killed, with all its children, once at every step that had left something new. Steps that
leave the same behind are the same to whoever comes next.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests import instrument
from tests.blog import post
from tests.conftest import run_git
from tests.fakes.forem import Forem
from tests.fakes.server import Stage, serving
from tests.instrument import Steps

TEXT = "First sentence stands.\n\nSecond sentence stands.\n\nThird sentence stands.\n"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or instrument.compiler() is None, reason="needs Linux and a C compiler"
)


class Watched:
    """The fake platform, each answer of which is a step too: what was asked is stored, and nobody knows yet."""

    def __init__(self) -> None:
        self.forem = Forem()
        self.stored: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.stored()
            await send(message)

        await self.forem(scope, receive, counted)


class Scene:
    """A project with a database and an HTTP platform that agree, and that can be brought back as often as wanted."""

    def __init__(self, folder: Path, host: str, watched: Watched, library: Path) -> None:
        self.folder, self.root, self.kept = folder, folder / "project", folder / "kept"
        self.watched = watched
        self.forem = watched.forem = Forem()
        self.forem.host = host
        self.steps = Steps(folder / "steps", library, self.root)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "LD_PRELOAD": str(library), "FOREM_KEY": "right-key", "SSL_CERT_DIR": "/"},
            text=True,
        )
        self.root.mkdir()
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            db.execute("create table posts (id integer primary key, title text, slug text, body text, status text)")
            db.commit()
        (self.root / "gitsync.toml").write_text(
            '[content]\npaths = ["posts/**/*.md"]\n'
            '[sites.cms]\nplatform = "sql"\nurl = "sqlite:///cms.db"\ntable = "posts"\n'
            '[sites.cms.columns]\nid = "id"\ntitle = "title"\nslug = "slug"\nbody = "body"\nstatus = "status"\n'
            f'[sites.forem]\nplatform = "devto"\nurl = "{host}/api"\ntoken = "env:FOREM_KEY"\npace = "off"\n'
        )
        (self.root / ".gitignore").write_text("cms.db*\n")
        run_git(self.root, "init", "--quiet", "--initial-branch=main")
        for name in "abc":
            self.write(name, TEXT)
        self.commit()
        self.done("sync")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self.steps.close()

    def run(self, what: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"root": str(self.root), "what": what, **more}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())  # type: ignore[no-any-return]

    def done(self, what: str, later: float = 0) -> None:
        outcome = self.run(what, later=later)
        assert outcome["code"] == 0, outcome["told"]

    def write(self, name: str, body: str) -> None:
        path = self.root / f"posts/{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(post(f"Post {name}", body, slug=name, date="2024-05-06"))

    def commit(self) -> None:
        run_git(self.root, "add", "-A")
        run_git(self.root, "commit", "--quiet", "-m", "edit")

    def edit_cms(self, name: str, body: str) -> None:
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            db.execute("update posts set body = ? where title = ?", (body, f"Post {name}"))
            db.commit()

    def edit_forem(self, name: str, body: str) -> None:
        [id] = [id for id, article in self.forem.articles.items() if article.title == f"Post {name}"]
        self.forem.edit(id, body_markdown=body)

    def keep(self) -> None:
        shutil.copytree(self.root, self.kept, symlinks=True)
        self._articles, self._next = copy.deepcopy(self.forem.articles), self.forem.next_id

    def bring_back(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root, symlinks=True)
        self.forem.articles, self.forem.next_id = copy.deepcopy(self._articles), self._next
        self.forem.cached.clear()

    def left(self) -> str:
        """A hash of all that would be there if everything died now, as far as anything ever looks at it.

        Nobody reads git's unfinished objects, nor what is inside of a lock or a log; an object's name says what is in
        it; the journal of a database is its own; and gitsync's index is derived.
        """
        found = hashlib.sha256(repr(sorted(self.forem.articles.items())).encode())
        for folder, names, files in os.walk(self.root):
            names[:] = sorted(name for name in names if not name.startswith("tmp_"))
            for name in sorted(files):
                path = f"{folder}/{name}"
                if name.startswith(("index.db", "tmp_")) or path.endswith("/gitsync/lock"):
                    continue
                found.update(path.encode() + b"\0")
                if "/objects/" in path or "/logs/" in path or name.endswith((".lock", "-journal")):
                    continue
                with suppress(FileNotFoundError):  # a child is faster
                    found.update(hashlib.sha256(Path(path).read_bytes()).digest())
        return found.hexdigest()

    def state(self) -> dict[str, Any]:
        """Everything that is to be the same: the branch, the work tree, what each site shows, what is agreed."""
        with closing(sqlite3.connect(self.root / "cms.db")) as db:
            cms = sorted(db.execute("select title, slug, body, status from posts"))
        articles = [(it.title, it.body_markdown, it.published) for it in self.forem.articles.values()]
        return {
            "head": run_git(self.root, "ls-tree", "-r", "HEAD"),
            "status": run_git(self.root, "status", "--porcelain"),
            "cms": cms,
            "forem": sorted(articles),
            "ledgers": [run_git(self.root, "ls-tree", "-r", f"refs/gitsync/{site}:base") for site in ("cms", "forem")],
            "left": sorted(path.name for path in (self.root / ".git/gitsync/intents").glob("*.json"))
            + [path.name for path in (self.root / ".git").glob("*.lock")],
        }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return instrument.built(tmp_path_factory.mktemp("library"))


@pytest.fixture
def scene(library: Path) -> Iterator[Scene]:
    # In memory where there is such a disk: a kill loses nothing that was written, and every fsync costs nothing.
    memory = Path("/dev/shm")
    watched, stage = Watched(), Stage()
    stage.app = watched
    with (
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder,
        serving(stage) as host,
    ):
        scene = Scene(Path(folder), host, watched, library)
        yield scene
        scene.close()


def push(scene: Scene) -> tuple[str, str]:
    scene.write("e", TEXT.replace("First", "New"))
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    (scene.root / "posts/b.md").rename(scene.root / "posts/moved.md")
    scene.commit()
    return "push", "push"


def pull(scene: Scene) -> tuple[str, str]:
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("b", TEXT.replace("Second", "Their second"))
    with closing(sqlite3.connect(scene.root / "cms.db")) as db:
        db.execute("insert into posts values (77, 'Post n', 'n', 'Made there.\n', 'published')")
        db.commit()
    return "pull", "pull"


def sync(scene: Scene) -> tuple[str, str]:
    scene.write("e", TEXT.replace("First", "New"))
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    (scene.root / "posts/c.md").unlink()
    scene.commit()
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("b", TEXT.replace("Third", "Their third"))
    return "sync", "sync"


def rollback(scene: Scene) -> tuple[str, str]:
    sync(scene)
    scene.done("sync", later=100)
    id = run_git(scene.root, "log", "-1", "--format=%(trailers:key=Sync,valueonly)", "refs/gitsync/cms").strip()
    return f"rollback {id}", f"rollback {id}"


def apply(scene: Scene) -> tuple[str, str]:
    sync(scene)
    file = scene.folder / "plan.json"
    scene.done(f"plan {file}", later=100)
    # Half of it is done, so the plan is none any more: a sync does the rest.
    return f"apply {file}", "sync"


def run_everywhere(scene: Scene, happens: Callable[[Scene], tuple[str, str]], every: int = 1) -> tuple[int, int]:
    """Kill the command at every step that matters. Returns how many steps there were, and how many were tried."""
    what, again = happens(scene)
    scene.keep()
    environment = scene.steps.environment | {"LD_PRELOAD": str(scene.steps.library)}
    seen: dict[str, int] = {}

    def look(_: str) -> None:
        seen.setdefault(scene.left(), scene.steps.done)

    scene.steps.start(0)
    end = scene.steps.watch(look)

    def stored() -> None:
        scene.steps.step()
        look("stored")

    scene.watched.stored = stored
    outcome = scene.run(what, later=100, environment=environment | scene.steps.asking)
    end()
    assert outcome["code"] == 0, outcome["told"]
    wanted, steps = scene.state(), scene.steps.done
    assert wanted["status"] == ""
    scene.watched.stored = scene.steps.step
    tried = 0
    for at in list(seen.values())[every // 2 :: every]:
        scene.bring_back()
        scene.steps.start(at)
        died = scene.run(what, later=100, environment=environment)
        where = f"{what} killed at step {at} of {steps}, before: {scene.steps.died_at}"
        assert died["code"] == -9 or not scene.steps.died, f"{where}:\n{died['told']}"
        scene.steps.start(0)
        outcome = scene.run(again, later=200)
        assert outcome["code"] in (0, 2) if what.startswith("rollback") else outcome["code"] == 0, (
            f"{where}:\n{outcome['told']}"
        )
        assert scene.state() == wanted, f"{where}:\n{outcome['told']}"
        tried += died["code"] == -9
    assert not scene.forem.violations
    return steps, tried


@pytest.mark.parametrize("happens", [rollback])
def test_a_command_killed_here_and_there_ends_as_if_it_had_not_been(
    scene: Scene, happens: Callable[[Scene], tuple[str, str]]
) -> None:
    _, tried = run_everywhere(scene, happens, every=30)
    assert tried >= 3


@pytest.mark.slow
@pytest.mark.parametrize("happens", [push, pull, sync, rollback, apply])
def test_a_command_killed_anywhere_at_all_and_run_again_ends_as_if_it_had_not_been(
    scene: Scene, happens: Callable[[Scene], tuple[str, str]]
) -> None:
    steps, tried = run_everywhere(scene, happens)
    print(f"{happens.__name__}: {steps} steps, killed at {tried} of them")
    assert tried > 20
