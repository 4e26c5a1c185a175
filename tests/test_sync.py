"""A sync, end to end, on sites in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour

from gitsync.model import Post
from tests.blog import Blog, post


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog")


def test_new_posts_are_created_once_and_then_nothing_happens(blog: Blog) -> None:
    for name in ("a", "b", "c"):
        blog.write(f"posts/{name}.md", post(f"Post {name}", tags="[x, y]"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.created == 3, outcome.told
    assert sorted(p.title or "" for p in blog.site().posts().values()) == ["Post a", "Post b", "Post c"]
    blog.quiet()


def test_an_edit_here_is_one_write_there(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, mended.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    assert "mended" in blog.shown("A").body
    blog.quiet()


def test_an_edit_there_becomes_a_commit_of_the_site_here(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", keep="me  # a comment"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo, there.\n\nThree.\n")
    outcome = blog.run()
    assert outcome.operations == [("pull", "posts/a.md", "done")], outcome.told
    assert blog.read("posts/a.md") == post("A", "One.\n\nTwo, there.\n\nThree.\n", keep="me  # a comment")
    assert blog.git("status", "--porcelain") == ""
    assert "Gitsync-Site: site" in blog.git("log", "-1", "--format=%B")
    blog.quiet()


def test_edits_on_both_sides_are_merged_and_the_site_gets_the_result(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo.\n\nThree, there.\n", tags=("new",))
    blog.put("posts/a.md", post("A", "One, here.\n\nTwo.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.merged == 1, outcome.told
    assert "One, here.\n\nTwo.\n\nThree, there.\n" in blog.read("posts/a.md")
    assert blog.shown("A").body == "One, here.\n\nTwo.\n\nThree, there.\n"
    assert blog.shown("A").tags == ("new",)
    blog.quiet()


def test_two_edits_of_one_sentence_are_a_conflict_that_blocks_nothing_else(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo there.\n\nThree.\n")
    blog.write("posts/b.md", post("B", "Better.\n"))
    blog.put("posts/a.md", post("A", "One.\n\nTwo here.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert outcome.summary.exit_code == 3
    assert blog.shown("B").body == "Better.\n"
    assert blog.shown("A").body == "One.\n\nTwo there.\n\nThree.\n"
    assert "<<<<<<< ours" in blog.read("posts/a.md")
    assert "UU posts/a.md" in blog.git("status", "--porcelain")
    blog.put("posts/a.md", post("A", "One.\n\nTwo here and there.\n\nThree.\n"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "One.\n\nTwo here and there.\n\nThree.\n"
    blog.quiet()


def test_a_post_on_the_site_becomes_a_file(blog: Blog) -> None:
    from gitsync.model import Post

    blog.site().put("", Post(title="Made there", slug="made-there", body="Hello.\n", status="published"))
    blog.site().put("", Post(title="Also there", slug="made-there", body="Other.\n", status="published"))
    outcome = blog.run()
    assert outcome.summary.pulled == 2, outcome.told
    assert "Hello." in blog.read("posts/made-there.md")
    assert "Other." in blog.read("posts/made-there-2.md")
    blog.quiet()


def test_a_rename_here_keeps_the_id_there(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    before = blog.id_of("A")
    blog.git("mv", "posts/a.md", "posts/z.md")
    blog.put("posts/z.md", post("A", "Edited as well.\n", slug="a"))
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert len(blog.site().posts()) == 1
    assert blog.shown("A").body == "Edited as well.\n"
    blog.quiet()


def test_a_deleted_file_is_unpublished_and_comes_back_under_its_id(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    before = blog.id_of("A")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    outcome = blog.run()
    assert outcome.operations == [("unpublish", "posts/a.md", "done")], outcome.told
    assert blog.shown("A").status == "draft"
    blog.quiet()
    blog.git("revert", "--no-edit", "HEAD")
    outcome = blog.run()
    assert blog.id_of("A") == before, outcome.told
    assert blog.shown("A").status == "published"
    blog.quiet()


def test_a_post_that_a_later_site_has_is_shown_again_on_the_sites_before_it_at_once(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("one", "two"))
    blog.put("posts/a.md", post("A", sites="[one]", slug="a"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    before = blog.id_of("A", "one")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.site("two").put("", Post(title="A", slug="a", body="One.\n\nTwo.\n\nThree.\n", status="published"))
    outcome = blog.run()
    assert blog.id_of("A", "one") == before, outcome.told
    assert blog.shown("A", "one").status == "published", outcome.told
    blog.quiet()


WORDS = "Enough words of its own to know this post again, wherever and under whatever name it comes back.\n"


@pytest.mark.parametrize("policy", ["unpublish", "ignore"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (post("A", "Short.\n", slug="a"), post("Another title", "Short.\n", slug="a")),
        (post("A", WORDS, slug="a"), post("A", WORDS, slug="b")),
        (post("A", WORDS), post("A", WORDS + "\nMore.\n", canonical_url="https://me.example/a")),
    ],
    ids=["slug", "text", "everything of its path"],
)
def test_a_deleted_post_that_comes_back_elsewhere_is_the_same_post(
    tmp_path: Path, policy: str, before: str, after: str
) -> None:
    blog = Blog(tmp_path / "blog", config=f'[policy]\ndelete = "{policy}"\n')
    blog.put("posts/a.md", before)
    blog.put("posts/b.md", post("B"))
    blog.run()
    id = blog.id_of("A")
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.put("posts/old/a.md", after)
    outcome = blog.run()
    assert len(blog.site().posts()) == 2, outcome.told
    title = "Another title" if "Another" in after else "A"
    assert (blog.id_of(title), blog.shown(title).status) == (id, "published")
    blog.quiet()
    blog.git("rm", "--quiet", "posts/old/a.md")
    blog.commit()
    blog.put("posts/a.md", before)
    blog.run()
    assert len(blog.site().posts()) == 2
    blog.quiet()


def test_a_new_post_with_the_title_of_a_deleted_one_is_a_new_post(blog: Blog) -> None:
    blog.put("posts/2026-01.md", post("Weekly notes", "January.\n"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.git("rm", "--quiet", "posts/2026-01.md")
    blog.commit()
    blog.run()
    blog.put("posts/2026-02.md", post("Weekly notes", "February.\n"))
    blog.run()
    assert sorted(p.body for p in blog.site().posts().values()) == [
        "February.\n",
        "January.\n",
        "One.\n\nTwo.\n\nThree.\n",
    ]
    blog.quiet()


def test_a_deleted_post_that_was_edited_there_and_comes_back_elsewhere_loses_neither(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", WORDS, slug="a"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.site().edit(blog.id_of("A"), body="Their words.\n")
    blog.run()
    blog.put("posts/c.md", post("A", "Our words.\n", slug="a"))
    outcome = blog.run()
    assert outcome.summary.conflicts == 1, outcome.told
    assert blog.shown("A").body == "Their words.\n"


def test_a_lost_reply_makes_no_second_copy(blog: Blog) -> None:
    from gitsync_connectors.memory import Fault

    from gitsync.errors import OutcomeUnknown

    for name in ("a", "b", "c"):
        blog.write(f"posts/{name}.md", post(f"Post {name}"))
    blog.commit()
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("504"), stored=True, skip=1))
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert len(blog.site().posts()) == 3
    blog.quiet()


def test_a_create_that_never_arrived_is_sent_again_when_that_is_sure(blog: Blog) -> None:
    from gitsync_connectors.memory import Fault

    from gitsync.errors import OutcomeUnknown

    blog.put("posts/a.md", post("A"))
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("timeout"), stored=False))
    outcome = blog.run()
    assert len(blog.site().posts()) == 1, outcome.told
    assert blog.clock.slept, "it must wait until it is sure"
    blog.quiet()


def test_a_lost_ledger_makes_no_second_copy(blog: Blog) -> None:
    for name in ("a", "b", "c"):
        blog.write(f"posts/{name}.md", post(f"Post {name}"))
    blog.commit()
    blog.run()
    for ref in blog.git("for-each-ref", "--format=%(refname)", "refs/gitsync").split():
        blog.git("update-ref", "-d", ref)
    outcome = blog.run()
    assert len(blog.site().posts()) == 3, outcome.told
    assert not [o for o in outcome.operations if o[0] in ("create", "update")], outcome.told
    blog.quiet()


def test_dropped_tags_come_back_when_there_is_room(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.run()
    assert blog.shown("A").tags == ("one", "two")
    blog.quiet()
    blog.site().edit(blog.id_of("A"), tags=("two",))
    outcome = blog.run()
    assert "tags: [two, three]" in blog.read("posts/a.md"), outcome.told
    assert blog.shown("A").tags == ("two", "three")
    blog.quiet()


def test_links_between_posts_are_each_sites_own(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("one", "two"))
    blog.write("posts/a.md", post("A", "See [b](b.md#part) and [c](./c.md).\n"))
    blog.write("posts/b.md", post("B", "See [a](a.md).\n"))
    blog.write("posts/c.md", post("C", "Nothing.\n"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    for name in ("one", "two"):
        assert "](b.md" not in blog.shown("A", name).body, outcome.told
        assert "](a.md" not in blog.shown("B", name).body, outcome.told
    blog.quiet()
    blog.site("one").edit(blog.id_of("A", "one"), body=blog.shown("A", "one").body + "\nMore.\n")
    blog.run()
    assert "See [b](b.md#part) and [c](./c.md).\n\nMore.\n" in blog.read("posts/a.md")
    assert "More." in blog.shown("A", "two").body
    blog.quiet()


def test_a_dirty_file_waits_for_its_author(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.site().edit(blog.id_of("A"), body="Changed there.\n")
    blog.write("posts/a.md", post("A", "Unsaved work.\n"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.read("posts/a.md") == post("A", "Unsaved work.\n")
    blog.git("checkout", "--", "posts/a.md")
    assert blog.run().summary.pulled == 1
    blog.quiet()


def test_an_empty_listing_deletes_nothing(blog: Blog) -> None:
    for name in ("a", "b"):
        blog.write(f"posts/{name}.md", post(f"Post {name}"))
    blog.commit()
    blog.run()
    rows = dict(blog.site().rows)
    blog.site().rows.clear()
    outcome = blog.run()
    assert outcome.summary.exit_code == 5, outcome.told
    blog.site().rows.update(rows)
    blog.quiet()


def test_a_dry_run_changes_nothing_and_tells_everything(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    outcome = blog.run(dry_run=True)
    assert outcome.operations == [("create", "posts/a.md", "planned")]
    assert blog.writes() == []
    assert blog.git("for-each-ref", "refs/gitsync") == ""


def test_an_invalid_post_blocks_only_itself(blog: Blog) -> None:
    blog.write("posts/bad.md", "---\ntitle: [unclosed\n---\nText.\n")
    blog.write("posts/good.md", post("Good"))
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 6, outcome.told
    assert outcome.summary.created == 1
    assert "posts/bad.md:3:" in outcome.told


def test_a_missing_image_is_told_at_its_line_and_column(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", "One.\n\nSee ![pic](./gone.png) here.\n"))
    outcome = blog.run()
    assert "posts/a.md:7:12: LINK003" in outcome.told, outcome.told
    assert outcome.summary.exit_code == 6


def test_a_file_name_that_is_no_text_blocks_only_itself(blog: Blog) -> None:
    import os

    blog.write("posts/good.md", post("Good"))
    (blog.root / "posts" / os.fsdecode(b"bad\xff.md")).write_bytes(b"---\ntitle: Bad\n---\n")
    blog.commit()
    outcome = blog.run()
    assert outcome.summary.exit_code == 6, outcome.told
    assert outcome.summary.created == 1


def test_a_tag_that_theirs_left_room_for_is_sent_though_the_site_went_on(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(max_tags=2))
    blog.put("posts/a.md", post("A", tags="[one, two, three]"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.site().edit(blog.id_of("A"), tags=("one",))
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    assert blog.run().summary.conflicts == 1
    blog.write("posts/a.md", blog.git("show", "refs/gitsync/site:conflicts/posts/a.md/theirs") + "\n")
    blog.commit()
    blog.site().edit(blog.id_of("A"), body="One, there.\n\nTwo.\n\nThree.\n")
    outcome = blog.run()
    assert blog.shown("A").tags == ("one", "three"), outcome.told
    assert "One, there." in (blog.root / "posts/a.md").read_text()
    blog.quiet()
