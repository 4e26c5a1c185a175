"""A generated blog: a table of posts in SQLite, and an empty repository that is to hold them."""

from __future__ import annotations

import random
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

TEXT = (
    "a about after all also an and any as at author back be because before between blog both but by came can code "
    "could day did different do does draft each editor even every few file first for found from get git give good had "
    "has have he her here him history house how if in into is it its just kept know last letter like line little long "
    "made make man many may might more most much must name never new no not now number of off old on one only or "
    "other our out over own page part people place post reader same sentence set she should so some spring still such "
    "table tell text than that the their them then there these they thing think this those thousand through time to "
    "too town train two under up use very view was water way we well went were what when where which while who why "
    "will with word work world would write year you your Käse Überraschung naïve çay 東京 — “quoted” 100% C++"
)
WORDS = TEXT.split()
SETTINGS = """\
[content]
paths = ["posts/**/*.md"]

[sites.cms]
platform = "sql"
url = "sqlite:///cms.db"
table = "posts"

[sites.cms.columns]
id = "id"
title = "title"
slug = "slug"
tags = "tags"
status = "status"
date = "published_at"
updated = "updated_at"
body = "body"
"""


def make(folder: Path, count: int) -> Path:
    """Make a repository in `folder` whose only site is a table of `count` posts of some 900 words (5 KB); return it."""
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "cms.db")) as db, db:
        db.execute(
            "create table posts (id integer primary key, title text not null, slug text not null unique, tags text,"
            " status text not null, published_at text, updated_at text not null, body text not null)"
        )
        db.executemany("insert into posts values (?, ?, ?, ?, ?, ?, ?, ?)", _rows(count))
    (folder / "gitsync.toml").write_text(SETTINGS)
    (folder / ".gitignore").write_text("cms.db*\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit_all(folder, "Start")
    return folder


def _rows(count: int) -> Iterator[tuple[int, str, str, str, str, str, str, str]]:
    chance = random.Random(2026)
    for number in range(1, count + 1):
        title = " ".join(chance.choices(WORDS, k=6)).capitalize()
        tags = ", ".join(f'"{tag}"' for tag in chance.choices(("git", "python", "travel", "réseau", "C#"), k=2))
        day = f"{2000 + number % 26}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        stamp = f"{day} {number % 24:02d}:{number % 60:02d}:00"
        paragraphs = [" ".join(chance.choices(WORDS, k=100)) + "." for _ in range(11)]
        paragraphs[1] = f"## {title}\n\n- {paragraphs[1][:80]}\n- [a link](https://example.com/{number})"
        body = "\n\n".join(paragraphs) + "\n"
        yield number, title, f"post-{number}", f"[{tags}]", "published", stamp, stamp, body


def git(folder: Path, *args: str) -> None:
    """Run git in `folder`, in the name of nobody in particular."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *args], check=True, stdout=subprocess.DEVNULL)


def commit_all(folder: Path, message: str) -> None:
    """Commit everything in `folder`."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def export(folder: Path, stream: IO[bytes]) -> None:
    """Write the whole history of `folder` as `git fast-import` reads it."""
    subprocess.run(["git", "-C", str(folder), "fast-export", "main"], check=True, stdout=stream)
