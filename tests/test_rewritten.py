"""History that was rewritten after a sync: our own earlier text is replaced, an edit made on a site never is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown, Rejected
from gitsync.model import Post
from tests.blog import Blog, post

BEFORE = "One.\n\nTwo, as it was.\n\nThree.\n"
FIRST = "One.\n\nTwo, as I sent it.\n\nThree.\n"
SECOND = "One.\n\nTwo, as I meant it.\n\nThree.\n"
THEIRS = "One.\n\nTwo, as they put it.\n\nThree.\n"


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    """A post was there, then edited here and synced."""
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A", BEFORE))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.put("posts/a.md", post("A", FIRST))
    blog.run()
    return blog


def amend(blog: Blog, text: str) -> None:
    blog.write("posts/a.md", post("A", text))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")


def test_words_that_were_just_synced_can_be_amended(blog: Blog) -> None:
    amend(blog, SECOND)
    outcome = blog.run()
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    assert blog.shown("A").body == SECOND
    assert FIRST.splitlines()[2] in blog.git("log", "-p", "--all")
    blog.quiet()


def test_an_amended_push_needs_no_pull(blog: Blog) -> None:
    amend(blog, SECOND)
    outcome = blog.run(pull=False)
    assert blog.shown("A").body == SECOND, outcome.told
    blog.quiet()


def test_it_is_so_after_several_syncs_and_a_squash(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", SECOND))
    blog.run()
    blog.git("reset", "--quiet", "--soft", "HEAD~2")
    blog.write("posts/a.md", post("A", "One.\n\nTwo, squashed.\n\nThree.\n"))
    blog.commit("squashed")
    outcome = blog.run()
    assert blog.shown("A").body == "One.\n\nTwo, squashed.\n\nThree.\n", outcome.told
    blog.quiet()


@pytest.mark.parametrize("edited", [False, True])
def test_words_that_an_amended_commit_had_stay_out_where_the_file_is_as_it_was_before(blog: Blog, edited: bool) -> None:
    # They came back by a pull: the file was as agreed, so what the site showed was taken for an edit.
    blog.write("posts/a.md", post("A", FIRST + "\nFour, by mistake.\n"))
    blog.write("posts/b.md", post("B", "Another text.\n"))
    blog.git("commit", "--quiet", "--all", "-m", "both", "--date", "2026-01-02T03:04:05Z")
    blog.run()
    if edited:
        blog.site().edit(blog.id_of("A"), body=FIRST.replace("One.", "One, there.") + "\nFour, by mistake.\n")
    amend(blog, FIRST)
    outcome = blog.run()
    wanted = FIRST.replace("One.", "One, there.") if edited else FIRST
    assert blog.read("posts/a.md") == post("A", wanted), outcome.told
    assert blog.shown("A").body == wanted
    assert blog.shown("B").body == "Another text.\n"
    blog.quiet()


def test_what_was_committed_on_top_of_an_older_checkout_takes_nothing_back(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", SECOND))
    blog.git("commit", "--quiet", "--all", "-m", "second", "--date", "2026-01-02T03:04:05Z")
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.put("posts/b.md", post("B", "Another text.\n"))
    outcome = blog.run()
    assert blog.read("posts/a.md") == post("A", SECOND), outcome.told
    assert blog.shown("A").body == SECOND
    assert blog.shown("B").body == "Another text.\n"
    blog.quiet()


def test_an_edit_made_there_meanwhile_still_asks(blog: Blog) -> None:
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    amend(blog, SECOND)
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.shown("A").body == THEIRS


def test_a_pull_in_between_still_asks(blog: Blog) -> None:
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    assert blog.run().summary.pulled == 1
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    amend(blog, SECOND)
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.shown("A").body == THEIRS


def test_an_older_checkout_takes_nothing_back(blog: Blog) -> None:
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert blog.shown("A").body == FIRST, outcome.told
    assert "as I sent it" in blog.read("posts/a.md")
    blog.quiet()


def test_what_merges_is_merged_as_ever(blog: Blog) -> None:
    amend(blog, FIRST.replace("Three.", "Three, too."))
    blog.run()
    assert blog.shown("A").body == FIRST.replace("Three.", "Three, too.")
    blog.quiet()


def test_words_that_were_just_synced_can_be_taken_out_by_amending(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", FIRST + "\nFour, by mistake.\n"))
    blog.run()
    amend(blog, FIRST.replace("One.", "One, too."))
    outcome = blog.run()
    assert blog.read("posts/a.md") == post("A", FIRST.replace("One.", "One, too.")), outcome.told
    assert blog.shown("A").body == FIRST.replace("One.", "One, too.")
    blog.quiet()


def test_a_commit_that_a_rebase_drops_stays_dropped_from_a_post_that_others_changed(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", FIRST + "\nFour, by mistake.\n"))
    blog.put("posts/a.md", post("A", FIRST.replace("One.", "One, too.") + "\nFour, by mistake.\n"))
    blog.run()
    blog.git("rebase", "--quiet", "--onto", "HEAD~2", "HEAD~1")
    assert "by mistake" not in blog.read("posts/a.md")
    outcome = blog.run()
    assert blog.shown("A").body == FIRST.replace("One.", "One, too."), outcome.told
    assert blog.read("posts/a.md") == post("A", FIRST.replace("One.", "One, too."))
    blog.quiet()


@pytest.mark.parametrize("new", [False, True], ids=["old", "new"])
def test_what_an_editor_made_of_words_that_were_amended_is_merged_with_what_replaced_them(
    blog: Blog, new: bool
) -> None:
    path, title = ("posts/new.md", "New") if new else ("posts/a.md", "A")
    blog.put(path, post(title, FIRST + "\nFour, by mistake.\n"))
    blog.run()
    blog.site().edit(blog.id_of(title), body=FIRST.replace("One.", "One, there.") + "\nFour, by mistake.\n")
    blog.write(path, post(title, FIRST.replace("Three.", "Three, too.")))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    outcome = blog.run()
    assert outcome.summary.conflicts == 0, outcome.told
    merged = FIRST.replace("One.", "One, there.").replace("Three.", "Three, too.")
    assert blog.read(path) == post(title, merged), outcome.told
    assert blog.shown(title).body == merged
    blog.quiet()


@pytest.mark.parametrize("synced", ["posts/a.md", "posts/new.md"], ids=["old", "new"])
@pytest.mark.parametrize("moved", [False, True], ids=["here", "elsewhere"])
def test_a_post_that_is_amended_and_then_deleted_goes(tmp_path: Path, synced: str, moved: bool) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A", BEFORE, slug="a"))
    blog.run()
    blog.put(synced, post("A" if "a.md" in synced else "New", FIRST, slug=synced[6:-3]))
    blog.run()
    blog.write(synced, post("Amended", SECOND, slug=synced[6:-3]))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    if moved:
        blog.git("mv", synced, "posts/moved.md")
        blog.commit()
        synced = "posts/moved.md"
    blog.git("rm", "--quiet", synced)
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert not (blog.root / synced).exists()
    statuses = [[it.status for it in blog.site(name).posts().values()] for name in blog.names]
    assert [row.count("draft") for row in statuses] == [1, 1], outcome.told
    blog.quiet()


@pytest.mark.parametrize("new", [False, True], ids=["old", "new"])
def test_what_an_editor_made_of_a_post_that_was_amended_and_deleted_is_decided_on(blog: Blog, new: bool) -> None:
    path, title = ("posts/new.md", "New") if new else ("posts/a.md", "A")
    blog.put(path, post(title, FIRST + "\nFour.\n"))
    blog.run()
    blog.site().edit(blog.id_of(title), body=THEIRS)
    blog.write(path, post(title, SECOND))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    blog.git("rm", "--quiet", path)
    blog.commit()
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert THEIRS.strip() in blog.git("show", f"refs/gitsync/site:conflicts/{path}/theirs")
    blog.put(path, blog.git("show", f"refs/gitsync/site:conflicts/{path}/theirs") + "\n")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown(title).body == THEIRS
    blog.quiet()


def test_an_amended_push_that_never_arrived_is_looked_for_first(blog: Blog) -> None:
    amend(blog, SECOND)
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("lost"), stored=True))
    blog.run()
    blog.clock.now += 100
    outcome = blog.run()
    assert blog.shown("A").body == SECOND, outcome.told
    blog.quiet()


def renamed(blog: Blog, text: str | None = None) -> str:
    """Give the post a slug and another path; return its id."""
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.run()
    blog.git("mv", "posts/a.md", "posts/z.md")
    if text is not None:
        blog.write("posts/z.md", post("A", text, slug="a"))
    return blog.id_of("A")


def only_at(blog: Blog, path: str) -> None:
    """Assert that the post is there once, here and on the site, and that all is quiet."""
    files = sorted(str(it.relative_to(blog.root)) for it in blog.root.glob("posts/**/*.md"))
    assert files == sorted(["posts/b.md", path])
    assert len(blog.site().posts()) == 2
    assert blog.site().posts().keys() >= {blog.id_of("A")}
    blog.quiet()


def test_a_new_post_that_is_renamed_by_amending_is_no_second_one(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/b.md", post("B"))
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.run()
    before = blog.id_of("A")
    blog.git("mv", "posts/a.md", "posts/z.md")
    amended = FIRST.replace("Three.", "Three, amended.")
    blog.write("posts/z.md", post("A", amended, slug="a"))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    outcome = blog.run()
    assert blog.site().posts()[before].body == amended, outcome.told
    only_at(blog, "posts/z.md")


@pytest.mark.parametrize("text", [None, SECOND])
def test_a_rename_that_was_synced_and_then_squashed_is_no_second_post(blog: Blog, text: str | None) -> None:
    before = renamed(blog, text)
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--soft", "HEAD~2")
    blog.git("commit", "--quiet", "-m", "squashed")
    writes = blog.writes()
    outcome = blog.run()
    assert blog.writes() == writes, outcome.told
    assert blog.id_of("A") == before
    only_at(blog, "posts/z.md")


@pytest.mark.parametrize("text", [None, SECOND])
def test_a_rename_that_was_synced_and_then_reset_is_no_second_post(blog: Blog, text: str | None) -> None:
    before = renamed(blog, text)
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert blog.shown("A").body == (text or FIRST)
    assert (text or FIRST) in blog.read("posts/a.md")
    only_at(blog, "posts/a.md")


def test_a_rename_that_was_reset_is_no_second_post_when_the_file_is_edited_next(blog: Blog) -> None:
    before = renamed(blog)
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.run(pull=False)
    blog.put("posts/a.md", post("A", SECOND, slug="a"))
    outcome = blog.run()
    assert blog.site().posts()[before].body == SECOND, outcome.told
    only_at(blog, "posts/a.md")


def test_a_swap_that_was_synced_and_then_reset_is_undone(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", FIRST, slug="a"))
    blog.write("posts/b.md", post("B", slug="b"))
    blog.commit()
    blog.run()
    ids = blog.id_of("A"), blog.id_of("B")
    texts = blog.swapped("posts/a.md", "posts/b.md")
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert (blog.read("posts/a.md"), blog.read("posts/b.md")) == texts, outcome.told
    assert (blog.id_of("A"), blog.id_of("B")) == ids
    blog.quiet()


def test_a_new_post_that_changes_places_with_an_old_one_in_a_squash_stays_itself(blog: Blog) -> None:
    blog.put("posts/new.md", post("New", "Quite another text.\n", slug="new"))
    blog.run()
    ids = {title: blog.id_of(title) for title in ("A", "B", "New")}
    blog.git("reset", "--quiet", "--soft", "HEAD~1")
    texts = blog.swapped("posts/a.md", "posts/new.md")
    blog.commit("squashed")
    blog.site().edit(ids["A"], body=THEIRS)
    outcome = blog.run()
    assert {title: blog.id_of(title) for title in ids} == ids, outcome.told
    assert blog.read("posts/a.md") == texts[1]
    assert "as they put it" in blog.read("posts/new.md")
    blog.quiet()


def test_one_of_two_that_changed_places_before_a_squash_can_be_deleted(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", FIRST, slug="a"))
    blog.write("posts/b.md", post("B", "Quite another text.\n", slug="b"))
    blog.commit()
    blog.run()
    ids = blog.id_of("A"), blog.id_of("B")
    texts = blog.swapped("posts/a.md", "posts/b.md")
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--soft", "HEAD~1")
    blog.commit("squashed")
    blog.git("rm", "--quiet", "posts/b.md")
    blog.commit("A is deleted")
    outcome = blog.run()
    assert blog.read("posts/a.md") == texts[1], outcome.told
    shown = blog.site().posts()
    assert [(shown[id].title, shown[id].status) for id in ids] == [("A", "draft"), ("B", "published")]
    blog.quiet()


def test_what_was_squashed_before_a_slow_site_shows_it_can_be_edited_later(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25, conditional=False))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A", BEFORE, slug="a"))
    blog.run()
    blog.clock.now += 100
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.run()
    blog.git("reset", "--quiet", "--soft", "HEAD~1")
    blog.git("mv", "posts/a.md", "posts/moved.md")
    blog.commit("squashed")
    blog.run(wait=False)
    blog.clock.now += 100
    blog.put("posts/moved.md", post("A", SECOND, slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == SECOND
    blog.clock.now += 100
    blog.quiet()


def test_a_second_edit_right_after_the_first_waits_until_the_site_shows_that(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25, conditional=False))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A", BEFORE))
    blog.run()
    blog.clock.now += 100
    for text in (FIRST, SECOND):
        blog.put("posts/a.md", post("A", text))
        outcome = blog.run()
        assert outcome.summary.exit_code == 0, outcome.told
    assert blog.clock.slept == [25.0]
    assert blog.shown("A").body == SECOND


def test_an_edit_of_a_post_whose_import_was_squashed_is_a_plain_pull(blog: Blog) -> None:
    blog.site().put("", Post(title="N", slug="n", tags=("old",), body=FIRST, status="published"))
    blog.run()
    blog.put("posts/b.md", post("B", "Something else.\n"))
    blog.git("reset", "--quiet", "--soft", "HEAD~2")
    blog.commit("squashed")
    blog.site().edit(blog.id_of("N"), tags=("new",), body=THEIRS)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert (blog.shown("N").tags, blog.shown("N").body) == (("new",), THEIRS)
    assert "as they put it" in blog.read("posts/n.md")
    assert "old" not in blog.read("posts/n.md")
    blog.quiet()


def test_a_new_post_can_be_amended(blog: Blog) -> None:
    blog.put("posts/new.md", post("New", FIRST))
    blog.run()
    blog.write("posts/new.md", post("New", SECOND))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    outcome = blog.run()
    assert outcome.operations == [("update", "posts/new.md", "done")], outcome.told
    assert blog.shown("New").body == SECOND
    blog.quiet()


def test_an_import_that_was_reset_comes_back_once_from_two_sites(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site("first").put("", Post(title="Made there", slug="made-there", body="Hello.\n", status="published"))
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert "Hello." in blog.read("posts/made-there.md")
    assert [len(blog.site(name).posts()) for name in blog.names] == [2, 2]
    blog.quiet()


def test_a_rewritten_post_needs_no_site_that_shows_its_newest_version(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.put("posts/a.md", post("A", BEFORE))
    blog.run()
    blog.clock.now += 100
    blog.put("posts/a.md", post("A", FIRST))
    blog.run()
    blog.git("reset", "--quiet", "--soft", "HEAD~2")
    blog.git("commit", "--quiet", "-m", "squashed")
    outcome = blog.run(wait=False)
    assert outcome.summary.exit_code == 0, outcome.told
    blog.clock.now += 100
    blog.run()
    assert blog.shown("A").body == FIRST
    blog.quiet()


def test_a_decision_for_a_pull_that_was_reset_keeps_what_the_site_shows(blog: Blog) -> None:
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    assert blog.run().summary.pulled == 1
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.write("posts/a.md", blog.git("show", "refs/gitsync/site:conflicts/posts/a.md/theirs") + "\n")
    blog.commit()
    outcome = blog.run()
    assert THEIRS in blog.read("posts/a.md"), outcome.told
    assert blog.shown("A").body == THEIRS
    blog.quiet()


def test_a_post_that_is_reset_away_makes_room_for_the_one_that_was_there_before(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/z.md", post("Z"))
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.write("posts/b.md", post("A", FIRST, slug="a"))
    blog.write("posts/a.md", post("B", slug="b"))
    blog.commit()
    blog.run()
    ids = blog.id_of("A"), blog.id_of("B")
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert (blog.id_of("A"), blog.id_of("B")) == ids, outcome.told
    assert "title: A" in blog.read("posts/a.md")
    assert "title: B" in blog.read("posts/b.md")
    assert len(blog.site().posts()) == 3
    blog.quiet()


def test_an_import_that_was_reset_and_written_again_elsewhere_is_no_second_post(blog: Blog) -> None:
    blog.site().put("", Post(title="Made there", slug="made-there", body="Hello.\n", status="published"))
    assert blog.run().summary.pulled == 1
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.run(pull=False)
    blog.put("posts/other.md", post("Made there", "Hello.\n", slug="made-there"))
    outcome = blog.run(pull=False)
    assert len(blog.site().posts()) == 3, outcome.told
    blog.quiet()
    assert not (blog.root / "posts/made-there.md").exists()


def test_a_conflict_whose_decision_was_reset_can_be_decided_again(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", SECOND))
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    assert blog.run(materialise=False).summary.conflicts == 1
    theirs = blog.git("show", "refs/gitsync/site:conflicts/posts/a.md/theirs")
    blog.put("posts/a.md", post("A", FIRST.replace("sent", "decided")))
    assert blog.run(materialise=False).summary.exit_code == 0
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.git("show", "refs/gitsync/site:conflicts/posts/a.md/theirs") == theirs
    tip = blog.git("rev-parse", "refs/gitsync/site")
    assert blog.run(materialise=False).summary.conflicts == 1
    assert blog.git("rev-parse", "refs/gitsync/site") == tip
    blog.put("posts/a.md", theirs + "\n")
    blog.run()
    assert blog.shown("A").body in (THEIRS, FIRST.replace("sent", "decided"))
    blog.quiet()


def test_a_new_file_where_an_amended_post_was_is_created_in_the_same_run(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.run()
    before = blog.id_of("A")
    blog.write("posts/z.md", post("A", SECOND, slug="a"))
    blog.write("posts/a.md", post("New", "Another.\n", slug="new"))
    blog.git("add", "-A")
    blog.git("commit", "--quiet", "--amend", "--no-edit")
    outcome = blog.run()
    assert blog.site().posts()[before].body == SECOND, outcome.told
    assert blog.shown("New").body == "Another.\n", outcome.told
    assert len(blog.site().posts()) == 2
    blog.quiet()


def taken_off(blog: Blog) -> str:
    """Delete a post, sync, and reset the deletion away; return its id."""
    before = blog.id_of("A")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    return before


def test_a_deletion_that_was_synced_and_then_reset_is_taken_back(blog: Blog) -> None:
    before = taken_off(blog)
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert blog.shown("A").status == "published"
    blog.quiet()


def test_it_is_taken_back_by_the_run_after_one_that_failed(blog: Blog) -> None:
    before = taken_off(blog)
    blog.put("posts/b.md", post("B", SECOND))
    blog.site().faults.append(Fault(on="update", error=Rejected("no")))
    assert blog.run().summary.exit_code == 1
    outcome = blog.run()
    assert blog.shown("A").status == "published", outcome.told
    assert blog.id_of("A") == before
    assert blog.shown("B").body == SECOND
    blog.quiet()


def test_a_deletion_on_a_site_that_really_deletes_is_taken_back_too(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='[policy]\ndelete = "delete"\n')
    blog.put("posts/a.md", post("A", FIRST))
    blog.put("posts/b.md", post("B"))
    blog.run()
    taken_off(blog)
    outcome = blog.run()
    assert blog.shown("A").body == FIRST, outcome.told
    blog.quiet()


def test_a_post_that_left_a_site_and_was_reset_is_back_there(blog: Blog) -> None:
    before = blog.id_of("A")
    blog.put("posts/a.md", post("A", FIRST, sites="[]"))
    blog.run()
    assert blog.shown("A").status == "draft"
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert blog.shown("A").status == "published", outcome.told
    assert blog.id_of("A") == before
    blog.quiet()


def test_a_renamed_post_that_was_deleted_is_back_when_both_are_reset(blog: Blog) -> None:
    before = renamed(blog)
    blog.commit()
    blog.run()
    blog.git("rm", "--quiet", "posts/z.md")
    blog.commit()
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~2")
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert blog.shown("A").status == "published"
    only_at(blog, "posts/a.md")


@pytest.mark.parametrize("policy", ["unpublish", "ignore"])
def test_a_deletion_that_is_reset_and_an_edit_on_top_reach_the_site(tmp_path: Path, policy: str) -> None:
    blog = Blog(tmp_path / "blog", config=f'[policy]\ndelete = "{policy}"\n')
    blog.put("posts/a.md", post("A", FIRST))
    blog.put("posts/b.md", post("B"))
    blog.run()
    before = taken_off(blog)
    blog.put("posts/a.md", post("A", SECOND))
    outcome = blog.run()
    assert blog.site().posts()[before].body == SECOND, outcome.told
    assert blog.shown("A").status == "published"
    blog.quiet()


def test_a_conflict_that_was_decided_before_a_reset_is_not_pending_again(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", SECOND))
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    assert blog.run(materialise=False).summary.conflicts == 1
    decided = FIRST.replace("sent", "decided")
    blog.put("posts/a.md", post("A", decided))
    assert blog.run(materialise=False).summary.exit_code == 0
    blog.git("commit", "--quiet", "--amend", "-m", "the same, said otherwise")
    outcome = blog.run(materialise=False)
    assert outcome.summary.exit_code == 0, outcome.told
    assert not blog.git("ls-tree", "-r", "--name-only", "refs/gitsync/site", "conflicts/"), outcome.told
    assert blog.shown("A").body == decided
    blog.quiet()


def test_a_conflict_that_was_decided_before_its_file_was_renamed_and_history_rewritten_is_over(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A", "One.\n\nTwo.\n"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, here.\n"))
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n")
    assert blog.run(materialise=False).summary.conflicts == 1
    before = blog.git("rev-parse", "HEAD")
    blog.put("posts/a.md", post("A", "One.\n\nTwo, here and there.\n"))
    blog.run()
    blog.git("mv", "posts/a.md", "posts/b.md")
    blog.commit()
    blog.run()
    blog.git("reset", "--soft", "--quiet", before)
    blog.commit("squashed")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [it.body for it in blog.site().posts().values()] == ["One.\n\nTwo, here and there.\n"]
    blog.quiet()


def test_a_tag_that_a_site_has_no_room_for_stays_when_the_agreement_is_squashed_away(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.run()
    before = blog.git("rev-parse", "HEAD")
    blog.put("posts/a.md", post("A", tags="[one, new, two, three]"))
    blog.site().edit(blog.id_of("A"), body="Edited.\n")
    assert blog.run().summary.merged == 1
    blog.git("reset", "--soft", "--quiet", before)
    blog.commit("squashed")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/a.md") == post("A", "Edited.\n", tags="[one, new, two, three]")
    blog.quiet()


@pytest.mark.parametrize("edited", [False, True], ids=["left alone there", "edited there"])
def test_a_conflict_that_was_decided_is_not_asked_about_again_when_the_decision_is_amended(
    blog: Blog, edited: bool
) -> None:
    blog.site().edit(blog.id_of("A"), body=THEIRS)
    blog.put("posts/a.md", post("A", SECOND))
    assert blog.run().summary.conflicts == 1
    blog.git("reset", "--quiet", "--hard")
    blog.put("posts/a.md", post("A", "One.\n\nTwo, as we say.\n\nThree.\n"))
    blog.run()
    blog.quiet()
    if edited:
        blog.site().edit(blog.id_of("A"), body="One, there.\n\nTwo, as we say.\n\nThree.\n")
    instead = SECOND.replace("Three.", "Three, too.")
    amend(blog, instead)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == (instead.replace("One.", "One, there.") if edited else instead), outcome.told
    blog.quiet()


def test_a_post_without_an_agreement_whose_file_is_not_there_was_not_deleted_by_this_history(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("one", "two"))
    blog.site("one").behaviour = Behaviour(lag=25)
    blog.put("posts/a.md", post("A", BEFORE))
    blog.run()
    blog.write("posts/a.md", post("A", SECOND))
    blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run(wait=False)
    blog.run(wait=False)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.quiet()
