"""What a site has under another id than it said, or not at all, is neither there twice nor ever called agreed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.memory import Memory

from gitsync.claims import detach
from gitsync.model import Post, Record
from gitsync.project import Project
from gitsync.resolving import resolve
from gitsync.status import local_status
from gitsync.verify import verify
from tests.blog import Blog, post


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/old.md", post("Old", body="Words of the old one.\n"))
    blog.run()
    return blog


def answering(monkeypatch: pytest.MonkeyPatch, blog: Blog, act: Callable[[Memory, Record], Record]) -> None:
    """Let the site's answer to the create of posts/new.md be what `act` makes of it."""
    create = Memory.create
    with monkeypatch.context() as patched:
        patched.setattr(Memory, "create", lambda self, post: act(self, create(self, post)))
        blog.put("posts/new.md", post("New", body="Words of the new one.\n"))
        blog.run()


def made_up(_: Memory, record: Record) -> Record:
    return record._replace(id="made-up")


def made_up_and_lost(site: Memory, record: Record) -> Record:
    del site._store.rows[record.id]
    return record._replace(id="made-up")


def of_another(_: Memory, record: Record) -> Record:
    return record._replace(id="1")


def told(blog: Blog) -> tuple[str, str]:
    """What status and verify say."""
    project = Project.open(blog.root)
    sites = project.config.choose([])
    status = "\n".join(str(event) for event in list(local_status(project, sites))[:-1])
    return status, "\n".join(map(str, verify(project, sites, deep=False)))


@pytest.mark.parametrize("answer", [made_up, of_another])
def test_an_answer_with_a_wrong_id_makes_no_second_copy(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, answer: Callable[[Memory, Record], Record]
) -> None:
    answering(monkeypatch, blog, answer)
    blog.clock.sleep(100)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert sorted(it.name for it in (blog.root / "posts").iterdir()) == ["new.md", "old.md"]
    assert {id: it.title for id, it in blog.site().posts().items()} == {"1": "Old", "2": "New"}
    assert told(blog) == ("", "")
    blog.quiet()
    blog.put("posts/new.md", post("New", body="Other words of the new one.\n"))
    blog.run()
    assert [it.body for it in blog.site().posts().values()] == [
        "Words of the old one.\n",
        "Other words of the new one.\n",
    ]


def test_what_the_site_never_shows_is_told_until_somebody_decides(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, blog, made_up_and_lost)
    for _ in range(2):
        blog.clock.sleep(100)
        blog.run()
        for said in told(blog):
            assert "posts/new.md" in said
            assert "not on site any more" in said
    assert len(blog.site().posts()) == 1
    project = Project.open(blog.root)
    resolve(project, project.config.sites["site"], "posts/new.md", "ours")
    blog.run()
    assert {it.title for it in blog.site().posts().values()} == {"Old", "New"}
    assert told(blog) == ("", "")
    blog.quiet()


def test_what_is_let_go_of_is_not_told_any_more(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().remove(blog.id_of("A"))
    blog.run()
    assert all("posts/a.md" in said for said in told(blog))
    project = Project.open(blog.root)
    detach(project, project.config.sites["site"], "posts/a.md")
    assert told(blog) == ("", "")
    blog.quiet()


def test_a_table_that_was_loaded_anew_has_the_same_posts_under_other_ids(blog: Blog) -> None:
    for name in "abc":
        blog.write(f"posts/{name}.md", post(name.upper(), body=f"Words of {name}.\n"))
    blog.commit()
    blog.run()
    site = blog.site()
    posts: list[Post] = list(site.posts().values())
    site.rows.clear()
    for it in posts:
        site.put("", it)
    blog.write("posts/a.md", post("A", body="Words of a, and more.\n"))
    blog.commit()
    outcome = blog.run(allow=frozenset({"missing"}))
    assert outcome.summary.exit_code == 0, outcome.told
    assert sorted(it.name for it in (blog.root / "posts").iterdir()) == ["a.md", "b.md", "c.md", "old.md"]
    shown: Any = {it.title: it.body for it in site.posts().values()}
    assert len(site.posts()) == 4
    assert shown["A"] == "Words of a, and more.\n"
    blog.quiet()
