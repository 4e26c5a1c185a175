"""What cannot be read, written or edited is refused, with a place and a code, and nothing is overwritten."""

from __future__ import annotations

from datetime import datetime

import pytest

from gitsync.document import edit, parse, write
from gitsync.errors import InvalidContent
from gitsync.model import Post


def front(text: str) -> bytes:
    return f"---\n{text}---\n\nBody\n".encode()


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("title: [a]\n", "wrong-type", 2, 8),
        ("x: 1\ntitle: {a: b}\n", "wrong-type", 3, 8),
        ("tags: {a: b}\n", "wrong-type", 2, 7),
        ("tags:\n  - a\n  - [b]\n", "wrong-type", 4, 5),
        ("date: soon\n", "bad-date", 2, 7),
        ("date: 2024-13-45\n", "bad-date", 2, 7),
        ("date: 2024-02-30\n", "bad-date", 2, 7),
        ("date: 12\n", "bad-date", 2, 7),
        ("status: foo\n", "bad-status", 2, 9),
        ("draft: maybe\n", "wrong-type", 2, 8),
        ("title: a\nx: 1\ntitle: b\n", "duplicate-key", 4, 1),
        ("x:\n  a: 1\n  a: 2\n", "duplicate-key", 4, 3),
        ("a: &x 1\nb: *x\n", "yaml-alias", 3, 4),
        ("title: a: b\n", "yaml-syntax", 2, 9),
        ("title: 'a\n", "yaml-syntax", 3, 1),
        ("\ttitle: a\n", "yaml-syntax", 2, 1),
        ("title: a\x07\n", "yaml-character", 2, 9),
        ("[a]: b\n", "yaml-key", 2, 1),
        ("a: " + "[" * 40 + "]" * 40 + "\n", "too-deep", 2, 36),
        ("sites: {a: b}\n", "wrong-type", 2, 8),
        ("overrides: [a]\n", "wrong-type", 2, 12),
        ("overrides:\n  devto:\n    titel: x\n", "unknown-field", 4, 12),
        ("overrides:\n  devto:\n    date: x\n", "bad-date", 4, 11),
    ],
)
def test_bad_front_matter_is_refused_with_its_place(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(InvalidContent) as caught:
        parse(front(text), path="posts/a.md")
    error = caught.value
    assert (error.code, error.line, error.column, error.path) == (code, line, column, "posts/a.md")
    assert str(error).startswith(f"posts/a.md:{line}:{column}: {code} ")


@pytest.mark.parametrize(
    ("data", "code", "line", "column"),
    [
        (b"---\ntitle: \xff\n---\n", "not-utf-8", 2, 8),
        (b"\xef\xbb\xbf---\r\ntitle: \xc3\xa9\xff\r\n---\r\n", "not-utf-8", 2, 9),
        (b"---\ntitle: x\n---\na\0b", "nul", 4, 2),
        (b"---\ntitle: x\n\nbody", "front-matter-open", 1, 1),
        (b"+++\ntitle = 1\n", "front-matter-open", 1, 1),
        (b"---\nx: " + b"a" * 70_000 + b"\n---\n", "front-matter-size", 1, 1),
        (b"---js\nmodule.exports = {}\n---\n", "front-matter-language", 1, 1),
    ],
)
def test_bad_files_are_refused_with_their_place(data: bytes, code: str, line: int, column: int) -> None:
    with pytest.raises(InvalidContent) as caught:
        parse(data)
    assert (caught.value.code, caught.value.line, caught.value.column) == (code, line, column)


@pytest.mark.parametrize(
    "bomb", ["[" * 60_000, "{a: " * 15_000, "- " * 30_000, "? " * 30_000, "a: [" * 10_000, "'" * 60_001, "\\" * 60_000]
)
def test_hostile_front_matter_is_refused_not_followed(bomb: str) -> None:
    for fence in ("---", "+++"):
        try:
            document = parse(f"{fence}\ntitle: x\nx: {bomb}\n{fence}\n".encode())
        except InvalidContent:
            continue
        assert document.post.title in ("x", None)


def test_the_billion_laughs_are_not_laughed() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 9)]
    with pytest.raises(InvalidContent, match="aliases"):
        parse(front("\n".join(lines) + "\n"))


def test_what_no_file_can_hold_is_refused() -> None:
    for post in (
        Post(body="a\0b"),
        Post(title="\ud800"),
        Post(status="new"),
        Post(title="x" * 70_000),
        Post(date=datetime(2024, 1, 2)),
    ):
        with pytest.raises(InvalidContent):
            write(post)
    with pytest.raises(InvalidContent):
        edit(parse(front("title: x\n")), {"title": "\ud800"})
    with pytest.raises(InvalidContent):
        edit(parse(front("title: x\n")), {}, body="\ud800")


def test_a_wrong_scalar_where_overrides_belong_is_refused_before_it_is_overwritten() -> None:
    with pytest.raises(InvalidContent):
        parse(front("overrides: yes\n"))
