from pathlib import Path

import pytest

from gitsync.errors import Locked
from gitsync.repository import Repository
from gitsync.state.lease import LEASE, PREFIX, Lease, give_back, leases
from tests.conftest import run_git
from tests.repositories import new_repository


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "one")


@pytest.fixture
def shared(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "shared.git", bare=True)


def machine(tmp_path: Path, name: str, clock: Clock) -> Lease:
    repository = new_repository(tmp_path / name)
    if "origin" not in run_git(tmp_path / name, "remote"):
        run_git(tmp_path / name, "remote", "add", "origin", str(tmp_path / "shared.git"))
    return Lease(repository, "origin", "blog", clock=clock, sleep=clock.sleep)


def test_one_machine_at_a_time(tmp_path: Path, shared: Repository) -> None:
    clock = Clock()
    one, two = machine(tmp_path, "one", clock), machine(tmp_path, "two", clock)
    one.acquire()
    assert one.held
    with pytest.raises(Locked, match="blog"):
        two.acquire()
    one.check()
    one.release()
    two.acquire()
    assert (one.held, two.held) == (False, True)
    two.release()
    assert shared.refs(PREFIX) == {}


def test_what_killed_runs_left_is_given_back_by_the_next_and_nothing_else(tmp_path: Path, shared: Repository) -> None:
    clock = Clock()
    dead, other = machine(tmp_path, "one", clock), machine(tmp_path, "two", clock)
    dead.acquire()
    give_back(other.repository, "origin")
    with pytest.raises(Locked):
        other.acquire()
    give_back(dead.repository, "origin")
    assert shared.refs(PREFIX) == {}
    other.acquire()
    give_back(dead.repository, "origin")
    other.check()
    other.release()
    shared_folder = tmp_path / "shared.git"
    shared_folder.rename(tmp_path / "away.git")
    give_back(dead.repository, "origin")  # nothing is left, so that nobody is asked


def test_a_waiting_machine_gets_it_when_it_is_free(tmp_path: Path, shared: Repository) -> None:
    one, clock = machine(tmp_path, "one", Clock()), Clock()
    two = machine(tmp_path, "two", clock)
    one.acquire()

    def pause(seconds: float) -> None:
        clock.now += seconds
        one.release()

    two._sleep = pause
    two.acquire(wait=60)
    assert two.held


def test_a_lease_that_nobody_renews_is_taken_over_by_our_own_clock(tmp_path: Path, shared: Repository) -> None:
    late, clock = Clock(9e8), Clock(5.0)  # years apart, which does not matter
    one, two = machine(tmp_path, "one", late), machine(tmp_path, "two", clock)
    one.acquire()
    two.acquire(wait=LEASE + 20)
    assert LEASE <= clock.now - 5.0 <= LEASE + 20
    late.now += LEASE / 2
    with pytest.raises(Locked, match="lost"):
        one.check()
    one.release()
    two.check()
    assert list(shared.refs(PREFIX)) == [f"{PREFIX}blog"]


def test_what_was_seen_before_is_remembered(tmp_path: Path, shared: Repository) -> None:
    clock = Clock()
    machine(tmp_path, "one", Clock()).acquire()
    with pytest.raises(Locked):
        machine(tmp_path, "two", clock).acquire()
    clock.now += LEASE
    again = machine(tmp_path, "two", clock)
    again.acquire()
    assert again.held


def test_a_renewed_lease_is_never_over(tmp_path: Path, shared: Repository) -> None:
    clock = Clock()
    one, two = machine(tmp_path, "one", clock), machine(tmp_path, "two", clock)
    one.acquire()
    for _ in range(8):
        with pytest.raises(Locked):
            two.acquire()
        clock.now += LEASE / 3 + 1
        one.check()


def test_a_killed_run_gets_its_own_lease_back_at_once(tmp_path: Path, shared: Repository) -> None:
    machine(tmp_path, "one", Clock()).acquire()
    again = machine(tmp_path, "one", Clock(3.0))
    again.acquire()
    assert again.held


def test_a_clock_that_was_set_back_makes_nobody_the_holder(tmp_path: Path, shared: Repository) -> None:
    clock = Clock(10_000.0)
    machine(tmp_path, "one", Clock()).acquire()
    with pytest.raises(Locked):
        machine(tmp_path, "two", clock).acquire()
    clock.now = 50.0
    with pytest.raises(Locked):
        machine(tmp_path, "two", clock).acquire()


def test_a_lease_outlives_a_short_cut_of_the_network(tmp_path: Path, shared: Repository) -> None:
    clock = Clock()
    one = machine(tmp_path, "one", clock)
    one.acquire()
    away = shared.git_dir.with_name("away.git")
    shared.git_dir.rename(away)
    clock.now += LEASE / 2
    one.check()
    clock.now += LEASE / 3
    with pytest.raises(Locked):
        one.check()
    away.rename(shared.git_dir)


def test_without_a_remote_there_is_nothing_to_hold(repository: Repository) -> None:
    with leases(repository, None, ["blog"]) as check:
        check("blog")


def test_leases_of_several_sites_are_given_back_together(tmp_path: Path, shared: Repository) -> None:
    one = machine(tmp_path, "one", Clock()).repository
    with leases(one, "origin", ["cms", "blog"]) as check:
        check("blog")
        check("cms")
        assert set(shared.refs(PREFIX)) == {f"{PREFIX}blog", f"{PREFIX}cms"}
        two = machine(tmp_path, "two", Clock()).repository
        with pytest.raises(Locked), leases(two, "origin", ["other", "cms"]):
            pass
    assert shared.refs(PREFIX) == {}
