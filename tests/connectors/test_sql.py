"""The sql connector on SQLite: a table of one's own, as awkward as tables of one's own are."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.sql import Sql
from gitsync_connectors.sql_database import Database

from gitsync.connector import Connector, SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, Rejected, Stale, Unauthorized, Unreachable
from gitsync.model import FIELDS, Post
from gitsync.testing import Bench, Conformance

POSTS = """
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, title TEXT, slug TEXT, body TEXT, tags TEXT, status TEXT, published_on TEXT,
    updated_at TEXT
)
"""
COLUMNS = {
    "id": "id",
    "title": "title",
    "slug": "slug",
    "body": "body",
    "tags": "tags",
    "status": "status",
    "date": "published_on",
    "updated": "updated_at",
}
POST = Post(
    title="Ça: a “title”, 007",
    slug="ca",
    tags=("C#", "a, b", "été"),
    status="published",
    date=datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=2))),
    body="Eins...\n\n```\n{{ x }}\n```\n",
)

Cms = Callable[..., Sql]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cms.db"


@pytest.fixture
def cms(file: Path) -> Iterator[Cms]:
    """Make a connector; `schema` creates the database first."""
    opened = []

    def make(schema: str | None = POSTS, **options: Any) -> Sql:
        if schema:
            with closing(sqlite3.connect(file)) as connection:
                connection.executescript(schema)
        options = {"table": "posts", "columns": COLUMNS, **options}
        url = options.pop("url", "sqlite:///cms.db")
        timeout = options.pop("timeout", 5.0)
        settings = SiteSettings(
            name="cms", platform="sql", url=url, root=file.parent, options=options, secret=str, timeout=timeout
        )
        opened.append(Sql(settings))
        return opened[-1]

    yield make
    for connector in opened:
        connector.close()


def run(file: Path, *statements: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Do as the application behind the table does."""
    with closing(sqlite3.connect(file)) as connection, connection:
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            rows = connection.execute(statement, values).fetchall()
        return rows


def columns(*names: str, **more: str) -> dict[str, str]:
    return {name: name for name in ("id", *names)} | more


SHAPES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "flags and numbers": (
        "id TEXT PRIMARY KEY, title TEXT NOT NULL, slug TEXT NOT NULL, body TEXT NOT NULL, tags TEXT NOT NULL,"
        " published BOOLEAN NOT NULL, day INTEGER NOT NULL, changed INTEGER NOT NULL, description TEXT NOT NULL",
        {
            "columns": columns(
                "title", "slug", "body", "tags", "description", status="published", date="day", updated="changed"
            ),
            "tags": "comma",
            "permalink": "https://me.example/{slug}",
        },
    ),
    "a version": (
        "id INT PRIMARY KEY, title TEXT, body BLOB, authors TEXT, state INTEGER, at REAL,"
        " version INTEGER DEFAULT 1, kind TEXT",
        {
            "columns": columns("title", "body", "authors", status="state", date="at", updated="version"),
            "statuses": {"published": 3, "draft": 1},
            "where": {"kind": "post"},
        },
    ),
    "published only": (
        "id INTEGER PRIMARY KEY, title TEXT, body TEXT, status TEXT",
        {"columns": columns("title", "body", "status"), "statuses": {"published": "live"}},
    ),
    "html": (
        "id INTEGER PRIMARY KEY, title TEXT, body TEXT, updated TEXT",
        {"columns": columns("title", "body", updated="updated"), "format": "html"},
    ),
    "next to nothing": ("id INTEGER PRIMARY KEY, body TEXT, title TEXT", {"columns": columns("body", "title")}),
}


class TestShapes(Conformance):
    """Tables that people have keep every law."""

    @pytest.fixture(params=SHAPES)
    def bench(self, cms: Cms, file: Path, request: pytest.FixtureRequest) -> Bench:
        cells, options = SHAPES[request.param]
        names = options["columns"]
        cms(f"CREATE TABLE posts ({cells})")

        def edit(id: str, changes: Mapping[str, str]) -> None:
            stamp = f", {names['updated']} = {names['updated']} || '1'" if "updated" in names else ""
            for name, value in changes.items():
                run(file, f"UPDATE posts SET {names[name]} = ?{stamp} WHERE id = ?", values=(value, id))

        return Bench(connect=lambda: cms(None, **options), edit=edit)


def test_sql_is_a_connector(cms: Cms) -> None:
    connector: Connector = cms()
    assert connector.whoami().name.startswith("posts in /")


