"""Posts that link to a post whose address moves lead to the new one, whoever moved it, and whatever else is edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from tests.blog import Blog, post


@pytest.mark.parametrize(("end", "linking", "conditional"), [("a", "b", True), ("b", "a", False)])
@pytest.mark.parametrize("moved", ["there", "here"])
@pytest.mark.parametrize(
    "edited", ["both", *(pytest.param(it, marks=pytest.mark.slow) for it in ("", "there", "here"))]
)
def test_a_link_follows_a_slug(
    tmp_path: Path, conditional: bool, end: str, linking: str, moved: str, edited: str
) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(conditional=conditional))
    blog.write(f"posts/{linking}.md", post("Links", f"See [it]({end}.md#part).\n\nWords.\n\nEnd.\n", slug="links"))
    blog.put(f"posts/{end}.md", post("Moves", "Words.\n", slug="first"))
    blog.run()
    blog.quiet()
    id = blog.id_of("Moves")
    if edited in ("there", "both"):
        blog.site().edit(blog.id_of("Links"), body=blog.shown("Links").body.replace("End", "The end"))
    if edited in ("here", "both"):
        blog.put(f"posts/{linking}.md", blog.read(f"posts/{linking}.md").replace("Words", "More words"))
    if moved == "there":
        blog.site().edit(id, slug="second")
    else:
        blog.put(f"posts/{end}.md", post("Moves", "Words.\n", slug="second"))
    blog.run()
    assert f"See [it](https://memory.example/second-{id}#part)." in blog.shown("Links").body
    assert f"See [it]({end}.md#part)." in blog.read(f"posts/{linking}.md")
    assert ("The end." in blog.shown("Links").body) == (edited in ("there", "both"))
    assert ("More words." in blog.shown("Links").body) == (edited in ("here", "both"))
    blog.quiet()


def test_two_posts_that_link_to_each_other_may_both_move(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.write("posts/a.md", post("A", "See [b](b.md).\n", slug="a1"))
    blog.put("posts/b.md", post("B", "See [a](a.md).\n", slug="b1"))
    blog.run()
    blog.quiet()
    blog.site().edit(blog.id_of("A"), slug="a2")
    blog.put("posts/b.md", post("B", "See [a](a.md).\n", slug="b2"))
    blog.run()
    assert blog.shown("A").body == f"See [b](https://memory.example/b2-{blog.id_of('B')}).\n"
    assert blog.shown("B").body == f"See [a](https://memory.example/a2-{blog.id_of('A')}).\n"
    blog.quiet()


@pytest.mark.parametrize(
    "hidden", [{"status": "draft"}, {"status": "scheduled", "date": "2099-01-01"}, {"sites": "[]"}]
)
def test_a_link_to_a_post_that_does_not_come_out_is_told_though_it_is_new(
    tmp_path: Path, hidden: dict[str, str]
) -> None:
    blog = Blog(tmp_path / "blog")
    blog.write("posts/a.md", post("A", **hidden))
    blog.write("posts/b.md", post("B", "See [a](a.md).\n"))
    blog.put("posts/c.md", post("C", "See [b](b.md).\n"))
    told = blog.run().told
    assert told.count("LINK001") == 1
    assert "LINK001 links to posts/a.md, which has no address on site yet." in told
    blog.put("posts/a.md", post("A"))
    assert "LINK001" not in blog.run().told
    assert "See [a](https://memory.example/" in blog.shown("B").body
    blog.quiet()


LEAVES = {
    "deleted": ("unpublish", lambda blog: (blog.root / "posts/a.md").unlink()),
    "really deleted": ("delete", lambda blog: (blog.root / "posts/a.md").unlink()),
    "deselected": ("unpublish", lambda blog: blog.write("posts/a.md", post("A", sites="[]"))),
    "hidden": ("unpublish", lambda blog: blog.write("posts/a.md", post("A", status="draft"))),
    "removed there": ("unpublish", lambda blog: blog.site().remove(blog.id_of("A"))),
}


@pytest.mark.parametrize("how", LEAVES)
def test_a_link_to_a_post_that_leaves_a_site_leads_nowhere_there_and_is_told(tmp_path: Path, how: str) -> None:
    policy, leave = LEAVES[how]
    blog = Blog(tmp_path / "blog", config=f'[policy]\ndelete = "{policy}"\nmax_delete = "100%"\n')
    blog.write("posts/a.md", post("A"))
    blog.write("posts/c.md", post("C"))
    blog.put("posts/b.md", post("B", "See [a](a.md#x) and [c](c.md).\n"))
    blog.run()
    leave(blog)
    blog.git("add", "-A")
    blog.git("commit", "--quiet", "--allow-empty", "-m", "leave")
    planned = blog.run(dry_run=True)
    assert ("update", "posts/b.md", "planned") in planned.operations
    assert ("LINK003" if "deleted" in how else "LINK001") in planned.told
    blog.run()
    assert blog.shown("B").body == f"See [a](a.md#x) and [c](https://memory.example/c-{blog.id_of('C')}).\n"
    assert "See [a](a.md#x) and [c](c.md)." in blog.read("posts/b.md")
    blog.quiet()
    blog.put("posts/a.md", post("A", "Back.\n", slug="again"))
    blog.run()
    if how == "removed there":  # a person has to say that it comes back
        return
    assert f"See [a](https://memory.example/again-{blog.id_of('A')}#x)" in blog.shown("B").body
    blog.quiet()


def test_a_link_to_a_post_that_stays_by_policy_stays(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='[policy]\ndelete = "ignore"\n')
    blog.write("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B", "See [a](a.md).\n"))
    blog.run()
    (blog.root / "posts/a.md").unlink()
    blog.commit()
    blog.run()
    assert "See [a](https://memory.example/a-" in blog.shown("B").body
    blog.quiet()


@pytest.mark.parametrize("skip", [0, 1])
def test_a_link_is_mended_by_the_next_run_where_one_dies_after_the_post_has_left(tmp_path: Path, skip: int) -> None:
    blog = Blog(tmp_path / "blog")
    for name in "ad":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.put("posts/b.md", post("B", "See [a](a.md) and [d](d.md).\n"))
    blog.run()
    for name in "ad":
        blog.write(f"posts/{name}.md", post(name.upper(), status="draft"))
    blog.commit()
    blog.site().faults.append(Fault(on="update", error=KeyboardInterrupt(), stored=True, skip=skip))
    with pytest.raises(KeyboardInterrupt):
        blog.run()
    blog.run()
    assert blog.shown("B").body == "See [a](a.md) and [d](d.md).\n"
    blog.quiet()
