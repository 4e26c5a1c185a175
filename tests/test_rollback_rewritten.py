"""Law 11 where history was rewritten around the sync that is rolled back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gitsync_connectors.memory import Fault

from gitsync.errors import Rejected
from gitsync.model import Post
from tests.blog import Blog, post
from tests.test_rollback_laws import public, rolled_back

FIRST = "One.\n\nTwo, as it was.\n"
SECOND = "One.\n\nTwo, as it is.\n"
THEIRS = "One.\n\nTwo, as they put it.\n"

Change = Callable[[Blog], None]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog", sites=("one", "two"))
    blog.put("posts/a.md", post("A", FIRST, slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    return blog


def edit(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", SECOND, slug="a"))


def remove(blog: Blog) -> None:
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()


def leave_a_site(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", FIRST, slug="a", sites="[two]"))


def add(blog: Blog) -> None:
    blog.put("posts/n.md", post("N", slug="n"))


def edit_there(blog: Blog) -> None:
    blog.site("one").edit(blog.id_of("A", "one"), body=THEIRS)


def reset(blog: Blog, before: str) -> None:
    blog.git("reset", "--quiet", "--hard", before)


def rebase(blog: Blog, before: str) -> None:
    """Put what came after `before` onto a commit that somebody else made there."""
    blog.git("switch", "--quiet", "--create", "elsewhere", before)
    blog.write("notes.txt", "somebody else's")
    blog.commit()
    blog.git("switch", "--quiet", "main")
    blog.git("rebase", "--quiet", "elsewhere")


def squash(blog: Blog, before: str) -> None:
    blog.git("reset", "--quiet", "--soft", before)
    blog.git("commit", "--quiet", "--allow-empty", "-m", "squashed")


@pytest.mark.parametrize("rewrite", [reset, rebase, pytest.param(squash, marks=pytest.mark.slow)])
@pytest.mark.parametrize("change", [edit, remove, leave_a_site, add, edit_there])
def test_a_sync_whose_commits_were_rewritten_is_rolled_back(
    blog: Blog, change: Change, rewrite: Callable[[Blog, str], None]
) -> None:
    shown, head = public(blog), blog.git("rev-parse", "HEAD")
    texts = {path: blog.read(path) for path in ("posts/a.md", "posts/b.md")}
    change(blog)
    blog.run()
    rewrite(blog, head)
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert public(blog) == shown, outcome.told
    assert {path: blog.read(path) for path in texts} == texts
    assert sorted(it.name for it in (blog.root / "posts").glob("*.md")) == ["a.md", "b.md"]
    blog.quiet()


@pytest.mark.parametrize("change", [edit, remove, leave_a_site, edit_there])
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_rollback_that_is_reset_away_leaves_what_the_branch_says(blog: Blog, change: Change, times: int) -> None:
    shown, head = public(blog), blog.git("rev-parse", "HEAD")
    change(blog)
    blog.run()
    for _ in range(times):
        rolled_back(blog)
    blog.git("reset", "--quiet", "--hard", head)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    if times == 1 or change in (remove, leave_a_site):
        assert public(blog) == shown, outcome.told
    blog.quiet()
    for name in blog.names:
        assert blog.shown("A", name).body in blog.read("posts/a.md")


@pytest.mark.slow
def test_two_syncs_that_one_reset_left_behind_are_rolled_back_one_by_one(blog: Blog) -> None:
    shown, head = public(blog), blog.git("rev-parse", "HEAD")
    edit(blog)
    blog.run()
    blog.put("posts/b.md", post("B", "Other.\n", slug="b"))
    blog.run()
    newest, second, _ = (sync.id for sync in blog.syncs())
    blog.git("reset", "--quiet", "--hard", head)
    for name in (newest, second):
        assert rolled_back(blog, name).summary.exit_code == 0
    assert public(blog) == shown
    blog.quiet()


def test_an_edit_made_there_since_a_sync_that_was_reset_is_not_rolled_over(blog: Blog) -> None:
    head = blog.git("rev-parse", "HEAD")
    edit(blog)
    blog.run()
    blog.git("reset", "--quiet", "--hard", head)
    edit_there(blog)
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.shown("A", "one").body == THEIRS
    assert blog.shown("A", "two").body == FIRST


def test_a_rollback_after_a_reset_that_fails_on_the_way_is_finished_by_a_sync(blog: Blog) -> None:
    shown, head = public(blog), blog.git("rev-parse", "HEAD")
    edit(blog)
    blog.run()
    blog.git("reset", "--quiet", "--hard", head)
    blog.site("one").faults.append(Fault(on="update", error=Rejected("no")))
    assert rolled_back(blog).summary.exit_code == 1
    outcome = blog.run()
    assert public(blog) == shown, outcome.told
    blog.quiet()


@pytest.mark.parametrize("rewrite", [reset, rebase])
def test_an_import_whose_commit_was_rewritten_leaves_only_the_site_it_came_from(
    blog: Blog, rewrite: Callable[[Blog, str], None]
) -> None:
    head = blog.git("rev-parse", "HEAD")
    id = blog.site("one").put("", Post(title="There", slug="there", body="x\n", status="published"))
    blog.run()
    rewrite(blog, head)
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert not (blog.root / "posts/there.md").exists()
    assert blog.site("one").posts()[id].status == "published"
    assert blog.shown("There", "two").status == "draft"
    blog.quiet()


def test_a_post_that_was_taken_off_a_site_is_back_in_the_run_that_imports_it_from_another(blog: Blog) -> None:
    id = blog.site("one").put("", Post(title="There", slug="there", body="x\n", status="published"))
    blog.run()
    rolled_back(blog)
    blog.site("one").edit(id, body="y\n")
    blog.git("reset", "--quiet", "--hard", "HEAD~2")
    blog.git("update-ref", "-d", "refs/gitsync/one")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("There", "two").body == "y\n"
    blog.quiet()


def test_a_deletion_whose_file_is_back_elsewhere_is_rolled_back_to_no_second_file(blog: Blog) -> None:
    remove(blog)
    blog.run()
    blog.put("posts/back.md", post("A", SECOND, slug="a"))
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 3, outcome.told
    blog.run()
    assert not (blog.root / "posts/a.md").exists()
    for name in blog.names:
        assert sorted(it.title or "" for it in blog.site(name).posts().values()) == ["A", "B"]
        assert blog.shown("A", name).body == SECOND
    blog.quiet()


@pytest.mark.slow
def test_a_post_in_conflict_on_one_site_and_renamed_is_no_new_file_to_the_others(blog: Blog) -> None:
    blog.put("posts/b.md", post("B", SECOND, slug="b"))
    blog.run()
    latest = blog.syncs()[0].id
    blog.put("posts/a.md", post("A", SECOND, slug="a"))
    blog.site("two").edit(blog.id_of("A", "two"), body=THEIRS)
    assert blog.run(materialise=False).summary.conflicts == 1
    blog.git("mv", "posts/a.md", "posts/moved.md")
    blog.write("posts/moved.md", post("A", "One.\n\nTwo, as we both put it.\n", slug="a"))
    blog.commit()
    blog.site("two").edit(blog.id_of("A", "two"), body=f"{THEIRS}\nThree.\n")
    outcome = rolled_back(blog, latest)
    for name in blog.names:
        assert sorted(it.title for it in blog.site(name).posts().values()) == ["A", "B"], outcome.told
    blog.run()
    assert blog.shown("A", "one").body == blog.shown("A", "two").body == "One.\n\nTwo, as we both put it.\n\nThree.\n"


@pytest.mark.slow
def test_taking_a_rollback_back_brings_no_post_that_a_squash_and_a_rename_left_behind_again(blog: Blog) -> None:
    first = blog.git("rev-parse", "HEAD")
    edit(blog)
    blog.run()
    latest = blog.syncs()[0].id
    add(blog)
    blog.run()
    blog.git("mv", "posts/n.md", "posts/moved.md")
    blog.git("reset", "--quiet", "--soft", first)
    blog.write("posts/moved.md", post("Another title", slug="n"))
    blog.commit("squashed")
    rolled_back(blog, latest)
    outcome = rolled_back(blog)
    assert not (blog.root / "posts/n.md").exists(), outcome.told
    blog.run()
    for name in blog.names:
        assert len(blog.site(name).posts()) == 3, outcome.told


def test_an_import_that_went_before_it_is_rolled_back_comes_back_as_hidden_by_us(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.site().put("", Post(title="N", slug="n", body=FIRST, status="published"))
    blog.run()
    imported = blog.syncs()[0].id
    blog.git("rm", "--quiet", "posts/n.md")
    blog.commit()
    blog.run()
    rolled_back(blog, imported)
    blog.put("posts/n.md", post("N", SECOND, slug="n"))
    outcome = blog.run()
    assert outcome.summary.conflicts == 0, outcome.told
    assert blog.shown("N").status == "published"
    assert blog.shown("N").body == SECOND
    blog.quiet()


@pytest.mark.slow
def test_an_import_that_changed_places_in_a_squash_is_rolled_back_alone(blog: Blog) -> None:
    first = blog.git("rev-parse", "HEAD")
    ids = {name: blog.id_of("B", name) for name in blog.names}
    blog.site("one").put("", Post(title="N", slug="n", body=FIRST, status="published"))
    blog.run()
    blog.git("reset", "--quiet", "--soft", first)
    texts = blog.swapped("posts/b.md", "posts/n.md")
    blog.commit("squashed")
    outcome = rolled_back(blog)
    for name in blog.names:
        assert blog.site(name).posts()[ids[name]].title == "B", outcome.told
    blog.run()
    files = [blog.read(path) for path in blog.git("ls-files", "posts").split()]
    assert sorted("title: N" in text for text in files) == [False, False], outcome.told
    assert texts[0] in files


@pytest.mark.slow
def test_a_rename_is_not_rolled_back_over_a_post_whose_deletion_its_sites_do_not_know_yet(blog: Blog) -> None:
    ids = {name: blog.id_of("A", name) for name in blog.names}
    texts = blog.read("posts/a.md"), blog.read("posts/b.md")
    blog.git("mv", "posts/a.md", "posts/moved.md")
    blog.commit()
    blog.run()
    latest = blog.syncs()[0].id
    blog.write("posts/a.md", texts[1])
    blog.git("rm", "--quiet", "posts/b.md")
    blog.commit("b has the name of a now")
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit("and goes")
    outcome = rolled_back(blog, latest)
    assert outcome.summary.exit_code == 3, outcome.told
    blog.run()
    for name in blog.names:
        shown = blog.site(name).posts()
        assert {shown[id].title: shown[id].status for id in shown} == {"A": "published", "B": "draft"}, outcome.told
        assert shown[ids[name]].title == "A"
    assert [blog.read(path) for path in blog.git("ls-files", "posts").split()] == [texts[0]]
    blog.quiet()


def test_a_text_that_was_reset_away_and_taken_off_there_is_sent_again_after_a_rollback(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.write("posts/a.md", post("A", FIRST, slug="a"))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.put("posts/b.md", post("B", "Edited.\n", slug="b"))
    blog.run()
    other = blog.syncs()[0].id
    blog.put("posts/a.md", post("A", SECOND, slug="a"))
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.site().edit(blog.id_of("A"), body=FIRST)
    rolled_back(blog, other)
    blog.put("posts/a.md", post("A", SECOND, slug="a"))
    outcome = blog.run()
    assert blog.shown("A").body == SECOND, outcome.told
    blog.quiet()


def test_a_post_that_came_with_a_swap_that_was_reset_away_is_rolled_back_alone(blog: Blog) -> None:
    ids = {name: blog.id_of("B", name) for name in blog.names}
    add(blog)
    before = blog.git("rev-parse", "HEAD")
    blog.swapped("posts/b.md", "posts/n.md")
    blog.commit("changed places")
    blog.run()
    reset(blog, before)
    outcome = rolled_back(blog)
    assert not (blog.root / "posts/n.md").exists(), outcome.told
    for name in blog.names:
        assert sorted(title or "" for title, _ in public(blog)[name].values()) == ["A", "B"], outcome.told
        assert blog.id_of("B", name) == ids[name], outcome.told
    blog.run()
    blog.quiet()


def test_a_site_that_was_left_and_whose_leaving_was_reset_away_gets_the_next_edit(blog: Blog) -> None:
    head = blog.git("rev-parse", "HEAD")
    leave_a_site(blog)
    blog.run()
    reset(blog, head)
    edit(blog)
    outcome = blog.run()
    assert [blog.shown("A", name).body for name in blog.names] == [SECOND, SECOND], outcome.told
    assert {blog.shown("A", name).status for name in blog.names} == {"published"}
    blog.quiet()


def test_a_post_without_an_agreement_is_known_under_another_name_when_a_new_file_takes_its_place(blog: Blog) -> None:
    ids = {name: blog.id_of("B", name) for name in blog.names}
    blog.write("posts/b.md", post("A", SECOND, slug="a"))
    blog.write("posts/a.md", post("B", SECOND, slug="b"))
    blog.git("reset", "--quiet", "--soft", blog.git("rev-list", "--max-parents=0", "HEAD").strip())
    blog.commit("squashed")
    rolled_back(blog)  # edited since: they stay, and this history has agreed on none of them
    blog.write("posts/c.md", post("C", slug="c"))
    blog.swapped("posts/a.md", "posts/c.md")
    blog.commit("a new post takes the place of another")
    outcome = blog.run()
    for name in blog.names:
        titles = sorted(post.title or "" for post in blog.site(name).posts().values())
        assert titles == ["A", "B", "C"], outcome.told
        assert blog.id_of("B", name) == ids[name], outcome.told
