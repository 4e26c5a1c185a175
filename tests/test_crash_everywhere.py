"""Killed at every step that leaves anything behind, each command still ends as if it had not been (laws 4 and 5)."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import instrument
from tests.conftest import run_git
from tests.crash_scene import TEXT, Command, Scene, Story, edit_both_ways, opened, run_everywhere

EVERY = int(os.environ.get("GITSYNC_EVERY", "16"))
"""Of the steps of runs with a shared state every such one is tried: 1 for all of any, which takes half an hour."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or instrument.compiler() is None, reason="needs Linux and a C compiler"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return instrument.built(tmp_path_factory.mktemp("library"))


@pytest.fixture(params=[False])
def scene(request: pytest.FixtureRequest, library: Path) -> Iterator[Scene]:
    with opened(library, shared=request.param) as scene:
        yield scene


def push(scene: Scene) -> Command:
    scene.write("e", TEXT.replace("First", "New"))
    scene.write("a", TEXT.replace("Second sentence", "Our second sentence"))
    (scene.root / "posts/b.md").rename(scene.root / "posts/moved.md")
    scene.commit()
    return Command(what="push")


def pull(scene: Scene) -> Command:
    scene.edit_cms("a", TEXT.replace("First", "Their first"))
    scene.edit_forem("b", TEXT.replace("Second", "Their second"))
    with closing(sqlite3.connect(scene.area / "cms.db")) as db:
        db.execute("insert into posts values (77, 'Post n', 'n', 'Made there.\n', 'published')")
        db.commit()
    return Command(what="pull")


def sync(scene: Scene) -> Command:
    edit_both_ways(scene)
    return Command(what="sync")


def rollback(scene: Scene) -> Command:
    sync(scene)
    scene.done("sync", later=100)
    id = run_git(scene.root, "log", "-1", "--format=%(trailers:key=Sync,valueonly)", "refs/gitsync/cms").strip()
    return Command(what=f"rollback {id}", over=(2,))


def apply(scene: Scene) -> Command:
    sync(scene)
    file = scene.folder / "plan.json"
    scene.done(f"plan {file}", later=100)
    # Half of it is done, so the plan is none any more: a sync does the rest.
    return Command(what=f"apply {file}", again="sync")


@pytest.mark.slow
@pytest.mark.parametrize(("story", "every"), [(push, 2), (pull, 1), (sync, 1), (rollback, 2), (apply, 3)])
def test_a_command_killed_anywhere_at_all_and_run_again_ends_as_if_it_had_not_been(
    scene: Scene, story: Story, every: int
) -> None:
    # The others have most of their steps in common with a sync, whose steps are tried to the last one.
    steps, tried = run_everywhere(scene, story, every=min(every, EVERY))
    print(f"{story.__name__}: {steps} steps, killed at {tried} of them")
    assert tried > 20


@pytest.mark.slow
@pytest.mark.parametrize("scene", [True], indirect=True)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same machine", "another first"])
def test_a_run_with_a_shared_state_killed_anywhere_ends_as_if_it_had_not_been(scene: Scene, elsewhere: bool) -> None:
    steps, tried = run_everywhere(scene, sync, every=EVERY, elsewhere=elsewhere)
    print(f"shared: {steps} steps, killed at {tried} of them")
    assert tried > 8
