"""Real databases: POSTGRES_URL and MARIADB_URL say where they are. The table `post` in them is made anew."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from gitsync_connectors.sql import Sql

from gitsync.testing import Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings

URLS = {"postgres": os.environ.get("POSTGRES_URL", ""), "mariadb": os.environ.get("MARIADB_URL", "")}

TABLES = {
    "postgres": """
        create table post (id uuid primary key default gen_random_uuid(), title text, slug text, body text,
        excerpt text, tags text[], series text, cover text, canonical text, status text, published timestamptz,
        authors jsonb, lang text, changed timestamptz not null default clock_timestamp())
    """,
    "mariadb": """
        create table post (id int primary key auto_increment, title text, slug varchar(200), body longtext,
        excerpt text, tags json, series text, cover text, canonical text, status varchar(20), published datetime,
        authors json, lang varchar(8),
        changed datetime(6) not null default now(6) on update now(6)) character set utf8mb4
    """,
}
COLUMNS = {
    **{name: name for name in ("id", "title", "slug", "body", "tags", "series", "cover", "status", "authors", "lang")},
    "description": "excerpt",
    "canonical_url": "canonical",
    "date": "published",
}


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    url = URLS[request.param]
    assert url, f"{request.param.upper()}_URL names no database"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists post"))
        connection.execute(sa.text(TABLES[request.param]))
    yield engine
    engine.dispose()


def options(name: str, **more: Any) -> dict[str, Any]:
    return {"table": "post", "columns": COLUMNS, "tags": "array" if name == "postgres" else "json", **more}


@pytest.mark.server
@pytest.mark.parametrize("engine", URLS, indirect=True)
class TestDatabases(Conformance):
    @pytest.fixture
    def bench(self, engine: sa.Engine, tmp_path: Path) -> Bench:
        name = "postgres" if engine.name == "postgresql" else "mariadb"
        url = URLS[name]

        def edit(id: str, changes: Mapping[str, str]) -> None:
            with engine.begin() as connection:
                for field, value in changes.items():
                    query = f"update post set {COLUMNS[field]} = :value where cast(id as char(36)) = :id"
                    connection.execute(sa.text(query), {"value": value, "id": id})

        return Bench(connect=lambda: Sql(settings("sql", url, tmp_path, **options(name))), edit=edit)


@pytest.mark.server
@pytest.mark.parametrize("engine", URLS, indirect=True)
def test_a_blog_and_a_database_are_kept_in_step(
    engine: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "postgres" if engine.name == "postgresql" else "mariadb"
    columns = "\n".join(f'{field} = "{column}"' for field, column in {**COLUMNS, "updated": "changed"}.items())
    config = (
        f'\n[sites.cms]\nplatform = "sql"\nurl = "env:CMS_URL"\ntable = "post"\n'
        f'tags = "{options(name)["tags"]}"\n[sites.cms.columns]\n{columns}\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMS_URL", URLS[name])
        desk = Desk(tmp_path / "blog", capsys, config=config)
        front = "title: One 😀\ntags: [b, a]  # in my order\ndate: 2020-02-29T12:00:00+02:00\n"
        text = f"---\n{front}---\n\nFirst.\n\nSecond.\n"
        desk.put("posts/one.md", text)
        assert desk.run("sync").code == 0
        assert desk.run("sync").out.startswith("Nothing to do")
        with engine.begin() as connection:
            query = "update post set body = replace(body, 'Second', 'Second and last'), changed = now()"
            assert connection.execute(sa.text(query)).rowcount == 1
        desk.put("posts/one.md", text.replace("First", "The first"))
        assert desk.run("sync").code == 0
        assert desk.read("posts/one.md") == text.replace("First", "The first").replace("Second", "Second and last")
        with engine.begin() as connection:
            [body] = connection.execute(sa.text("select body from post")).scalars()
        assert body == "The first.\n\nSecond and last.\n"
        assert desk.run("sync").out.startswith("Nothing to do")