def test_what_is_stored_is_the_projection(cms: Cms) -> None:
    connector = cms()
    wanted = connector.project(POST)
    record = connector.create(wanted)
    assert record.post == wanted
    assert connector.fetch(record.id) == record
    assert list(connector.fetch_many([record.id, "99", "x"])) == [record]
    assert [(r.id, r.revision, r.complete) for r in connector.scan()] == [(record.id, record.revision, False)]


def test_projection_is_idempotent_and_drops_what_has_no_column(cms: Cms) -> None:
    connector = cms(columns=columns("title", "tags"))
    everything = Post(
        **{name: POST.get(name) or "x" for name in FIELDS if name not in ("authors", "updated")},  # type: ignore[arg-type]
        authors=("A",),
        body="b",
    )
    once = connector.project(everything)
    assert once == Post(title=POST.title, tags=POST.tags)
    assert connector.project(once) == once
    told = {problem.field for problem in connector.problems(everything)}
    assert told == set(FIELDS) - {"title", "tags", "status", "updated"}
    assert all(problem.severity == "loss" for problem in connector.problems(everything))


def test_update_writes_only_the_cells_that_differ(cms: Cms, file: Path) -> None:
    connector = cms()
    odd = '[ "a",\t"b" ]'
    run(
        file,
        "INSERT INTO posts VALUES"
        " (7, 'old', 's', ?, ?, 'Published', '2026-01-02T03:04:05.678+02:00', '2026-01-02 00:00:00')",
        values=("one\r\ntwo\r\n", odd),
    )
    record = connector.fetch("7")
    assert record.post
    assert record.post.body == "one\ntwo\n"
    changed = connector.update("7", record.post.with_fields({"title": "new"}), expect=record.revision)
    assert changed.post == record.post.with_fields({"title": "new"})
    assert changed.revision != record.revision
    row = run(file, "SELECT title, body, tags, status, published_on FROM posts")[0]
    assert row == ("new", "one\r\ntwo\r\n", odd, "Published", "2026-01-02T03:04:05.678+02:00")


def test_cells_are_written_in_the_manner_of_those_that_stood_there(cms: Cms, file: Path) -> None:
    connector = cms(tags="comma")
    run(
        file,
        "INSERT INTO posts VALUES (1, 't', 's', ?, 'a,b', 'draft', '2026-01-02T03:04:05Z', '2026-01-02T00:00:00Z')",
        values=("one\r\n",),
    )
    record = connector.fetch("1")
    post = Post(title="t", slug="s", body="two\nthree\n", tags=("b", "c"), status="draft", date=POST.date)
    connector.update("1", post, expect=record.revision)
    ((body, tags, date, updated),) = run(file, "SELECT body, tags, published_on, updated_at FROM posts")
    assert (body, tags, date) == ("two\r\nthree\r\n", "b,c", "2026-03-01T07:30:00Z")
    assert updated.endswith("Z")
    assert "T" in updated
    created = connector.create(connector.project(post))
    ((date,),) = run(file, f"SELECT published_on FROM posts WHERE id = {created.id}")
    assert date == "2026-03-01T07:30:00Z"


def test_an_update_with_nothing_new_writes_nothing(cms: Cms) -> None:
    connector = cms()
    record = connector.create(connector.project(POST))
    assert record.post
    assert connector.update(record.id, record.post, expect=record.revision) == record


def test_a_moved_row_is_stale_and_a_deleted_one_not_found(cms: Cms, file: Path) -> None:
    connector = cms()
    record = connector.create(connector.project(POST))
    run(file, "UPDATE posts SET title = 'web', updated_at = '2030-01-01 00:00:00'")
    with pytest.raises(Stale):
        connector.update(record.id, connector.project(POST), expect=record.revision)
    with pytest.raises(Stale):
        connector.delete(record.id, expect=record.revision)
    assert run(file, "SELECT title FROM posts") == [("web",)]
    connector.delete(record.id, expect=connector.fetch(record.id).revision)
    for gone in (record.id, "x", "", "07"):
        with pytest.raises(NotFound):
            connector.fetch(gone)
        with pytest.raises(NotFound):
            connector.update(gone, POST, expect="")


def test_an_edit_in_the_second_of_our_write_moves_the_revision(cms: Cms, file: Path) -> None:
    connector = cms()
    record = connector.create(connector.project(POST))
    run(file, "UPDATE posts SET title = 'web', updated_at = CURRENT_TIMESTAMP")
    assert connector.fetch(record.id).revision != record.revision


