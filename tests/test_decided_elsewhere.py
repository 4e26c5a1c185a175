"""A conflict that one clone shows is decided in another one: the first goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.errors import RepositoryError
from gitsync.project import Project
from gitsync.resolving import Choice, resolve
from tests.blog import SHARED, Blog, clone, post, shared

TEXT = "First stands.\n\nSecond stands.\n\nThird stands.\n"
HERE, THERE = TEXT.replace("First", "Our first"), TEXT.replace("First", "Their first")


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Blog, Blog]:
    """Two clones that know of the same conflict; the first one shows it."""
    one = Blog(tmp_path / "one", config=SHARED)
    one.put("posts/a.md", post("A", TEXT))
    shared(one)
    one.run()
    one.put("posts/a.md", post("A", HERE))
    one.site().edit("1", body=THERE)
    two = clone(one, "two")
    for it in (one, two):
        assert it.run().summary.exit_code == 3
    assert "<<<<<<< ours" in one.read("posts/a.md")
    return one, two


def decide(blog: Blog, choice: Choice) -> None:
    project = Project.open(blog.root)
    resolve(project, project.config.sites["site"], "posts/a.md", choice)
    assert blog.run().summary.exit_code == 0


@pytest.mark.parametrize(("choice", "text"), [("ours", HERE), pytest.param("theirs", THERE, marks=pytest.mark.slow)])
def test_a_conflict_that_nobody_touched_goes_where_another_clone_decided_it(
    clones: tuple[Blog, Blog], choice: Choice, text: str
) -> None:
    one, two = clones
    decide(two, choice)
    assert one.run().summary.exit_code == 0
    assert one.read("posts/a.md") == post("A", text)
    assert one.git("status", "--porcelain") == ""
    one.quiet()


def test_a_conflict_that_somebody_works_on_stays_where_another_clone_decided_it(clones: tuple[Blog, Blog]) -> None:
    one, two = clones
    decide(two, "theirs")
    worked = one.read("posts/a.md") + "\nA word of mine.\n"
    one.write("posts/a.md", worked)
    with pytest.raises(RepositoryError, match="has an unresolved merge"):
        one.run()
    assert one.read("posts/a.md") == worked
