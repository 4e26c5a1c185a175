"""A create arrived, its answer did not, and the file was deleted before the next sync."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown
from tests.blog import Blog, post

BODY = "One.\n\nTwo.\n\nThree, as they were sent.\n"


def sent(root: Path, *, policy: str = "unpublish", behaviour: Behaviour | None = None) -> Blog:
    """Two sites have the post, and only the second one said so."""
    blog = Blog(root / "blog", ["lost", "other"], config=f'[policy]\ndelete = "{policy}"\n', behaviour=behaviour)
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.put("posts/a.md", post("A", BODY, slug="a"))
    blog.site("lost").faults.append(Fault(on="create", error=OutcomeUnknown("no answer"), stored=True))
    assert blog.run(wait=False).summary.exit_code == 1
    return blog


def delete(blog: Blog) -> None:
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()


STATUSES = {"unpublish": ["draft"], "delete": [], "ignore": ["published"]}


@pytest.mark.parametrize("holds", [("title", "slug", "status"), ("title", "status")], ids=["slugs", "no slugs"])
@pytest.mark.parametrize("policy", list(STATUSES))
def test_it_is_deleted_everywhere_by_policy_and_not_imported(
    tmp_path: Path, policy: str, holds: tuple[str, ...]
) -> None:
    blog = sent(tmp_path, policy=policy, behaviour=Behaviour(holds=holds))
    delete(blog)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    for name in blog.names:
        statuses = [it.status for it in blog.site(name).posts().values() if it.title == "A"]
        assert statuses == STATUSES[policy], (name, outcome.told)
    assert not (blog.root / "posts/a.md").exists()
    blog.quiet()


def test_it_is_the_same_when_a_run_that_only_pulls_comes_first(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    delete(blog)
    assert blog.run(push=False).summary.pulled == 0
    outcome = blog.run()
    assert [blog.shown("A", name).status for name in blog.names] == ["draft", "draft"], outcome.told
    blog.quiet()


def test_what_an_editor_changed_there_meanwhile_is_a_conflict(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.site("lost").edit(blog.id_of("A", "lost"), body=BODY + "\nFour, from there.\n")
    delete(blog)
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert "Four, from there." in blog.git("show", "refs/gitsync/lost:conflicts/posts/a.md/theirs")
    assert blog.shown("A", "lost").status == "published"
    again = blog.run(materialise=False)
    assert again.summary.exit_code == 3, again.told
    assert sum(it.title == "A" for it in blog.site("other").posts().values()) == 1


def test_a_file_that_was_only_reset_away_comes_back(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert outcome.summary.pulled == 1, outcome.told
    assert sum(it.title == "A" for it in blog.site("other").posts().values()) == 1, outcome.told


def test_a_file_that_was_renamed_is_the_post(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.git("mv", "posts/a.md", "posts/moved.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [sum(it.title == "A" for it in blog.site(name).posts().values()) for name in blog.names] == [1, 1]
    assert blog.shown("A", "lost").status == "published"
    blog.quiet()
