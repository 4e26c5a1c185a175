"""A note of a write that cannot be read any more: what it is about waits, doctor mends it, nothing is sent twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.doctor import examine
from gitsync.errors import OutcomeUnknown
from gitsync.project import Project
from gitsync.state.intents import Intent, Intents, dump_intent
from gitsync.state.salvage import remains
from gitsync.status import local_status
from gitsync.verify import verify
from tests.blog import Blog, Outcome, post

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "zeroes": lambda data: bytes(len(data)),
    "cut": lambda data: data[: len(data) // 2],
    "a byte": lambda data: data.replace(b'"body"', b'"b\xffdy"'),
    "nested": lambda _: b"[" * 100_000,
}


def blog_with(folder: Path, **behaviour: bool | int) -> Blog:
    blog = Blog(folder / "b", ("site", "other"), behaviour=Behaviour(**behaviour))  # type: ignore[arg-type]
    for name in blog.names:
        blog.site(name).now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/old.md", post("Old"))
    blog.run()
    blog.clock.sleep(100)
    return blog


def unheard_create(blog: Blog, how: str, *, stored: bool) -> Path:
    """Let a create go unanswered, and damage the file that notes it, which is returned."""
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("no answer"), stored=stored))
    blog.put("posts/new.md", post("New"))
    blog.run(wait=False)
    [file] = (blog.root / ".git/gitsync/intents").glob("*.json")
    file.write_bytes(DAMAGES[how](file.read_bytes()))
    os.utime(file, (blog.clock.now, blog.clock.now))
    return file


def told(blog: Blog, *, mend: bool = True) -> str:
    return "\n".join(it.message for it in examine(Project.open(blog.root), mend=mend))


def titles(blog: Blog, name: str | None = None) -> list[str]:
    return sorted(str(it.title) for it in blog.site(name).posts().values())


@pytest.mark.parametrize("how", ["empty", "cut"])
def test_an_upload_whose_note_is_damaged_is_looked_for_and_holds_back_no_other_site(tmp_path: Path, how: str) -> None:
    blog = blog_with(tmp_path, uploads=True)
    blog.site().faults.append(Fault(on="upload", error=OutcomeUnknown("no answer"), stored=True))
    blog.write("images/a.png", "a picture")
    blog.put("posts/new.md", post("New", "![](../images/a.png)\n"))
    blog.run(wait=False)
    [file] = (blog.root / ".git/gitsync/intents").glob("site-upload-*.json")
    file.write_bytes(DAMAGES[how](file.read_bytes()))
    blog.run(wait=False)
    assert titles(blog, "other") == ["New", "Old"]
    assert "upload of " in told(blog)
    assert blog.run().summary.exit_code == 0
    assert titles(blog) == ["New", "Old"]
    assert len(blog.site().assets) == 1
    blog.quiet()


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("how", DAMAGES)
def test_a_create_whose_note_is_damaged_is_looked_for_and_sent_once(tmp_path: Path, how: str, stored: bool) -> None:
    blog = blog_with(tmp_path, lag=20)
    file = unheard_create(blog, how, stored=stored)
    blog.put("posts/later.md", post("Later"))
    waiting = blog.run(wait=False)
    assert waiting.summary.exit_code == 1
    assert "Run gitsync doctor" in waiting.told
    assert titles(blog, "other") == ["Later", "New", "Old"]  # the other site goes on
    known = remains(file).path is not None
    assert ("Later" in titles(blog)) == known, waiting.told  # and so do posts that it cannot be about
    assert ("New" in titles(blog)) == stored
    assert "it would be set aside" in told(blog, mend=False)
    assert file.exists()
    told_now = told(blog)
    assert "posts/new.md" in told_now
    assert f"{file.name}.aside" in told_now
    assert not file.exists()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert titles(blog) == ["Later", "New", "Old"]
    blog.quiet()
    assert told(blog) == ""


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("how", ["empty", "cut"])
def test_a_create_whose_note_is_damaged_is_sent_once_where_nobody_runs_doctor(
    tmp_path: Path, how: str, stored: bool
) -> None:
    blog = blog_with(tmp_path, lag=20)
    file = unheard_create(blog, how, stored=stored)
    blog.put("posts/later.md", post("Later"))
    for _ in range(3):
        outcome = blog.run()
        assert outcome.summary.exit_code == 1
        assert "Run gitsync doctor" in outcome.told
        assert titles(blog) == ["Later", "New", "Old"], outcome.told
        blog.clock.sleep(100)
    assert file.exists()
    told(blog)
    blog.quiet()


def test_an_edit_and_its_neighbours_are_sent_though_the_note_of_an_update_is_damaged(tmp_path: Path) -> None:
    blog = blog_with(tmp_path)
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer"), stored=True))
    blog.put("posts/old.md", post("Old", "1.\n\nTwo.\n\nThree.\n"))
    blog.run(wait=False)
    [file] = (blog.root / ".git/gitsync/intents").glob("*.json")
    file.write_bytes(b"{")
    blog.put("posts/old.md", post("Old", "1.\n\nTwo.\n\n3.\n"))
    blog.put("posts/later.md", post("Later"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 1
    assert titles(blog) == ["Later", "Old"], outcome.told
    assert blog.shown("Old").body == "1.\n\nTwo.\n\n3.\n"
    assert blog.read("posts/old.md") == post("Old", "1.\n\nTwo.\n\n3.\n")


def test_a_note_whose_path_lost_a_letter_is_about_any_new_post(tmp_path: Path) -> None:
    blog = blog_with(tmp_path, lag=20)
    file = unheard_create(blog, "a byte", stored=False)
    file.write_bytes(file.read_bytes().replace(b"posts/new.md", b"posts/nex.md"))
    os.utime(file, (blog.clock.now, blog.clock.now))
    outcome = blog.run(wait=False)
    assert ("create", "posts/new.md", "unknown") in outcome.operations, outcome.told
    assert titles(blog) == ["Old"]


@pytest.mark.parametrize("how", DAMAGES)
def test_what_only_looks_still_speaks_of_every_post(tmp_path: Path, how: str) -> None:
    blog = blog_with(tmp_path)
    unheard_create(blog, how, stored=False)
    blog.put("posts/later.md", post("Later"))
    project = Project.open(blog.root)
    sites = project.config.choose([])
    for looked in (blog.run(dry_run=True), Outcome(list(local_status(project, sites)))):
        assert looked.summary.exit_code == 1
        assert "Run gitsync doctor" in looked.told
        assert ("create", "posts/later.md", "planned") in looked.operations, looked.told
    differences = [str(it) for it in verify(project, sites, deep=False)]
    assert any("Run gitsync doctor" in it for it in differences)
    assert any(it.startswith("other: posts/later.md") for it in differences), differences


@pytest.mark.parametrize("how", DAMAGES)
def test_where_nobody_can_search_it_waits_for_a_person(tmp_path: Path, how: str) -> None:
    blog = blog_with(tmp_path, searchable=False)
    unheard_create(blog, how, stored=False)
    told(blog)
    for _ in range(2):
        outcome = blog.run()
        assert outcome.summary.exit_code == 1
        assert ("create", "posts/new.md", "unknown") in outcome.operations, outcome.told
    assert titles(blog) == ["Old"]
    blog.run(again=frozenset({"posts/new.md"}))
    assert titles(blog) == ["New", "Old"]
    blog.quiet()


def test_an_update_whose_note_is_damaged_is_taken_from_the_site(tmp_path: Path) -> None:
    blog = blog_with(tmp_path)
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer"), stored=True))
    blog.put("posts/old.md", post("Old", "New words.\n"))
    blog.run(wait=False)
    [file] = (blog.root / ".git/gitsync/intents").glob("*.json")
    file.write_bytes(b"{")
    assert "update" in told(blog)
    blog.run()
    assert blog.shown("Old").body == "New words.\n"
    assert blog.read("posts/old.md") == post("Old", "New words.\n")
    blog.quiet()


def test_a_file_whose_name_tells_nothing_stands_for_any_post_that_is_not_there(tmp_path: Path) -> None:
    blog = blog_with(tmp_path)
    blog.put("posts/new.md", post("New"))
    folder = blog.root / ".git/gitsync/intents"
    (folder / "bad.json").write_bytes(b"{")
    os.utime(folder / "bad.json", (blog.clock.now, blog.clock.now))
    assert blog.run(wait=False).summary.exit_code == 1
    assert titles(blog) == titles(blog, "other") == ["Old"]
    assert "posts/new.md on every site" in told(blog)
    assert sorted(it.site for it in Intents(folder.parent).readable()) == ["other", "site"]
    blog.run()
    assert titles(blog) == titles(blog, "other") == ["New", "Old"]


def test_what_is_left_of_a_note_is_found_in_any_of_its_halves(tmp_path: Path) -> None:
    whole = Intent(op="update", site="my-site", path='posts/ä "x".md', id="7", blob="a" * 40, at=5.0, run="r")
    intents = Intents(tmp_path)
    file = intents.file(intents.begin(whole))
    data = dump_intent(whole)
    for end in range(len(data) - 2):
        file.write_bytes(data[:end])
        left = remains(file)
        assert (left.site, left.op) == ("my-site", "update")
        assert left.path in (None, whole.path)
        assert left.id in (None, "7")
        assert left.blob in (None, "a" * 40)
    file.write_bytes(data.replace(b"{", b"[", 1))
    left = remains(file)
    assert (left.path, left.id, left.blob) == (whole.path, "7", "a" * 40)
