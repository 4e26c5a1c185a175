"""`[policy] pull = "pull-request"`: what a site says waits on a branch of its own until a person has merged it."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour

from gitsync.model import Post
from gitsync.project import Project
from gitsync.verify import verify
from tests.blog import Blog, examined, post

REVIEWED = '[policy]\npull = "pull-request"\n'
TEXT = "One there.\n\nTwo there.\n\nThree there.\n"
MERGES = {
    "fast-forward": ("merge", "--quiet", "gitsync/pull-site"),
    "merge": ("merge", "--quiet", "--no-ff", "--no-edit", "gitsync/pull-site"),
    "squash": ("merge", "--quiet", "--squash", "gitsync/pull-site"),
}


@pytest.fixture
def proposed(tmp_path: Path) -> Blog:
    """A blog whose site, which knows no slugs, has a post of its own, which waits on a branch."""
    holds = ("title", "tags", "status")
    blog = Blog(tmp_path / "blog", config=REVIEWED, behaviour=Behaviour(holds=holds, surprise=True))
    blog.run()
    blog.site().put("", Post(title="From there", body=TEXT, status="published"))
    blog.run()
    return blog


def merge(blog: Blog, how: str) -> None:
    blog.git(*MERGES[how])
    if how == "squash":
        blog.commit("squashed")


def beyond_recognition(blog: Blog) -> None:
    """Both sides change the post until its title and its text say nothing of one another."""
    path = blog.root / "posts" / "from-there.md"
    path.write_text(path.read_text().replace("Two there.", "Something quite different."))
    blog.commit("rewritten here")
    blog.site().edit(blog.id_of("From there"), title="Under another name", body="All new.\n\nAnd long.\n\nTwo there.\n")


def test_edits_of_a_site_wait_on_a_branch_where_people_want_to_review_them(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("one", "two"), config='[policy]\npull = "pull-request"\n')
    blog.put("posts/a.md", post("A"))
    blog.run()
    head = blog.git("rev-parse", "HEAD")
    blog.site("one").edit(blog.id_of("A", "one"), body="One.\n\nTwo there.\n\nThree.\n")
    blog.run()
    assert blog.git("rev-parse", "HEAD") == head
    assert "Two there." in blog.git("show", "gitsync/pull-one:posts/a.md")
    assert "Two there." not in blog.shown("A", "two").body
    blog.quiet()
    blog.git("merge", "--quiet", "--squash", "gitsync/pull-one")
    blog.commit("squashed")
    blog.run()
    assert "Two there." in blog.shown("A", "two").body
    assert blog.shown("A", "one").body == "One.\n\nTwo there.\n\nThree.\n"
    blog.quiet()


@pytest.mark.parametrize("how", MERGES)
def test_a_merged_proposal_is_still_the_sites_post_when_both_sides_changed_it(proposed: Blog, how: str) -> None:
    merge(proposed, how)
    beyond_recognition(proposed)
    outcome = proposed.run()
    assert [it.title for it in proposed.site().posts().values()] == ["Under another name"], outcome.told
    assert outcome.summary.conflicts == 1, outcome.told


@pytest.mark.parametrize("how", ["fast-forward", "merge"])
def test_what_an_editor_adds_while_a_proposal_is_merged_is_no_conflict(proposed: Blog, how: str) -> None:
    merge(proposed, how)
    proposed.site().edit(proposed.id_of("From there"), body=f"{TEXT}\nFour there.\n")
    outcome = proposed.run()
    assert outcome.summary.exit_code == 0, outcome.told
    merge(proposed, how)
    assert "Four there." in (proposed.root / "posts" / "from-there.md").read_text()
    proposed.run()
    proposed.quiet()


def test_a_proposal_that_waits_is_told_and_made_once(proposed: Blog) -> None:
    for _ in range(2):
        proposed.quiet()
    proposed.put("posts/a.md", post("A"))
    proposed.run()
    proposed.run()
    proposed.quiet()
    tip = proposed.git("rev-parse", "gitsync/pull-site")
    proposed.run()
    assert proposed.git("rev-parse", "gitsync/pull-site") == tip
    proposed.site().edit(proposed.id_of("From there"), title="Under another name", body="All new.\n")
    proposed.run()
    assert "All new." in proposed.git("show", "gitsync/pull-site:posts/from-there.md")
    proposed.quiet()


def test_a_proposal_that_the_ledger_was_not_told_of_is_made_again(proposed: Blog) -> None:
    """As after a kill between the two, or where an earlier version of gitsync proposed it."""
    proposed.git("update-ref", "-d", "refs/gitsync/site")
    proposed.run()
    proposed.quiet()
    merge(proposed, "fast-forward")
    beyond_recognition(proposed)
    outcome = proposed.run()
    assert len(proposed.site().posts()) == 1, outcome.told


def test_a_waiting_proposal_is_no_sign_of_a_rewritten_history(proposed: Blog) -> None:
    project = Project.open(proposed.root)
    [difference] = verify(project, project.config.choose([]), deep=True)
    assert "merge it" in difference.message, difference
    assert examined(proposed) == []


def test_a_proposal_that_was_merged_and_deleted_takes_the_post_off_the_site(proposed: Blog) -> None:
    merge(proposed, "fast-forward")
    proposed.git("rm", "--quiet", "posts/from-there.md")
    proposed.commit("deleted")
    proposed.run()
    assert proposed.shown("From there").status == "draft"
    proposed.quiet()


def test_a_post_whose_proposal_waits_may_go_from_its_site(proposed: Blog) -> None:
    proposed.site().remove(proposed.id_of("From there"))
    proposed.run(allow=frozenset({"missing"}))
    proposed.quiet()
    merge(proposed, "merge")
    outcome = proposed.run()
    assert len(proposed.site().posts()) == 1, outcome.told
    proposed.quiet()
