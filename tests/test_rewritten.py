"""History that was rewritten after a sync: our own earlier text is replaced, an edit made on a site never is."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_an_amended_push_that_never_arrived_is_looked_for_first(blog: Blog) -> None:
    from gitsync_connectors.memory import Fault

    from gitsync.errors import OutcomeUnknown

    amend(blog, SECOND)
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("lost"), stored=True))
    blog.run()
    blog.clock.now += 100
    outcome = blog.run()
    assert blog.shown("A").body == SECOND, outcome.told
    blog.quiet()
