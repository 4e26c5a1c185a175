"""A deleted post that comes back at another path, on a site that knows no slugs: the same post if anything tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown
from tests.blog import Blog, post

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
