import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitsync.errors import Moved, RepositoryError
from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.repository import Oid, Repository
from gitsync.state import share
from gitsync.state.intents import Intent
from gitsync.state.records import KEEP, Entry, LedgerRecord, Result, moved, parked_path
from tests.conftest import run_git
from tests.repositories import commit, new_repository
from tests.test_replay import story


class Machine:
    """A clone of the shared repository, with the ledger of one site."""

    def __init__(self, folder: Path, remote: Path) -> None:
        self.repository = new_repository(folder)
        run_git(folder, "remote", "add", "origin", str(remote))
        self.ledger = Ledger(self.repository, "blog")

    @property
    def head(self) -> Oid:
        head = self.repository.head()
        assert head is not None
        return head

    def commit(self, **files: bytes) -> None:
        commit(self.repository, {f"{name}.md": data for name, data in files.items()})

    def tell(self, *results: Result) -> None:
        self.ledger.fold(results, head=self.head, message="told")

    def push(self) -> None:
        tips = {"blog": self.ledger.tip} if self.ledger.tip else {}
        share.push(self.repository, "origin", branch="main", tips=tips)

    def pull(self, shows: Callable[[str], str | None] = lambda _: None) -> share.Shared:
        share.fetch(self.repository, "origin", branch="main")
        return share.take_in(self.ledger, "origin", shows=shows)

    def follow(self) -> None:
        """Take over the remote's branch as it is."""
        share.fetch(self.repository, "origin", branch="main")
        tip = self.repository.resolve("refs/remotes/origin/main")
        self.repository.update_refs([("refs/heads/main", tip, self.repository.head())], message="follow")

    def held(self) -> dict[str, Entry]:
        return {entry.path: entry for entry in self.ledger.stream()}

    def records(self) -> dict[str, LedgerRecord | None]:
        return {path: entry.record for path, entry in self.held().items()}


def told(path: str, id: str, revision: str = "r1", *, title: str = "t", **more: object) -> Result:
    record = LedgerRecord(id=id, revision=revision, **more)  # type: ignore[arg-type]
    return Result(site="blog", path=path, base=None, remote=Post(title=title), record=record)


@pytest.fixture
def shared(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "shared.git", bare=True)


@pytest.fixture
def one(tmp_path: Path, shared: Repository) -> Machine:
    machine = Machine(tmp_path / "one", shared.git_dir)
    machine.commit(a=b"a\n", b=b"b\n")
    machine.tell(told("a.md", "1"), told("b.md", "2"))
    machine.push()
    return machine


@pytest.fixture
def two(tmp_path: Path, shared: Repository, one: Machine) -> Machine:
    machine = Machine(tmp_path / "two", shared.git_dir)
    machine.follow()
    machine.pull()
    return machine


def test_a_remote_without_ledgers_is_no_failure(tmp_path: Path, shared: Repository) -> None:
    machine = Machine(tmp_path / "one", shared.git_dir)
    assert share.fetch(machine.repository, "origin", branch="main") == {}
    assert machine.pull() == share.Shared(state="none")
    machine.commit(a=b"a\n")
    machine.tell(told("a.md", "1"))
    assert machine.pull() == share.Shared(state="ahead")


def test_a_remote_that_cannot_be_asked_is_a_failure(one: Machine, shared: Repository) -> None:
    shared.git_dir.rename(shared.git_dir.with_name("gone.git"))
    with pytest.raises(RepositoryError):
        one.pull()


def test_a_clone_has_the_whole_ledger(one: Machine, two: Machine) -> None:
    assert two.ledger.tip == one.ledger.tip
    assert two.held() == one.held()
    assert two.pull().state == "same"


def test_an_older_ledger_moves_forward(one: Machine, two: Machine) -> None:
    one.tell(told("a.md", "1", "r2"))
    one.push()
    assert two.pull() == share.Shared(state="forwarded")
    assert two.ledger.tip == one.ledger.tip


def test_a_ledger_that_was_removed_there_is_told_as_such(one: Machine, two: Machine, shared: Repository) -> None:
    shared.update_refs([("refs/gitsync/blog", None, one.ledger.tip)], message="removed")
    assert two.pull() == share.Shared(state="ahead")


def test_branch_and_ledger_arrive_together_or_not_at_all(one: Machine, two: Machine, shared: Repository) -> None:
    before = shared.refs("refs")
    two.commit(c=b"two\n")
    two.push()
    one.tell(told("a.md", "1", "r2"))
    one.commit(c=b"one\n")
    after = shared.refs("refs")
    assert after != before
    with pytest.raises(Moved):
        one.push()
    assert shared.refs("refs") == after


