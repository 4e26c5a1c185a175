"""What authors and configuration say of a post on one site: selection, overrides, defaults, policies."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour

from gitsync.model import Post
from tests.blog import Blog, post


@pytest.fixture
def two(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog", sites=("one", "two"))


def test_a_post_goes_only_where_its_author_wants_it(two: Blog) -> None:
    two.write("posts/a.md", post("A", sites="[one]"))
    two.write("posts/b.md", post("B", sites="[]"))
    two.write("posts/c.md", post("C"))
    two.commit()
    two.run()
    assert sorted(p.title or "" for p in two.site("one").posts().values()) == ["A", "C"]
    assert [p.title for p in two.site("two").posts().values()] == ["C"]
    two.quiet()


def test_a_site_that_nobody_configured_is_named_once(two: Blog) -> None:
    two.put("posts/a.md", post("A", sites="[onne]"))
    outcome = two.run()
    assert "names onne" in outcome.told
    assert two.site("one").posts() == {}
    assert "onne" not in two.run().told


def test_a_post_taken_from_one_site_stays_on_the_other(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.run()
    two.put("posts/a.md", post("A", sites="[two]"))
    outcome = two.run()
    assert two.shown("A", "one").status == "draft", outcome.told
    assert two.shown("A", "two").status == "published"
    two.quiet()
    two.put("posts/a.md", post("A", "Again, everywhere.\n"))
    two.run()
    assert two.shown("A", "one").status == "published"
    assert two.shown("A", "one").body == "Again, everywhere.\n"
    assert len(two.site("one").posts()) == 1
    two.quiet()


def test_an_edit_of_an_overridden_field_goes_to_the_override(two: Blog) -> None:
    two.put("posts/a.md", "---\ntitle: A\noverrides:\n  one:\n    title: A for one  # theirs\n---\n\nText.\n")
    two.run()
    assert two.shown("A for one", "one").body == "Text.\n"
    two.site("one").edit(two.id_of("A for one", "one"), title="A for one and only")
    two.run()
    assert two.read("posts/a.md") == (
        "---\ntitle: A\noverrides:\n  one:\n    title: A for one and only  # theirs\n---\n\nText.\n"
    )
    assert two.shown("A", "two")
    two.quiet()


def test_an_edit_on_one_site_reaches_the_other_in_the_same_run(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.run()
    two.site("two").edit(two.id_of("A", "two"), body="One.\n\nTwo from two.\n\nThree.\n")
    outcome = two.run()
    assert two.shown("A", "one").body == "One.\n\nTwo from two.\n\nThree.\n", outcome.told
    two.quiet()


def test_edits_on_both_sites_of_one_post_meet_in_the_file(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.run()
    two.site("one").edit(two.id_of("A", "one"), body="One of one.\n\nTwo.\n\nThree.\n")
    two.site("two").edit(two.id_of("A", "two"), body="One.\n\nTwo.\n\nThree of two.\n")
    outcome = two.run()
    assert "One of one.\n\nTwo.\n\nThree of two.\n" in two.read("posts/a.md"), outcome.told
    assert two.shown("A", "one").body == two.shown("A", "two").body == "One of one.\n\nTwo.\n\nThree of two.\n"
    two.quiet()


def test_a_conflict_with_one_site_keeps_nothing_from_the_other(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.run()
    two.site("one").edit(two.id_of("A", "one"), body="One.\n\nTwo on one.\n\nThree.\n")
    two.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n"))
    outcome = two.run(materialise=False)
    assert outcome.summary.exit_code == 3
    assert two.shown("A", "two").body == "One.\n\nTwo here.\n\nThree.\n"
    assert two.shown("A", "one").body == "One.\n\nTwo on one.\n\nThree.\n"
    assert two.run(materialise=False).summary.exit_code == 3


def test_a_post_imported_from_one_site_is_linked_with_its_twin_on_the_other(two: Blog) -> None:
    for name in ("one", "two"):
        two.site(name).put("", Post(title="Twin", slug="twin", body="The same text.\n", status="published"))
    outcome = two.run()
    assert outcome.summary.created == 0, outcome.told
    assert [path.name for path in (two.root / "posts").iterdir()] == ["twin.md"]
    two.quiet()


def test_a_site_for_drafts_keeps_every_new_post_a_draft(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    config = (blog.root / "gitsync.toml").read_text()
    blog.put("gitsync.toml", config + 'status = "draft"\n')
    blog.put("posts/a.md", post("A"))
    blog.run()
    assert blog.shown("A").status == "draft"
    blog.quiet()
    blog.site().edit(blog.id_of("A"), status="published")
    blog.run()
    assert "overrides:\n  site:\n    status: published" in blog.read("posts/a.md")
    blog.quiet()


def test_a_new_configuration_is_listed_and_never_applied_silently(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='url = "https://me.example"\n')
    blog.write("images/a.png", "not really")
    blog.put("posts/a.md", post("A", "See ![it](../images/a.png).\n"))
    blog.run()
    assert "https://me.example/images/a.png" in blog.shown("A").body
    config = (blog.root / "gitsync.toml").read_text()
    blog.put("gitsync.toml", config.replace("me.example", "you.example"))
    outcome = blog.run()
    assert "https://me.example/images/a.png" in blog.shown("A").body, outcome.told
    assert "allow resend" in outcome.told
    outcome = blog.run(allow=frozenset({"resend"}))
    assert "https://you.example/images/a.png" in blog.shown("A").body, outcome.told
    blog.quiet()


@pytest.mark.parametrize(("policy", "body"), [("ours", "Two here."), ("theirs", "Two there.")])
def test_a_policy_can_decide_conflicts(tmp_path: Path, policy: str, body: str) -> None:
    blog = Blog(tmp_path / "blog", config=f'[policy]\nconflict = "{policy}"\n')
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo there.\n\nThree.\n")
    blog.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert body in blog.shown("A").body
    assert body in blog.read("posts/a.md")
    blog.quiet()


def test_a_post_gone_there_is_kept_here_and_told_once(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    for name in "abcde":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    blog.site().remove(blog.id_of("C"))
    outcome = blog.run()
    assert "gone on site" in outcome.told
    assert (blog.root / "posts/c.md").exists()
    blog.quiet()


def test_deleted_here_and_edited_there_is_a_conflict(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="Improved there.\n")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.shown("A").status == "published"
    assert blog.run().summary.exit_code == 3


def test_images_are_uploaded_once_and_come_back_as_files(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(uploads=True))
    blog.write("images/a.png", "a picture")
    blog.write("posts/a.md", post("A", "See ![it](../images/a.png).\n\nEnd.\n"))
    blog.write("posts/b.md", post("B", "Also ![it](../images/a.png).\n"))
    blog.commit()
    outcome = blog.run()
    assert len(blog.site().assets) == 1, outcome.told
    assert "https://memory.example/assets/" in blog.shown("A").body
    blog.quiet()
    blog.site().edit(blog.id_of("A"), body=blog.shown("A").body.replace("End.", "The end."))
    blog.run()
    assert blog.read("posts/a.md") == post("A", "See ![it](../images/a.png).\n\nThe end.\n")
    blog.put("images/a.png", "another picture")
    blog.run()
    assert len(blog.site().assets) == 2
    blog.quiet()


def test_pull_sends_nothing_and_push_brings_nothing(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog")
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="There.\n")
    blog.put("posts/b.md", post("B", "Here.\n"))
    writes = len(blog.writes())
    assert blog.run(push=False).summary.pulled == 1
    assert len(blog.writes()) == writes
    blog.site().edit(blog.id_of("A"), body="There again.\n")
    assert blog.run(pull=False).summary.updated == 1
    assert "There again." not in blog.read("posts/a.md")
    blog.run()
    blog.quiet()
