"""Law 11 as a property: any sync of any sites can be taken back, and its taking back too; also when it is cut off."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from gitsync_connectors.memory import STORES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.model import Post
from gitsync.project import Project
from gitsync.rollback import find_sync, roll_back
from gitsync.sync import Options
from tests.blog import Blog, Outcome, post
from tests.conftest import run_git

PATHS = [f"posts/{name}.md" for name in "abcd"]
Step = tuple[str, int, str]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "remove", "rename", "new", "edit there", "new there"]),
        st.integers(0, 3),
        st.sampled_from(["one", "two"]),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda step: (step[1], step[0] in ("new", "new there")),
)


def text(name: str, body: str = "One.\n\nTwo.\n\nThree.\n") -> str:
    return post(name, body, slug=f"slug-{name}", tags=f"[{name}]")


def carry_out(blog: Blog, steps: list[Step]) -> None:
    """Make the edits of one period, here and there; each post is touched once."""
    for kind, number, site in steps:
        name, path = "abcd"[number], PATHS[number]
        site = site if site in blog.names else blog.names[0]
        match kind:
            case "edit":
                blog.write(path, text(name, "One, edited here.\n\nTwo.\n\nThree.\n"))
            case "remove":
                (blog.root / path).unlink()
            case "rename":
                (blog.root / path).rename(blog.root / f"posts/renamed-{name}.md")
            case "new":
                blog.write(f"posts/new-{name}.md", text(f"new-{name}"))
            case "edit there":
                blog.site(site).edit(blog.id_of(name, site), body="One.\n\nTwo.\n\nThree, there.\n")
            case "new there":
                made = Post(title=f"Made {name}", slug=f"made-{name}", body="x\n", status="published")
                blog.site(site).put("", made)
    blog.git("add", "-A")
    blog.git("commit", "-q", "--allow-empty", "-m", "a period")


def public(blog: Blog) -> dict[str, dict[str, tuple[str | None, str]]]:
    return {
        site: {id: (p.title, p.body) for id, p in blog.site(site).posts().items() if p.status == "published"}
        for site in blog.names
    }


def files(blog: Blog) -> str:
    return blog.git("ls-tree", "-r", "HEAD", "posts/")


def rolled_back(blog: Blog, name: str | None = None) -> Outcome:
    project = Project.open(blog.root)
    sync = find_sync(project, name)
    assert sync is not None
    return Outcome(list(roll_back(project, sync, Options(), sleep=blog.clock.sleep, clock=blog.clock).events()))


def made(root: Path, names: tuple[str, ...]) -> Blog:
    blog = Blog(root / "blog", sites=names)
    for name, path in zip("abcd", PATHS, strict=True):
        blog.write(path, text(name))
    blog.commit()
    blog.run()
    return blog


@pytest.mark.parametrize("names", [("one",), pytest.param(("one", "two"), marks=pytest.mark.slow)])
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_a_sync_is_taken_back_and_its_taking_back_too(names: tuple[str, ...], steps: list[Step]) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        blog = made(root, names)
        before, tree = public(blog), files(blog)
        carry_out(blog, steps)
        found_there = {
            (site, id)
            for site in names
            for id in public(blog)[site].keys() - before[site].keys()
        }  # fmt: skip
        if not blog.run(allow=frozenset({"deletes"})).operations:
            return  # what a site shows alike, a rename for one, is nothing to take back
        after = public(blog), files(blog)
        outcome = rolled_back(blog)
        assert outcome.summary.exit_code == 0, outcome.told
        assert files(blog) == tree, outcome.told
        for site in names:
            kept = {id for where, id in found_there if where == site}
            shown = {id: it for id, it in public(blog)[site].items() if id not in kept}
            assert shown == before[site], outcome.told
            assert kept <= public(blog)[site].keys(), "an imported post is not touched on its site"
        blog.quiet()
        outcome = rolled_back(blog)
        assert (public(blog), files(blog)) == after, outcome.told
        blog.quiet()
    finally:
        shutil.rmtree(root)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", ["objects", "ledgers", "branch"])
def test_a_rollback_of_an_import_that_is_killed_touches_no_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    blog = made(tmp_path, ("one",))
    id = blog.site().put("", Post(title="There", slug="there", body="x\n", status="published"))
    blog.run()
    rows = list(blog.site().rows[id])

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    def advance_and_die(*args: object, **kwargs: object) -> None:
        advance(*args, **kwargs)  # type: ignore[arg-type]
        raise Killed

    advance = worktree.advance
    with monkeypatch.context() as patch:
        if at == "objects":
            patch.setattr(Ledger, "write", die)
        else:
            patch.setattr(worktree, "advance", die if at == "ledgers" else advance_and_die)
        with pytest.raises(Killed):
            rolled_back(blog)
    blog.run()
    assert blog.site().rows[id] == rows
    if at != "branch":
        project = Project.open(blog.root)
        assert project.repository.head() is not None
        rolled_back(blog, _import_of(blog))
    assert not (blog.root / "posts/there.md").exists()
    assert blog.site().rows[id] == rows
    blog.quiet()


def _import_of(blog: Blog) -> str:
    [line] = blog.git("log", "--format=%(trailers:key=Gitsync-Sync,valueonly)", "--grep=^Import").split()
    return line


def test_a_rollback_travels_with_the_branch(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    blog = Blog(tmp_path / "blog", sites=("one",), config='[state]\nremote = "origin"\n')
    blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    blog.git("push", "-q", "origin", "main")
    blog.put("posts/a.md", text("a"))
    blog.run()
    before = public(blog)
    blog.put("posts/a.md", text("a", "Worse.\n"))
    blog.run()
    run_git(tmp_path, "clone", "-q", str(tmp_path / "origin.git"), "other")
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert public(blog) == before
    assert run_git(tmp_path / "origin.git", "rev-parse", "main") == blog.git("rev-parse", "HEAD")
    first, blog.root = blog.root, tmp_path / "other"
    STORES[f"memory:{blog.root}/one"] = STORES[f"memory:{first}/one"]
    outcome = blog.run()
    assert outcome.operations == [], outcome.told
    assert blog.read("posts/a.md") == text("a")
    blog.quiet()
