"""A project whose commands can be killed at every step that leaves anything new behind, and run again.

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
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.blog import post
from tests.conftest import run_git
from tests.fakes.forem import Forem
from tests.fakes.server import Stage, serving
from tests.fakes.wordpress import WordPressSite
from tests.instrument import Steps

TEXT = "First sentence stands.\n\nSecond sentence stands.\n\nThird sentence stands.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`what` is killed, `again` is what goes on afterwards: the same command, unless said otherwise.

    `over` are the exit codes that say that nothing is left to be decided; `then` sends what was decided.
    """

    what: str
    again: str = ""
    over: tuple[int, ...] = ()
    then: str = ""


Story = Callable[["Scene"], Command]
"""Lets something happen, and names the command that is to deal with it."""


class Watched:
    """Fake platforms, each answer of which is a step too: what was asked is stored, and nobody knows yet."""

    def __init__(self) -> None:
        self.stored: Callable[[], None] = lambda: None
        self.begin("")

    def begin(self, host: str) -> None:
        """Let every platform be new; `host` is where they are."""
        self.forem, self.mirror, self.press = Forem(), Forem(), WordPressSite()
        self.forem.host, self.mirror.host, self.press.host = host, f"{host}/mirror", host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.stored()
            await send(message)

        path = scope.get("path", "")
        if path.startswith("/wp-"):
            await self.press(scope, receive, counted)
        elif path.startswith("/mirror/"):
            await self.mirror({**scope, "path": path.removeprefix("/mirror")}, receive, counted)
        else:
            await self.forem(scope, receive, counted)

    def keep(self) -> Callable[[], None]:
        """Return what brings every platform back to what it has now."""
        apps = (self.forem, self.mirror, self.press)
        kept = [copy.deepcopy(vars(app)) for app in apps]

        def back() -> None:
            for app, had in zip(apps, kept, strict=True):
                vars(app).update(copy.deepcopy(had))

        return back

    def shown(self) -> dict[str, Any]:
        """Return what a reader of each platform can tell apart."""
        return {
            "forem": sorted((it.title, it.body_markdown, it.published) for it in self.forem.articles.values()),
            "mirror": sorted((it.title, it.body_markdown, it.published) for it in self.mirror.articles.values()),
            "press": sorted((it.title, it.content, it.status) for it in self.press.posts.values()),
            "files": sorted(self.press.media.values()),
        }

    def left(self) -> str:
        apps = (self.forem.articles, self.mirror.articles, self.press.posts, self.press.media, self.press.terms)
        return repr([sorted(app.items()) for app in apps])

    def violations(self) -> list[str]:
        return self.forem.violations + self.mirror.violations + self.press.violations