def test_every_write_moves_the_revision_whatever_the_stamp_is(cms: Cms, file: Path) -> None:
    connector = cms()
    for first in (
        "1",
        "7",
        "'2026-01-01'",
        "1700000000",
        "1700000000000",
        "4102444800",
        "17e8",
        "'2099-01-01 00:00:00'",
    ):
        run(file, "DELETE FROM posts", f"INSERT INTO posts (id, title, updated_at) VALUES (1, '0', {first})")
        seen = {connector.fetch("1").revision}
        for title in ("a", "b", "c"):
            before = connector.fetch("1")
            assert before.post
            now = connector.update("1", before.post.with_fields({"title": title}), expect=before.revision)
            assert now.revision not in seen, first
            seen.add(now.revision)


def test_a_counter_counts(cms: Cms, file: Path) -> None:
    connector = cms("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, version INTEGER NOT NULL DEFAULT 1)",
                    columns=columns("title", updated="version"))  # fmt: skip
    record = connector.create(Post(title="a"))
    assert (record.revision, record.modified) == ("1", None)
    assert connector.update(record.id, Post(title="b"), expect="1").revision == "2"
    assert connector.create(Post(title="c")).revision == "1"


def test_without_a_revision_column_rows_are_hashed(cms: Cms, file: Path) -> None:
    plain = {field: column for field, column in COLUMNS.items() if field != "updated"}
    connector = cms(columns=plain)
    assert connector.capabilities.revision_hash
    record = connector.create(connector.project(POST))
    run(file, "UPDATE posts SET body = 'web'")
    (listed,) = connector.scan()
    assert listed.revision != record.revision
    assert listed.revision == connector.fetch(record.id).revision
    run(file, "UPDATE posts SET body = ?", values=(POST.body,))
    assert connector.fetch(record.id).revision == record.revision


def test_a_row_without_a_stamp_is_hashed(cms: Cms, file: Path) -> None:
    connector = cms()
    run(
        file, "INSERT INTO posts (id, title) VALUES (1, 'a'), (2, 'b')", "UPDATE posts SET updated_at = '' WHERE id = 2"
    )
    before = {record.id: record.revision for record in connector.scan()}
    run(file, "UPDATE posts SET title = 'c' WHERE id = 1")
    after = {record.id: record.revision for record in connector.scan()}
    assert before["1"] != after["1"]
    assert before["2"] == after["2"] == ""
    connector.update("1", Post(title="d", status="draft"), expect=after["1"])
    assert run(file, "SELECT updated_at FROM posts WHERE id = 1")[0][0].startswith("20")


@pytest.mark.parametrize(
    ("declared", "looks"),
    [
        ("INTEGER PRIMARY KEY", str.isdigit),
        ("INT PRIMARY KEY", str.isdigit),
        ("BIGINT NOT NULL UNIQUE", str.isdigit),
        ("TEXT PRIMARY KEY", lambda id: len(id) == 36),
        ("CHAR(32) PRIMARY KEY DEFAULT (lower(hex(randomblob(16))))", lambda id: len(id) == 32),
    ],
)
def test_ids_come_from_the_table_else_from_us(cms: Cms, declared: str, looks: Callable[[str], bool]) -> None:
    connector = cms(f"CREATE TABLE posts (id {declared}, title TEXT)", columns=columns("title"))
    records = [connector.create(Post(title=title)) for title in ("a", "b", "b")]
    assert all(looks(record.id) for record in records)
    assert {r.id for r in connector.scan()} == {r.id for r in records}
    assert connector.fetch(records[2].id).post == Post(title="b")


def test_ids_that_identify_nothing_are_refused(cms: Cms, file: Path) -> None:
    connector = cms("CREATE TABLE posts (id TEXT, title TEXT)", columns=columns("title"))
    run(file, "INSERT INTO posts VALUES ('a', 'x'), ('a', 'y')")
    with pytest.raises(Malformed, match="two rows have the id a"):
        list(connector.scan())
    with pytest.raises(Malformed):
        connector.fetch("a")
    run(file, "UPDATE posts SET id = NULL WHERE title = 'x'")
    with pytest.raises(Malformed, match="no id"):
        list(connector.scan())


