"""Renames, by identity before likeness: the same id, whatever happens to names and texts at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.project import Project
from tests.blog import Blog, post


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog")


def ids(blog: Blog) -> dict[str, str]:
    return {found.title or "": id for id, found in blog.site().posts().items() if found.status != "draft"}


def test_two_files_that_swap_their_names_stay_themselves(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", "Apples.\n", slug="a"))
    blog.write("posts/b.md", post("B", "Bees.\n", slug="b"))
    blog.commit()
    blog.run()
    before = ids(blog)
    blog.write("posts/a.md", post("B", "Bees, edited.\n", slug="b"))
    blog.write("posts/b.md", post("A", "Apples.\n", slug="a"))
    blog.commit()
    outcome = blog.run()
    assert ids(blog) == before, outcome.told
    assert blog.shown("B").body == "Bees, edited.\n"
    assert blog.writes().count(("update", before["A"])) == 0, "a name is nothing that the site sees"
    blog.quiet()


def test_a_new_post_at_an_old_path_is_a_new_post(blog: Blog) -> None:
    blog.put("posts/note.md", post("Old note", "All about the first thing, at some length.\n", date="2026-01-01"))
    blog.run()
    before = ids(blog)
    blog.git("mv", "posts/note.md", "posts/old-note.md")
    blog.write("posts/note.md", post("New note", "Something else entirely; no word the same.\n", date="2026-02-01"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.created == 1, outcome.told
    assert ids(blog)["Old note"] == before["Old note"]
    assert len(ids(blog)) == 2
    blog.quiet()


def test_a_deleted_weekly_note_beside_a_similar_new_one_is_no_rename(blog: Blog) -> None:
    text = "What I read this week.\n\n- one\n- two\n- three\n\nAnd that was that.\n"
    blog.put("posts/week-12.md", post("Week 12", text, date="2026-03-20"))
    blog.run()
    before = ids(blog)
    blog.git("mv", "posts/week-12.md", "posts/week-13.md")
    blog.write("posts/week-13.md", post("Week 13", text.replace("two", "four"), date="2026-03-27"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.created == 1, outcome.told
    assert outcome.summary.deleted == 1, outcome.told
    assert ids(blog)["Week 13"] != before["Week 12"]
    blog.quiet()


@pytest.mark.slow
def test_a_directory_of_1500_posts_moves_and_no_post_is_touched(blog: Blog) -> None:
    for number in range(1500):
        blog.site().put("", Post(title=f"Post {number}", body=f"Text number {number}.\n", status="published"))
    blog.run()
    writes = len(blog.writes())
    (blog.root / "posts/new").mkdir()
    for file in (blog.root / "posts").glob("*.md"):
        file.rename(blog.root / "posts/new" / file.name)
    for number in range(0, 1500, 100):
        file = blog.root / f"posts/new/post-{number}.md"
        file.write_text(file.read_text().replace("Text", "Edited text"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.updated == 15, outcome.told
    assert outcome.summary.created == outcome.summary.deleted == 0
    assert len(blog.writes()) == writes + 15
    blog.quiet()


def test_short_posts_that_move_and_are_edited_keep_their_ids(blog: Blog) -> None:
    for number in range(12):
        blog.write(f"posts/2025/{number}.md", post(f"Note {number}", "A short note.\n"))
    blog.commit()
    blog.run()
    before = ids(blog)
    blog.git("mv", "posts/2025", "posts/archive")
    for number in range(12):
        blog.write(f"posts/archive/{number}.md", post(f"Note {number}", "Other words than before.\n"))
    blog.commit()
    outcome = blog.run()
    assert (outcome.summary.updated, outcome.summary.exit_code) == (12, 0), outcome.told
    assert ids(blog) == before
    blog.quiet()


def test_a_deleted_post_beside_a_new_one_of_the_same_title_and_another_date_is_no_rename(blog: Blog) -> None:
    blog.put("posts/a.md", post("Links", "Birds.\n", date="2026-01-01"))
    blog.run()
    before = ids(blog)
    blog.git("mv", "posts/a.md", "posts/b.md")
    blog.put("posts/b.md", post("Links", "Quite another text, about fish.\n", date="2026-02-02"))
    outcome = blog.run()
    assert (outcome.summary.created, outcome.summary.deleted) == (1, 1), outcome.told
    assert ids(blog)["Links"] != before["Links"]
    blog.quiet()


def test_a_title_swap_between_two_posts_ends_as_written(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", "Apples.\n", date="2026-01-01"))
    blog.write("posts/b.md", post("B", "Bees.\n", date="2026-01-02"))
    blog.commit()
    blog.run()
    blog.write("posts/a.md", post("B", "Apples.\n", date="2026-01-01"))
    blog.write("posts/b.md", post("A", "Bees.\n", date="2026-01-02"))
    blog.commit()
    outcome = blog.run()
    assert len(blog.site().posts()) == 2, outcome.told
    assert blog.shown("B").body == "Apples.\n"
    blog.quiet()


def test_a_file_that_left_the_content_paths_is_asked_about(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    (blog.root / "archive").mkdir()
    blog.git("mv", "posts/a.md", "archive/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 3, outcome.told
    assert "archive/a.md" in outcome.told
    assert blog.shown("A").status == "published"


def test_a_renamed_file_that_was_edited_there_is_merged_at_its_new_name(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo.\n\nThree, there.\n")
    blog.git("mv", "posts/a.md", "posts/z.md")
    blog.put("posts/z.md", post("A", "One, here.\n\nTwo.\n\nThree.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/z.md") == post("A", "One, here.\n\nTwo.\n\nThree, there.\n", slug="a")
    assert not (blog.root / "posts/a.md").exists()
    blog.quiet()


def test_of_two_files_that_swap_their_names_neither_is_forgotten_where_only_edits_are_fetched(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", slug="a"))
    blog.write("posts/b.md", post("B", "Quite another text.\n", slug="b"))
    blog.commit()
    blog.run()
    ids = blog.id_of("A"), blog.id_of("B")
    texts = blog.swapped("posts/a.md", "posts/b.md")
    blog.commit()
    blog.site().edit(ids[0], body="One.\n\nTwo there.\n\nThree.\n")
    blog.run(push=False)
    entries = Ledger(Project.open(blog.root).repository, "site").stream()
    assert {it.path: it.record and it.record.id for it in entries} == {"posts/a.md": ids[1], "posts/b.md": ids[0]}
    outcome = blog.run()
    assert (blog.id_of("A"), blog.id_of("B")) == ids, outcome.told
    assert blog.git("ls-files", "posts").split() == ["posts/a.md", "posts/b.md"]
    assert (blog.read("posts/a.md"), "Two there." in blog.read("posts/b.md")) == (texts[1], True)
    blog.quiet()