class Scene:
    """A project with a database and an HTTP platform that agree, and that can be brought back as often as wanted.

    One that is `shared` has its branch and its ledgers on a remote, of which there is another clone.
    """

    def __init__(self, folder: Path, host: str, watched: Watched, library: Path, *, shared: bool = False) -> None:
        self.folder, self.area, self.kept = folder, folder / "area", folder / "kept"
        self.root, self.origin, self.other = (self.area / name for name in ("project", "origin.git", "other"))
        self.shared = shared
        self.host, self.watched = host, watched
        watched.begin(host)
        self.forem = watched.forem
        self.steps = Steps(folder / "steps", library, self.area)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            env={
                **os.environ,
                "LD_PRELOAD": str(library),
                "FOREM_KEY": "right-key",
                "SSL_CERT_DIR": "/",
                "WP_KEY": watched.press.password,
            },
            text=True,
        )
        self.environment = self.steps.environment | {"LD_PRELOAD": str(library)}
        self.root.mkdir(parents=True)
        with closing(sqlite3.connect(self.area / "cms.db")) as db:
            db.execute("create table posts (id integer primary key, title text, slug text, body text, status text)")
            db.commit()
        state = '[state]\nremote = "origin"\nbranch = "main"\n' if shared else ""
        (self.root / "gitsync.toml").write_text(
            f'[content]\npaths = ["posts/**/*.md"]\nassets = ["images/"]\n{state}'
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

    def write(self, name: str, body: str, **front: str) -> None:
        path = self.root / f"posts/{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(post(f"Post {name}", body, slug=name, date="2024-05-06", **front))

    def configure(self, more: str) -> None:
        """Add sites to the configuration."""
        with (self.root / "gitsync.toml").open("a") as file:
            file.write(more)

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
        self._back = self.watched.keep()

    def bring_back(self) -> None:
        shutil.rmtree(self.area)
        shutil.copytree(self.kept, self.area, symlinks=True)
        self._back()

    def left(self) -> str:
        """A hash of all that would be there if everything died now, as far as anything ever looks at it.

        Nobody reads git's unfinished objects, nor what is inside of a lock or a log; an object's name says what is in
        it; the journal of a database is its own; and gitsync's index is derived.
        """
        found = hashlib.sha256(self.watched.left().encode())
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

    def state(self, root: Path | None = None) -> dict[str, Any]:
        """Everything that is to be the same: the branch, the work tree, what each site shows, what is agreed.

        As the clone at `root` has it.
        """
        root = root or self.root
        with closing(sqlite3.connect(self.area / "cms.db")) as db:
            cms = sorted(db.execute("select title, slug, body, status from posts"))
        return {
            "head": run_git(root, "ls-tree", "-r", "HEAD"),
            "status": run_git(root, "status", "--porcelain"),
            "cms": cms,
            **self.watched.shown(),
            "ledgers": [run_git(root, "ls-tree", "-r", f"{ref}:base") for ref in _ledgers(root)],
            "conflicts": [run_git(root, "ls-tree", "-r", ref, "conflicts/") for ref in _ledgers(root)],
            "shared": self.on_remote() if self.shared else "",
            "left": sorted(path.name for path in (root / ".git/gitsync/intents").glob("*.json"))
            + [path.name for path in (root / ".git").glob("*.lock")],
        }

    def on_remote(self) -> str:
        """What the remote has: the branch, what each site agreed on, and nobody's lease or announced write."""
        trees = [run_git(self.origin, "ls-tree", "-r", "main")]
        trees += [run_git(self.origin, "ls-tree", "-r", f"{ref}:base") for ref in _ledgers(self.origin)]
        trees += [run_git(self.origin, "ls-tree", "-r", ref, "intents/") for ref in _ledgers(self.origin)]
        return "\n".join([*trees, run_git(self.origin, "for-each-ref", "refs/gitsync-lock")])


def _ledgers(root: Path) -> list[str]:
    return run_git(root, "for-each-ref", "--format=%(refname)", "refs/gitsync/").split()


@contextmanager
def opened(library: Path, *, shared: bool) -> Iterator[Scene]:
    """Yield a scene of which nothing is left afterwards; `library` counts the steps."""
    # In memory where there is such a disk: a kill loses nothing that was written, and every fsync costs nothing.
    memory = Path("/dev/shm")
    watched, stage = Watched(), Stage()
    stage.app = watched
    with (
        tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder,
        serving(stage) as host,
    ):
        scene = Scene(Path(folder), host, watched, library, shared=shared)
        yield scene
        scene.close()


def edit_both_ways(scene: Scene) -> None:
    """Let there be edits of every kind for a sync to carry, here and there."""
    scene.write("e", TEXT.replace("First", "New"))
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    (scene.root / "posts/c.md").unlink()
    scene.commit()
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("b", TEXT.replace("Third", "Their third"))


def run_everywhere(scene: Scene, story: Story, every: int = 1, *, elsewhere: bool = False) -> tuple[int, int]:
    """Kill the command at every step that matters. Returns how many steps there were, and how many were tried.

    `elsewhere`: another machine goes on before the one that died comes back.
    """
    command = story(scene)
    ahead = scene.shared and run_git(scene.root, "rev-parse", "main") != run_git(scene.origin, "rev-parse", "main")
    scene.keep()
    steps, points = _points(scene, command.what)
    if command.then:
        scene.done(command.then, later=200)
    wanted = scene.state()
    assert wanted["status"] == ""
    tried = 0
    for at in points[every // 2 :: every]:
        scene.bring_back()
        scene.steps.start(at)
        died = scene.run(command.what, later=100, environment=scene.environment)
        where = f"{command.what} killed at step {at} of {steps}, before: {scene.steps.died_at}"
        assert died["code"] == -9 or not scene.steps.died, f"{where}:\n{died['told']}"
        scene.steps.start(0)
        # The remote's git died too, and so may a fetch of the branch: the message says how to free what they locked.
        for lock in (*scene.origin.rglob("*.lock"), *(scene.root / ".git/refs/remotes").rglob("*.lock")):
            lock.unlink()
        if elsewhere:
            # The dead one's lease is over by now; tests/test_lease.py has how that is seen.
            for ref in run_git(scene.origin, "for-each-ref", "--format=%(refname)", "refs/gitsync-lock").split():
                run_git(scene.origin, "update-ref", "-d", ref)
            where += ", then elsewhere"
            if ahead:
                _after_another(scene, command, where)
            else:
                if command.then:  # a decision is about what is known there
                    assert scene.run("sync", root=scene.other, later=1000)["code"] in (0, 3), where
                _go_on(scene, command, where, root=scene.other)
                scene.done("sync", later=2000)
        if ahead or not elsewhere:
            _go_on(scene, command, where, root=scene.root)
        assert scene.state() == wanted, where
        assert not scene.watched.violations(), where
        tried += died["code"] == -9
    return steps, tried


def _points(scene: Scene, what: str) -> tuple[int, list[int]]:
    """Let the command happen undisturbed. Returns how many steps it makes, and those that leave anything new."""
    seen: dict[str, int] = {}

    def look(_: str) -> None:
        seen.setdefault(scene.left(), scene.steps.done)

    scene.steps.start(0)
    end = scene.steps.watch(look)

    def stored() -> None:
        scene.steps.step()
        look("stored")

    scene.watched.stored = stored
    outcome = scene.run(what, later=100, environment=scene.environment | scene.steps.asking)
    end()
    assert outcome["code"] == 0, outcome["told"]
    scene.watched.stored = scene.steps.step
    return scene.steps.done, list(seen.values())


def _go_on(scene: Scene, command: Command, where: str, *, root: Path) -> None:
    """Run the command again, as if nothing had been."""
    outcome = scene.run(command.again or command.what, root=root, later=2000)
    assert outcome["code"] in (0, *command.over), f"{where}:\n{outcome['told']}"
    if command.then:
        outcome = scene.run(command.then, root=root, later=4000)
        assert outcome["code"] == 0, f"{where}:\n{outcome['told']}"


def _after_another(scene: Scene, command: Command, where: str) -> None:
    """Let the other machine sync, which knows nothing of what is committed here alone; then take in what it did."""
    outcome = scene.run("sync", root=scene.other, later=200)
    assert outcome["code"] == 0, f"{where}:\n{outcome['told']}"
    # The branch may have diverged; whatever a dead git left locked is free again after this.
    scene.run(command.again or command.what, later=300)
    run_git(scene.root, "pull", "--quiet", "--rebase", "origin", "main")
