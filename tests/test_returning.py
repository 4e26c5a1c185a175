"""A deleted post that comes back at another path, on a site that knows no slugs: the same post if anything tells."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.claims import adopt
from gitsync.errors import OutcomeUnknown
from gitsync.project import Project
from tests.blog import Blog, post
from tests.test_rollback_laws import rolled_back

BODY = "One, as it was at first.\n\nTwo, which is not like the first.\n\nThree, with which it ends.\n"
OTHER = "Quite another text, of which nobody would say that it ever was that one.\n"
POLICIES = ["ignore", *(pytest.param(it, marks=pytest.mark.slow) for it in ("unpublish", "delete"))]


def gone(root: Path, policy: str, *, lost: bool = False, **fields: str) -> Blog:
    """A post was there, and was let go of by `policy`."""
    holds = ("title", "tags", "status", "date")
    config = f'[policy]\ndelete = "{policy}"\n'
    blog = Blog(root / "blog", config=config, behaviour=Behaviour(holds=holds))
    blog.put("posts/b.md", post("B"))
    blog.put("posts/a.md", post("A", BODY, **fields))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    if lost:
        blog.site().faults.append(
            Fault(on="delete" if policy == "delete" else "update", error=OutcomeUnknown("no answer"), stored=True)
        )
    blog.run()
    blog.clock.now += 100
    blog.run()
    return blog


def titles(blog: Blog) -> list[str]:
    return sorted(it.title or "" for it in blog.site().posts().values() if it.status != "draft")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("lost", [False, True], ids=["heard", "unheard"])
def test_its_slug_tells_whatever_else_it_says(tmp_path: Path, policy: str, lost: bool) -> None:
    blog = gone(tmp_path, policy, lost=lost, slug="own")
    before = len(blog.site().rows)
    blog.put("posts/again.md", post("A, under another name", OTHER, slug="own"))
    outcome = blog.run()
    assert titles(blog) == ["A, under another name", "B"], outcome.told
    assert policy == "delete" or len(blog.site().rows) == before, outcome.told
    blog.quiet()


def test_a_history_that_no_longer_has_the_file_is_no_obstacle(tmp_path: Path) -> None:
    blog = gone(tmp_path, "ignore", slug="own")
    tree = blog.git("rev-parse", "HEAD^{tree}").strip()
    blog.git("reset", "--quiet", "--hard", blog.git("commit-tree", "-m", "squashed", tree).strip())
    kept = blog.git("rev-parse", "refs/gitsync/site^{tree}").strip()
    said = re.sub(
        "Head: .*",
        "Head: " + blog.git("rev-parse", "HEAD").strip(),
        blog.git("log", "-1", "--format=%B", "refs/gitsync/site"),
    )
    blog.git("update-ref", "refs/gitsync/site", blog.git("commit-tree", "-m", said, kept).strip())
    blog.git("reflog", "expire", "--expire=now", "--all")
    blog.git("gc", "--quiet", "--prune=now")
    blog.put("posts/again.md", post("A", BODY + "\nFour.\n", slug="own"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert titles(blog) == ["A", "B"], outcome.told


@pytest.mark.parametrize("policy", POLICIES)
def test_its_title_tells_with_half_of_its_words(tmp_path: Path, policy: str) -> None:
    blog = gone(tmp_path, policy)
    before = len(blog.site().rows)
    blog.put("posts/again.md", post("A", BODY.replace("first", "last")))
    outcome = blog.run()
    assert titles(blog) == ["A", "B"], outcome.told
    assert policy == "delete" or len(blog.site().rows) == before, outcome.told
    blog.quiet()


def test_it_can_be_let_go_of_and_come_back_time_and_again(tmp_path: Path) -> None:
    blog = gone(tmp_path, "ignore", slug="own")
    for number in range(2):
        blog.put(f"posts/again{number}.md", post(f"A {number}", OTHER * (number + 1), slug="own"))
        blog.run()
        assert titles(blog) == [f"A {number}", "B"]
        blog.git("rm", "--quiet", f"posts/again{number}.md")
        blog.commit()
        blog.run()
        blog.quiet()


@pytest.mark.parametrize(
    ("body", "date"),
    [(OTHER, "2026-01-02"), (BODY.replace("first", "last"), "2026-01-09")],
    ids=["another text", "another date"],
)
def test_the_next_of_a_series_is_another_post(tmp_path: Path, body: str, date: str) -> None:
    blog = gone(tmp_path, "ignore", date="2026-01-02")
    blog.put("posts/next.md", post("A", body, date=date))
    outcome = blog.run()
    assert titles(blog) == ["A", "A", "B"], outcome.told
    blog.quiet()


def two_alike(root: Path, policy: str) -> Blog:
    """Two posts of one text were there, and were let go of; then a file of that text came."""
    holds = ("title", "tags", "status", "date")
    blog = Blog(root / "blog", config=f'[policy]\ndelete = "{policy}"\n', behaviour=Behaviour(holds=holds))
    blog.put("posts/b.md", post("B"))
    for name in ("one", "two"):
        blog.put(f"posts/{name}.md", post("A", BODY))
    blog.run()
    blog.git("rm", "--quiet", "posts/one.md", "posts/two.md")
    blog.commit()
    blog.run()
    blog.put("posts/again.md", post("A", BODY))
    return blog


def test_of_two_that_are_alike_and_hidden_a_person_says_which_it_is(tmp_path: Path) -> None:
    blog = two_alike(tmp_path, "unpublish")
    [first, _] = sorted(id for id, it in blog.site().posts().items() if it.title == "A")
    for _ in range(2):
        outcome = blog.run()
        assert outcome.summary.exit_code == 3, outcome.told
        assert "has several posts that were let go of and may be this one" in outcome.told
    project = Project.open(blog.root)
    adopt(project, project.config.sites["site"], "posts/again.md", first, materialise=False)
    blog.run()
    assert titles(blog) == ["A", "B"]
    assert blog.site().posts()[first].status == "published"
    blog.quiet()


def test_of_two_that_are_alike_and_deleted_it_is_neither(tmp_path: Path) -> None:
    # It was asked which of two posts it is that are nowhere any more.
    blog = two_alike(tmp_path, "delete")
    outcome = blog.run()
    assert outcome.operations == [("create", "posts/again.md", "done")], outcome.told
    blog.quiet()


@pytest.mark.parametrize("heard", [True, False])
def test_a_listing_from_before_a_post_was_deleted_is_no_reason_to_ask(tmp_path: Path, heard: bool) -> None:
    # It was said that the site has it again.
    blog = Blog(tmp_path / "blog", config='[policy]\ndelete = "delete"\n', behaviour=Behaviour(lag=20))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    for name in "ab":
        blog.put(f"posts/{name}.md", post(name.upper()))
    blog.run()
    blog.clock.sleep(100)
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    if not heard:
        blog.site().faults.append(Fault(on="delete", error=OutcomeUnknown("no answer"), stored=True))
    blog.run()
    for _ in range(3):
        outcome = blog.run()
        assert "has it again" not in outcome.told
        blog.clock.sleep(10)
    assert [it.title for it in blog.site().posts().values()] == ["B"]
    blog.quiet()


def test_a_decision_for_the_very_text_that_the_site_had_before_is_sent(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A", "Old.\n", slug="a"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="New.\n")
    blog.run()
    blog.git("reset", "--quiet", "--hard", "HEAD~1")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.site().edit(blog.id_of("A"), body="Other.\n")
    assert blog.run().summary.conflicts == 1
    blog.put("posts/a.md", post("A", "New.\n", slug="a"))
    outcome = blog.run()
    assert blog.shown("A").body == "New.\n", outcome.told
    blog.quiet()


def test_it_comes_back_after_another_post_took_its_place(tmp_path: Path) -> None:
    blog = gone(tmp_path, "ignore", slug="own")
    kept = blog.id_of("A")
    blog.put("posts/a.md", post("Z", OTHER, slug="other"))
    blog.run()
    blog.put("posts/again.md", post("A", BODY, slug="own"))
    outcome = blog.run()
    assert titles(blog) == ["A", "B", "Z"], outcome.told
    assert blog.id_of("A") == kept
    blog.quiet()


def test_what_was_edited_there_while_another_post_had_its_place_is_not_gone_over(tmp_path: Path) -> None:
    blog = gone(tmp_path, "ignore", slug="own")
    blog.put("posts/a.md", post("Z", OTHER, slug="other"))
    blog.run()
    theirs = BODY.replace("at first", "at last")
    blog.site().edit(blog.id_of("A"), body=theirs)
    blog.put("posts/again.md", post("A", BODY, slug="own"))
    outcome = blog.run()
    assert blog.shown("A").body == theirs, outcome.told
    assert titles(blog) == ["A", "B", "Z"], outcome.told


@pytest.mark.parametrize("policy", POLICIES)
def test_another_post_at_its_path_goes_over_nothing_and_is_rolled_back_alone(tmp_path: Path, policy: str) -> None:
    blog = gone(tmp_path, policy, slug="own")
    if policy != "delete":
        blog.site().edit(blog.id_of("A"), body="Edited there.\n")
    blog.put("posts/a.md", post("Z", OTHER, slug="other"))
    before = blog.site().posts()
    blog.run()
    assert blog.site().posts() == before | {blog.id_of("Z"): blog.shown("Z")}
    blog.quiet()
    outcome = rolled_back(blog)
    assert not (blog.root / "posts/a.md").exists(), outcome.told
    shown = blog.site().posts()
    assert before.items() <= shown.items(), outcome.told
    blog.put("posts/a.md", post("A", BODY, slug="own"))
    blog.run()
    assert len(blog.site().rows) <= 3 + (policy == "delete")
