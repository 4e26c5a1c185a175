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

EVERY = int(os.environ.get("GITSYNC_EVERY", "12"))
"""How many of the steps of runs with a shared state are tried: 1 for all, which takes half an hour."""

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
    """A project with a database and an HTTP platform that agree, and that can be brought back as often as wanted.

    One that is `shared` has its branch and its ledgers on a remote, of which there is another clone.
    """

    def __init__(self, folder: Path, host: str, watched: Watched, library: Path, *, shared: bool = False) -> None:
        self.folder, self.area, self.kept = folder, folder / "area", folder / "kept"
        self.root, self.origin, self.other = (self.area / name for name in ("project", "origin.git", "other"))
        self.shared = shared
        self.watched = watched
        self.forem = watched.forem = Forem()
        self.forem.host = host
        self.steps = Steps(folder / "steps", library, self.area)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "LD_PRELOAD": str(library), "FOREM_KEY": "right-key", "SSL_CERT_DIR": "/"},
            text=True,
        )
        self.root.mkdir(parents=True)
        with closing(sqlite3.connect(self.area / "cms.db")) as db:
            db.execute("create table posts (id integer primary key, title text, slug text, body text, status text)")
            db.commit()
        state = '[state]\nremote = "origin"\nbranch = "main"\n' if shared else ""
        (self.root / "gitsync.toml").write_text(
            f'[content]\npaths = ["posts/**/*.md"]\n{state}'
            f'[sites.cms]\nplatform = "sql"\nurl = "sqlite:///{self.area}/cms.db"\ntable = "posts"\n'
            '[sites.cms.columns]\nid = "id"\ntitle = "title"\nslug = "slug"\nbody = "body"\nstatus = "status"\n'
            f'[sites.forem]\nplatform = "devto"\nurl = "{host}/api"\ntoken = "env:FOREM_KEY"\npace = "off"\n'
        )
        run_git(self.root, "init", "--quiet", "--initial-branch=main")
        for name in "abc":
            self.write(name, TEXT)
        self.commit()
        if shared:
            run_git(self.area, "clone", "--quiet", "--bare", str(self.root), str(self.origin))
            run_git(self.root, "remote", "add", "origin", str(self.origin))
        self.done("sync")
        if shared:
            run_git(self.area, "clone", "--quiet", str(self.origin), str(self.other))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self.steps.close()

    def run(self, what: str, root: Path | None = None, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(
            json.dumps({"root": str(root or self.root), "what": what, "report": str(self.folder / "report"), **more})
            + "\n"
        )
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
        with closing(sqlite3.connect(self.area / "cms.db")) as db:
            db.execute("update posts set body = ? where title = ?", (body, f"Post {name}"))
            db.commit()

    def edit_forem(self, name: str, body: str) -> None:
        [id] = [id for id, article in self.forem.articles.items() if article.title == f"Post {name}"]
        self.forem.edit(id, body_markdown=body)

    def keep(self) -> None:
        shutil.copytree(self.area, self.kept, symlinks=True)
        self._articles, self._next = copy.deepcopy(self.forem.articles), self.forem.next_id

    def bring_back(self) -> None:
        shutil.rmtree(self.area)
        shutil.copytree(self.kept, self.area, symlinks=True)
        self.forem.articles, self.forem.next_id = copy.deepcopy(self._articles), self._next
        self.forem.cached.clear()

    def left(self) -> str:
        """A hash of all that would be there if everything died now, as far as anything ever looks at it.

        Nobody reads git's unfinished objects, nor what is inside of a lock or a log; an object's name says what is in
        it; the journal of a database is its own; and gitsync's index is derived.
        """
        found = hashlib.sha256(repr(sorted(self.forem.articles.items())).encode())
        for folder, names, files in os.walk(self.area):
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
        with closing(sqlite3.connect(self.area / "cms.db")) as db:
            cms = sorted(db.execute("select title, slug, body, status from posts"))
        articles = [(it.title, it.body_markdown, it.published) for it in self.forem.articles.values()]
        return {
            "head": run_git(self.root, "ls-tree", "-r", "HEAD"),
            "status": run_git(self.root, "status", "--porcelain"),
            "cms": cms,
            "forem": sorted(articles),
            "ledgers": [run_git(self.root, "ls-tree", "-r", f"refs/gitsync/{site}:base") for site in ("cms", "forem")],
            "shared": self.on_remote() if self.shared else "",
            "left": sorted(path.name for path in (self.root / ".git/gitsync/intents").glob("*.json"))
            + [path.name for path in (self.root / ".git").glob("*.lock")],
        }

    def on_remote(self) -> str:
        """What the remote has: the branch, what each site agreed on, and nobody's lease or announced write."""
        trees = [run_git(self.origin, "ls-tree", "-r", "main")]
        trees += [run_git(self.origin, "ls-tree", "-r", f"refs/gitsync/{site}:base") for site in ("cms", "forem")]
        names = run_git(self.origin, "ls-tree", "-r", "--name-only", "refs/gitsync/forem").split()
        leases = run_git(self.origin, "for-each-ref", "refs/gitsync-lock")
        return "\n".join([*trees, leases, *(name for name in names if name.startswith("intents/"))])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return instrument.built(tmp_path_factory.mktemp("library"))


@pytest.fixture(params=[False])
def scene(request: pytest.FixtureRequest, library: Path) -> Iterator[Scene]:
    # In memory where there is such a disk: a kill loses nothing that was written, and every fsync costs nothing.
    memory = Path("/dev/shm")
    watched, stage = Watched(), Stage()
    stage.app = watched
    with (
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder,
        serving(stage) as host,
    ):
        scene = Scene(Path(folder), host, watched, library, shared=request.param)
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
    with closing(sqlite3.connect(scene.area / "cms.db")) as db:
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


def run_everywhere(
    scene: Scene, happens: Callable[[Scene], tuple[str, str]], every: int = 1, *, elsewhere: bool = False
) -> tuple[int, int]:
    """Kill the command at every step that matters. Returns how many steps there were, and how many were tried.

    `elsewhere`: another machine goes on before the one that died comes back.
    """
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
        # The remote's git died too, and so may a fetch have: what such a git left locked, the message says how to free.
        for lock in scene.area.rglob("*.lock") if scene.shared else ():
            lock.unlink()
        if elsewhere:
            # The dead one's lease is over by now; tests/test_lease.py has how that is seen.
            for ref in run_git(scene.origin, "for-each-ref", "--format=%(refname)", "refs/gitsync-lock").split():
                run_git(scene.origin, "update-ref", "-d", ref)
            outcome = scene.run("sync", root=scene.other, later=200)
            assert outcome["code"] == 0, f"{where}, then elsewhere:\n{outcome['told']}"
            # The branch may have diverged; whatever a dead git left locked is free again after this.
            scene.run(again, later=300)
            run_git(scene.root, "pull", "--quiet", "--rebase", "origin", "main")
        outcome = scene.run(again, later=2000)
        assert outcome["code"] in (0, 2) if what.startswith("rollback") else outcome["code"] == 0, (
            f"{where}:\n{outcome['told']}"
        )
        assert scene.state() == wanted, f"{where}:\n{outcome['told']}"
        tried += died["code"] == -9
    assert not scene.forem.violations
    return steps, tried


@pytest.mark.parametrize("happens", [rollback])
@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("scene", [True], indirect=True)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same machine", "another first"])
def test_a_run_with_a_shared_state_killed_anywhere_ends_as_if_it_had_not_been(scene: Scene, elsewhere: bool) -> None:
    steps, tried = run_everywhere(scene, sync, every=EVERY, elsewhere=elsewhere)
    print(f"shared: {steps} steps, killed at {tried} of them")
    assert tried > 10
