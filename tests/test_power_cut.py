"""What is on the disk, and in which order, when the power goes: syncs are seen as they are made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blog import Blog, post
from tests.conftest import run_git


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files and folders that this process syncs, in order; "everything" for a sync of all."""
    seen: list[str] = []

    def noting(real: Callable[[int], None]) -> Callable[[int], None]:
        def fsync(number: int) -> None:
            real(number)
            seen.append(str(Path(f"/proc/self/fd/{number}").readlink()))

        return fsync

    def sync(real: Callable[[], None] = os.sync) -> None:
        real()
        seen.append("everything")

    monkeypatch.setattr("os.fsync", noting(os.fsync))
    monkeypatch.setattr("os.sync", sync)
    return seen


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    return blog


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see what is synced")


@needs_proc
def test_a_pulled_file_is_on_the_disk_before_it_takes_its_place(blog: Blog, synced: list[str]) -> None:
    blog.site().edit(blog.id_of("A"), body="Edited there.\n")
    blog.run()
    assert "Edited there." in blog.read("posts/a.md")
    assert [path for path in synced if path.endswith("/checkout/posts/a.md")]


@needs_proc
def test_an_import_of_many_files_is_on_the_disk_before_it_takes_its_place(blog: Blog, synced: list[str]) -> None:
    model = blog.shown("A")
    for number in range(101):
        blog.site().put("", model.with_fields({"title": f"Post {number}", "slug": f"post-{number}"}))
    blog.run()
    assert synced.count("everything") == 1
    assert len(list((blog.root / "posts").iterdir())) == 102


@needs_proc
def test_the_journal_is_emptied_when_the_ledger_it_went_into_is_on_the_disk(blog: Blog, synced: list[str]) -> None:
    blog.put("posts/a.md", post("A", "Other words.\n", slug="a"))
    blog.run()
    journal, refs = (str(blog.root / ".git" / name) for name in ("gitsync/journal", "refs/gitsync"))
    told = [path for path in synced if path in (journal, refs)]
    assert told == [journal, refs, journal], "a result, the ledger, and that it is in there"


def test_what_a_push_writes_here_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n')
    blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    blog.put("posts/a.md", post("A"))
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    blog.run()
    monkeypatch.delenv("GIT_TRACE2_EVENT")
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    pushing = {it["sid"] for it in events if it["event"] == "start" and ":refs/heads/main" in " ".join(it["argv"])}
    synced = {it["sid"] for it in events if it.get("key") == "fsync/hardware-flush" and int(it["value"]) > 0}
    assert pushing
    assert pushing <= synced
