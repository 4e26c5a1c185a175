"""Killed anywhere, what goes back, decides or uploads with a shared state still ends as if it had not been (law 4).

Either the machine that died does the same again, or another one does, from a clone of its own, before that comes back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitsync.samples import PNG
from tests import instrument
from tests.conftest import run_git
from tests.crash_scene import TEXT, Command, Scene, Story, edit_both_ways, opened, run_everywhere

EVERY = int(os.environ.get("GITSYNC_EVERY", "0"))
"""How many of the steps that matter are tried: 1 for all of them; 0 for so many as a change can wait for."""

WHO = {"another first": True} | ({"same machine": False} if EVERY else {})
"""Who goes on. A change waits for the harder case: another machine, and only then the one that died."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux" or instrument.compiler() is None, reason="needs Linux and a C compiler"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return instrument.built(tmp_path_factory.mktemp("library"))


@pytest.fixture
def scene(library: Path) -> Iterator[Scene]:
    with opened(library, shared=True) as scene:
        yield scene


def edited(scene: Scene) -> str:
    """Let a sync carry edits of every kind both ways. Returns its name."""
    edit_both_ways(scene)
    scene.done("sync", later=100)
    return last_sync(scene, "cms")


def last_sync(scene: Scene, site: str) -> str:
    return run_git(scene.root, "log", "--format=%(trailers:key=Sync,valueonly)", f"refs/gitsync/{site}").split()[0]


def rollback(scene: Scene) -> Command:
    return Command(what=f"rollback {edited(scene)}")


def restore(scene: Scene) -> Command:
    before = last_sync(scene, "cms")
    edited(scene)
    # What the sites show since, and nobody has seen yet, is kept in their ledgers.
    scene.edit_forem("a", TEXT.replace("Third", "A late third"))
    return Command(what=f"restore {before} cms forem")


def restore_to_new(scene: Scene) -> Command:
    id = edited(scene)
    scene.configure(
        f'[sites.mirror]\nplatform = "devto"\nurl = "{scene.host}/mirror/api"\ntoken = "env:FOREM_KEY"\npace = "off"\n'
    )
    for path in (scene.root / "posts").glob("*.md"):
        path.write_text(path.read_text().replace("---\n", "---\nsites: [cms, forem]\n", 1))
    scene.commit()
    scene.done("sync", later=200)
    run_git(scene.other, "pull", "--quiet")
    return Command(what=f"restore {id} cms --to mirror", then="sync")


def conflicting(scene: Scene) -> None:
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    scene.commit()
    scene.edit_forem("a", TEXT.replace("Second", "Their second").replace("Third", "Their third"))
    outcome = scene.run("sync", later=100)
    assert outcome["code"] == 3, outcome["told"]


def resolve_ours(scene: Scene) -> Command:
    conflicting(scene)
    return Command(what="resolve posts/a.md --ours", over=(2,), then="sync")


def resolve_theirs(scene: Scene) -> Command:
    conflicting(scene)
    return Command(what="resolve posts/a.md --theirs", over=(2,), then="sync")


def resolve_deleted(scene: Scene) -> Command:
    conflicting(scene)
    return Command(what="resolve posts/a.md --deleted", over=(2,), then="sync")


def resolve_committed(scene: Scene) -> Command:
    conflicting(scene)
    scene.write("a", TEXT.replace("Second sentence", "Our own second sentence"))
    scene.commit()
    run_git(scene.root, "push", "--quiet", "origin", "main")
    return Command(what="resolve posts/a.md", over=(2,), then="sync")


def adopt(scene: Scene) -> Command:
    """The site's text is an older one of the file with an edit, so both are merged."""
    [id] = [id for id, article in scene.forem.articles.items() if article.title == "Post a"]
    scene.done("detach posts/a.md forem")
    scene.write("a", TEXT.replace("First sentence", "Our first sentence"))
    scene.commit()
    scene.edit_forem("b", TEXT.replace("Third", "Their third"))
    scene.done("sync", later=100)
    return Command(what=f"adopt posts/a.md forem {id}", over=(5,), then="sync")


def uploads(scene: Scene) -> Command:
    account = 'user = "me"\ntoken = "env:WP_KEY"\npace = "off"\n'
    scene.configure(f'[sites.press]\nplatform = "wordpress"\nurl = "{scene.host}"\n{account}')
    for name in ("one", "two"):
        (scene.root / "images").mkdir(exist_ok=True)
        (scene.root / f"images/{name}.png").write_bytes(PNG + name.encode())
    scene.write("e", f"{TEXT}\n![One](../images/one.png)\n", sites="[press]")
    scene.write("f", f"{TEXT}\n![One](../images/one.png)\n\n![Two](../images/two.png)\n", sites="[press]")
    scene.commit()
    run_git(scene.root, "push", "--quiet", "origin", "main")
    return Command(what="sync")


STORIES = {
    rollback: 55,
    restore: 55,
    restore_to_new: 33,
    resolve_ours: 17,
    resolve_theirs: 17,
    resolve_deleted: 17,
    resolve_committed: 6,
    adopt: 6,
    uploads: 47,
}
"""What is killed, and every which step of it."""


@pytest.mark.parametrize("elsewhere", WHO.values(), ids=WHO)
@pytest.mark.parametrize(("story", "every"), STORIES.items(), ids=[story.__name__ for story in STORIES])
def test_what_goes_back_decides_or_uploads_ends_as_if_it_had_not_been_killed(
    scene: Scene, story: Story, every: int, elsewhere: bool
) -> None:
    steps, tried = run_everywhere(scene, story, every=EVERY or every, elsewhere=elsewhere)
    print(f"{story.__name__}: {steps} steps, killed at {tried} of them")
    assert tried
