"""Machines that know little: shallow checkouts, rewritten branches, ledgers that are lost, older or nonsense."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import pytest

from gitsync.errors import Error
from tests.blog import Blog, post
from tests.conftest import run_git

TITLES = ["A", "B", "C"]

pytestmark = pytest.mark.slow


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    return tmp_path / "origin.git"


@pytest.fixture
def blog(tmp_path: Path, origin: Path) -> Blog:
    """Three posts that were synced, with the ledger and the branch on a remote."""
    blog = Blog(tmp_path / "first", config='[state]\nremote = "origin"\nbranch = "main"\n')
    blog.git("remote", "add", "origin", str(origin))
    for title in TITLES:
        blog.write(f"posts/{title.lower()}.md", post(title))
    blog.commit()
    blog.git("push", "-q", "-u", "origin", "main")
    assert blog.run().summary.created == 3
    return blog


def clone(blog: Blog, name: str, *options: str) -> Blog:
    """Return another machine at the same remote and the same site."""
    other = copy(blog)
    other.root = blog.root.parent / name
    run_git(blog.root.parent, "clone", "-q", *options, f"file://{blog.root.parent}/origin.git", str(other.root))
    return other


def ledgers(root: Path) -> list[str]:
    return run_git(root, "for-each-ref", "--format=%(refname)", "refs/gitsync").split()


def settled(blog: Blog, *machines: Blog) -> None:
    """Assert that there is one copy of each post, and nothing left to do on any machine."""
    assert sorted(str(it.title) for it in blog.site().posts().values()) == TITLES
    for machine in machines:
        machine.git("pull", "-q", "--rebase", "origin", "main")
        before = len(blog.writes())
        outcome = machine.run()
        assert (outcome.operations, outcome.summary.exit_code) == ([], 0), outcome.told
        assert len(blog.writes()) == before


def test_a_shallow_checkout_pushes_and_pulls_like_any_other(blog: Blog, origin: Path) -> None:
    blog.put("posts/a.md", post("A", "One, edited.\n\nTwo.\n\nThree.\n"))
    blog.git("push", "-q", "origin", "main")
    runner = clone(blog, "runner", "--depth", "1")
    assert runner.run().operations == [("update", "posts/a.md", "done")]
    blog.site().edit(blog.id_of("B"), body="One.\n\nTwo, there.\n\nThree.\n")
    later = clone(blog, "later", "--depth", "1")
    assert later.run().operations == [("pull", "posts/b.md", "done")]
    assert "Two, there." in run_git(origin, "show", "main:posts/b.md")
    settled(blog, later, blog)


def test_a_branch_that_was_squashed_by_force_keeps_what_the_site_has(blog: Blog) -> None:
    for title in TITLES:
        blog.put(f"posts/{title.lower()}.md", post(title, "One.\n\nTwo, second.\n\nThree.\n"))
    blog.run()
    blog.site().edit(blog.id_of("C"), body="One, there.\n\nTwo, second.\n\nThree.\n")
    blog.run()
    other = clone(blog, "other")
    other.git("reset", "-q", "--soft", other.git("rev-list", "--max-parents=0", "main").strip())
    other.commit("all in one")
    other.put("posts/a.md", post("A", "One.\n\nTwo, third.\n\nThree.\n"))
    other.git("push", "-q", "--force", "origin", "main")
    outcome = other.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert ("update", "posts/a.md", "done") in outcome.operations
    assert blog.shown("A").body == "One.\n\nTwo, third.\n\nThree.\n"
    assert blog.shown("C").body == "One, there.\n\nTwo, second.\n\nThree.\n"
    blog.git("fetch", "-q", "origin")
    blog.git("reset", "-q", "--hard", "origin/main")
    settled(blog, other, blog)


@pytest.mark.parametrize("places", [("here",), ("there",), ("here", "there")], ids="+".join)
def test_a_ledger_that_was_deleted_costs_neither_words_nor_copies(
    blog: Blog, origin: Path, places: tuple[str, ...]
) -> None:
    for root in [blog.root] * ("here" in places) + [origin] * ("there" in places):
        for ref in ledgers(root):
            run_git(root, "update-ref", "-d", ref)
    blog.put("posts/a.md", post("A", "One, edited.\n\nTwo.\n\nThree.\n"))
    blog.site().edit(blog.id_of("B"), body="One.\n\nTwo, there.\n\nThree.\n")
    for _ in range(2):
        blog.run()
    if len(places) == 2:  # nobody knows any more which of the two is the newer: a person says
        assert "Two, there." in blog.git("show", "HEAD:posts/b.md") or "awaits a decision" in blog.run().told
        return
    assert blog.shown("A").body == "One, edited.\n\nTwo.\n\nThree.\n"
    assert "Two, there." in blog.read("posts/b.md")
    settled(blog, blog)


def test_a_ledger_that_was_set_back_makes_nothing_twice(blog: Blog, origin: Path) -> None:
    old = {ref: run_git(origin, "rev-parse", ref).strip() for ref in ledgers(origin)}
    blog.put("posts/a.md", post("A", "One, edited.\n\nTwo.\n\nThree.\n"))
    blog.put("posts/d.md", post("D"))
    blog.run()
    for ref, oid in old.items():
        run_git(origin, "update-ref", ref, oid)
    other = clone(blog, "other")
    other.put("posts/a.md", post("A", "One, edited.\n\nTwo, edited.\n\nThree.\n"))
    outcome = other.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "One, edited.\n\nTwo, edited.\n\nThree.\n"
    assert sorted(str(it.title) for it in blog.site().posts().values()) == [*TITLES, "D"]


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_nonsense_in_the_place_of_a_ledger_stops_a_run_and_says_what_to_do(blog: Blog, origin: Path, kind: str) -> None:
    blob = run_git(origin, "hash-object", "-w", str(blog.root / "gitsync.toml")).strip()
    tree = run_git(origin, "rev-parse", "main^{tree}").strip()
    junk = {"blob": blob, "tree": tree, "commit": run_git(origin, "commit-tree", "-m", "x", tree).strip()}[kind]
    run_git(origin, "update-ref", "refs/gitsync/site", junk)
    before = len(blog.writes())
    for machine in (blog, clone(blog, "other")):
        machine.put("posts/a.md", post("A", "Edited.\n"))
        with pytest.raises(Error) as error:
            machine.run()
        assert error.value.message == "refs/gitsync/site on origin is no ledger."
    assert len(blog.writes()) == before
    blog.git("push", "-q", "--force", "origin", "refs/gitsync/site:refs/gitsync/site")  # as the hint says
    assert blog.run().operations == [("update", "posts/a.md", "done")]