@pytest.mark.parametrize(
    ("column", "statuses", "cells"),
    [
        (
            "status TEXT",
            None,
            {"published": "published", "draft": "draft", "scheduled": "scheduled", "private": "private"},
        ),
        ("status TEXT", {"published": "Live", "draft": "new"}, {"published": "Live", "draft": "new"}),
        ("published BOOLEAN NOT NULL", None, {"published": 1, "draft": 0}),
        ("is_draft INTEGER", None, {"published": 0, "draft": 1}),
        ("state INTEGER", {"published": 3, "draft": 1, "private": 2}, {"published": 3, "draft": 1, "private": 2}),
    ],
)
def test_a_status_is_a_word_or_a_flag(cms: Cms, file: Path, column: str, statuses: Any, cells: dict[str, Any]) -> None:
    name = column.split()[0]
    options = {"statuses": statuses} if statuses else {}
    connector = cms(f"CREATE TABLE posts (id INTEGER PRIMARY KEY, {column})", columns=columns(status=name), **options)
    for status, cell in cells.items():
        post = connector.project(Post(status=status))
        record = connector.create(post)
        assert record.post == post == Post(status=status)
        assert run(file, f"SELECT {name} FROM posts WHERE id = {record.id}") == [(cell,)]
    assert connector.capabilities.drafts
    assert connector.capabilities.unpublish
    unheld = connector.project(Post(status="scheduled"))
    assert unheld.status == ("scheduled" if "scheduled" in cells else "draft")
    assert bool(connector.problems(Post(status="scheduled"))) == ("scheduled" not in cells)


def test_a_status_nobody_explained_is_a_draft_and_stays_as_it_is(cms: Cms, file: Path) -> None:
    connector = cms()
    run(
        file,
        "INSERT INTO posts (id, title, status) VALUES "
        "(1, 'a', 'archived'), (2, 'b', NULL), (3, 'c', 1), (4, 'd', 'LIVE')",
    )
    shown = [connector.fetch(id) for id in "1234"]
    assert [record.post and record.post.status for record in shown] == ["draft", "draft", "published", "published"]
    assert shown[0].raw["status"] == "archived"
    assert shown[0].post
    connector.update("1", shown[0].post.with_fields({"title": "z"}), expect=shown[0].revision)
    assert run(file, "SELECT status FROM posts WHERE id = 1") == [("archived",)]


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        (None, None),
        ("", None),
        ("[]", None),
        ('["a", "b", "a"]', ("a", "b")),
        ('["007", 8, null]', ("007", "8")),
        ("a,b , c", ("a", "b", "c")),
        ("007", ("007",)),
        ("[broken", ("[broken",)),
    ],
)
def test_tags_are_read_as_they_are(cms: Cms, file: Path, cell: str | None, tags: tuple[str, ...] | None) -> None:
    json_form, comma_form = cms(), cms(None, tags="comma")
    run(file, "INSERT INTO posts (id, tags) VALUES (1, ?)", values=(cell,))
    for connector in (json_form, comma_form) if not (cell or "").endswith("]") else (json_form,):
        record = connector.fetch("1")
        assert record.post
        assert record.post.tags == tags
        json.dumps(record.raw)


def test_what_html_cannot_say_is_told_before_it_is_sent(cms: Cms) -> None:
    post = POST.with_fields({"body": "Words[^a].\n\n[^a]: shown\n\n[^b]: not shown\n\n{{< figure >}}\n"})
    told = {it.code: it.severity for it in cms(format="html").problems(post)}
    assert told.items() >= {"NOTE_UNUSED": "loss", "TAG_WORDS": "loss"}.items()


def test_markdown_is_sent_as_it_is_and_nothing_of_it_is_told(cms: Cms) -> None:
    post = POST.with_fields({"body": "Words.\n\n[^b]: not shown\n\n{{< figure >}}\n"})
    assert not {"NOTE_UNUSED", "TAG_WORDS"} & {it.code for it in cms().problems(post)}


def test_an_html_body_is_markdown_here_and_html_there(cms: Cms, file: Path) -> None:
    connector = cms(format="html")
    record = connector.create(connector.project(POST.with_fields({"body": "# Über\n\n*it* & <b>\n"})))
    ((html,),) = run(file, "SELECT body FROM posts")
    assert "<h1>Über</h1>" in html
    run(file, "UPDATE posts SET body = '<p>From\r\nthe <em>web</em>&nbsp;editor', updated_at = 'x'")
    edited = connector.fetch(record.id)
    assert edited.post
    assert "*web*" in edited.post.body
    assert edited.raw["body"].startswith("<p>From\r\n")
    connector.update(record.id, edited.post.with_fields({"title": "x"}), expect=edited.revision)
    assert run(file, "SELECT body FROM posts") == [(edited.raw["body"],)]


