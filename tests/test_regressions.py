"""Every loss, copy or surprise that the torture of test_laws.py found, as small as it can be said."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import Malformed, OutcomeUnknown, Stale, Unreachable
from gitsync.git.staging import index_lock
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.html import to_markdown
from gitsync.markdown.links import find_links
from gitsync.markdown.render import to_html
from gitsync.model import Post
from gitsync.repository import Repository
from tests.blog import Blog, post


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog")


def test_an_old_text_that_an_editor_brings_back_is_an_edit_though_the_last_writer_had_a_clock_ahead(
    tmp_path: Path,
) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(hashes=True))
    blog.put("posts/a.md", post("A", "Old words.\n", slug="a"))
    blog.run()
    blog.put("posts/a.md", post("A", "New words.\n", slug="a"))
    blog.clock.now += 3600
    blog.run()
    blog.clock.now -= 3500
    blog.site().edit("1", body="Old words.\n")
    outcome = blog.run()
    assert blog.read("posts/a.md") == post("A", "Old words.\n", slug="a"), outcome.told
    blog.quiet()


def test_a_post_from_one_site_reaches_the_sites_before_it_in_the_same_run(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.site("second").put("", Post(title="Made there", slug="made-there", body="Hello.\n", status="published"))
    outcome = blog.run()
    assert outcome.summary.created == 1, outcome.told
    assert blog.shown("Made there", "first").body == "Hello.\n"
    blog.quiet()


def test_an_edit_on_a_later_site_reaches_an_earlier_one_that_is_sent_the_post_anyway(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One, here.\n\nTwo.\n\nThree.\n"))
    blog.site("second").edit(blog.id_of("A", "second"), body="One.\n\nTwo.\n\nThree, there.\n")
    outcome = blog.run()
    assert blog.shown("A", "first").body == "One, here.\n\nTwo.\n\nThree, there.\n", outcome.told
    blog.quiet()


def deleted_here_and_edited_there(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree.\n")
    assert blog.run().summary.conflicts == 1


def test_a_deletion_that_is_reverted_keeps_what_the_site_wrote_meanwhile(blog: Blog) -> None:
    deleted_here_and_edited_there(blog)
    blog.git("revert", "--no-edit", "HEAD")
    outcome = blog.run()
    assert "Two, there." in blog.read("posts/a.md"), outcome.told
    assert "Two, there." in blog.shown("A").body
    blog.quiet()


def test_a_file_that_is_restored_with_other_words_decides_the_conflict(blog: Blog) -> None:
    deleted_here_and_edited_there(blog)
    blog.put("posts/a.md", post("A", "One.\n\nTwo, decided.\n\nThree.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "One.\n\nTwo, decided.\n\nThree.\n"
    blog.quiet()


def test_a_post_that_names_other_sites_is_not_taken_off_a_site_that_edited_it(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    blog.put("posts/a.md", post("A", slug="a", sites="[]"))
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree.\n")
    assert blog.run().summary.conflicts == 1
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.shown("A").status == "published", outcome.told
    assert "Two, there." in blog.shown("A").body


def test_deleting_the_file_of_a_post_that_its_site_removed_decides_the_conflict(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.site().remove(blog.id_of("A"))
    blog.put("posts/a.md", post("A", "Edited.\n", slug="a"))
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.quiet()


def test_a_conflict_between_a_file_and_a_post_that_never_agreed_can_be_decided(blog: Blog) -> None:
    blog.site().put("", Post(title="A", slug="a", body="One.\n\nTwo there.\n\nThree.\n", status="published"))
    blog.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    blog.put("posts/a.md", post("A", "One.\n\nTwo decided.\n\nThree.\n", slug="a"))
    outcome = blog.run()
    assert blog.shown("A").body == "One.\n\nTwo decided.\n\nThree.\n", outcome.told
    assert len(blog.site().posts()) == 1
    blog.quiet()


def test_a_post_that_a_slow_listing_does_not_show_yet_is_not_gone(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.clock.now += 100
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.clock.now += 1
    outcome = blog.run()
    assert outcome.operations == [], outcome.told
    blog.clock.now += 100
    blog.quiet()


def test_a_run_that_was_killed_while_it_held_the_index_is_no_obstacle(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="There.\n")
    with index_lock(Repository.open(blog.root)):
        left = blog.read(".git/index.lock")
    blog.write(".git/index.lock", left)
    outcome = blog.run()
    assert outcome.summary.pulled == 1, outcome.told
    blog.quiet()


def test_what_a_site_made_of_a_post_it_kept_is_not_overwritten_when_the_file_comes_back(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='[policy]\ndelete = "ignore"\n')
    blog.put("posts/a.md", post("A", slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree.\n")
    blog.git("revert", "--no-edit", "HEAD")
    outcome = blog.run()
    assert "Two, there." in blog.shown("A").body, outcome.told
    assert outcome.summary.conflicts == 1, outcome.told
    assert "Two, there." in blog.git("show", "refs/gitsync/site:conflicts/posts/a.md/theirs")


@pytest.mark.parametrize("policy", ["ignore", "unpublish"])
def test_a_post_that_came_back_to_a_conflict_is_the_sites_again_once_it_is_decided(tmp_path: Path, policy: str) -> None:
    blog = Blog(tmp_path / "blog", config=f'[policy]\ndelete = "{policy}"\n')
    blog.put("posts/a.md", post("A", slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree.\n")
    blog.git("revert", "--no-edit", "HEAD")
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.put("posts/a.md", post("A", "One.\n\nTwo, there.\n\nThree.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").status == "published"
    blog.quiet()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, there.\n\nThree, here.\n", slug="a"))
    outcome = blog.run()
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    assert blog.shown("A").body == "One.\n\nTwo, there.\n\nThree, here.\n"
    blog.quiet()


def test_a_write_that_is_planned_again_is_not_counted_as_done(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "Edited.\n"))
    blog.site().faults.append(Fault(on="update", error=Stale("moved")))
    assert blog.run().summary.updated == 1


def test_a_pull_that_was_reset_away_and_offered_again_is_agreed_once(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One, there.\n\nTwo.\n\nThree.\n")
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.git("commit", "--quiet", "--allow-empty", "-m", "Elsewhere")
    blog.run()
    assert "One, there." in blog.read("posts/a.md")
    outcome = blog.run()
    assert outcome.operations == [], outcome.told
    blog.quiet()


def test_an_edit_of_a_post_that_its_site_lost_earlier_asks_what_to_do(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.site().remove(blog.id_of("A"))
    assert "is gone on site" in blog.run().told
    blog.quiet()
    blog.git("mv", "posts/a.md", "posts/z.md")
    blog.commit()
    assert blog.run().operations == []
    blog.put("posts/z.md", post("A", "Edited.\n", slug="a"))
    outcome = blog.run()
    assert (outcome.summary.conflicts, outcome.summary.exit_code) == (1, 3), outcome.told
    assert "resolve posts/z.md --ours or --deleted" in outcome.told
    assert "resolve posts/z.md --ours or --deleted" in blog.run().told
    blog.git("rm", "--quiet", "posts/z.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.quiet()


def test_a_site_that_cannot_be_read_counts_as_failed_and_is_told_once(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site("second").edit(blog.id_of("A", "second"), body="One, there.\n\nTwo.\n\nThree.\n")
    blog.site("first").faults += [Fault(on="scan", error=Malformed("The answer was HTML.")) for _ in range(3)]
    outcome = blog.run()
    assert (outcome.summary.failed, outcome.summary.exit_code) == (1, 1), outcome.told
    assert outcome.told.count("The answer was HTML.") == 1
    assert outcome.summary.pulled == 1


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("name", ["a", "z"])
def test_a_file_may_be_renamed_over_one_that_goes(blog: Blog, name: str, edited: bool) -> None:
    blog.write(f"posts/{name}.md", post("A", slug="a"))
    blog.write("posts/m.md", post("M", slug="m"))
    blog.write("posts/b.md", post("B", slug="b"))
    blog.commit()
    blog.run()
    before = blog.id_of("A")
    blog.git("mv", "-f", f"posts/{name}.md", "posts/m.md")
    if edited:
        blog.write("posts/m.md", post("A", "Edited.\n", slug="a"))
    blog.commit()
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert blog.shown("M").status == "draft", outcome.told
    assert blog.shown("A").body == ("Edited.\n" if edited else "One.\n\nTwo.\n\nThree.\n")
    blog.quiet()


def test_a_file_waits_for_a_path_whose_last_post_is_in_conflict(blog: Blog) -> None:
    deleted_here_and_edited_there(blog)
    blog.git("mv", "posts/b.md", "posts/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.shown("B").status == blog.shown("A").status == "published"
    assert len(blog.site().posts()) == 2


def test_a_site_that_fails_in_the_middle_of_a_plan_stops_no_other(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"), behaviour=Behaviour(ids_only=True))
    for name in blog.names:
        blog.site(name).put("", Post(title=f"From {name}", slug=name, body=f"Of {name}.\n", status="published"))
    blog.site("first").faults.append(Fault(on="fetch_many", error=Malformed("cut")))
    outcome = blog.run()
    assert outcome.summary.exit_code == 1, outcome.told
    assert "Of second." in blog.read("posts/second.md")
    outcome = blog.run()
    assert "Of first." in blog.read("posts/first.md"), outcome.told
    blog.quiet()


def test_an_update_that_a_slow_site_shows_late_is_no_edit_of_its_editors(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.clock.now += 100
    blog.put("posts/a.md", post("A", "One.\n\nTwo.\n\nThree.\n\nFour, a slip.\n"))
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer"), stored=True))
    blog.run(wait=False)
    blog.git("revert", "--no-edit", "HEAD")
    blog.run()
    blog.clock.now += 100
    outcome = blog.run()
    assert "a slip" not in blog.read("posts/a.md"), outcome.told
    assert "a slip" not in blog.shown("A").body
    blog.clock.now += 100
    blog.quiet()


def test_a_slow_site_that_shows_what_a_decision_left_there_takes_nothing_back(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.site().put("", Post(title="A", slug="a", body="One.\n\nTwo there.\n", status="published"))
    blog.clock.now += 100
    blog.run()
    there = blog.read("posts/a.md")
    blog.clock.now += 100
    blog.write("posts/a.md", there.replace("there", "here"))
    blog.git("commit", "--quiet", "--all", "--amend", "-m", "squashed")
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.put("posts/a.md", there)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.git("revert", "--no-edit", "HEAD")
    blog.run()
    outcome = blog.run()  # the site lists the post as it was before the last run
    assert "Two here." in blog.read("posts/a.md"), outcome.told
    blog.clock.now += 100
    blog.quiet()
    assert blog.shown("A").body == "One.\n\nTwo here.\n"


@pytest.mark.parametrize("lost", ["create", "update"])
def test_a_lost_reply_of_a_site_that_improves_texts_is_no_edit(tmp_path: Path, lost: str) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(surprise=True))
    text = post("A", "One... and\tmore.\n")
    blog.put("posts/a.md", text)
    if lost == "update":
        blog.run()
        text = post("A", "One... and\tmore.\n\nTwo... and\tmore.\n")
        blog.put("posts/a.md", text)
    blog.site().faults.append(Fault(on=lost, error=OutcomeUnknown("no answer"), stored=True))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/a.md") == text, outcome.told
    blog.quiet()


def test_a_file_that_is_deleted_to_decide_a_conflict_stays_deleted(blog: Blog) -> None:
    blog.site().put("", Post(title="A", slug="a", body="One.\n\nTwo there.\n\nThree.\n", status="published"))
    blog.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n", slug="a"))
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.operations == [("unpublish", "posts/a.md", "done")], outcome.told
    assert not (blog.root / "posts/a.md").exists()
    blog.quiet()


def test_a_decided_conflict_waits_for_a_file_that_is_being_edited(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One there.\n\nTwo.\n\nThree, there.\n")
    blog.put("posts/a.md", post("A", "One here.\n\nTwo.\n\nThree.\n"))
    assert blog.run(materialise=False).summary.exit_code == 3
    blog.put("posts/a.md", post("A", "One there.\n\nTwo.\n\nThree.\n"))
    blog.write("posts/a.md", post("A", "One there.\n\nTwo.\n\nThree.\n\nFour, not yet committed.\n"))
    outcome = blog.run(materialise=False)
    assert outcome.summary.exit_code == 3, outcome.told
    assert "Four, not yet committed." in blog.read("posts/a.md")
    blog.commit()
    outcome = blog.run(materialise=False)
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "One there.\n\nTwo.\n\nThree, there.\n\nFour, not yet committed.\n"
    blog.quiet()


def linked(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", slug="a", body="See [b](b.md).\n"))
    blog.write("posts/b.md", post("B", slug="b", body="See [a](a.md) and [c](c.md).\n"))
    blog.write("posts/c.md", post("C", slug="c", body="See [a](a.md).\n"))
    blog.commit()


def all_linked(blog: Blog) -> bool:
    bodies = [found.body for found in blog.site().posts().values()]
    return len(bodies) == 3 and not any(".md" in body for body in bodies)


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("on", ["create", "update"])
def test_a_run_that_was_cut_short_leaves_no_link_without_an_address(
    blog: Blog, on: str, skip: int, stored: bool
) -> None:
    linked(blog)
    blog.site().faults.append(Fault(on=on, error=KeyboardInterrupt(), stored=stored, skip=skip))
    try:
        blog.run()
    except KeyboardInterrupt:
        blog.clock.now += 1000
        blog.run()
    assert all_linked(blog), blog.site().posts()
    blog.quiet()


def test_posts_that_link_to_each_other_are_recognised_when_the_ledger_is_lost(blog: Blog) -> None:
    linked(blog)
    blog.run()
    assert all_linked(blog)
    writes = blog.writes()
    blog.git("update-ref", "-d", "refs/gitsync/site")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.writes() == writes
    blog.quiet()


def test_markers_that_were_committed_by_mistake_reach_no_site(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One, here.\n\nTwo.\n\nThree.\n"))
    blog.site("first").edit(blog.id_of("A", "first"), body="One, there.\n\nTwo.\n\nThree.\n")
    assert blog.run().summary.conflicts == 1
    assert "<<<<<<< ours" in blog.read("posts/a.md")
    blog.put("posts/new.md", post("New", "<<<<<<< ours\nOne\n=======\nTwo\n>>>>>>> first@1\n"))
    outcome = blog.run()
    assert "posts/new.md:5:1: conflict-markers Conflict markers are left." in outcome.told
    assert outcome.summary.exit_code == 3, outcome.told
    for name in ("first", "second"):
        assert not any("<<<<<<<" in found.body for found in blog.site(name).posts().values())


@pytest.mark.parametrize(("old", "new"), [("Two.", "TWO."), ("Two.", "Two!"), ("Two.", "*Two.*"), ("Two.", "Too.")])
def test_an_edit_there_after_a_lost_reply_is_no_matter_of_typesetting(blog: Blog, old: str, new: str) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One, here.\n\nTwo.\n\nThree.\n"))
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer"), stored=True))
    blog.run(wait=False)
    blog.site().edit(blog.id_of("A"), body=f"One, here.\n\n{new}\n\nThree.\n")
    blog.run()
    assert new in blog.read("posts/a.md")
    assert "One, here." in blog.shown("A").body
    blog.quiet()


def test_a_create_without_an_answer_is_found_though_both_sides_changed_it_since(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("no answer"), stored=True))
    blog.run(wait=False)
    blog.put("posts/a.md", post("A, with another title", "One.\n\nTwo.\n\nThree, here.\n"))
    blog.site().edit(blog.id_of("A"), body="One, there.\n\nTwo.\n\nThree.\n")
    outcome = blog.run()
    assert len(blog.site().posts()) == 1, outcome.told
    assert len(list((blog.root / "posts").iterdir())) == 1, outcome.told
    assert "One, there." in blog.read("posts/a.md"), outcome.told


def test_an_empty_listing_is_refused_even_right_after_a_push(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    for name in "abcde":
        blog.write(f"posts/{name}.md", post(name.upper(), slug=name))
    blog.commit()
    assert blog.run().summary.exit_code == 0
    blog.clock.now += 1
    outcome = blog.run()
    assert outcome.summary.exit_code == 5, outcome.told
    assert "run again in a minute" in outcome.told
    blog.clock.now += 100
    blog.quiet()


@pytest.mark.parametrize("fault", [Unreachable("away"), KeyboardInterrupt()])
def test_an_edit_there_while_ours_could_not_be_sent_is_a_conflict(blog: Blog, fault: BaseException) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, here.\n\nThree.\n"))
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo.\n\nThree, there.\n")
    blog.site().faults += [Fault(on="update", error=fault) for _ in range(3)]
    with suppress(KeyboardInterrupt):
        assert blog.run().summary.merged == 1
    blog.site().faults.clear()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree, there.\n")
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert "Two, here." in blog.read("posts/a.md")
    assert "Two, there." in blog.shown("A").body


def test_a_decision_about_one_place_takes_nothing_away_that_the_site_says_elsewhere(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, here.\n\nThree.\n"))
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree, there.\n")
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.put("posts/a.md", post("A", "One.\n\nTwo, decided.\n\nThree.\n"))
    outcome = blog.run(materialise=False)
    assert blog.shown("A").body == "One.\n\nTwo, decided.\n\nThree, there.\n", outcome.told
    assert "Three, there." in blog.read("posts/a.md")
    blog.quiet()


def test_a_decision_about_one_site_is_none_about_another_that_says_something_else(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, here.\n\nThree.\n"))
    for name in blog.names:
        blog.site(name).edit(blog.id_of("A", name), body=f"One.\n\nTwo, {name}.\n\nThree.\n")
    assert blog.run().summary.conflicts == 2
    blog.put("posts/a.md", post("A", "One.\n\nTwo, first.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.shown("A", "second").body == "One.\n\nTwo, second.\n\nThree.\n"
    assert "Two, second." in blog.read("posts/a.md")
    blog.put("posts/a.md", post("A", "One.\n\nTwo, all.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [blog.shown("A", name).body for name in blog.names] == ["One.\n\nTwo, all.\n\nThree.\n"] * 2
    blog.quiet()


def test_a_tag_that_replaces_the_last_one_a_site_shows_is_not_cut_off(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.run()
    blog.site().edit(blog.id_of("A"), tags=("one", "new"))
    outcome = blog.run()
    assert "tags: [one, new, three]" in blog.read("posts/a.md"), outcome.told
    assert blog.shown("A").tags == ("one", "new")
    blog.quiet()


def test_what_a_pull_left_owed_is_sent_though_the_site_is_edited_before(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.run()
    blog.site().edit(blog.id_of("A"), tags=("one",))
    blog.run(push=False)
    blog.site().edit(blog.id_of("A"), body="Another.\n")
    outcome = blog.run()
    assert blog.shown("A").tags == ("one", "three"), outcome.told
    assert blog.shown("A").body == "Another.\n"
    blog.quiet()


def test_a_rebase_takes_out_no_tag_that_the_site_had_no_room_for(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.run()
    blog.put("posts/a.md", post("A", tags="[one, new, two, three]"))
    blog.run()
    blog.git("switch", "--quiet", "--create", "elsewhere", "HEAD~1")
    blog.put("posts/b.md", post("B"))
    blog.git("switch", "--quiet", "main")
    blog.git("rebase", "--quiet", "elsewhere")
    outcome = blog.run()
    assert "tags: [one, new, two, three]" in blog.read("posts/a.md"), outcome.told
    assert blog.shown("A").tags == ("one", "new")
    blog.quiet()


@pytest.mark.parametrize("number", [0, 1])
def test_a_site_without_a_post_has_nothing_to_do_when_another_edits_it(tmp_path: Path, number: int) -> None:
    blog = Blog(tmp_path / "blog", sites=("first", "second"))
    name = blog.names[number]
    blog.put("posts/a.md", post("A", sites=f"[{name}]"))
    blog.run()
    blog.site(name).edit(blog.id_of("A", name), body="Another.\n")
    assert blog.run().summary.pulled == 1
    blog.quiet()


def test_a_file_that_collided_with_a_post_when_they_met_can_be_renamed(blog: Blog) -> None:
    id = blog.site().put("", Post(title="A", slug="a", body="There.\n", status="published"))
    blog.put("posts/a.md", post("A", "Here.\n", slug="a"))
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.git("mv", "posts/a.md", "posts/b.md")
    blog.commit()
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    blog.put("posts/b.md", post("A", "Decided.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert {id: it.body for id, it in blog.site().posts().items()} == {id: "Decided.\n"}
    blog.quiet()


@pytest.mark.parametrize("here", ["[one, two, three, four]", "[one, two, three]"], ids=["there", "taken out"])
def test_a_tag_that_an_editor_asks_for_is_shown_though_the_file_had_it_behind_what_fits(
    tmp_path: Path, here: str
) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three, four]"))
    blog.run()
    blog.site().edit(blog.id_of("A"), tags=("one", "four"))
    blog.write("posts/a.md", post("A", tags=here))
    blog.git("commit", "--quiet", "--all", "--allow-empty", "-m", "edit")
    outcome = blog.run()
    assert "tags: [one, four, three]" in blog.read("posts/a.md"), outcome.told
    assert blog.shown("A").tags == ("one", "four")
    blog.quiet()


def test_a_post_that_no_read_shows_yet_is_not_made_twice_when_it_comes_back(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='[policy]\ndelete = "ignore"\n', behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/b.md", post("B"))
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.put("posts/again.md", post("A", slug="a"))
    outcome = blog.run(wait=False)
    assert outcome.summary.exit_code == 1, outcome.told
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.clock.now += 100
    assert sorted(it.title or "" for it in blog.site().posts().values()) == ["A", "B"]
    blog.quiet()


def test_a_deleted_post_is_known_by_its_text_though_the_site_has_typeset_it(tmp_path: Path) -> None:
    holds = ("title", "status")
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(surprise=True, holds=holds))
    text = "This is a text... It is long enough to be somebody's own, I should say.\n"
    blog.put("posts/b.md", post("B"))
    blog.put("posts/a.md", post("A", text))
    blog.run()
    id = blog.id_of("A")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.put("posts/again.md", post("A", text))
    outcome = blog.run()
    assert blog.id_of("A") == id, outcome.told
    assert blog.shown("A").status == "published"
    blog.quiet()


def test_a_footnote_that_says_nothing_yet_stays_one() -> None:
    body = "a[^1] b[^2]\n\n[^1]:\n\n[^2]: Words.\n"
    assert to_markdown(to_html(body)) == body
    assert named("wordpress").read(named("wordpress").write(body).text) == body


def test_a_tag_that_never_ends_is_searched_for_links_in_linear_time() -> None:
    begun = perf_counter()
    for tag in ("<div " + "a" * 20_000 + '"', "<a" + "b=c " * 5_000 + "'", "<p" + " /" * 5_000 + '"', "<b" * 5_000):
        assert find_links(f"{tag}\n\n[x](y)\n")[-1].url == "y"
    assert perf_counter() - begun < 10  # minutes with thirty letters, once


@pytest.mark.parametrize(
    "body",
    [
        "[^1]\n\n[^1]: Words.\n",
        "> - [^1] and more\n\n[^1]: Words.\n",
        "\\[^1]: no note, and one[^1]\n\n[^1]: Words.\n",
    ],
)
def test_a_paragraph_that_begins_with_a_footnote_keeps_it(body: str) -> None:
    assert to_markdown(to_html(body)) == body


def test_a_footnote_that_is_referred_to_in_html_stays_one_page_with_it() -> None:
    body = '<div>\n\nx[^1]\n<iframe src="https://maps.example/x"></iframe>\n</div>\n\n[^1]: Words.\n'
    again = to_markdown(to_html(body))
    assert same_dom(to_html(again), to_html(body))
    assert to_markdown(to_html(again)) == again
