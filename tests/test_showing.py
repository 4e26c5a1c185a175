"""A conflict gets its markers, though the run that found it could not write them; once shown, it is the user's."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from gitsync.git.staging import Staging
from tests.blog import Blog, post


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", body="Ours.\n\nTwo.\n\nThree.\n"))
    blog.site().edit(blog.id_of("A"), body="Theirs.\n\nTwo.\n\nThree.\n")
    return blog


def stopped(blog: Blog, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let a sync end where it would write the markers."""

    def full(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "checkout", full)
        with pytest.raises(type(error)):
            blog.run()
    assert "<<<<<<<" not in blog.read("posts/a.md")


ERRORS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]


@pytest.mark.parametrize("error", ERRORS, ids=["full", "stopped"])
def test_markers_that_could_not_be_written_are_written_by_the_next_run(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    stopped(blog, monkeypatch, error)
    outcome = blog.run()
    assert outcome.summary.exit_code == 3
    assert "UU posts/a.md" in blog.git("status", "--porcelain"), outcome.told
    assert "<<<<<<< ours\nOurs.\n" in blog.read("posts/a.md")
    assert not (blog.root / ".git/gitsync/unshown.json").exists()


def test_markers_that_were_taken_back_are_not_written_again(blog: Blog) -> None:
    blog.run()
    blog.git("checkout", "--quiet", "HEAD", "--", "posts/a.md")
    assert blog.run().summary.exit_code == 3
    assert blog.git("status", "--porcelain") == ""


def decide(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", body="Both.\n\nTwo.\n\nThree.\n"))


def edit(blog: Blog) -> None:
    blog.write("posts/a.md", post("A", body="Ours, and more.\n\nTwo.\n\nThree.\n"))


def damage(blog: Blog) -> None:
    (blog.root / ".git/gitsync/unshown.json").write_bytes(b'{"conflicts": [')


@pytest.mark.parametrize(("then", "code"), [(decide, 0), (edit, 3), (damage, 3)])
def test_markers_are_never_written_over_what_was_done_meanwhile(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, then: Callable[[Blog], None], code: int
) -> None:
    stopped(blog, monkeypatch, ERRORS[0])
    then(blog)
    before = blog.read("posts/a.md")
    assert blog.run().summary.exit_code == code
    assert blog.read("posts/a.md") == before
    assert not (blog.root / ".git/gitsync/unshown.json").exists()


def test_nobody_is_shown_markers_where_nobody_looks(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(blog, monkeypatch, ERRORS[0])
    blog.run(materialise=False)
    assert blog.git("status", "--porcelain") == ""
    blog.run()
    assert "UU posts/a.md" in blog.git("status", "--porcelain")
