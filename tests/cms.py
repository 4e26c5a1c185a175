"""A blog in a temporary repository with real sites, a SQLite database and a folder, driven by the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitsync.cli.failure import run
from tests.checkout import Checkout

CMS = """
[sites.cms]
platform = "sql"
url = "sqlite:///cms.db"
table = "posts"
tags = "json"
[sites.cms.columns]
id = "id"
title = "title"
slug = "slug"
body = "body"
tags = "tags"
status = "status"
updated = "updated_at"
"""

FOLDER = """
[sites.docs]
platform = "folder"
path = "../docs"
dialect = "jekyll"
"""

TABLE = "create table posts (id integer primary key, title, slug, body, tags, status, updated_at)"


@dataclass
class Answer:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        return f"{self.code}\n{self.out}\n{self.err}"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return (self.code, self.out) == (0, "Nothing to do.\n")

    @property
    def operations_text(self) -> list[str]:
        """What is said of operations, without the summary."""
        return self.out.splitlines()[:-1]

    @property
    def operations(self) -> list[tuple[str, str, str]]:
        return [(e["action"], e["path"], e["result"]) for e in self.events if e["event"] == "operation"]


class Desk(Checkout):
    """A person at a repository: `run` is the command line, `rows` and `edit` are the CMS, `write` is an editor."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], *, config: str = CMS, policy: str = "") -> None:
        super().__init__(root)
        self._capsys = capsys
        with self._database() as db:
            db.execute(TABLE)
            db.commit()
        (root / ".gitignore").write_text("*.db*\n")
        (root / "gitsync.toml").write_text(f'[content]\npaths = ["posts/**/*.md"]\n{policy}{config}')
        self.commit("configure")

    def run(self, *arguments: str) -> Answer:
        self._capsys.readouterr()
        code = run(["-C", str(self.root), *arguments])
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)

    def _database(self) -> Any:
        return closing(sqlite3.connect(self.root / "cms.db"))

    def execute(self, statement: str) -> None:
        with self._database() as db:
            db.execute(statement)
            db.commit()

    def rows(self) -> dict[str, dict[str, Any]]:
        """The posts of the CMS, by title."""
        return {row["title"]: row for row in self.all_rows()}

    def all_rows(self) -> list[dict[str, Any]]:
        with self._database() as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute("select * from posts")]

    def ids(self) -> dict[str, int]:
        return {title: row["id"] for title, row in self.rows().items()}

    def edit(self, title: str, /, **columns: str) -> None:
        """Edit a post in the CMS."""
        sets = ", ".join(f"{name} = ?" for name in columns)
        with self._database() as db:
            db.execute(
                f"update posts set {sets}, updated_at = updated_at || '+' where title = ?", (*columns.values(), title)
            )
            db.commit()

    def insert(self, **columns: str) -> None:
        with self._database() as db:
            marks = ", ".join("?" * len(columns))
            db.execute(f"insert into posts ({', '.join(columns)}) values ({marks})", tuple(columns.values()))
            db.commit()

    def remove(self, title: str) -> None:
        with self._database() as db:
            db.execute("delete from posts where title = ?", (title,))
            db.commit()
