"""Every connector that ships keeps every law of gitsync.testing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from gitsync_connectors.devto import DevTo
from gitsync_connectors.folder import Folder
from gitsync_connectors.memory import STORES, Behaviour, Fault, Memory, store
from gitsync_connectors.sql import Sql

from gitsync import document
from gitsync.connector import SiteSettings
from gitsync.dialects import DIALECTS
from gitsync.errors import OutcomeUnknown
from gitsync.model import Post
from gitsync.testing import SAMPLE, Bench, Conformance
from tests.fakes import forem
from tests.fakes.server import Stage, serving

KEY = "s3cret-key"


def settings(platform: str, url: str, root: Path = Path(), key: str = KEY, **options: Any) -> SiteSettings:
    return SiteSettings(
        name="site", platform=platform, url=url, root=root, options=options, secret=lambda _: key, timeout=10.0, pace={}
    )


MOODS = {
    "plain": Behaviour(),
    "lossy": Behaviour(holds=("title", "tags", "status"), max_tags=1, normalise=True),
    "careless": Behaviour(conditional=False, hashes=True, can_delete=False, ids_only=True),
    "public": Behaviour(drafts=False, can_unpublish=False, searchable=False, uploads=True, bulk=3),
}


class TestMemory(Conformance):
    @pytest.fixture(params=MOODS)
    def bench(self, request: pytest.FixtureRequest) -> Iterator[Bench]:
        url = f"memory:{uuid4()}"
        site = store(url)
        site.behaviour = MOODS[request.param]
        site.token = KEY
        yield Bench(
            connect=lambda: Memory(settings("memory", url)),
            edit=lambda id, changes: site.edit(id, **changes),
            lose=lambda: site.faults.append(Fault(on="create", error=OutcomeUnknown("cut"), stored=True)),
            intruder=lambda: Memory(settings("memory", url, key="wrong")),
            refused=SAMPLE.with_fields({"title": None}),
            secret=KEY,
        )
        del STORES[url]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


class TestDevTo(Conformance):
    @pytest.fixture
    def bench(self, stage: Stage) -> Iterator[Bench]:
        site = stage.app = forem.Forem(key=KEY)

        def edit(id: str, changes: Mapping[str, str]) -> None:
            site.edit(id, **{{"body": "body_markdown"}.get(name, name): value for name, value in changes.items()})

        yield Bench(
            connect=lambda: DevTo(settings("devto", f"{stage.host}/api")),
            edit=edit,
            lose=lambda: site.faults.append(forem.Fault("store-then-504", method="POST")),
            intruder=lambda: DevTo(settings("devto", f"{stage.host}/api", key="wrong-key")),
            refused=SAMPLE.with_fields({"title": "x" * 129}),
            secret=KEY,
        )
        assert site.violations == []


class TestSql(Conformance):
    @pytest.fixture(params=["updated", "hashed"])
    def bench(self, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
        names = ("title", "slug", "body", "tags", "status", "date", "description", "cover")
        columns = {name: f"{name}_" for name in names} | {"id": "id"}
        if request.param == "updated":
            columns["updated"] = "updated_"
        with closing(sqlite3.connect(tmp_path / "cms.db")) as database:
            cells = ", ".join(f"{column} TEXT" for column in columns.values() if column != "id")
            database.execute(f"CREATE TABLE posts (id INTEGER PRIMARY KEY, {cells})")

        def edit(id: str, changes: Mapping[str, str]) -> None:
            with closing(sqlite3.connect(tmp_path / "cms.db")) as database, database:
                for name, value in changes.items():
                    database.execute(f"UPDATE posts SET {columns[name]} = ? WHERE id = ?", (value, id))
                if "updated" in columns:
                    database.execute("UPDATE posts SET updated_ = '2099-01-01 00:00:00' WHERE id = ?", (id,))

        options: dict[str, Any] = {"table": "posts", "columns": columns}
        return Bench(connect=lambda: Sql(settings("sql", "sqlite:///cms.db", tmp_path, **options)), edit=edit)


class TestFolder(Conformance):
    @pytest.fixture(params=["gitsync", "jekyll", "hugo"])
    def bench(self, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
        (tmp_path / "site").mkdir()
        dialect = DIALECTS[request.param]

        def edit(id: str, changes: Mapping[str, str]) -> None:
            file = tmp_path / "site" / id
            fields = {name: value for name, value in changes.items() if name != "body"}
            parsed = document.parse(file.read_bytes(), path=id, dialect=dialect)
            file.write_bytes(document.edit(parsed, fields, body=changes.get("body")))

        options = {"path": "site", "dialect": request.param}
        return Bench(connect=lambda: Folder(settings("folder", "", tmp_path, **options)), edit=edit)


def test_the_sample_says_something_in_every_field_that_an_author_writes() -> None:
    assert [name for name in Post.__slots__ if SAMPLE.get(name) is None] == ["updated"]
