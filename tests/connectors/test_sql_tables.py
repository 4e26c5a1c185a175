"""Schemas as frameworks make them: tags in tables of their own, JSON columns, ids of several columns, on any database.

SQLite by default; with -m server also PostgreSQL and MariaDB, where POSTGRES_URL and MARIADB_URL say they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import tomlkit
from gitsync_connectors.sql import Sql
from gitsync_connectors.sql_database import Database
from gitsync_connectors.sql_table import Table

from gitsync.errors import ConfigError, Rejected, Stale
from gitsync.testing import SAMPLE, Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings
from tests.connectors.test_sql_server import URLS

HELP = (Path(__file__).parents[2] / "gitsync" / "help" / "sql.md").read_text(encoding="utf-8")
PRISMA: dict[str, Any] = tomllib.loads(re.findall(r"^```toml\n([\s\S]*?)^```", HELP, re.MULTILINE)[1])["sites"]["cms"]
AUTHOR = PRISMA["defaults"]["authorId"]
PLACES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.server),
    pytest.param("mariadb", marks=pytest.mark.server),
]
TYPES = {
    "sqlite": {"id": "TEXT", "key": "TEXT", "text": "TEXT", "when": "DATETIME", "json": "JSONB", "status": "TEXT"}
    | {"bytes": "BLOB"},
    "postgres": {"id": "TEXT", "key": "TEXT", "text": "TEXT", "when": "TIMESTAMP(3)", "json": "JSONB"}
    | {"status": '"Status"', "bytes": "UUID"},
    "mariadb": {"id": "VARCHAR(191)", "key": "VARCHAR(191)", "text": "LONGTEXT", "when": "DATETIME(3)"}
    | {"json": "JSON", "status": "ENUM('DRAFT', 'PUBLISHED')", "bytes": "BINARY(16)"},
}
BLOG = """
CREATE TABLE "User" ("id" {id} NOT NULL PRIMARY KEY);
CREATE TABLE "Post" (
    "id" {id} NOT NULL PRIMARY KEY, "title" {key} NOT NULL, "slug" {key} NOT NULL UNIQUE, "content" {text},
    "status" {status} NOT NULL DEFAULT 'DRAFT', "seo" {json}, "publishedAt" {when},
    "createdAt" {when} NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" {when} NOT NULL,
    "authorId" {id} NOT NULL REFERENCES "User" ("id")
);
CREATE TABLE "Tag" ("id" {id} NOT NULL PRIMARY KEY, "name" {key} NOT NULL UNIQUE);
CREATE TABLE "_PostToTag" (
    "A" {id} NOT NULL REFERENCES "Post" ("id"), "B" {id} NOT NULL REFERENCES "Tag" ("id"), UNIQUE ("A", "B")
);
INSERT INTO "User" ("id") VALUES ('{author}')
"""
TABLES = ("_PostToTag", "Tag", "Post", "User", "entry", "label", "entry_label")

Run = Callable[..., list[Any]]


class Base:
    """One database. `run` does as the application behind it does; names in double quotes are quoted as it wants."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.url = URLS.get(kind) or f"sqlite:///{folder}/cms.db"
        assert kind == "sqlite" or URLS[kind], f"{kind.upper()}_URL names no database"
        self.engine = sa.create_engine(self.url)

    def run(self, statements: str, **values: Any) -> list[Any]:
        if self.kind == "mariadb":
            statements = statements.replace('"', "`")
        rows: list[Any] = []
        with self.engine.begin() as connection:
            for statement in statements.format(author=AUTHOR, **TYPES[self.kind]).split(";\n"):
                result = connection.execute(sa.text(statement), values)
                rows = [tuple(row) for row in result] if result.returns_rows else []
        return rows

    def empty(self) -> None:
        for table in TABLES:
            self.run(f'DROP TABLE IF EXISTS "{table}"')
        if self.kind == "postgres":
            self.run('DROP TYPE IF EXISTS "Status"')
            self.run("CREATE TYPE \"Status\" AS ENUM ('DRAFT', 'PUBLISHED')")


