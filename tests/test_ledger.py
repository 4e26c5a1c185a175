import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitsync.errors import Moved
from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.repository import Oid, Repository
from gitsync.state.intents import Intent
from gitsync.state.records import KEEP, Conflict, Entry, LedgerRecord, Result, moved, parked_path
from tests import values
from tests.repositories import commit, new_repository

# Every example is a repository of its own; shrinking one would take minutes.
quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=set(Phase) - {Phase.shrink}
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def head(repository: Repository) -> Oid:
    return commit(repository, {"a.md": b"a\n"})


def result(path: str, id: str = "1", **more: object) -> Result:
    told = {"base": None, "remote": Post(title=path, body=f"Body of {id}.\n"), "record": LedgerRecord(id=id)}
    return Result(site="blog", path=path, **{**told, **more})  # type: ignore[arg-type]


def expected(results: Sequence[Result]) -> dict[str, Entry]:
    """What a plain dictionary would hold after these results (without renames and displaced tombstones)."""
    held: dict[str, Entry] = {}
    for it in results:
        entry = held.get(it.path, Entry(path=it.path))
        said = {
            name: value for name in ("base", "remote", "record", "conflict") if (value := getattr(it, name)) is not KEEP
        }
        held[it.path] = dataclasses.replace(entry, **said)
    return {path: entry for path, entry in held.items() if entry != Entry(path=path)}


def held(ledger: Ledger) -> dict[str, Entry]:
    return {entry.path: entry for entry in ledger.stream() if "~" not in entry.path}


