"""Several clones, one state remote: as if one had run after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Fault

from gitsync.errors import ConfigError, Locked, OutcomeUnknown, Refused, RepositoryError
from gitsync.events import Event, Notice
from gitsync.project import Project
from gitsync.state.lease import Lease
from gitsync.sync import Options, Run
from tests.blog import Blog, post
from tests.conftest import run_git


class Clones:
    """Two clones of one bare repository, with one site."""

    def __init__(self, folder: Path) -> None:
        self.one = Blog(folder / "one", config='[state]\nremote = "origin"\nbranch = "main"\n')
        self.bare = folder / "bare.git"
        run_git(folder, "clone", "--quiet", "--bare", str(self.one.root), str(self.bare))
        self.one.git("remote", "add", "origin", str(self.bare))
        self.one.git("push", "--quiet", "-u", "origin", "main")
        self.two = self.clone(folder / "two")

    def clone(self, folder: Path) -> Blog:
        run_git(folder.parent, "clone", "--quiet", str(self.bare), str(folder))
        clone = Blog.__new__(Blog)
        clone.root, clone.clock, clone.names = folder, self.one.clock, self.one.names
        clone.site = self.one.site  # type: ignore[method-assign]
        return clone


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    return Clones(tmp_path)


def test_a_second_clone_has_nothing_to_do(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.run()
    assert clones.two.run().operations == []
    assert len(clones.one.site().posts()) == 1
    clones.two.quiet()
    clones.one.quiet()


def test_an_edit_pulled_by_one_clone_reaches_the_other_by_git(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.run()
    clones.two.run()
    clones.one.site().edit(clones.one.id_of("A"), body="One.\n\nTwo there.\n\nThree.\n")
    assert clones.two.run().summary.pulled == 1
    assert clones.one.run().summary.pulled == 0
    assert "Two there." in clones.one.read("posts/a.md")
    clones.one.quiet()


def test_a_clone_that_is_behind_is_forwarded_first(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.run()
    clones.one.put("posts/a.md", post("A", "Edited.\n"))
    clones.one.git("push", "--quiet", "origin", "main")
    outcome = clones.two.run()
    assert outcome.summary.updated == 1, outcome.told
    assert clones.two.read("posts/a.md") == post("A", "Edited.\n")
    assert clones.one.run().operations == []


def test_a_diverged_branch_is_told_and_nothing_happens(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.run()
    clones.two.put("posts/b.md", post("B"))
    with pytest.raises(RepositoryError, match="diverged"):
        clones.two.run()
    assert len(clones.one.site().posts()) == 1


def test_a_lost_disk_after_a_lost_reply_makes_no_second_copy(clones: Clones, tmp_path: Path) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.site().faults.append(Fault(on="create", error=OutcomeUnknown("cut"), stored=True))
    outcome = clones.one.run(wait=False)
    assert outcome.summary.exit_code == 1, outcome.told
    third = clones.clone(tmp_path / "three")
    outcome = third.run()
    assert len(clones.one.site().posts()) == 1, outcome.told
    assert outcome.summary.exit_code == 0, outcome.told
    third.quiet()


def test_a_remote_that_cannot_be_reached_stops_everything(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.git("remote", "set-url", "origin", str(clones.bare) + "-gone")
    with pytest.raises(RepositoryError):
        clones.one.run()
    assert clones.one.writes() == []


def test_a_ledger_is_not_shown_to_the_public_unasked(clones: Clones) -> None:
    clones.one.git("remote", "set-url", "origin", "https://github.com/me/blog.git")
    with pytest.raises(Refused, match="drafts"):
        clones.one.run()


def test_a_remote_that_git_does_not_know_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "nowhere"\n')
    with pytest.raises(ConfigError, match="no remote called nowhere"):
        blog.run()


def test_another_machine_that_has_to_be_waited_for_is_told_first(clones: Clones) -> None:
    clones.one.put("posts/a.md", post("A"))
    clones.one.git("push", "--quiet", "origin", "main")
    theirs = Lease(Project.open(clones.two.root).repository, "origin", clones.one.names[0])
    theirs.acquire()
    told: list[Event] = []

    def wait(_: float) -> None:
        assert any(isinstance(event, Notice) and "Another machine" in event.message for event in told)
        theirs.release()

    project = Project.open(clones.one.root)
    run = Run(project, project.config.choose([]), Options(), sleep=wait, clock=clones.one.clock)
    for event in run.events():
        told.append(event)
    assert not theirs.held
    assert len(clones.one.site().posts()) == 1


@pytest.mark.parametrize("there", [True, False], ids=["unreachable", "no such remote"])
def test_a_shallow_clone_that_cannot_be_deepened_is_told_what_it_needs(tmp_path: Path, there: bool) -> None:
    # It was told about [state] remote, which it does not have.
    whole = Blog(tmp_path / "whole")
    whole.put("posts/a.md", post("A"))
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{whole.root}", str(tmp_path / "shallow"))
    shallow = Blog.__new__(Blog)
    shallow.root, shallow.clock, shallow.names = tmp_path / "shallow", whole.clock, whole.names
    if there:
        shallow.git("remote", "set-url", "origin", str(tmp_path / "nowhere"))
    else:
        shallow.git("remote", "remove", "origin")
    with pytest.raises(RepositoryError, match="This clone is shallow") as raised:
        shallow.run()
    assert "git fetch --unshallow" in raised.value.hint
    assert "[state]" not in str(raised.value)
    assert not whole.site().posts()


def test_a_lock_that_keeps_a_clone_shallow_is_named(tmp_path: Path) -> None:
    whole = Blog(tmp_path / "whole")
    whole.put("posts/a.md", post("A"))
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{whole.root}", str(tmp_path / "shallow"))
    shallow = Blog.__new__(Blog)
    shallow.root, shallow.clock, shallow.names = tmp_path / "shallow", whole.clock, whole.names
    lock = shallow.root / ".git/shallow.lock"
    lock.touch()
    with pytest.raises(Locked, match=str(lock)) as raised:
        shallow.run()
    assert f"rm {lock}" in raised.value.hint
    assert lock.exists()