@pytest.fixture
def base(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Base]:
    base = Base(request.param, tmp_path)
    base.empty()
    yield base
    base.engine.dispose()


def connect(base: Base, **options: Any) -> Sql:
    return Sql(settings("sql", base.url, Path("/"), **options))


SHAPES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "prisma": (BLOG, {key: value for key, value in PRISMA.items() if key not in ("platform", "url")}),
    "several keys and named tags": (
        """
        CREATE TABLE "entry" ("blog" INT NOT NULL, "lang" {id} NOT NULL, "nr" INT NOT NULL, "title" {key},
            "body" {text}, "meta" {json} NOT NULL, PRIMARY KEY ("blog", "lang", "nr"))
        """,
        {
            "table": "entry",
            "columns": {
                "id": ["blog", "lang", "nr"],
                "title": "title",
                "body": "body",
                "slug": "meta.address.slug",
                "tags": "meta.tags",
                "status": "meta.state",
                "date": "meta.at",
                "cover": "meta.image",
            },
            "where": {"blog": 7, "lang": "pt/br"},
        },
    ),
    "binary ids": (
        """
        CREATE TABLE "entry" ("id" {bytes} NOT NULL PRIMARY KEY, "title" {key}, "body" {text}, "at" {when})
        """,
        {"table": "entry", "columns": {"id": "id", "title": "title", "body": "body", "date": "at"}},
    ),
    "ordered tags without a table of their own": (
        """
        CREATE TABLE "entry" ("id" INT NOT NULL PRIMARY KEY, "title" {key}, "body" {text}, "live" BOOLEAN NOT NULL);
CREATE TABLE "entry_label" ("entry" INT NOT NULL, "label" {key} NOT NULL, "place" INT NOT NULL)
        """,
        {
            "table": "entry",
            "columns": {"id": "id", "title": "title", "body": "body", "status": "live"},
            "tags_table": {"table": "entry_label", "post": "entry", "tag": "label", "position": "place"},
        },
    ),
}


@pytest.mark.parametrize("base", PLACES, indirect=True)
class TestTables(Conformance):
    @pytest.fixture(params=SHAPES)
    def bench(self, base: Base, request: pytest.FixtureRequest) -> Bench:
        schema, options = SHAPES[request.param]
        base.run(schema)

        def edit(id: str, changes: Mapping[str, str]) -> None:
            stamp = ', "updatedAt" = CURRENT_TIMESTAMP' if options["table"] == "Post" else ""
            for name, value in changes.items():
                column = options["columns"][name]
                base.run(
                    f'UPDATE "{options["table"]}" SET "{column}" = :value{stamp} WHERE {identity(id)}', value=value
                )

        def identity(id: str) -> str:
            own = id.rpartition("/")[2]
            if "blog" in options.get("where", {}):
                return f'"nr" = {own}'
            if len(id) == 32:
                return f"hex(\"id\") = '{own.upper()}'"
            return f'"id" = {own}' if own.isdecimal() else f"\"id\" = '{own}'"

        return Bench(connect=lambda: connect(base, **options), edit=edit)


POST = "---\ntitle: Two people\nslug: two-people\ntags: [prose, git]\ndescription: Of two.\n---\n"
POST += "\nOne.\n\nTwo.\n\nThree.\n"


