"""A World of two clones that share their state through one bare remote: whose turn it is edits, pushes or syncs.

Both have the same sites. A push may be rejected, a run may be killed while the other clone goes on, and what diverges
is rebased as people do it.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitsync_connectors.memory import Behaviour, Store

from gitsync.engine.planning import ALLOWANCES
from gitsync.errors import Error
from gitsync.events import Event, Notice
from gitsync.undo.history import Sync
from tests.blog import Blog
from tests.conftest import run_git
from tests.laws import at_rest, kept, single
from tests.world import KEY, World, words

REJECT = """#!/bin/sh
# Refuses one push, after as many as the file says.
left=$(cat reject 2>/dev/null) || exit 0
if [ "$left" -gt 0 ]; then echo $((left - 1)) > reject; exit 0; fi
rm reject
exit 1
"""


class Clone(Blog):
    """Another clone of a blog, with the same sites and the same clock."""

    def __init__(self, first: Blog, bare: Path, root: Path) -> None:
        self.first, self.root, self.clock, self.names = first, root, first.clock, first.names
        run_git(root.parent, "clone", "--quiet", str(bare), str(root))

    def site(self, name: str | None = None) -> Store:
        return self.first.site(name)


class Clones(World):
    """`turn` says which clone acts; everything else is a World's."""

    def __init__(self, root: Path, behaviours: Sequence[Behaviour], *, delete: str = "unpublish") -> None:
        super().__init__(root, behaviours, delete=delete)
        first, self.bare = self.blog, root / "bare.git"
        config = first.root / "gitsync.toml"
        config.write_text(config.read_text() + '[state]\nremote = "origin"\nbranch = "main"\n')
        first.commit("share")
        run_git(root, "clone", "--quiet", "--bare", str(first.root), str(self.bare))
        first.git("remote", "add", "origin", str(self.bare))
        first.git("fetch", "--quiet", "origin")
        hook = self.bare / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(REJECT)
        hook.chmod(0o755)
        self.clones: list[Blog] = [first, Clone(first, self.bare, root / "two")]
        self.killed: Path | None = None  # who may have left a lease
        self.dead: set[Path] = set()

    def close(self) -> None:
        self.blog = self.clones[0]
        super().close()
        shutil.rmtree(self.root, ignore_errors=True)

    def turn(self, number: int) -> bool:
        """Let a clone act; say whether people may: where a run was killed, they let gitsync finish first."""
        self.blog = self.clones[number % len(self.clones)]
        self.tell(f"- {self.blog.root.name}")
        return self.blog.root not in self.dead

    def reject(self, skip: int) -> None:
        (self.bare / "reject").write_text(f"{skip}\n")
        self.tell(f"the remote will reject a push after {skip}")

    def push(self) -> None:
        self._git("push", "--quiet", "origin", "main")
        self.tell("git push")

    def catch_up(self) -> None:
        """Rebase on what the other clone pushed; where that collides, take theirs."""
        self.blog.git("fetch", "--quiet", "origin")
        before = {**self.files("origin/main"), **self.files()}
        texts = [*self.files("origin/main").values(), *self.files().values()]
        self.tell("git pull --rebase")
        if self._git("rebase", "--quiet", "origin/main"):
            self._seen(texts)
            return
        self._git("rebase", "--abort")
        if not self._git("merge", "--quiet", "--no-edit", "-X", "theirs", "origin/main"):
            self.blog.git("reset", "--quiet", "--hard", "origin/main")
        after = "\n".join(self.files().values())
        lost = words("\n".join(texts)) - words(after)
        self.unsure |= lost | (words(after) - self.alive)
        self.alive -= lost
        touched = {
            key for path, text in before.items() if self.files().get(path) != text for key in KEY.findall(text)[:1]
        }
        self.here |= touched
        self._seen(texts)
        self.tell("  which collided: theirs is taken")

    def _seen(self, texts: list[str]) -> None:
        here = {KEY.findall(text)[0] for text in self.files().values()}
        self.withdrawn -= here
        self.withdrawn |= {KEY.findall(text)[0] for text in texts} - here

    def sync(self, *, kill: int | None = None, **options: Any) -> None:
        self._outlive_the_dead()
        try:
            super().sync(kill=kill, materialise=False, **options)
            self.killed = None
            self.dead.discard(self.blog.root)
        except Error as error:
            self.code, self.died = error.exit_code, False
            self.tell(f"  {error}")
            for store in self.sites.values():
                store.faults.clear()
        if self.died:
            self.killed = self.blog.root
            self.dead.add(self.blog.root)

    def _outlive_the_dead(self) -> None:
        """Ten minutes later: the lease of the clone that died has run out."""
        if self.killed not in (None, self.blog.root):
            for ref in run_git(self.bare, "for-each-ref", "--format=%(refname)", "refs/gitsync-lock").splitlines():
                run_git(self.bare, "update-ref", "-d", ref)
            self.blog.clock.now += 600
            self.killed = None

    def undo(self, sync: Sync) -> list[Event]:
        self._outlive_the_dead()
        try:
            return super().undo(sync)
        except Error as error:
            self.code = error.exit_code
            return [Notice(level="error", message=str(error))]

    def committed(self) -> str:
        return "".join(self._texts(root, "--all") for root in (self.bare, *(clone.root for clone in self.clones)))

    def _git(self, *args: str) -> bool:
        done = subprocess.run(["git", "-C", str(self.blog.root), *args], capture_output=True, check=False)
        return done.returncode == 0


def synced(world: Clones, **options: Any) -> None:
    """Sync, and hold the laws that always hold."""
    world.sync(**options)
    kept(world)
    if not world.died:
        single(world)
        assert not world.blog.git("status", "--porcelain"), world.fail("the work tree is not HEAD's")


def settled(world: Clones) -> None:
    """Both clones go on without accidents until nothing is left to do: then they agree, and every site shows HEAD."""
    (world.bare / "reject").unlink(missing_ok=True)
    for number in range(16):
        world.blog.clock.now += 100
        if not world.turn(number):
            synced(world)
        world.catch_up()
        synced(world)
        if world.code == 5:
            synced(world, allow=ALLOWANCES)
        assert world.code in (0, 3), world.fail(f"exit code {world.code} without an accident")
        if world.code == 3:
            world.resolve()
        world.push()
        if world.code == 0 and len(_told_by(world)) == 1 and not world.conflicts() and not world.dead:
            break
    else:
        raise AssertionError(world.fail("it never settles"))
    for number in range(2):
        world.blog.clock.now += 100
        world.turn(number)
        synced(world)
        at_rest(world)
    assert len(_told_by(world)) == 1, world.fail("the clones do not agree")
    assert not run_git(world.bare, "for-each-ref", "refs/gitsync-lock"), world.fail("a lease was left")


def _told_by(world: Clones) -> set[str]:
    """Return the branch and the ledgers as the remote and each clone have them: one answer where all agree."""
    roots = (world.bare, *(clone.root for clone in world.clones))
    return {run_git(root, "for-each-ref", "refs/gitsync", "refs/heads/main") for root in roots}