def test_a_site_without_ledger_has_nothing(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    assert ledger.tip is None
    assert ledger.agreed(head) is None
    assert (ledger.branch, ledger.settings, ledger.heads) == (None, None, ())
    assert ledger.entries(["a.md"]) == {"a.md": Entry(path="a.md")}
    assert (list(ledger.stream()), ledger.conflicts(), ledger.intents()) == ([], [], [])


def test_nothing_to_tell_makes_no_commit(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    assert ledger.fold([], head=head, message="nothing") is None
    tip = ledger.fold([result("a.md")], head=head, message="one", trailers={"Branch": "main", "Settings": "s1"})
    again = ledger.fold([result("a.md")], head=head, message="two", trailers={"Branch": "main", "Settings": "s1"})
    assert again == tip == Ledger(repository, "blog").tip


def test_changed_settings_are_told_and_kept(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    one = ledger.fold([], head=head, message="one", trailers={"Branch": "main", "Settings": "s1"})
    two = ledger.fold([], head=head, message="two", trailers={"Settings": "s2"})
    ledger.fold([result("a.md")], head=head, message="three")
    assert one != two
    assert (ledger.branch, ledger.settings, ledger.heads) == ("main", "s2", (head,))


@quick
@given(st.lists(st.lists(values.results(), max_size=4), min_size=1, max_size=3))
def test_entries_are_the_last_that_was_said(batches: list[list[Result]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = new_repository(Path(folder))
        oids = [commit(repository, {"a.md": bytes([n])}) for n in range(10)]
        real = {f"{n:040x}": repository.resolve(f"{oids[n]}:a.md") for n in range(10)}
        batches = [[_with_real_blobs(it, real) for it in batch] for batch in batches]
        head = oids[-1]
        ledger = Ledger(repository, "blog")
        for batch in batches:
            ledger.fold(batch, head=head, message="some")
        everything = [it for batch in batches for it in batch]
        real_held, wanted = held(Ledger(repository, "blog")), expected(everything)
        for p in real_held.keys() | wanted.keys():
            assert real_held.get(p) == wanted.get(p), (real_held.get(p), wanted.get(p))
        tip = ledger.tip
        asked = ledger.entries([it.path for it in everything])
        assert {path: entry for path, entry in asked.items() if entry != Entry(path=path)} == expected(everything)
        assert ledger.fold(batches[-1], head=head, message="again") == tip


def _with_real_blobs(it: Result, real: dict[str, Oid | None]) -> Result:
    conflict = it.conflict
    if isinstance(conflict, Conflict):
        sides = {side: real.get(getattr(conflict, side)) for side in ("base", "ours", "theirs")}
        conflict = dataclasses.replace(conflict, **sides)
    return dataclasses.replace(it, base=real[it.base] if isinstance(it.base, str) else it.base, conflict=conflict)


def test_the_base_is_the_very_blob_of_the_branch(repository: Repository, head: Oid) -> None:
    blob = repository.resolve(f"{head}:a.md")
    ledger = Ledger(repository, "blog")
    ledger.fold([result("a.md", base=blob)], head=head, message="one")
    assert repository.resolve(f"{ledger.ref}:base/a.md") == blob
    assert repository.diff(f"{ledger.tip}:base", head) == []


def test_a_ref_that_moved_is_not_overwritten(repository: Repository, head: Oid) -> None:
    mine, theirs = Ledger(repository, "blog"), Ledger(repository, "blog")
    tip = theirs.fold([result("a.md")], head=head, message="theirs")
    with pytest.raises(Moved):
        mine.fold([result("b.md", "2")], head=head, message="mine")
    assert Ledger(repository, "blog").tip == tip
    mine.reload()
    mine.fold([result("b.md", "2")], head=head, message="mine")
    assert set(held(mine)) == {"a.md", "b.md"}


def test_a_rename_moves_everything(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    blob = repository.resolve(f"{head}:a.md")
    conflict = Conflict(base=blob, ours=None, theirs=blob, remote=Post(title="x"), revision="r")
    ledger.fold([result("a.md", base=blob, conflict=conflict)], head=head, message="one")
    before = ledger.entries(["a.md"])["a.md"]
    move = moved(before, site="blog", path="a.md/deep.md")
    for _ in range(2):
        ledger.fold([move], head=head, message="move")
        assert held(ledger) == {"a.md/deep.md": dataclasses.replace(before, path="a.md/deep.md")}


@pytest.mark.parametrize("at_once", [True, False])
def test_files_that_swap_names_swap_entries(repository: Repository, head: Oid, at_once: bool) -> None:
    ledger = Ledger(repository, "blog")
    ledger.fold([result("a.md", "1"), result("b.md", "2")], head=head, message="one")
    entries = ledger.entries(["a.md", "b.md"])
    swap = [moved(entries["a.md"], site="blog", path="b.md"), moved(entries["b.md"], site="blog", path="a.md")]
    for _ in range(2):
        for batch in [swap] if at_once else [[it] for it in swap]:
            ledger.fold(batch, head=head, message="swap")
        ids = {path: entry.record and entry.record.id for path, entry in held(ledger).items()}
        assert ids == {"a.md": "2", "b.md": "1"}
        assert held(ledger)["a.md"].remote == entries["b.md"].remote


def test_a_new_post_at_an_old_path_is_not_swept_away(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    ledger.fold([result("a.md", "1")], head=head, message="one")
    new = result("a.md", "2")
    away = moved(ledger.entries(["a.md"])["a.md"], site="blog", path="b.md")
    for batch in ([new, away], [new, away], [away, new]):
        ledger.fold(batch, head=head, message="both")
        assert {path: entry.record and entry.record.id for path, entry in held(ledger).items()} == {
            "a.md": "2",
            "b.md": "1",
        }


def test_a_tombstone_keeps_its_id_when_another_post_takes_its_place(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    dead = LedgerRecord(id="1", state="deleted")
    ledger.fold([result("a.md", record=dead, remote=None)], head=head, message="one")
    for _ in range(2):
        ledger.fold([result("a.md", "2")], head=head, message="two")
        everything = {entry.path: entry.record for entry in ledger.stream()}
        assert everything == {"a.md": LedgerRecord(id="2"), parked_path("a.md", "1"): dead}


def test_a_tombstone_that_lives_again_is_not_parked(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    ledger.fold([result("a.md", record=LedgerRecord(id="1", state="gone"))], head=head, message="one")
    ledger.fold([result("a.md", record=LedgerRecord(id="2", former=("1",)))], head=head, message="two")
    assert [entry.path for entry in ledger.stream()] == ["a.md"]


def test_intents_travel_in_the_tree_until_a_run_ends(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    intents = [
        Intent(op="create", site="blog", path=path, projection=Post(title="é"), at=1.0, run="x")
        for path in ("a.md", "b.md")
    ]
    ledger.fold([], head=head, message="begin", intents=intents)
    assert sorted(Ledger(repository, "blog").intents(), key=lambda it: it.path) == intents
    ledger.fold([result("a.md")], head=head, message="one")
    assert len(ledger.intents()) == 2
    ledger.fold([], head=head, message="one done", intents=intents[1:])
    assert ledger.intents() == intents[1:]
    ledger.fold([], head=head, message="end", intents=[])
    assert ledger.intents() == []


def test_an_import_shares_one_importer_with_the_branch(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    with repository.importer() as importer:
        blob = importer.blob(b"from the site\n")
        branch = importer.commit(parent=head, changes=[("new.md", blob)], message="import")
        handle = ledger.write(importer, [result("new.md", base=blob.oid)], head=branch.oid, message="import")
    assert handle is not None
    repository.update_refs([("refs/heads/main", branch.oid, head), (ledger.ref, handle.oid, None)], message="import")
    ledger.reload()
    assert ledger.agreed(branch.oid) == ledger.tip
    assert ledger.entries(["new.md"])["new.md"].base == blob.oid


def test_a_commit_still_in_the_importer_loses_no_base(repository: Repository, head: Oid) -> None:
    ledger = Ledger(repository, "blog")
    ledger.fold([result("a.md", base=repository.resolve(f"{head}:a.md"))], head=head, message="one")
    before = held(ledger)["a.md"]
    with repository.importer() as importer:
        branch = importer.commit(parent=head, changes=[("new.md", importer.blob(b"new\n"))], message="import")
        handle = ledger.write(importer, [result("new.md", "2")], head=branch.oid, message="import")
    assert handle is not None
    repository.update_refs([("refs/heads/main", branch.oid, head), (ledger.ref, handle.oid, ledger.tip)], message="x")
    ledger.reload()
    assert held(ledger)["a.md"] == before
    assert ledger.agreed(branch.oid) == ledger.tip


def test_portions_of_an_import_mean_what_one_would(
    repository: Repository, head: Oid, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = repository.resolve(f"{head}:a.md")
    story = [
        result("a.md", "1", base=blob),
        result("b.md", "2"),
        moved(Entry(path="a.md", base=blob, record=LedgerRecord(id="1")), site="blog", path="c.md"),
        result("a.md", "3", base=None, record=LedgerRecord(id="3", state="gone"), remote=None),
        result("a.md", "4"),
        Result(site="blog", path="b.md", base=None, remote=None),
    ]
    ledgers = []
    for size in (1, 2, 100):
        monkeypatch.setattr("gitsync.state.folding.CHUNK", size)
        ledger = Ledger(repository, f"blog{size}")
        ledger.fold(story[:1], head=head, message="before")
        with repository.importer() as importer:
            handle = ledger.write(importer, story[1:], head=head, message="story")
        assert handle is not None
        repository.update_refs([(ledger.ref, handle.oid, ledger.tip)], message="story")
        ledger.reload()
        ledgers.append({entry.path: entry for entry in ledger.stream()})
        tip = ledger.tip
        assert ledger.fold(story[1:], head=head, message="again") == tip
    assert ledgers[0] == ledgers[1] == ledgers[2]
    assert {path: entry.record and entry.record.id for path, entry in ledgers[0].items()} == {
        "a.md": "4",
        "b.md": "2",
        "c.md": "1",
        parked_path("a.md", "3"): "3",
    }


class TestAncestry:
    """The base of a post is its newest entry that the branch has seen; ids are always the newest."""

    @pytest.fixture
    def heads(self, repository: Repository) -> list[Oid]:
        return [commit(repository, {"a.md": f"version {n}\n".encode()}) for n in range(3)]

    @pytest.fixture
    def ledger(self, repository: Repository, heads: list[Oid]) -> Ledger:
        ledger = Ledger(repository, "blog")
        for n, head in enumerate(heads):
            ledger.fold([self.agreement(repository, heads, n)], head=head, message=f"agree {n}")
        return ledger

    @staticmethod
    def agreement(repository: Repository, heads: list[Oid], n: int) -> Result:
        blob = repository.resolve(f"{heads[n]}:a.md")
        record = LedgerRecord(id="1", revision=f"r{n}")
        return Result(site="blog", path="a.md", base=blob, remote=Post(body=f"version {n}\n"), record=record)

    def test_the_newest_is_agreed_at_the_tip_of_the_branch(self, ledger: Ledger, heads: list[Oid]) -> None:
        assert ledger.agreed(heads[2]) == ledger.tip
        assert ledger.offered_again(ledger.tip) == set()

    def test_unrelated_commits_change_nothing(self, repository: Repository, ledger: Ledger, heads: list[Oid]) -> None:
        later = commit(repository, {"other.txt": b"x"})
        assert ledger.agreed(later) == ledger.tip

    def test_an_old_checkout_has_the_base_of_its_time(self, ledger: Ledger, heads: list[Oid]) -> None:
        at = ledger.agreed(heads[0])
        entry = ledger.entries(["a.md"], at=at)["a.md"]
        assert entry.base == ledger.repository.resolve(f"{heads[0]}:a.md")
        assert entry.remote == Post(body="version 0\n")
        assert entry.record == LedgerRecord(id="1", revision="r2")
        assert ledger.offered_again(at) == {"a.md"}

    @pytest.mark.parametrize("few", [0, 1, 99])
    def test_a_far_older_checkout_finds_its_base_as_well(
        self, ledger: Ledger, heads: list[Oid], few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gitsync.ledger.FEW", few)
        for head in heads:
            at = ledger.agreed(head)
            assert ledger.entries(["a.md"], at=at)["a.md"].base == ledger.repository.resolve(f"{head}:a.md")

    def test_a_branch_without_any_of_it_has_no_base(self, repository: Repository, ledger: Ledger) -> None:
        orphan = commit(repository, {"a.md": b"else\n"}, parent=None)
        assert ledger.agreed(orphan) is None
        assert ledger.agreed(None) is None
        assert ledger.offered_again(None) == {"a.md"}

    def test_a_fold_after_a_reset_takes_up_the_old_bases(
        self, repository: Repository, ledger: Ledger, heads: list[Oid]
    ) -> None:
        rebased = commit(repository, {"other.md": b"new\n"}, parent=heads[0])
        ledger.fold([result("other.md", "2")], head=rebased, message="after a reset")
        assert ledger.agreed(rebased) == ledger.tip
        entry = ledger.entries(["a.md"])["a.md"]
        assert entry.base == repository.resolve(f"{heads[0]}:a.md")
        assert entry.remote == Post(body="version 0\n")
        assert entry.record == LedgerRecord(id="1", revision="")

    def test_a_fold_on_an_unrelated_branch_forgets_no_id(self, repository: Repository, ledger: Ledger) -> None:
        orphan, was = commit(repository, {"b.md": b"else\n"}, parent=None), held(ledger)["a.md"].base
        ledger.fold([result("b.md", "2")], head=orphan, message="a new start")
        assert held(ledger)["a.md"] == Entry(path="a.md", record=LedgerRecord(id="1", was=was))

    def test_a_pull_that_is_merged_later_after_all_counts_again(
        self, repository: Repository, ledger: Ledger, heads: list[Oid]
    ) -> None:
        tip = ledger.tip
        side = commit(repository, {"other.md": b"x\n"}, parent=heads[0])
        assert ledger.agreed(side) != tip
        merge = commit(repository, {}, parent=side, merges=[heads[2]])
        assert ledger.agreed(merge) == tip
