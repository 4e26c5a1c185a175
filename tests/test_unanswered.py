"""A create arrived, its answer did not, and the file went before the next sync."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown
from tests.blog import Blog, post

BODY = "One.\n\nTwo.\n\nThree, as they were sent.\n"


def sent(root: Path, *, policy: str = "unpublish", behaviour: Behaviour | None = None) -> Blog:
    """Two sites have the post, and only the second one said so."""
    blog = Blog(root / "blog", ["lost", "other"], config=f'[policy]\ndelete = "{policy}"\n', behaviour=behaviour)
    for name in blog.names:
        blog.site(name).now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/b.md", post("B", slug="b"))
    blog.run()
    blog.put("posts/a.md", post("A", BODY, slug="own"))
    blog.site("lost").faults.append(Fault(on="create", error=OutcomeUnknown("no answer"), stored=True))
    assert blog.run(wait=False).summary.exit_code == 1
    return blog


def delete(blog: Blog) -> None:
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()


STATUSES = {"unpublish": ["draft"], "delete": [], "ignore": ["published"]}


@pytest.mark.parametrize("holds", [("title", "slug", "status"), ("title", "status")], ids=["slugs", "no slugs"])
@pytest.mark.parametrize(
    "policy", [pytest.param(it, marks=[] if it == "unpublish" else [pytest.mark.slow]) for it in STATUSES]
)
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
    blog.put("posts/a.md", blog.git("show", "refs/gitsync/lost:conflicts/posts/a.md/theirs") + "\n")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [blog.shown("A", name).body for name in blog.names] == [BODY + "\nFour, from there.\n"] * 2
    blog.quiet()


def test_it_is_published_again_when_its_deletion_is_taken_back(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    ids = [blog.id_of("A", name) for name in blog.names]
    delete(blog)
    blog.run()
    blog.git("revert", "--no-edit", "HEAD")
    outcome = blog.run()
    assert [blog.id_of("A", name) for name in blog.names] == ids, outcome.told
    assert [blog.shown("A", name).status for name in blog.names] == ["published"] * 2
    blog.quiet()


def test_a_file_that_is_meant_for_no_site_any_more_takes_its_post_along(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.put("posts/a.md", post("A", BODY, slug="own", sites="[]"))
    outcome = blog.run()
    assert sorted(path.name for path in (blog.root / "posts").iterdir()) == ["a.md", "b.md"], outcome.told
    assert [blog.shown("A", name).status for name in blog.names] == ["draft"] * 2
    blog.quiet()


def test_a_site_that_does_not_show_it_yet_is_waited_for(tmp_path: Path) -> None:
    blog = sent(tmp_path, behaviour=Behaviour(lag=25))
    delete(blog)
    outcome = blog.run(wait=False)
    assert outcome.summary.exit_code == 1, outcome.told
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [blog.shown("A", name).status for name in blog.names] == ["draft"] * 2
    blog.clock.now += 100
    blog.quiet()


def test_a_file_that_was_only_reset_away_comes_back(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    outcome = blog.run()
    assert outcome.summary.pulled == 1, outcome.told
    assert sum(it.title == "A" for it in blog.site("other").posts().values()) == 1, outcome.told
    assert sorted(path.name for path in (blog.root / "posts").iterdir()) == ["a.md", "b.md"]
    blog.quiet()


@pytest.mark.parametrize("body", [BODY, BODY + "\nFour, from here.\n"], ids=["as it was", "edited"])
@pytest.mark.parametrize("holds", [("title", "slug", "status"), ("title", "status")], ids=["slugs", "no slugs"])
def test_a_file_that_was_renamed_is_the_post(tmp_path: Path, body: str, holds: tuple[str, ...]) -> None:
    blog = sent(tmp_path, behaviour=Behaviour(holds=holds))
    blog.git("mv", "posts/a.md", "posts/moved.md")
    blog.write("posts/moved.md", post("A", body, slug="own"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [sum(it.title == "A" for it in blog.site(name).posts().values()) for name in blog.names] == [1, 1]
    assert [blog.shown("A", name).body for name in blog.names] == [body] * 2
    blog.quiet()


def test_what_an_editor_makes_of_it_meanwhile_is_merged_with_what_was_sent(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.site("lost").edit(blog.id_of("A", "lost"), body=BODY.replace("One.", "One, there."))
    blog.put("posts/a.md", post("A", BODY.replace("sent.", "meant."), slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    both = BODY.replace("One.", "One, there.").replace("sent.", "meant.")
    assert blog.read("posts/a.md").endswith(both), outcome.told
    assert [blog.shown("A", name).body for name in blog.names] == [both, both]
    assert [len(blog.site(name).posts()) for name in blog.names] == [2, 2]
    blog.quiet()


def test_the_same_words_edited_here_and_there_meanwhile_are_a_conflict(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.site("lost").edit(blog.id_of("A", "lost"), body=BODY.replace("sent.", "put."))
    blog.put("posts/a.md", post("A", BODY.replace("sent.", "meant."), slug="a"))
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert "meant." not in blog.shown("A", "lost").body
    blog.put("posts/a.md", post("A", BODY.replace("sent.", "decided."), slug="a"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert [blog.shown("A", name).body for name in blog.names] == [BODY.replace("sent.", "decided.")] * 2
    blog.quiet()


def test_a_strangers_post_of_the_same_title_is_no_edit_of_it(tmp_path: Path) -> None:
    blog = sent(tmp_path)
    blog.site("lost").edit(blog.id_of("A", "lost"), body="Quite another text, which nobody here ever wrote.\n")
    outcome = blog.run(materialise=False)
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.read("posts/a.md").endswith(BODY)


@pytest.mark.parametrize("edited", [True, False])
def test_it_is_not_sent_again_under_another_name_before_it_is_known(tmp_path: Path, edited: bool) -> None:
    blog = sent(tmp_path, behaviour=Behaviour(lag=25))
    blog.git("mv", "posts/a.md", "posts/c.md")
    if edited:
        blog.write("posts/c.md", post("A new name", BODY, slug="renamed"))
    blog.commit()
    outcome = blog.run(wait=False)
    assert ("create", "posts/c.md", "unknown") in outcome.operations, outcome.told
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    for name in blog.names:
        public = [it.title for it in blog.site(name).posts().values() if it.status == "published"]
        assert sorted(public) == ["A new name" if edited else "A", "B"], (name, outcome.told)
    blog.quiet()


@pytest.mark.parametrize("title", ["A", "Another"])
def test_where_nobody_can_search_only_a_file_that_is_like_it_waits(tmp_path: Path, title: str) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(searchable=False))
    blog.put("posts/a.md", post("A", BODY))
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("no answer")))
    blog.run(wait=False)
    blog.git("mv", "posts/a.md", "posts/c.md")
    blog.write("posts/c.md", post(title, "Quite another text.\n"))
    blog.commit()
    outcome = blog.run()
    waits = ("create", "posts/c.md", "unknown") in outcome.operations
    assert (waits, len(blog.site().posts())) == ((True, 0) if title == "A" else (False, 1)), outcome.told
    assert outcome.summary.exit_code == 1
    assert ("gitsync push site --create posts/a.md forgets that request" in outcome.told) == waits
    outcome = blog.run(again=frozenset({"posts/a.md"}))
    assert (outcome.summary.exit_code, len(blog.site().posts())) == (0, 1), outcome.told
    blog.quiet()


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "for no site"])
def test_where_nobody_can_search_a_create_whose_file_went_is_told_until_somebody_looked(
    tmp_path: Path, gone: bool
) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(searchable=False))
    blog.put("posts/a.md", post("A", BODY))
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("no answer")))
    assert blog.run(wait=False).summary.exit_code == 1
    if gone:
        delete(blog)
    else:
        blog.put("posts/a.md", post("A", BODY, sites="[]"))
    for _ in range(2):
        blog.clock.sleep(1000)
        outcome = blog.run()
        assert outcome.operations == [("create", "posts/a.md", "unknown")], outcome.told
        assert outcome.summary.exit_code == 1
        assert "gitsync push site --create posts/a.md" in outcome.told
    assert blog.run(again=frozenset({"posts/a.md"})).summary.exit_code == 0
    assert not blog.site().posts()
    blog.quiet()


def test_a_new_file_waits_for_a_post_that_was_reset_away_before_the_site_shows_it(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/z.md", post("Z"))
    blog.run()
    blog.clock.now += 1000
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.put("posts/z.md", post("Z", BODY))
    blog.run(wait=False)
    blog.put("posts/b.md", post("A", "One.\n\nTwo.\n\nThree, edited.\n", slug="a"))
    assert blog.run(wait=False).summary.exit_code == 1
    blog.clock.now += 30
    outcome = blog.run()
    assert len(blog.site().posts()) == 2, outcome.told
    assert outcome.summary.conflicts == 1, outcome.told
