"""The traps of front matter, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from gitsync_connectors.devto_articles import moment
from gitsync_connectors.instants import whole_second
from gitsync_connectors.rest_fields import Field, moment_of

from gitsync.document import edit, parse, place, write
from gitsync.errors import InvalidContent
from gitsync.model import Post


def front(text: str) -> bytes:
    return f"---\n{text}---\n\nBody\n".encode()


def edited(text: str, /, **changes: object) -> str:
    """Front matter after an edit, without its delimiters and body."""
    after = edit(parse(front(text)), changes).decode()  # type: ignore[arg-type]
    return after.removeprefix("---\n").removesuffix("---\n\nBody\n")


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "007", "010", "1.10", "22:22", "1_000", "0x1f", "1e3", "2024-01-02", "true"]
)
def test_words_that_yaml_takes_for_something_else_are_the_text_the_author_typed(word: str) -> None:
    post = parse(front(f"title: {word}\ntags: [{word}, b]\nseries: '{word}'\n")).post
    assert (post.title, post.tags, post.series) == (word, (word, "b"), word)


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "No",
        "007",
        "1.10",
        "22:22",
        "1_000",
        "2024-01-02",
        "~",
        "null",
        "a: b",
        "a #b",
        "@x",
        "- a",
        "[",
        "",
        " a",
        "\ta",
        "a\nb",
    ],
)
def test_such_words_are_written_so_that_every_reader_takes_them_for_text(word: str) -> None:
    data = write(Post(title=word, tags=(word,)))
    assert parse(data).front == {"title": word, "tags": [word]}


def test_absent_empty_and_null_differ() -> None:
    post = parse(front('title:\nslug: ~\nseries: null\ndescription: ""\ntags: []\nauthors:\n')).post
    assert (post.title, post.slug, post.series, post.description, post.tags, post.authors) == (
        None,
        None,
        None,
        "",
        (),
        None,
    )


def test_a_file_without_front_matter_is_a_post_with_a_body() -> None:
    assert parse(b"\n \n# Hello\n").post == Post(body="# Hello\n")
    assert parse(b"").post == Post()


@pytest.mark.parametrize(
    "text",
    [
        "---\ntext\n---\nmore\n",
        "---\n- a\n---\n",
        "---\n\nno end\n",
        "----\ntitle: x\n---\n",
        "a\n---\nb: c\n---\n",
        "+++ x\n",
        "{% raw %}\n",
        "{: .class}\n",
    ],
)
def test_rules_and_braces_in_a_body_are_no_front_matter(text: str) -> None:
    document = parse(text.encode())
    assert document.post == Post(body=text)
    after = edit(document, {"title": "T"})
    assert parse(after).post == Post(title="T", body=text)
    assert after.endswith(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: x\n---\n\na\n\n---\n\nb\n",
        "---\ntitle: x\n...\na\n---\n",
        "---  \ntitle: x\n---\t\n```\n---\n```\n",
    ],
)
def test_only_a_whole_line_ends_front_matter_and_the_body_may_have_more(text: str) -> None:
    document = parse(text.encode())
    assert document.post.title == "x"
    assert "---" in document.post.body
    assert edit(document, {"title": "z"}) == text.replace("title: x", "title: z").encode()


def test_dashes_within_a_value_do_not_end_front_matter() -> None:
    document = parse(front("title: |\n  a\n  ---\n  b\nslug: '---x'\n"))
    assert document.post.title == "a\n---\nb"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-02 10:00:00", datetime(2024, 1, 2, 10, tzinfo=UTC)),
        ("2024-01-02 10:00:00 +0800", datetime(2024, 1, 2, 2, tzinfo=UTC)),
        ("2024-01-02T10:00:00-08:00", datetime(2024, 1, 2, 18, tzinfo=UTC)),
        ("'2024-01-02T10:00Z'", datetime(2024, 1, 2, 10, tzinfo=UTC)),
        ("2024-1-2 3:04", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("15 Oct 2023", datetime(2023, 10, 15, tzinfo=UTC)),
        ("October 15, 2023", datetime(2023, 10, 15, tzinfo=UTC)),
        ("Mon, 02 Jan 2006 15:04:05 -0700", datetime(2006, 1, 2, 22, 4, 5, tzinfo=UTC)),
        (
            "Mon Dec 22 2025 16:52:32 GMT+0000 (Coordinated Universal Time)",
            datetime(2025, 12, 22, 16, 52, 32, tzinfo=UTC),
        ),
        ("2023-10-15T13:18:50.123456789Z", datetime(2023, 10, 15, 13, 18, 50, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates_in_every_form_in_use_are_instants(text: str, moment: datetime) -> None:
    assert parse(front(f"date: {text}\n")).post.date == moment


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2024-01-02", "2024-02-03"),
        ("'2024-01-02'", "'2024-02-03'"),
        ("2024-01-02 10:00", "2024-02-03 00:00"),
        ("2024-01-02 10:00:00", "2024-02-03 00:00:00"),
        ("2024-01-02T10:00:00Z", "2024-02-03T00:00:00Z"),
        ("2024-01-02 10:00:00 +0800 # home", "2024-02-03 08:00:00 +0800 # home"),
        ("2024-01-02T10:00:00.000-08:00", "2024-02-02T16:00:00.000-08:00"),
        ("15 Oct 2023", "2024-02-03T00:00:00Z"),
    ],
)
def test_an_edited_date_keeps_its_form_and_its_zone(old: str, new: str) -> None:
    assert edited(f"date: {old}\n", date=datetime(2024, 2, 3, tzinfo=UTC)) == f"date: {new}\n"


def test_a_date_gets_a_time_only_when_it_needs_one() -> None:
    assert edited("date: 2024-01-02\n", date=datetime(2024, 1, 2, 9, tzinfo=UTC)) == "date: 2024-01-02T09:00:00\n"


def test_the_same_instant_in_another_zone_is_no_edit() -> None:
    same = datetime(2024, 1, 2, 10, tzinfo=timezone(timedelta(hours=8)))
    assert edited("date: 2024-01-02T02:00:00Z\n", date=same) == "date: 2024-01-02T02:00:00Z\n"


def test_a_site_may_say_where_its_clock_is() -> None:
    from dataclasses import replace

    from gitsync.dialects import JEKYLL

    berlin = replace(JEKYLL, timezone=ZoneInfo("Europe/Berlin"))
    document = parse(front("date: 2024-07-02 10:00:00\n"), dialect=berlin)
    assert document.post.date == datetime(2024, 7, 2, 8, tzinfo=UTC)
    winter = edit(document, {"date": datetime(2024, 1, 2, 8, tzinfo=UTC)})
    assert b"date: 2024-01-02 09:00:00\n" in winter


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("draft: true\n", "draft: false\n"),
        ("draft: yes # c\n", "draft: false # c\n"),
        ("published: false\n", "published: true\n"),
        ("status: draft\n", "status: published\n"),
        ("status: draft\ndraft: true\n", "status: published\n"),
        ("title: x\n", "title: x\nstatus: published\n"),
    ],
)
def test_status_keeps_the_spelling_of_the_author(old: str, new: str) -> None:
    assert edited(old, status="published") == new


def test_a_flag_that_cannot_say_it_makes_way_for_a_status() -> None:
    assert edited("draft: true\ntitle: x\n", status="private") == "title: x\nstatus: private\n"


def test_a_date_under_published_is_no_flag() -> None:
    assert parse(front("published: 2024-01-02\n")).post.status is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tags: [a, b] # c\n", "tags: [a, new, b] # c\n"),
        ("tags: ['a', 'b']\n", "tags: ['a', 'new', 'b']\n"),
        ("tags: [ a,b ]\n", "tags: [ a,new,b ]\n"),
        ("tags: a, b\n", "tags: a, new, b\n"),
        ("tags: 'a,b'\n", "tags: 'a,new,b'\n"),
        ('tags:\n- a # one\n# two\n- "b"\n', 'tags:\n- a # one\n- new\n# two\n- "b"\n'),
        ("tags:\n    - a\n    - b\n", "tags:\n    - a\n    - new\n    - b\n"),
        ("tags: [\n  a, # one\n  b,\n]\n", "tags: [\n  a, # one\n  new,\n  b,\n]\n"),
    ],
)
def test_an_added_tag_leaves_the_others_as_they_were(old: str, new: str) -> None:
    after = edited(old, tags=("a", "new", "b"))
    assert parse(front(after)).post.tags == ("a", "new", "b")
    assert after == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tags: [a, b, c] # c\n", "tags: [a, c] # c\n"),
        ("tags: a, b, c\n", "tags: a, c\n"),
        ("tags:\n- a\n- b # b\n- c\n", "tags:\n- a\n- c\n"),
        ("tags: [\n  a,\n  b,\n  c\n]\n", "tags: [\n  a,\n  c\n]\n"),
    ],
)
def test_a_removed_tag_takes_only_its_own_place(old: str, new: str) -> None:
    assert edited(old, tags=("a", "c")) == new


def test_a_tag_that_a_string_cannot_hold_makes_it_a_list() -> None:
    assert edited("tags: a, b\n", tags=("a", "x, y")) == 'tags: [a, "x, y"]\n'


def test_no_tags_and_no_key_differ() -> None:
    assert edited("tags:\n  - a\nx: 1\n", tags=()) == "tags: []\nx: 1\n"
    assert edited("tags:\n  - a\nx: 1\n", tags=None) == "x: 1\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Old # c\n", "title: New: one # c\n".replace("New: one", '"New: one"')),
        ("title: 'Old'\n", "title: 'New: one'\n"),
        ('title: "Old"\n', 'title: "New: one"\n'),
        ("title:   # c\n", 'title: "New: one"   # c\n'),
        ("title: |\n    Old\n    er\n\nx: 1\n", "title: |\n    New: one\n\nx: 1\n"),
        ("title: >-\n  Old\n  er\nx: 1\n", "title: >-\n  New:\n  one\nx: 1\n"),
        ("title: Old\n  er\nx: 1\n", 'title: "New: one"\nx: 1\n'),
        ("? title\n: Old\n", '? title\n: "New: one"\n'),
        ("{title: Old, x: 1}\n", '{title: "New: one", x: 1}\n'),
        ("x: 1\n# last\n", 'x: 1\n# last\ntitle: "New: one"\n'),
        ("x: 1\n\n", 'x: 1\ntitle: "New: one"\n\n'),
        ("x: |+\n  a\n\n", 'x: |+\n  a\n\ntitle: "New: one"\n'),
        ("", 'title: "New: one"\n'),
        ("# only\n", '# only\ntitle: "New: one"\n'),
        ("  title: Old\n  x: 1\n", '  title: "New: one"\n  x: 1\n'),
        ("'title': Old\n", "'title': \"New: one\"\n"),
        ("title: !!str 7\n", 'title: "New: one"\n'),
    ],
)
def test_an_edited_title_keeps_its_quotes_and_its_comment(old: str, new: str) -> None:
    assert edited(old, title="New: one") == new


def test_crlf_bom_and_a_missing_final_newline_survive() -> None:
    data = b"\xef\xbb\xbf---\r\ntitle: Old\r\nx: 1\r\n---\r\n\r\nBody\r\nend"
    document = parse(data)
    assert document.post.body == "Body\nend"
    assert edit(document, {"title": "New"}) == data.replace(b"Old", b"New")
    assert edit(document, {}, body="Body\nmore\nend") == data.replace(b"end", b"more\r\nend")


def test_lines_with_other_ends_keep_theirs() -> None:
    data = b"---\r\ntitle: Old\nx: 1\r\n---\n\na\r\nb\nc\r\n"
    assert edit(parse(data), {"title": "New", "slug": "s"}, body="a\nb\nnew\nc\n") == (
        b"---\r\ntitle: New\nx: 1\r\nslug: s\r\n---\n\na\r\nb\nnew\nc\r\n"
    )


def test_front_matter_may_end_the_file() -> None:
    assert edit(parse(b"---\ntitle: x\n---"), {}, body="Hi\n") == b"---\ntitle: x\n---\n\nHi\n"
    assert edit(parse(b"---\ntitle: x\n---"), {"title": "z"}) == b"---\ntitle: z\n---"


def test_a_body_that_looks_like_front_matter_gets_some_above_it() -> None:
    body = "---\na: b\n---\n"
    after = edit(parse(b"plain\n"), {}, body=body)
    assert after == b"---\n---\n\n" + body.encode()
    assert parse(after).post == Post(body=body)


def test_overrides_and_sites_are_read() -> None:
    there = "    title: There\n    tags: a, b\n    date: 2024-01-02\n    series:\n"
    document = parse(front(f"sites: [devto]\noverrides:\n  devto:\n{there}"))
    assert document.sites == ("devto",)
    assert document.overrides == {
        "devto": {"title": "There", "tags": ("a", "b"), "date": datetime(2024, 1, 2, tzinfo=UTC), "series": None}
    }
    assert parse(front("sites: []\n")).sites == ()
    assert parse(front("sites:\n")).sites is None
    assert parse(front("sites: devto, blog\n")).sites == ("devto", "blog")


def test_an_override_is_written_where_overrides_are() -> None:
    document = parse(front("overrides:\n    blog:\n        lang: de # ja\nx: 1\n"))
    after = edit(document, {}, overrides={"blog": {"title": "T"}, "devto": {"tags": ("a",)}})
    assert after == front(
        "overrides:\n    blog:\n        lang: de # ja\n        title: T\n    devto:\n      tags: [a]\nx: 1\n"
    )
    assert edit(parse(after), {}, overrides={}) == after
    there = parse(edit(parse(after), {}, overrides={"blog": {"lang": None}})).overrides
    assert there == {"blog": {"lang": None, "title": "T"}, "devto": {"tags": ("a",)}}


def test_places_are_those_of_values() -> None:
    document = parse(b"\xef\xbb\xbf---\r\nx: 1\r\ntitle: T\r\ntags:\r\n  - a\r\ndraft: true\r\n---\r\n\r\nBody\r\n")
    assert place(document, "title") == (3, 8)
    assert place(document, "tags") == (4, 1)
    assert place(document, "status") == (6, 8)
    assert place(document, "body") == (9, 1)
    assert place(document, "slug") == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "---\n" + "# " * 30_000,
        "---\ntitle: |\n  a" + "\n" * 50_000 + "  b\nx: 1\n---\n",
        "---\ntitle: x\ntags: [" + "a, " * 10_000 + "b]\n---\n",
        "---\ntitle: x\n" + "  # c\n" * 9_000 + "---\n",
        "---\ntitle: x\ndate: " + " " * 60_000 + "2024-01-02\n---\n",
    ],
)
def test_odd_but_lawful_files_are_edited_in_time(text: str) -> None:
    document = parse(text.encode())
    changes = {"title": "New", "tags": ("c", *(document.post.tags or ())[1:], "d"), "date": None}
    after = parse(edit(document, changes)).post  # type: ignore[arg-type]
    assert after == document.post.with_fields(changes)


def test_a_very_long_body_with_mixed_line_ends_is_edited_in_time() -> None:
    lines = [f"{n % 7}\r\n" if n % 3 else f"{n % 5}\n" for n in range(50_000)]
    document = parse(("---\ntitle: x\n---\n\nstart\n" + "".join(lines)).encode())
    after = edit(document, {"title": "y"}, body=document.post.body[::-1].strip("\n"))
    assert parse(after).post.body == document.post.body[::-1].strip("\n")


def test_an_anchor_that_nobody_follows_does_no_harm() -> None:
    assert edited("title: &t Old\n", title="New") == "title: New\n"


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:00"])
def test_a_date_that_no_clock_reaches_is_no_date_of_anybody(said: str) -> None:
    """Every other zone is beyond what can be told: it must stop its own post, and no other."""
    with pytest.raises(InvalidContent, match="is no date"):
        parse(f"---\ntitle: A\ndate: {said}\n---\n".encode())
    assert moment(said) is None
    assert whole_second(said) is None
    field = Field(name="date", path="date", read=None, write="date")
    assert moment_of(field, said) is None
    assert moment_of(replace(field, kind="%Y-%m-%dT%H:%M:%S%z"), said) is None
