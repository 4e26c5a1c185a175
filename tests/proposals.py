"""A World in which edits of sites wait on branches for a person who merges them: `[policy] pull = "pull-request"`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitsync_connectors.memory import Behaviour

from gitsync.engine.planning import ALLOWANCES
from gitsync.engine.proposing import CONFLICTS, PREFIX
from tests.laws import at_rest, kept, single
from tests.world import KEY, World


class Proposals(World):
    """A World whose syncs never move its branch."""

    def __init__(self, root: Path, behaviours: Sequence[Behaviour], *, delete: str = "unpublish") -> None:
        super().__init__(root, behaviours, delete=delete)
        config = self.blog.root / "gitsync.toml"
        config.write_text(config.read_text().replace("[policy]\n", '[policy]\npull = "pull-request"\n'))
        self.blog.commit("configure")

    def waiting(self, site: str) -> list[str]:
        """The branches with what a site says that HEAD does not have."""
        refs = [f"refs/heads/{prefix}{site}" for prefix in (PREFIX, CONFLICTS)]
        there = self.blog.git("for-each-ref", "--format=%(refname)", *refs).split()
        return [ref for ref in there if self.blog.git("rev-list", "--max-count=1", ref, "^HEAD").strip()]

    def merge(self, site: str) -> bool:
        """A person merges what a site says, which wins where both say something. Returns whether there was anything."""
        branches = self.waiting(site)
        for branch in branches:
            before, proposed = self.files(), self.files(branch)
            merged = subprocess.run(
                ["git", "-C", str(self.blog.root), "merge", "--quiet", "--no-edit", "-X", "theirs", branch],
                capture_output=True,
                check=False,
            )
            if merged.returncode:  # one side has no such file: it stays
                self.blog.git("add", "-A")
                self.blog.git("commit", "--quiet", "--no-edit")
            after = self.files()
            told = [*before.values(), *proposed.values()]
            self.edited("\n".join(told), "\n".join(after.values()), decided=True)
            self.here |= {KEY.findall(text)[0] for path, text in after.items() if before.get(path) != text}
            self.tell(f"here: merge {branch}")
        return bool(branches)


def synced(world: Proposals, **options: Any) -> None:
    """Sync, and hold the laws that always hold; the branch stays where it is."""
    world.sync(**options)
    kept(world)
    assert world.blog.git("rev-parse", "HEAD") == world.before, world.fail("a sync moved the branch")
    assert not world.blog.git("status", "--porcelain"), world.fail("a sync touched the work tree")
    if not world.died:
        single(world)


def settled(world: Proposals) -> None:
    """Sync and merge until nothing is left to do; then every law holds to the letter."""
    for _ in range(8):
        world.blog.clock.now += 100
        synced(world, materialise=False)
        if world.code == 5:
            synced(world, allow=ALLOWANCES, materialise=False)
        merged = [site for site in world.blog.names if world.merge(site)]
        if world.code == 0 and not merged and not world.conflicts():
            break
        if not merged and world.conflicts():
            world.resolve()
    else:
        raise AssertionError(world.fail("it never settles"))
    at_rest(world)
