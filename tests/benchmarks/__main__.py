"""Measures everything in one run and prints a Markdown table. Takes some minutes, and 2 GB of temporary disk."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.benchmarks import blog
from tests.benchmarks.measure import Cost, best, cost, gitsync

FEW, MANY = 1_000, 100_000
LIMIT = 200.0
"""MiB that gitsync may have at its peak, whatever it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise: what was measured, beside what, and how many times as long it may take."""

    name: str
    ours: Cost
    beside: str
    theirs: Cost
    limit: float

    @property
    def ratio(self) -> float:
        return self.ours.wall / self.theirs.wall

    def __str__(self) -> str:
        kept = "yes" if self.ratio <= self.limit else "**no**"
        cpu = self.ours.cpu / self.theirs.cpu
        return (
            f"| {self.name} | {_time(self.ours.wall)} | {self.beside} {_time(self.theirs.wall)} "
            f"| {self.ratio:.2f} | {cpu:.2f} | {self.limit:g} | {kept} |"
        )


def rows(scratch: Path, few: int, many: int) -> Iterator[Row | str]:
    """Yield what is measured, as it is: rows, and lines that are no ratio."""
    version, click = best(
        15,
        partial(cost, Path(sys.executable).with_name("gitsync"), "--version"),
        partial(cost, *_python("import click")),
    )
    yield Row(name="`gitsync --version`", ours=version, beside="`import click`", theirs=click, limit=1.5)

    little, big = blog.make(scratch / "little", few), blog.make(scratch / "big", many)
    gitsync(little, "sync")
    imported = gitsync(big, "sync")
    raw = _raw_import(big, scratch)
    yield Row(name=f"first import of {many:,} posts", ours=imported, beside="`git fast-import` + `git checkout`",
              theirs=raw, limit=2.0)  # fmt: skip

    for folder in (little, big):  # the index is built, and what a scan showed remembered
        gitsync(folder, "sync")
        gitsync(folder, "sync")
    status, status_few, noop, noop_few, git_status = best(
        7,
        partial(gitsync, big, "status", "--no-fetch"),
        partial(gitsync, little, "status", "--no-fetch"),
        partial(gitsync, big, "sync"),
        partial(gitsync, little, "sync"),
        partial(cost, "git", "-C", big, "status"),
    )
    name = f"`status --no-fetch` of {many:,}"
    yield Row(name=name, ours=status, beside="`git status`", theirs=git_status, limit=1.0)
    yield Row(name=name, ours=status, beside=f"of {few:,}", theirs=status_few, limit=1.3)
    name = f"`sync` of {many:,}, nothing to do"
    yield Row(name=name, ours=noop, beside="`git status`", theirs=git_status, limit=3.0)
    yield Row(name=name, ours=noop, beside=f"of {few:,}", theirs=noop_few, limit=2.0)

    edit = min((_edited(big, number) for number in range(1, 6)), key=lambda it: it.wall)
    above = edit.wall - status.wall
    kept = "yes" if above <= 1.0 else "**no**"
    name = f"one edit of {many:,} pushed"
    yield f"| {name} | {_time(edit.wall)} | a status, and {_time(above)} | | | 1 s above | {kept} |"

    costs = {"import": imported, "`status`": status, "`sync`": noop, "one edit": edit}
    for name, it in costs.items():
        kept = "yes" if it.peak < LIMIT else "**no**"
        yield (f"| peak memory, {name} | {it.peak:.0f} MiB | | | | {LIMIT:g} MiB | {kept} |")


def _python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def _raw_import(source: Path, scratch: Path) -> Cost:
    """Return what git needs for the same commits with the same blobs, checked out."""
    stream, target = scratch / "stream", scratch / "raw"
    with stream.open("wb") as file:
        blog.export(source, file)
    blog.git(scratch, "init", "--quiet", "--initial-branch=main", str(target))
    with stream.open("rb") as file:
        spent = cost("git", "-C", target, "fast-import", "--quiet", stdin=file)
    return spent + cost("git", "-C", target, "checkout", "--quiet", "--force", "main")


def _edited(folder: Path, number: int) -> Cost:
    """Change a word of one post, and push it; check that it arrived."""
    path = folder / "posts" / f"post-{number}.md"
    path.write_text(path.read_text() + f"\nOne more line, {number}.\n")
    blog.commit_all(folder, f"Edit {number}")
    spent = gitsync(folder, "sync")
    with closing(sqlite3.connect(folder / "cms.db")) as db:
        (body,) = db.execute("select body from posts where id = ?", (number,)).fetchone()
    if not body.endswith(f"One more line, {number}.\n"):
        raise AssertionError("the edit did not arrive")
    return spent


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 2 else f"{seconds:.1f} s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--many", type=int, default=MANY, help="how many posts the large blog has")
    parser.add_argument("--few", type=int, default=FEW, help="how many the small one has")
    given = parser.parse_args()
    print("| what | gitsync | beside | ratio | of CPU time | promised | kept |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="gitsync-benchmarks-") as scratch:
        for row in rows(Path(scratch), given.few, given.many):
            print(row, flush=True)


if __name__ == "__main__":
    main()
