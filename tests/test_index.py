import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitsync.ledger import Ledger
from gitsync.model import Post, Record
from gitsync.repository import Oid, Repository
from gitsync.state.comparison import CHUNK, Comparison
from gitsync.state.index import Index
from gitsync.state.records import LedgerRecord, Result, Uses
from tests import values
from tests.repositories import commit, new_repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def head(repository: Repository) -> Oid:
    return commit(repository, {"a.md": b"a\n"})


def known(repository: Repository, head: Oid, *records: LedgerRecord, site: str = "blog") -> Ledger:
    """A ledger that has these records, the first at 0.md."""
    ledger = Ledger(repository, site)
    results = [Result(site=site, path=f"{n}.md", record=record) for n, record in enumerate(records)]
    ledger.fold(results, head=head, message="known")
    return ledger


def compare(ledger: Ledger, listing: Sequence[Record]) -> Comparison:
    with Index.at(ledger) as index:
        return index.compare(iter(listing))


def listed(id: str, revision: str = "r1", **more: object) -> Record:
    return Record(id, revision, complete="post" in more, **more)  # type: ignore[arg-type]


def rows(ledger: Ledger) -> list[list[tuple[object, ...]]]:
    with Index.at(ledger) as index:
        tables = ("record", "claim", "uses", "tip")
        return [sorted(index._db.execute(f"select * from {table}"), key=repr) for table in tables]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=set(Phase) - {Phase.shrink}
)
@given(st.lists(st.lists(values.results(), max_size=3), min_size=1, max_size=4))
def test_an_index_kept_is_an_index_built_anew(batches: list[list[Result]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = new_repository(Path(folder))
        head = commit(repository, {"a.md": b"a\n"})
        ledger = Ledger(repository, "blog")
        for batch in batches:
            results = [Result(site=it.site, path=it.path, record=it.record) for it in batch]
            ledger.fold(results, head=head, message="some")
            kept = rows(ledger)
        (repository.state_dir / "index.db").unlink()
        assert rows(ledger) == kept


def test_equal_listings_are_quiet(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision="r1"), LedgerRecord(id="ü", revision="r2"))
    for listing in ([listed("1"), listed("ü", "r2")], [listed("ü", "r2"), listed("1")]):
        for _ in range(3):
            found = compare(ledger, listing)
            assert found.quiet
            assert (found.known, found.listed, found.records) == (2, 2, {})


def test_every_difference_has_its_name(repository: Repository, head: Oid) -> None:
    ledger = known(
        repository,
        head,
        LedgerRecord(id="same", revision="r1"),
        LedgerRecord(id="edited", revision="r1"),
        LedgerRecord(id="missing", revision="r1"),
        LedgerRecord(id="dead", revision="r1", state="deleted"),
        LedgerRecord(id="risen", revision="r1", state="gone"),
        LedgerRecord(id="ignored", revision="r1", state="ignored"),
        LedgerRecord(id="draft", revision="r1", state="unpublished"),
        LedgerRecord(id="moved", former=("was", "older"), revision="r1"),
    )
    full = listed("new", post=Post(title="new"))
    listing = [
        listed("same"),
        listed("edited", "r2"),
        listed("risen"),
        listed("ignored", "r2"),
        listed("draft", "r2"),
        listed("moved"),
        listed("was", "r9"),
        full,
        full,
    ]
    found = compare(ledger, listing)
    assert found.changed == [("edited", "1.md", "r2"), ("draft", "6.md", "r2")]
    assert found.new == ["new"]
    assert found.missing == [("missing", "2.md")]
    assert found.revived == [("risen", "4.md")]
    assert found.records == {"new": full}
    assert (found.known, found.listed) == (4, 9)
    assert not found.quiet


def test_an_unknown_revision_is_always_a_change(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision=""))
    assert compare(ledger, [listed("1", "r1")]).changed == [("1", "0.md", "r1")]


def test_a_noted_revision_is_no_change_until_the_next(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision="r1"))
    with Index.at(ledger) as index:
        assert index.revision_of("1") == "r1"
        assert index.revision_of("9") is None
        index.note_revision("1", "r2")
        assert index.revision_of("1") == "r2"
    assert compare(ledger, [listed("1", "r2")]).quiet
    assert compare(ledger, [listed("1", "r1")]).quiet
    assert compare(ledger, [listed("1", "r3")]).changed == [("1", "0.md", "r3")]
    ledger.fold([Result(site="blog", path="0.md", record=LedgerRecord(id="1", revision="r4"))], head=head, message="x")
    assert compare(ledger, [listed("1", "r2")]).changed == [("1", "0.md", "r2")]