def test_columns_that_must_be_filled_are_filled(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, slug TEXT NOT NULL UNIQUE,"
        " body TEXT NOT NULL, tags TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',"
        " date TEXT NOT NULL, kind TEXT NOT NULL)",
        columns=columns("title", "slug", "body", "tags", "description", "date"),
        where={"kind": "post"},
    )
    first, second = (connector.create(Post(title="Über uns!")) for _ in range(2))
    assert first.post
    assert second.post
    assert first.post.slug == "uber-uns"
    assert second.post.slug
    assert second.post.slug.startswith("uber-uns-")
    assert run(file, "SELECT tags, body, kind FROM posts LIMIT 1") == [("[]", "", "post")]
    cleared = connector.update(first.id, Post(title="x", body="b"), expect=first.revision)
    assert cleared.post
    assert cleared.post.slug == "uber-uns"
    assert cleared.post.date == first.post.date


def test_a_field_taken_away_is_cleared_there(cms: Cms) -> None:
    connector = cms()
    record = connector.create(connector.project(POST))
    bare = connector.project(Post(slug="ca", status="draft", body=""))
    assert connector.update(record.id, bare, expect=record.revision).post == bare


def test_rows_outside_where_do_not_exist(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, blog INTEGER);"
        "INSERT INTO posts VALUES (1, 'theirs', 1), (2, 'ours', 2)",
        columns=columns("title"),
        where={"blog": 2},
    )
    assert [record.id for record in connector.scan()] == ["2"]
    assert not list(connector.fetch_many(["1"]))
    with pytest.raises(NotFound):
        connector.fetch("1")
    new = connector.create(Post(title="new"))
    assert run(file, f"SELECT blog FROM posts WHERE id = {new.id}") == [(2,)]


def test_find_finds_what_a_lost_create_made(cms: Cms) -> None:
    connector = cms()
    made = connector.create(connector.project(POST))
    connector.create(connector.project(Post(title="other", slug="other")))
    assert list(connector.find(POST)) == [made]
    assert list(connector.find(Post(title=POST.title, body="changed since"))) == [made]
    assert list(connector.find(Post(body=POST.body))) == [made]
    assert list(connector.find(Post(title="nowhere"))) == []


def test_a_rule_of_the_table_is_told_with_its_field(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT UNIQUE, slug TEXT)", columns=columns("title", "slug")
    )
    connector.create(Post(title="same", slug="a"))
    with pytest.raises(Rejected, match="UNIQUE") as error:
        connector.create(Post(title="same", slug="b"))
    assert error.value.field == "title"
    assert run(file, "SELECT count(*) FROM posts") == [(1,)]


def test_an_address_that_is_taken_there_is_no_reason_to_keep_a_post_back(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, slug TEXT UNIQUE)", columns=columns("title", "slug")
    )
    connector.create(Post(title="a", slug="same"))
    other = connector.create(Post(title="b", slug="same"))
    assert other.post is not None
    assert str(other.post.slug).startswith("same-")
    assert run(file, "SELECT count(*) FROM posts") == [(2,)]


def test_a_locked_database_is_unreachable_and_nothing_is_written(cms: Cms, file: Path) -> None:
    connector = cms(timeout=0.05)
    record = connector.create(connector.project(POST))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for work in (
            lambda: connector.create(POST),
            lambda: connector.fetch(record.id),
            lambda: list(connector.scan()),
        ):
            with pytest.raises(Unreachable, match="locked"):
                work()
        other.execute("ROLLBACK")
    assert [r.id for r in connector.scan()] == [record.id]


def test_readers_go_on_while_a_wal_database_is_written(cms: Cms, file: Path) -> None:
    connector = cms(timeout=0.05)
    run(file, "PRAGMA journal_mode = WAL")
    record = connector.create(connector.project(POST))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert connector.fetch(record.id) == record
        with pytest.raises(Unreachable):
            connector.create(POST)