@pytest.mark.parametrize("base", PLACES, indirect=True)
def test_a_prisma_schema_and_a_blog_are_kept_in_step_as_the_help_shows(
    base: Base, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_URL", base.url)
    base.run(BLOG)
    config = tomlkit.dumps({"sites": {"cms": {**PRISMA, "url": "env:CMS_URL"}}})
    desk = Desk(tmp_path / "blog", capsys, config=f"\n{config}")

    def quiet() -> None:
        answer = desk.run("sync")
        assert (answer.code, answer.out[:13]) == (0, "Nothing to do"), answer.told

    desk.put("posts/two.md", POST)
    desk.put("posts/draft.md", "---\ntitle: Not yet\nslug: not-yet\nstatus: draft\n---\n\nSoon.\n")
    assert desk.run("sync").code == 0
    rows = base.run('SELECT "title", "status", "authorId", "id" FROM "Post" ORDER BY "title"')
    assert [row[:3] for row in rows] == [("Not yet", "DRAFT", AUTHOR), ("Two people", "PUBLISHED", AUTHOR)]
    assert all(re.fullmatch(r"c[a-z0-9]{24}", row[3]) for row in rows)
    if base.kind == "sqlite":  # whose cells have no type: as Prisma's own client reads them
        stamps = base.run('SELECT "updatedAt" FROM "Post"')
        assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:]{8}\.\d{6}Z", stamp) for (stamp,) in stamps)
    tags = 'SELECT "name" FROM "_PostToTag" JOIN "Tag" ON "B" = "Tag"."id" WHERE "A" = :id ORDER BY "name"'
    id = rows[1][3]
    assert base.run(tags, id=id) == [("git",), ("prose",)]
    quiet()

    # The application: an edit of the text, another key of the JSON, and a tag, which moves no stamp.
    base.run("""INSERT INTO "Tag" ("id", "name") VALUES ('x', 'merge')""")
    base.run("""INSERT INTO "_PostToTag" ("A", "B") VALUES (:id, 'x')""", id=id)
    seo = '{"description": "Of two.", "robots": "all"}'
    base.run('UPDATE "Post" SET "seo" = :seo WHERE "id" = :id', seo=seo, id=id)
    change = """UPDATE "Post" SET "content" = REPLACE("content", 'Two.', 'Two, there.'), "updatedAt" = :now"""
    base.run(f'{change} WHERE "id" = :id', now="2031-01-01 00:00:00", id=id)
    desk.put("posts/two.md", POST.replace("Three.", "Three, here.").replace("Of two.", "Of both."))
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    text = desk.read("posts/two.md")
    assert text.endswith("\nOne.\n\nTwo, there.\n\nThree, here.\n")
    assert re.search(r"^tags: \[.*\bmerge\b.*\]$", text, re.MULTILINE)
    assert "description: Of both." in text
    [(seo, body)] = base.run('SELECT "seo", "content" FROM "Post" WHERE "id" = :id', id=id)
    assert "Of both." in str(seo)
    assert "robots" in str(seo)
    assert body == "One.\n\nTwo, there.\n\nThree, here.\n"
    assert base.run(tags, id=id) == [("git",), ("merge",), ("prose",)]
    quiet()

    base.run("""DELETE FROM "_PostToTag" WHERE "A" = :id AND "B" = 'x'""", id=id)
    assert desk.run("sync").code == 0
    assert "merge" not in desk.read("posts/two.md")
    quiet()

    desk.git("rm", "-q", "posts/two.md")
    desk.commit("delete")
    desk.put("gitsync.toml", '[policy]\ndelete = "delete"\n\n' + desk.read("gitsync.toml"))
    assert desk.run("sync").code == 0
    assert base.run('SELECT "title" FROM "Post"') == [("Not yet",)]
    assert base.run('SELECT "name" FROM "Tag" ORDER BY "name"') == [("git",), ("merge",), ("prose",)]
    assert base.run('SELECT * FROM "_PostToTag"') == []
    quiet()


@pytest.mark.parametrize("base", PLACES, indirect=True)
def test_a_column_that_nobody_fills_is_named_with_the_place_to_say_it(base: Base) -> None:
    base.run(BLOG)
    options = {key: value for key, value in PRISMA.items() if key not in ("platform", "url", "defaults")}
    site = connect(base, **options)
    with pytest.raises(Rejected) as caught:
        site.create(site.project(SAMPLE))
    assert "[sites.site.defaults] authorId" in caught.value.hint
    assert list(site.scan()) == []
    site.close()


