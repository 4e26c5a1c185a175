"""A conflict that one clone shows is decided in another one: the first goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.cli.failure import run
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


def test_a_conflict_that_only_another_clone_has_met_is_listed_and_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Blog(tmp_path / "one", config=SHARED)
    one.put("posts/a.md", post("A", TEXT))
    shared(one)
    one.run()
    two = clone(one, "two")
    two.run()
    one.put("posts/a.md", post("A", HERE))
    one.site().edit("1", body=THERE)
    met = one.run()
    assert met.summary.exit_code == 3
    assert run(["-C", str(two.root), "resolve", "posts/a.md", "--theirs"]) == 0, capsys.readouterr().err
    assert run(["-C", str(two.root), "log"]) == 0
    told = capsys.readouterr().out
    assert one.syncs()[0].id in told
    two.run()
    assert two.read("posts/a.md") == post("A", THERE)


def test_the_log_tells_what_is_known_here_where_the_remote_cannot_be_asked(
    clones: tuple[Blog, Blog], capsys: pytest.CaptureFixture[str]
) -> None:
    one, _ = clones
    one.git("remote", "set-url", "origin", str(one.root.parent / "nowhere.git"))
    assert run(["-C", str(one.root), "log"]) == 0
    answer = capsys.readouterr()
    assert "What other machines did since is not told." in answer.err
    assert one.syncs()[-1].id in answer.out
