import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.errors import RepositoryError
from gitsync.state.journal import Journal
from gitsync.state.records import LedgerRecord, Result
from tests import values

HEAD = "1" * 40
ONE = Result(site="blog", path="a.md", record=LedgerRecord(id="1"))
TWO = Result(site="cms", path="ü\n.md", base=None)


def test_nothing_waits_at_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.pending() == []
    assert journal.head() is None
    journal.clear()
    assert not journal.path.exists()


def test_results_wait_in_order_until_cleared(tmp_path: Path) -> None:
    Journal(tmp_path).append(ONE, head=HEAD)
    Journal(tmp_path).append(TWO, ONE, head="2" * 40)
    assert Journal(tmp_path).pending() == [ONE, TWO, ONE]
    assert Journal(tmp_path).head() == "2" * 40
    Journal(tmp_path).clear()
    assert Journal(tmp_path).pending() == []


@settings(max_examples=30, deadline=None)
@given(st.lists(values.results(), min_size=1, max_size=4), st.data())
def test_a_torn_line_says_nothing_and_harms_nothing(results: list[Result], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        journal.append(*results, head=HEAD)
        whole = journal.path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        journal.path.write_bytes(whole[:cut])
        left = journal.pending()
        assert left == results[: whole[:cut].count(b"\n")]
        journal.append(ONE, head=HEAD)
        assert journal.pending() == [*left, ONE]


def test_a_last_line_of_zeros_after_a_power_cut_says_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(ONE, head=None)
    with journal.path.open("ab") as file:
        file.write(b"\0" * 40 + b"\n")
    assert journal.pending() == [ONE]


def test_a_broken_line_among_others_stops_and_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(ONE, head=None)
    journal.path.write_bytes(b'{"head": null}\n' + journal.path.read_bytes())
    with pytest.raises(RepositoryError, match=r"journal:1: "):
        journal.pending()


def test_a_line_is_ascii_whatever_it_tells(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(TWO, head=None)
    line = journal.path.read_bytes()
    assert line.count(b"\n") == 1
    assert json.loads(line)["path"] == TWO.path
