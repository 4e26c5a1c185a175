import json

import pytest
from hypothesis import given, settings

from gitsync.engine.subject import entry_of
from gitsync.errors import RepositoryError
from gitsync.model import Post
from gitsync.state.records import (
    KEEP,
    Entry,
    LedgerRecord,
    Result,
    dump_record,
    load_record,
    moved,
    parked_path,
    post_from_json,
    post_to_json,
    result_from_json,
    result_to_json,
)
from tests import values

quick = settings(max_examples=60, deadline=None)


@quick
@given(values.records)
def test_a_record_reads_back_as_it_was_written(record: LedgerRecord) -> None:
    assert load_record(dump_record(record)) == record


@quick
@given(values.records)
def test_equal_records_are_equal_bytes(record: LedgerRecord) -> None:
    shuffled = LedgerRecord(
        **{name: getattr(record, name) for name in reversed(LedgerRecord.__slots__) if name != "raw"},
        raw=dict(reversed(list(record.raw.items()))),
    )
    assert dump_record(shuffled) == dump_record(record)


def test_a_record_says_only_what_is_set() -> None:
    assert dump_record(LedgerRecord(id="7")) == b'{\n "id": "7"\n}\n'


def test_half_a_surrogate_pair_from_a_site_survives() -> None:
    record = LedgerRecord(id="7", raw={"title": json.loads('"\\ud83d"')})
    assert load_record(dump_record(record)) == record


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"id": "1", "state": "moon"}', b"\xff"])
def test_a_broken_record_is_named(data: bytes) -> None:
    with pytest.raises(RepositoryError, match=r"posts/a\.md"):
        load_record(data, path="posts/a.md")


@quick
@given(values.posts)
def test_a_post_survives_json(post: Post) -> None:
    assert post_from_json(json.loads(json.dumps(post_to_json(post)))) == post


@quick
@given(values.results())
def test_a_result_survives_json(result: Result) -> None:
    assert result_from_json(json.loads(json.dumps(result_to_json(result)))) == result


@quick
@given(values.entries)
def test_a_rename_says_everything(entry: Entry) -> None:
    result = moved(entry, site="blog", path="new.md")
    assert result_from_json(json.loads(json.dumps(result_to_json(result)))) == result
    assert (result.base, result.remote, result.record, result.conflict) == (
        entry.base,
        entry.remote,
        entry.record,
        entry.conflict,
    )


def test_a_rename_that_keeps_is_refused() -> None:
    with pytest.raises(ValueError, match="moved"):
        Result(site="blog", path="b.md", old_path="a.md", base=None)


def test_parked_ids_have_their_own_names() -> None:
    assert parked_path("a.md", "1") != parked_path("a.md", "2")
    assert parked_path("a.md", "a/b").startswith("a.md~")


def test_what_a_result_keeps_is_what_the_ledger_had() -> None:
    record = LedgerRecord(id="1", revision="7")
    known = Entry(path="a.md", base="1" * 40, remote=Post(title="A"), record=record, conflict=None)
    let_go = Result(site="cms", path="a.md", base=None, remote=None, record=KEEP, conflict=None)
    assert entry_of(let_go, known) == Entry(path="a.md", base=None, remote=None, record=record, conflict=None)
    with pytest.raises(AssertionError, match=r"a\.md: a result that keeps something is no entry"):
        entry_of(let_go)