@pytest.mark.parametrize("base", PLACES, indirect=True)
def test_a_row_is_written_only_where_it_still_has_the_stamp_it_was_read_with(base: Base) -> None:
    base.run(BLOG)
    database = Database(settings("sql", base.url, Path("/")))
    columns = {"title": "title", "slug": "slug", "updated": "updatedAt"}
    table = Table(database, "Post", ["id"], columns, {}, defaults={"authorId": AUTHOR}, tags=None)
    with database.writing() as connection:
        stamp = datetime(2026, 1, 2, 3, 4, 5, 123000)
        made: Any = str(stamp) if base.kind == "sqlite" else stamp
        id = table.insert(connection, {"title": "T", "slug": "t", "updated": made}, {})
    with database.writing() as connection:
        row = table.row(connection, id, lock=True)
        table.update(connection, row, {"title": "Other"})
        earlier: Any = "2020-01-01 00:00:00" if base.kind == "sqlite" else datetime(2020, 1, 1)
        for write in (
            lambda old: table.update(connection, old, {"title": "X"}),
            lambda old: table.delete(connection, old),
        ):
            with pytest.raises(Stale):
                write({**row, "updated": earlier})
    assert base.run('SELECT "title" FROM "Post"') == [("Other",)]
    with database.writing() as connection:
        table.delete(connection, table.row(connection, id))
    assert base.run('SELECT "title" FROM "Post"') == []
    database.close()


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_new_ids_are_made_in_the_manner_of_those_that_are_there(base: Base) -> None:
    base.run(BLOG)
    base.run("""INSERT INTO "Tag" ("id", "name") VALUES ('tz4a98xxat96iws9zmbrgj3a', 'old')""")
    defaults = {"authorId": AUTHOR}
    options = {key: value for key, value in PRISMA.items() if key not in ("platform", "url")} | {"defaults": defaults}
    options["tags_table"] = {key: value for key, value in PRISMA["tags_table"].items() if key != "defaults"}
    site = connect(base, **options)
    first = site.create(site.project(SAMPLE.with_fields({"tags": ("new",)})))
    assert len(first.id) == 36  # nothing there to go by: a uuid
    [(tag,)] = base.run("""SELECT "id" FROM "Tag" WHERE "name" = 'new'""")
    assert re.fullmatch(r"[a-z][a-z0-9]{23}", tag)
    base.run("""UPDATE "Tag" SET "name" = 'NEW' WHERE "name" = 'new'""")
    again = site.update(
        first.id, site.project(SAMPLE.with_fields({"tags": ("new",)})), expect=site.fetch(first.id).revision
    )
    assert again.post is not None
    assert again.post.tags == ("NEW",)
    site.close()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"table": "_PostToTag", "post": "A"}, "lacks tag"),
        ({"table": "_PostToTag", "post": "A", "tag": "B", "position_": "x"}, "Did you mean 'position'?"),
        ({"table": "_PostToTag", "post": "A", "tag": "B", "tags": 3}, "must be a name"),
        ({"table": "_PostToTags", "post": "A", "tag": "B"}, "Did you mean '_PostToTag'?"),
        ({"table": "_PostToTag", "post": "AA", "tag": "B"}, "Did you mean 'A'?"),
        ({"table": "_PostToTag", "post": "A", "tag": "B", "tags": "Tag", "name": "title"}, "called 'title'"),
        ({"table": "_PostToTag", "post": "A", "tag": "B", "tags": "Tag", "defaults": {"x": 1}}, "called 'x'"),
    ],
)
@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_a_wrong_table_of_tags_is_told_before_anything_is_read(base: Base, table: dict[str, Any], told: str) -> None:
    base.run(BLOG)
    with pytest.raises(ConfigError) as caught:
        connect(base, **SHAPES["prisma"][1] | {"tags_table": table}).whoami()
    assert told in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_tags_in_a_column_and_a_table_or_ids_of_several_columns_with_one_are_refused(base: Base) -> None:
    base.run(BLOG)
    options = {key: value for key, value in PRISMA.items() if key not in ("platform", "url")}
    for columns in ({**options["columns"], "tags": "seo"}, {**options["columns"], "id": ["id", "slug"]}):
        with pytest.raises(ConfigError, match="tags_table"):
            connect(base, **{**options, "columns": columns})