def test_a_diverged_ledger_is_never_forced(one: Machine, two: Machine, shared: Repository) -> None:
    one.tell(told("a.md", "1", "r2"))
    two.tell(told("b.md", "2", "r2"))
    one.push()
    with pytest.raises(Moved):
        two.push()
    assert shared.resolve("refs/gitsync/blog") == one.ledger.tip


def test_changes_of_different_posts_are_both_kept(one: Machine, two: Machine) -> None:
    one.tell(told("a.md", "1", "r2"), told("new.md", "3"))
    one.push()
    two.tell(told("b.md", "2", "r3"))
    assert two.pull() == share.Shared(state="merged")
    revisions = {path: record and record.revision for path, record in two.records().items()}
    assert revisions == {"a.md": "r2", "b.md": "r3", "new.md": "r1"}
    two.push()
    assert one.pull().state == "forwarded"
    assert one.held() == two.held()


def test_equal_changes_are_one(one: Machine, two: Machine) -> None:
    one.tell(told("a.md", "1", "r2"))
    two.tell(told("a.md", "1", "r2"), told("b.md", "2", "r5"))
    one.push()
    assert two.pull() == share.Shared(state="merged")
    assert two.records()["a.md"] == LedgerRecord(id="1", revision="r2")


@pytest.mark.parametrize("shown", ["r-one", "r-two"])
def test_of_two_changes_the_one_that_the_site_shows_wins(one: Machine, two: Machine, shown: str) -> None:
    one.tell(told("a.md", "1", "r-one", title="one", written=2.0, assets={"x": "u1"}))
    two.tell(told("a.md", "1", "r-two", title="two", written=1.0, assets={"y": "u2"}))
    one.push()
    assert two.pull(shows=lambda id: shown if id == "1" else None).state == "merged"
    entry = two.held()["a.md"]
    assert entry.remote == Post(title=shown.removeprefix("r-"))
    assert entry.record is not None
    assert (entry.record.revision, dict(entry.record.assets)) == (shown, {"x": "u1", "y": "u2"})


def test_else_the_older_wins(one: Machine, two: Machine) -> None:
    one.tell(told("a.md", "1", "r-one", written=1.0), told("b.md", "2", "r-one", written=9.0))
    two.tell(told("a.md", "1", "r-two", written=2.0), told("b.md", "2", "r-two", written=8.0))
    one.push()
    two.pull(shows=lambda _: "r-third")
    revisions = {path: record and record.revision for path, record in two.records().items()}
    assert revisions == {"a.md": "r-one", "b.md": "r-two"}


def test_two_ids_for_one_post_are_both_kept_and_told(one: Machine, two: Machine) -> None:
    one.tell(told("new.md", "10", written=1.0))
    two.tell(told("new.md", "20", written=2.0))
    one.push()
    merged = two.pull()
    assert len(merged.reports) == 1
    assert "10" in merged.reports[0]
    assert "20" in merged.reports[0]
    records = two.records()
    assert records["new.md"] == LedgerRecord(id="10", revision="r1", written=1.0)
    parked = records[parked_path("new.md", "20")]
    assert parked is not None
    assert (parked.id, parked.state) == ("20", "ignored")


def test_a_new_id_of_the_same_post_is_no_clash(one: Machine, two: Machine) -> None:
    one.tell(told("a.md", "11", former=("1",), written=5.0))
    two.tell(told("a.md", "1", "r2", written=1.0))
    one.push()
    assert two.pull() == share.Shared(state="merged")
    assert two.records()["a.md"] == LedgerRecord(id="11", former=("1",), revision="r1", written=5.0)


@pytest.mark.parametrize("renamer", ["one", "two"])
def test_a_rename_there_and_an_update_here_meet(one: Machine, two: Machine, renamer: str) -> None:
    movers = {"one": one, "two": two}
    mover = movers.pop(renamer)
    (other,) = movers.values()
    mover.tell(moved(mover.held()["a.md"], site="blog", path="moved.md"))
    other.tell(told("a.md", "1", "r2", title="updated"))
    one.push()
    two.pull(shows=lambda _: "r2")
    held = two.held()
    assert set(held) == {"moved.md", "b.md"}
    assert held["moved.md"].record == LedgerRecord(id="1", revision="r2")
    assert held["moved.md"].remote == Post(title="updated")


