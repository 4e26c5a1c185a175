"""TOML and JSON front matter: the same laws as YAML's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.dialects import HASHNODE, HUGO
from gitsync.document import edit, parse, place
from gitsync.errors import InvalidContent
from tests.awkward import FIELD

TOML = """\
# Hugo's
title = 'Old'   # kept
date = 2024-02-02T04:14:54-08:00
updated = 2024-01-02
slug = "s"
version = 1.10
tags = [
  "a", # one
  "b",
]
draft = true
description = \"\"\"
two
lines\"\"\"

[params]
  math = true # kept

[params.deep]
x = 007_0
"""
TOML = TOML.replace("x = 007_0", "x = 1_000")

JSON = """\
{
  "title": "Old",
  "n": 1.10,
  "tags": ["a", "b"],
  "date": "2024-02-02T04:14:54-08:00",
  "updated": "2024-01-02",
  "draft": true,
  "slug": "s",
  "description": "two\\nlines",
  "params": {"math": true, "deep": {"x": [1, {"y": null}]}}
}
"""


def toml(front: str = TOML, body: str = "\nBody\n+++\nend") -> bytes:
    return f"+++\n{front}+++\n{body}".encode()


def test_toml_front_matter_is_read() -> None:
    document = parse(toml())
    post = document.post
    assert (post.title, post.slug, post.tags, post.status) == ("Old", "s", ("a", "b"), "draft")
    assert post.date == datetime(2024, 2, 2, 12, 14, 54, tzinfo=UTC)
    assert post.updated == datetime(2024, 1, 2, tzinfo=UTC)
    assert post.body == "Body\n+++\nend"
    assert document.front["params"] == {"math": True, "deep": {"x": 1000}}


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"title": "It is new"}, "title = 'Old'   # kept", "title = 'It is new'   # kept"),
        ({"title": "It's"}, "title = 'Old'   # kept", 'title = "It\'s"   # kept'),
        ({"slug": 'a "b" \\'}, 'slug = "s"', 'slug = "a \\"b\\" \\\\"'),
        ({"status": "published"}, "draft = true", "draft = false"),
        ({"date": datetime(2024, 2, 3, tzinfo=UTC)}, "2024-02-02T04:14:54-08:00", "2024-02-02T16:00:00-08:00"),
        ({"updated": datetime(2024, 2, 3, tzinfo=UTC)}, "updated = 2024-01-02", "updated = 2024-02-03"),
        ({"tags": ("a", "new", "b")}, '  "a", # one\n', '  "a", # one\n  "new",\n'),
        ({"slug": None}, 'slug = "s"\n', ""),
        ({"series": "S"}, 'lines"""\n', 'lines"""\nseries = "S"\n'),
    ],
)
def test_an_edit_of_toml_changes_one_place(changes: dict[str, Any], old: str, new: str) -> None:
    assert edit(parse(toml()), changes).decode() == toml().decode().replace(old, new)


def test_toml_keeps_crlf_and_bom() -> None:
    data = b"\xef\xbb\xbf" + toml().replace(b"\n", b"\r\n")
    assert edit(parse(data), {"slug": "new"}) == data.replace(b'"s"', b'"new"')


def test_toml_takes_overrides() -> None:
    after = edit(parse(toml()), {}, overrides={"devto": {"title": "T", "tags": ("x",)}})
    assert parse(after).overrides == {"devto": {"title": "T", "tags": ("x",)}}
    assert after.startswith(toml().partition(b"+++\n\nBody")[0])
    again = edit(parse(after), {}, overrides={"devto": {"title": "U"}, "blog": {"title": "V"}})
    assert parse(again).overrides == {"devto": {"title": "U", "tags": ("x",)}, "blog": {"title": "V"}}
    with pytest.raises(InvalidContent):
        edit(parse(after), {}, overrides={"devto": {"title": None}})


def test_json_takes_overrides() -> None:
    data = (JSON + "\nBody\n").encode()
    after = edit(parse(data), {}, overrides={"devto": {"title": "T", "tags": ("x",), "series": None}})
    assert parse(after).overrides == {"devto": {"title": "T", "tags": ("x",), "series": None}}


def test_json_front_matter_is_read() -> None:
    document = parse(JSON.encode() + b"\nBody\n")
    assert document.post.title == "Old"
    assert document.post.tags == ("a", "b")
    assert document.post.description == "two\nlines"
    assert document.post.body == "Body\n"
    assert document.front["params"]["deep"] == {"x": [1, {"y": None}]}


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"title": 'é "q"'}, '"Old"', '"é \\"q\\""'),
        ({"status": "published"}, '"draft": true', '"draft": false'),
        ({"updated": datetime(2024, 2, 3, tzinfo=UTC)}, '"2024-01-02"', '"2024-02-03"'),
        ({"tags": ("a", "c")}, '["a", "b"]', '["a", "c"]'),
        ({"slug": None}, '  "slug": "s",\n', ""),
        ({"series": "S"}, "}}\n}", '}},\n  "series": "S"\n}'),
    ],
)
def test_an_edit_of_json_changes_one_place(changes: dict[str, Any], old: str, new: str) -> None:
    text = JSON + "\nBody\n"
    assert edit(parse(text.encode()), changes).decode() == text.replace(old, new)


def test_json_may_stand_between_fences() -> None:
    data = b'---json\n{"title": "Old"}\n---\nBody\n'
    assert edit(parse(data), {"title": "New"}) == data.replace(b"Old", b"New")


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b'{"title": "a",\n "title": "b"}\n', "duplicate-key", 2, 2),
        (b'{"title": }\n', "json-syntax", 1, 11),
        (b'{"title": "a"\n', "json-syntax", 2, 1),
        (b'{"title": ["a"]}\n', "wrong-type", 1, 11),
        (b'{"a": ' + b"[" * 100_000, "too-deep", 1, 39),
        (b"+++\ntitle = \n+++\n", "toml-syntax", 2, 9),
        (b"+++\na = 1\na = 2\n+++\n", "duplicate-key", 3, 1),
        (b"+++\nx = 1\ntitle = [1]\n+++\n", "wrong-type", 3, 1),
        (b"+++\na = " + b"[" * 60_000 + b"\n+++\n", "toml-syntax", 2, 105),
        (b"+++\nx = " + b"[" * 50 + b"]" * 50 + b"\n+++\n", "too-deep", 2, 1),
    ],
)
def test_broken_toml_and_json_are_refused_with_their_place(data: bytes, code: str, line: int, column: int) -> None:
    with pytest.raises(InvalidContent) as caught:
        parse(data)
    assert (caught.value.code, caught.value.line, caught.value.column) == (code, line, column)


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(
        [toml(), (JSON + "\nBody\n").encode(), b"+++\n+++\nBody", b"{}\nBody\n", toml().replace(b"\n", b"\r\n")]
    ),
    st.sampled_from(sorted(FIELD)).flatmap(lambda name: st.tuples(st.just(name), st.one_of(st.none(), FIELD[name]))),
)
def test_every_edit_reads_back_and_all_else_reads_as_before(data: bytes, change: tuple[str, Any]) -> None:
    name, value = change
    before = parse(data)
    after = edit(before, {name: value})
    assert parse(after).post == before.post.with_fields({name: value})
    assert edit(before, {}) == data
    back = edit(parse(after), {name: before.post.get(name)})
    assert parse(back).post == before.post


def test_places_in_toml_are_those_of_keys() -> None:
    assert place(parse(toml()), "tags") == (8, 1)


BACKUP = (
    b'---\ntitle: "The "best" of us: \\ all"\nseoTitle: "A "b" c"\nseoDescription: "plain \\"escaped\\""\n'
    b"datePublished: Mon Dec 22 2025 16:52:32 GMT+0000 (Coordinated Universal Time)\ncuid: clzxm41sz\n"
    b"slug: best-of-us\ncover: https://cdn.hashnode.com/a.png\ntags: python, web-development\n\n---\n\nBody\n"
)


def test_hashnode_backups_are_read_though_they_are_no_yaml() -> None:
    post = parse(BACKUP, dialect=HASHNODE).post
    assert post.title == 'The "best" of us: \\ all'
    assert post.description == 'plain "escaped"'
    assert post.tags == ("python", "web-development")
    assert post.date == datetime(2025, 12, 22, 16, 52, 32, tzinfo=UTC)
    with pytest.raises(InvalidContent):
        parse(BACKUP)


def test_an_edit_of_a_hashnode_backup_leaves_its_other_lines() -> None:
    document = parse(BACKUP, dialect=HASHNODE)
    after = edit(document, {"tags": ("python",), "canonical_url": "https://me.example/"})
    assert after == BACKUP.replace(b"python, web-development\n", b"python\ncanonical: https://me.example/\n")
    retitled = parse(edit(document, {"title": 'New "one"'}), dialect=HASHNODE)
    assert retitled.post.title == 'New "one"'


def test_hugo_finds_keys_whatever_their_case_is_and_keeps_it() -> None:
    data = b"---\nTitle: Old\nPubDate: 2024-01-02\nDraft: true\npublished: 2020-01-01\n---\n"
    document = parse(data, dialect=HUGO)
    assert (document.post.title, document.post.date) == ("Old", datetime(2024, 1, 2, tzinfo=UTC))
    after = edit(document, {"title": "New", "status": "published"})
    assert after == data.replace(b"Old", b"New").replace(b"Draft: true", b"Draft: false")
