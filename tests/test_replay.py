"""The journal and the ledger together: whatever instant a process dies at, folding again tells the same."""

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.repository import Oid, Repository
from gitsync.state.journal import Journal
from gitsync.state.records import Entry, LedgerRecord, Result, moved
from tests.repositories import commit, new_repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def head(repository: Repository) -> Oid:
    return commit(repository, {"a.md": b"a\n"})


def held(ledger: Ledger) -> dict[str, Entry]:
    return {entry.path: entry for entry in ledger.stream()}


def story(rng: random.Random, length: int) -> tuple[list[Result], dict[str, Entry]]:
    """Results of updates, new posts, renames, swaps and deletions, and what they leave."""
    now: dict[str, Entry] = {}
    results: list[Result] = []
    names = [f"{name}.md" for name in "abcdefgh"]

    def say(entry: Entry, old_path: str | None = None) -> None:
        result = moved(entry, site="blog", path=entry.path)
        results.append(replace(result, old_path=old_path))

    for step in range(length):
        free = [name for name in names if name not in now]
        live = sorted(now)
        action = rng.choice(["new", "update", "rename", "swap", "forget"])
        if action == "new" and free:
            path = rng.choice(free)
            now[path] = Entry(path=path, remote=Post(body=f"{step}\n"), record=LedgerRecord(id=str(step)))
            say(now[path])
        elif action == "update" and live:
            path = rng.choice(live)
            now[path] = replace(now[path], remote=Post(body=f"{step}\n"))
            results.append(Result(site="blog", path=path, remote=now[path].remote))
        elif action == "rename" and live and free:
            path, to = rng.choice(live), rng.choice(free)
            now[to] = replace(now.pop(path), path=to)
            say(now[to], path)
        elif action == "swap" and len(live) > 1:
            one, two = rng.sample(live, 2)
            now[one], now[two] = replace(now[two], path=one), replace(now[one], path=two)
            say(now[two], one)
            say(now[one], two)
        elif action == "forget" and live:
            path = rng.choice(live)
            del now[path]
            say(Entry(path=path))
    return results, now


@pytest.mark.parametrize("seed", range(6))
def test_any_portions_folded_any_number_of_times_tell_the_same(repository: Repository, head: Oid, seed: int) -> None:
    rng = random.Random(seed)
    results, left = story(rng, 25)
    ledger = Ledger(repository, "blog")
    start = 0
    while start < len(results):
        end = start + rng.choice([1, 2, 5, 30])
        for _ in range(rng.choice([1, 2])):
            ledger.fold(results[start:end], head=head, message="a portion")
        start = end
    assert held(ledger) == left


@pytest.mark.parametrize("seed", range(3))
def test_a_crash_between_the_fold_and_the_clearing_changes_nothing(
    repository: Repository, head: Oid, seed: int
) -> None:
    results, left = story(random.Random(seed), 20)
    journal = Journal(repository.state_dir)
    journal.append(*results, head=head)
    ledger = Ledger(repository, "blog")
    for _ in range(2):
        tip = ledger.fold(journal.pending(), head=journal.head() or head, message="replayed")
        assert held(ledger) == left
    assert Ledger(repository, "blog").tip == tip
    journal.clear()


WRITER = """
import pathlib, sys
from gitsync.state.journal import Journal
from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.state.records import LedgerRecord, Result
from gitsync.repository import Repository

repository = Repository.open(pathlib.Path(sys.argv[1]))
journal, head = Journal(repository.state_dir), repository.head()
for n in range(int(sys.argv[2]), 10_000):
    result = Result(site="blog", path=f"{n}.md", remote=Post(body=f"{n}"), record=LedgerRecord(id=str(n)))
    journal.append(result, head=head)
    print(n, flush=True)
    if n % 7 == 6:
        Ledger(repository, "blog").fold(journal.pending(), head=head, message="some")
        journal.clear()
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_it_told(repository: Repository, head: Oid) -> None:
    journal, told = Journal(repository.state_dir), -1
    for lines in (1, 9, 13, 16):
        arguments = [sys.executable, "-c", WRITER, str(repository.root), str(told + 1)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(lines):
                told = int(process.stdout.readline())
            process.kill()
            told = max([told, *map(int, process.stdout.read().split())])
        ledger = Ledger(repository, "blog")
        ledger.fold(journal.pending(), head=head, message="replayed")
        journal.clear()
        assert set(held(ledger)) >= {f"{n}.md" for n in range(told + 1)}
        assert all(entry.record == LedgerRecord(id=path.removesuffix(".md")) for path, entry in held(ledger).items())