@pytest.mark.parametrize("seed", [1, 2, 4, 7])
def test_a_remembered_listing_hides_no_difference(repository: Repository, head: Oid, seed: int) -> None:
    rng = random.Random(seed)
    size = 2 * CHUNK + 7
    ledger = known(repository, head, *(LedgerRecord(id=str(n), revision="r1") for n in range(size)))
    quiet = [listed(str(n)) for n in range(size)]
    for _ in range(2):
        assert compare(ledger, quiet).quiet
    listing = list(quiet)
    changed, missing = rng.randrange(size), rng.randrange(size)
    place = rng.randrange(size)
    if seed % 2:
        listing[changed] = listed(str(changed), "r2")
    if seed // 2 % 2:
        listing = [it for it in listing if it.id != str(missing)]
    if seed // 4 % 2:
        listing.insert(place, listed("new", post=Post()))
    found = compare(ledger, listing)
    gone = [(str(missing), f"{missing}.md")] if seed // 2 % 2 else []
    assert found.changed == ([(str(changed), f"{changed}.md", "r2")] if seed % 2 and gone[:1] != [changed] else [])
    assert found.missing == gone
    assert (found.new, list(found.records)) == ((["new"], ["new"]) if seed // 4 % 2 else ([], []))
    assert compare(ledger, quiet).quiet


def test_a_remembered_listing_is_forgotten_when_the_ledger_moves(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision="r1"))
    assert compare(ledger, [listed("1")]).quiet
    assert compare(ledger, [listed("1")]).quiet
    ledger.fold([Result(site="blog", path="0.md", record=LedgerRecord(id="1", revision="r2"))], head=head, message="x")
    assert compare(ledger, [listed("1")]).changed == [("1", "0.md", "r1")]


def test_a_listing_that_stops_early_misses_the_rest(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, *(LedgerRecord(id=str(n), revision="r1") for n in range(3)))
    everything = [listed(str(n)) for n in range(3)]
    assert compare(ledger, everything).quiet
    assert compare(ledger, []).missing == [("0", "0.md"), ("1", "1.md"), ("2", "2.md")]
    assert compare(ledger, everything).quiet


def test_a_scan_that_fails_leaves_the_index_as_it_was(repository: Repository, head: Oid) -> None:
    def broken() -> Iterator[Record]:
        yield listed("1")
        raise OSError("cut")

    ledger = known(repository, head, LedgerRecord(id="1", revision="r1"))
    with Index.at(ledger) as index, pytest.raises(OSError, match="cut"):
        index.compare(broken())
    assert compare(ledger, [listed("1")]).quiet


def test_ids_paths_and_urls_find_each_other(repository: Repository, head: Oid) -> None:
    ledger = known(
        repository,
        head,
        LedgerRecord(id="1", former=("0",), url="https://x.example/1", sent="f" * 64),
        LedgerRecord(id="2", url="https://x.example/2", state="deleted"),
        LedgerRecord(id="3", uses=Uses(posts={"0.md": None}, assets={"i.png": "1" * 40}), sent="f" * 64),
        LedgerRecord(id="4"),
    )
    with Index.at(ledger) as index:
        assert index.path_of_id("1") == index.path_of_id("0") == ("0.md", "live")
        assert index.path_of_id("2") == ("1.md", "deleted")
        assert index.path_of_id("9") is None
        assert (index.url_of("0.md"), index.url_of("1.md"), index.url_of("9.md")) == ("https://x.example/1", None, None)
        assert index.path_of_url("https://x.example/1") == "0.md"
        assert index.path_of_url("https://x.example/2") is None
        assert index.using(["0.md", "i.png"]) == {"2.md"}
        assert index.using([]) == set()
        assert index.owed() == ["3.md"]
        assert index.live_count() == 3
        assert index.ids() == {"1", "3", "4"}


def test_two_sites_share_a_file_and_nothing_else(repository: Repository, head: Oid) -> None:
    blog = known(repository, head, LedgerRecord(id="1", revision="r1"))
    cms = known(repository, head, LedgerRecord(id="1", revision="r2"), site="cms")
    assert compare(blog, [listed("1")]).quiet
    assert compare(cms, [listed("1", "r2")]).quiet
    assert compare(blog, [listed("1")]).quiet


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 100, "version"])
def test_a_damaged_index_is_built_anew(repository: Repository, head: Oid, damage: bytes | str) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision="r1"))
    with Index.at(ledger) as index:
        if damage == "version":
            index._db.execute("pragma user_version = 77")
    if isinstance(damage, bytes):
        (repository.state_dir / "index.db").write_bytes(damage)
    with Index.at(ledger) as index:
        assert index.live_count() == 1


def test_an_index_of_a_ledger_that_git_lost_is_built_anew(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1"))
    with Index.at(ledger) as index, index._db:
        index._db.execute("update tip set oid = ?", ("1" * 40,))
        index._db.execute("insert into claim values ('blog', 'x', 'x.md', 1, '', 'live', null)")
    with Index.at(ledger) as index:
        assert (index.path_of_id("1"), index.path_of_id("x")) == (("0.md", "live"), None)


def test_a_ledger_that_was_deleted_empties_the_index(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1"))
    with Index.at(ledger):
        pass
    repository.update_refs([(ledger.ref, None, ledger.tip)], message="deleted")
    ledger.reload()
    with Index.at(ledger) as index:
        assert (index.live_count(), index.path_of_id("1")) == (0, None)


def test_an_index_that_lost_a_table_is_built_anew(repository: Repository, head: Oid) -> None:
    ledger = known(repository, head, LedgerRecord(id="1", revision="r1", state="live"))
    before = rows(ledger)
    with Index.at(ledger) as index:
        index._db.execute("drop table claim")
        index._db.commit()
    assert rows(ledger) == before


@pytest.mark.slow
def test_several_processes_make_the_index_at_once(tmp_path: Path) -> None:
    # The second found that `table tip already exists`, and its command ended with that.
    script = "import sys; from pathlib import Path; from gitsync.state.index import _open; _open(Path(sys.argv[1]))"
    for number in range(5):
        path = str(tmp_path / f"{number}.db")
        made = [subprocess.Popen([sys.executable, "-c", script, path], stderr=subprocess.PIPE) for _ in range(6)]
        assert [process.communicate()[1].decode() for process in made] == [""] * len(made)
