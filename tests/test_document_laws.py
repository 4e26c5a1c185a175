"""Law 7: an untouched file stays byte-identical; an edited one changes only in the lines the edit is about."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.document import edit, parse, place, write
from gitsync.model import FIELDS, Post
from tests.awkward import BODIES, FIELD, POSTS, files

LIMITS = settings(deadline=None, max_examples=100)
CHANGE = st.sampled_from(sorted(FIELD)).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(st.none(), FIELD[name]))
)


def lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")


def changed_lines(before: bytes, after: bytes) -> list[tuple[str, list[bytes], list[bytes]]]:
    a, b = lines(before), lines(after)
    codes = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return [(kind, a[i:j], b[k:m]) for kind, i, j, k, m in codes if kind != "equal"]


@LIMITS
@given(POSTS)
def test_a_written_post_reads_back_as_itself(post: Post) -> None:
    assert parse(write(post)).post == post


@LIMITS
@given(files())
def test_an_edit_to_what_is_there_already_leaves_every_byte(data: bytes) -> None:
    document = parse(data)
    same = {name: document.post.get(name) for name in FIELDS}
    assert edit(document, same, body=document.post.body, overrides=document.overrides) == data


@LIMITS
@given(files(), CHANGE)
def test_an_edit_reads_back_and_all_else_reads_as_before(data: bytes, change: tuple[str, Any]) -> None:
    name, value = change
    before = parse(data)
    after = parse(edit(before, {name: value}))
    assert after.post == before.post.with_fields({name: value})
    assert after.sites == before.sites
    assert after.overrides == before.overrides
    assert data.startswith(b"\xef\xbb\xbf") == after.data.startswith(b"\xef\xbb\xbf")


@LIMITS
@given(files(), CHANGE)
def test_an_edit_of_one_field_changes_one_place(data: bytes, change: tuple[str, Any]) -> None:
    name, value = change
    before = parse(data)
    after = edit(before, {name: value})
    hunks = changed_lines(data, after)
    several = 3 if name == "status" else 4 if name in ("tags", "authors") else 1
    assert len(hunks) <= several
    removed = [line for _, old, _ in hunks for line in old]
    comments = [line for line in removed if line.lstrip().startswith(b"#")]
    assert all(name == "tags" for _ in comments), comments


@LIMITS
@given(files(), CHANGE)
def test_an_edit_taken_back_restores_values(data: bytes, change: tuple[str, Any]) -> None:
    name, value = change
    before = parse(data)
    there = parse(edit(before, {name: value}))
    back = parse(edit(there, {name: before.post.get(name)}))
    assert back.post == before.post


@LIMITS
@given(files(), BODIES)
def test_a_new_body_leaves_the_front_matter_alone(data: bytes, body: str) -> None:
    before = parse(data)
    after = parse(edit(before, {}, body=body))
    assert after.post == before.post.with_fields({"body": body})
    assert after.front.keys() == before.front.keys()
    assert after.layout.front == before.layout.front


@LIMITS
@given(files(), st.sampled_from(["devto", "blog", "new-site"]), CHANGE)
def test_an_override_is_set_and_the_others_stay(data: bytes, site: str, change: tuple[str, Any]) -> None:
    name, value = change
    before = parse(data)
    wanted = {key: dict(fields) for key, fields in before.overrides.items()}
    wanted.setdefault(site, {})[name] = value
    after = parse(edit(before, {}, overrides={site: {name: value}}))
    assert {k: v for k, v in after.overrides.items() if v} == {k: v for k, v in wanted.items() if v}
    assert after.post == before.post


@LIMITS
@given(files(), st.dictionaries(st.sampled_from(sorted(FIELD)), st.none()), BODIES)
def test_many_edits_at_once_are_all_made(data: bytes, removed: dict[str, None], body: str) -> None:
    changes: dict[str, Any] = {
        "title": "New: title",
        "tags": ("x", "no"),
        "date": datetime(2026, 2, 3, 4, tzinfo=UTC),
        **removed,
    }
    before = parse(data)
    assert parse(edit(before, changes, body=body)).post == before.post.with_fields({**changes, "body": body})


@LIMITS
@given(files())
def test_every_place_is_in_the_file(data: bytes) -> None:
    document = parse(data)
    count = document.layout.text.count("\n") + 1
    for name in (*FIELDS, "body", "sites", "overrides.devto.title"):
        line, column = place(document, name)
        assert 1 <= line <= count
        assert column >= 1