def test_a_post_renamed_twice_has_one_place(one: Machine, two: Machine) -> None:
    one.tell(moved(one.held()["a.md"], site="blog", path="x.md"))
    two.tell(moved(two.held()["a.md"], site="blog", path="y.md"))
    one.push()
    two.pull()
    assert sorted(path for path, record in two.records().items() if record and record.id == "1") == ["x.md"]


def reword(result: Result, prefix: str) -> Result:
    """The same result with ids and texts of one machine's own."""
    if not isinstance(result.record, LedgerRecord):
        return result
    return replace(result, record=replace(result.record, id=prefix + result.record.id, revision=prefix))


@pytest.mark.parametrize("seed", range(6))
def test_whoever_merges_the_outcome_is_one_and_no_id_has_two_places(
    tmp_path: Path, shared: Repository, seed: int
) -> None:
    rng = random.Random(seed)
    one = Machine(tmp_path / "one", shared.git_dir)
    one.commit(a=b"a\n")
    common, held = story(rng, 10)
    one.tell(*common)
    one.push()
    two = Machine(tmp_path / "two", shared.git_dir)
    two.follow()
    two.pull()
    for machine, prefix in ((one, "x"), (two, "y")):
        for entry in held.values():
            action = rng.choice(["keep", "keep", "update", "rename", "tombstone"])
            assert entry.record is not None
            if action == "update":
                machine.tell(moved(replace(entry, remote=Post(body=prefix)), site="blog", path=entry.path))
            elif action == "rename":
                machine.tell(moved(entry, site="blog", path=prefix + entry.path))
            elif action == "tombstone":
                dead = replace(entry.record, state=rng.choice(["deleted", "gone"]))
                machine.tell(Result(site="blog", path=entry.path, base=None, remote=None, record=dead))
        machine.tell(*(reword(it, prefix) for it in story(rng, 6)[0] if it.old_path is None and it.record is not KEEP))
    ids = {record.id for machine in (one, two) for record in machine.records().values() if record}
    tips = {"one": one.ledger.tip, "two": two.ledger.tip}
    if tips["one"] is None or tips["two"] is None:
        return
    for machine, other in ((one, two), (two, one)):
        machine.repository.fetch(str(other.repository.root), [f"+refs/gitsync/blog:{share.copy_of('origin', 'blog')}"])
    states = {share.take_in(machine.ledger, "origin").state for machine in (one, two)}
    if states != {"merged"}:
        return
    assert one.held() == two.held()
    claims = [id for record in one.records().values() if record for id in record.ids]
    assert len(claims) == len(set(claims))
    displaced = {entry.record.id for entry in held.values() if entry.record}  # a new post may stand where they were
    assert set(claims) >= ids - displaced


def test_announced_writes_of_both_are_kept(one: Machine, two: Machine) -> None:
    for machine, path in ((one, "a.md"), (two, "b.md")):
        intent = Intent(op="update", site="blog", path=path, id="1", at=1.0, run=path)
        machine.ledger.fold([], head=machine.head, message="begin", intents=[intent])
    one.push()
    two.pull()
    assert sorted(intent.path for intent in two.ledger.intents()) == ["a.md", "b.md"]


def test_a_merged_ledger_is_agreed_only_where_both_branches_are(one: Machine, two: Machine) -> None:
    one.commit(c=b"one\n")
    one.tell(told("a.md", "1", "r2"))
    one.push()
    two.commit(d=b"two\n")
    two.tell(told("b.md", "2", "r3"))
    alone = two.ledger.tip
    two.pull()
    assert two.ledger.agreed(two.head) == alone
    theirs = two.repository.resolve("refs/remotes/origin/main")
    assert theirs is not None
    merge = commit(two.repository, {}, merges=[theirs])
    assert two.ledger.agreed(merge) == two.ledger.tip


def test_ledgers_that_never_met_are_merged_too(tmp_path: Path, one: Machine, shared: Repository) -> None:
    stranger = Machine(tmp_path / "stranger", shared.git_dir)
    stranger.follow()
    stranger.tell(told("a.md", "1", "r9", written=9.0), told("c.md", "3"))
    assert stranger.pull(shows=lambda id: {"1": "r1"}.get(id)).state == "merged"
    assert {path: record and record.revision for path, record in stranger.records().items()} == {
        "a.md": "r1",
        "b.md": "r1",
        "c.md": "r1",
    }
