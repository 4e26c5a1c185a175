"""What one machine sent without an answer stays in doubt for all others, whatever they send meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from tests.blog import SHARED, Blog, clone, post, shared


def interrupted(tmp_path: Path, **behaviour: int) -> Blog:
    """A blog with a shared state whose first run was interrupted when its site had stored the post A."""
    blog = Blog(tmp_path / "one", behaviour=Behaviour(**behaviour), config=SHARED)  # type: ignore[arg-type]
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A"))
    shared(blog)
    blog.site().faults.append(Fault(on="create", error=KeyboardInterrupt(), stored=True))
    with pytest.raises(KeyboardInterrupt):
        blog.run()
    return blog


@pytest.mark.slow
def test_a_create_in_doubt_outlives_a_run_of_another_machine_about_another_post(tmp_path: Path) -> None:
    blog = interrupted(tmp_path, lag=600)
    two = clone(blog, "two")
    two.put("posts/b.md", post("B", "Other words.\n"))
    two.git("push", "--quiet", "origin", "main")
    two.run(wait=False)
    three = clone(blog, "three")
    three.run(wait=False)
    blog.clock.now += 1000
    three.run()
    assert sorted(str(it.title) for it in blog.site().posts().values()) == ["A", "B"]
    three.quiet()


def test_a_file_that_is_deleted_elsewhere_before_anybody_knows_that_it_arrived_stays_deleted(tmp_path: Path) -> None:
    blog = interrupted(tmp_path)
    two = clone(blog, "two")
    two.git("rm", "--quiet", "posts/a.md")
    two.commit()
    blog.clock.now += 1000
    outcome = two.run()
    assert not (two.root / "posts/a.md").exists(), outcome.told
    assert blog.shown("A").status == "draft", outcome.told
    two.quiet()