def test_a_read_only_database_refuses(cms: Cms, file: Path) -> None:
    connector = cms()
    run(
        file,
        "CREATE TRIGGER no BEFORE INSERT ON posts"
        " BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END",
    )
    with pytest.raises(Unauthorized, match="readonly"):
        connector.create(POST)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": "post"}, r"no table called 'post'.*Did you mean 'posts'"),
        ({"columns": {"id": "id", "title": "titel"}}, r"no column in the table 'posts' called 'titel'.*'title'.*slug"),
        ({"columns": {"id": "id", "titel": "title"}}, r"no post field called 'titel'.*'title'"),
        ({"columns": {"title": "title"}}, "lacks id"),
        ({"columns": {"id": 3}}, "must name a column"),
        ({"where": {"kind": "x"}}, "called 'kind'"),
        ({"statuses": {"live": "x"}}, "no status called 'live'"),
        ({"statuses": {"draft": "x"}}, "lacks published"),
        ({"url": "sqlite:///nowhere.db"}, r"no database file .*nowhere\.db"),
        ({"url": "sqlite://"}, "names no database file"),
        ({"url": "cms.db"}, "no database URL"),
        ({"url": "oracel://u@h/d"}, "no database URL"),
        ({"url": "postgresql+pg8000://h/d"}, "pg8000 is not installed"),
    ],
)
def test_a_wrong_configuration_names_what_there_is(cms: Cms, file: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cms(**options).whoami()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_names_need_no_taste(cms: Cms, file: Path) -> None:
    connector = cms(
        'CREATE TABLE "My ""Posts""; --" ("Id" INTEGER PRIMARY KEY, "select" TEXT, "a b" TEXT)',
        table='My "Posts"; --',
        columns={"id": "Id", "title": "select", "body": "a b"},
    )
    record = connector.create(Post(title="'; DROP TABLE", body=":x %s ?"))
    assert record.post == Post(title="'; DROP TABLE", body=":x %s ?")
    assert [r.revision for r in connector.scan()] == [record.revision]


def test_a_view_is_a_table_too(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, titel TEXT);"
        "CREATE VIEW posts AS SELECT id, titel AS title FROM t; INSERT INTO t VALUES (1, 'a');",
        columns=columns("title"),
    )
    assert [r.id for r in connector.scan()] == ["1"]
    assert connector.fetch("1").post == Post(title="a")


def test_text_that_is_none_is_told_with_its_place(cms: Cms, file: Path) -> None:
    connector = cms()
    run(file, "INSERT INTO posts (id, title) VALUES (1, CAST(x'ff41' AS BLOB))")
    with pytest.raises(Malformed, match="'title' of row 1"):
        connector.fetch("1")
    run(file, "UPDATE posts SET title = CAST(x'ff41' AS TEXT)")
    with pytest.raises(Malformed, match="cannot be read"):
        connector.fetch("1")


def test_ten_rows_are_as_good_as_a_thousand(cms: Cms, file: Path) -> None:
    connector = cms()
    count = 1203
    with closing(sqlite3.connect(file)) as connection, connection:
        rows = ((i, f"t{i}", "2026-01-01 00:00:00") for i in range(count))
        connection.executemany("INSERT INTO posts (id, title, updated_at) VALUES (?, ?, ?)", rows)
    listed = [record.id for record in connector.scan()]
    assert sorted(listed, key=int) == [str(i) for i in range(count)]
    assert {record.id for record in connector.fetch_many(listed)} == set(listed)


def test_record_says_who_when_and_where(cms: Cms, file: Path) -> None:
    connector = cms(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, slug TEXT, authors TEXT, changed INTEGER);"
        "INSERT INTO posts VALUES (1, 'a', 'Ann, Bob', 1767225600), (2, NULL, NULL, NULL)",
        columns=columns("slug", "authors", updated="changed"),
        permalink="https://me.example/{slug}",
    )
    record = connector.fetch("1")
    assert (record.url, record.author, record.modified) == (
        "https://me.example/a",
        "Ann",
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert connector.fetch("2").url is None


def test_listing_never_imports_sqlalchemy(cms: Cms, file: Path) -> None:
    connector = cms()
    connector.create(connector.project(POST))
    code = (
        "import sys; from pathlib import Path; from gitsync.connector import SiteSettings;"
        "from gitsync_connectors.sql import Sql;"
        f"s = SiteSettings(name='c', platform='sql', url='sqlite:///cms.db', root=Path({str(file.parent)!r}),"
        f" secret=str, options={{'table': 'posts', 'columns': {COLUMNS!r}}});"
        "assert len(list(Sql(s).scan())) == 1; assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "secret", ["u:hunter22@h/d", "u:hunt/er22@h/d", "u:hunt@er22@h/d", "h/d?user=u&password=hunter22"]
)
def test_a_database_is_called_by_its_place_alone(secret: str) -> None:
    settings = SiteSettings(
        name="cms", platform="sql", url=f"postgresql://{secret}", root=Path(), secret=lambda _: "unused"
    )
    assert Database(settings).name == "postgresql://h/d"
