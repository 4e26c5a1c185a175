"""Medium on the fake: once and never twice, later edits by hand, and all by hand where there is no token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.medium import Medium
from gitsync_connectors.medium_posts import id_in

from gitsync.errors import OutcomeUnknown, Rejected, Unauthorized
from gitsync.model import Post
from gitsync.testing import PNG, SAMPLE, Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings
from tests.fakes.accidents import Fault
from tests.fakes.medium import MediumSite
from tests.fakes.server import Stage

Connect = Callable[..., Medium]
TEXT = "---\ntitle: One\ntags: [b, a]\n---\n\nFirst *paragraph*.\n"


@pytest.fixture
def medium(stage: Stage) -> MediumSite:
    site = stage.app = MediumSite()
    site.host = f"{stage.host}/v1"
    return site


def made(medium: MediumSite, key: str = "", **options: Any) -> Medium:
    given = {"token": "env:T", **options}
    return Medium(settings("medium", medium.host, key=key or medium.token, **given), sleep=lambda _: None)


@pytest.fixture
def connected(medium: MediumSite) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(*given: Any, **options: Any) -> Medium:
            connector = made(medium, *given, **options)
            stack.callback(connector.close)
            return connector

        yield connect


class TestMedium(Conformance):
    @pytest.fixture
    def bench(self, medium: MediumSite) -> Iterator[Bench]:
        yield Bench(
            connect=lambda: made(medium),
            edit=lambda _id, _changes: None,
            lose=lambda: medium.faults.append(Fault("store-then-504", method="POST", path="/posts")),
            intruder=lambda: made(medium, "wrong-token"),
            secret=medium.token,
            refused=Post(title=None, status="published", body="x\n"),
        )
        assert not medium.violations


def test_a_post_is_sent_with_its_title_its_cover_and_what_medium_can_show(
    medium: MediumSite, connected: Connect
) -> None:
    site = connected(license="cc-40-by", notify=True)
    post = SAMPLE.with_fields(
        {
            "title": "Fish & Chips",
            "tags": ("one", "x" * 26, "two", "three", "four"),
            "cover": "https://me.example/a.png?x=1&y=2",
            "body": "Hello *you*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        }
    )
    assert {problem.code for problem in site.problems(post)} >= {"TAGS_CHANGED", "TABLE_FLAT"}
    record = site.create(site.project(post))
    [sent] = medium.posts.values()
    assert sent["content"].startswith(
        '<h1>Fish &amp; Chips</h1>\n<figure><img src="https://me.example/a.png?x=1&amp;y=2" alt=""></figure>\n'
        "<p>Hello <em>you</em></p>"
    )
    assert "<table" not in sent["content"]
    assert (sent["publishStatus"], sent["license"], sent["notifyFollowers"]) == ("public", "cc-40-by", True)
    assert record.post is not None
    assert record.post.tags == ("one", "two", "three")
    assert record.url == f"https://medium.com/@zoe/fish-chips-{record.id}"


@pytest.mark.parametrize(
    ("status", "visibility", "sent"),
    [
        ("published", "public", "public"),
        ("published", "unlisted", "unlisted"),
        ("draft", "unlisted", "draft"),
        ("private", "public", "draft"),
        ("scheduled", "public", "draft"),
    ],
)
def test_nothing_becomes_more_public_than_it_is_meant(
    medium: MediumSite, connected: Connect, status: str, visibility: str, sent: str
) -> None:
    site = connected(visibility=visibility)
    site.create(site.project(SAMPLE.with_fields({"status": status})))
    assert [post["publishStatus"] for post in medium.posts.values()] == [sent]


def test_a_writer_of_a_publication_is_told_that_only_drafts_are_taken(medium: MediumSite, connected: Connect) -> None:
    medium.role = "writer"
    site = connected(publication=medium.publication)
    with pytest.raises(Unauthorized, match="Writers may only send drafts") as caught:
        site.create(site.project(SAMPLE))
    assert 'status = "draft"' in caught.value.hint
    site.create(site.project(SAMPLE.with_fields({"status": "draft"})))
    assert [post["publicationId"] for post in medium.posts.values()] == [medium.publication]


def test_an_answer_without_an_id_may_have_stored_it(medium: MediumSite, connected: Connect) -> None:
    site = connected()
    for kind in ("store-then-html", "store-then-cut", "store-then-drop"):
        medium.faults.append(Fault(kind, method="POST", path="/posts"))  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknown):
            site.create(site.project(SAMPLE))


def test_without_a_token_nothing_is_sent(medium: MediumSite) -> None:
    site = Medium(settings("medium", medium.host))
    assert site.whoami().name == "Medium, by hand"
    assert not site.capabilities.create
    with pytest.raises(Rejected, match="no token"):
        site.create(site.project(SAMPLE))
    assert medium.log == []


@pytest.mark.parametrize(
    "text",
    [
        "3f2a8c1d9e0b",
        "https://medium.com/p/3f2a8c1d9e0b",
        "https://medium.com/@me/a-title-of-mine-3f2a8c1d9e0b?source=x",
        "https://me.medium.com/title-3f2a8c1d9e0b/",
    ],
)
def test_an_address_names_the_id(text: str) -> None:
    assert id_in(text) == "3f2a8c1d9e0b"


@pytest.mark.parametrize("text", ["", "hello", "https://medium.com/@me", "https://medium.com/p/"])
def test_other_addresses_name_none(text: str) -> None:
    assert id_in(text) is None


# Through the command line


@pytest.fixture
def desk(
    medium: MediumSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("MEDIUM_TOKEN", medium.token)
    site = f'platform = "medium"\nurl = "{medium.host}"\ntoken = "env:MEDIUM_TOKEN"\n'
    return Desk(tmp_path / "blog", capsys, config=f"\n[sites.medium]\n{site}")


@pytest.fixture
def by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys, config='\n[sites.medium]\nplatform = "medium"\n')


def test_a_post_goes_up_once_and_an_edit_is_a_page_to_paste(medium: MediumSite, desk: Desk) -> None:
    (desk.root / "images").mkdir()
    (desk.root / "images/a.png").write_bytes(PNG)
    desk.put("posts/one.md", TEXT + "\n![x](../images/a.png)\n")
    assert desk.run("sync").code == 0
    [id] = medium.posts
    assert "https://cdn-images-1.medium.com/1.png" in medium.posts[id]["content"]
    assert desk.run("sync").idle
    desk.put("posts/one.md", desk.read("posts/one.md").replace("First", "Second"))
    told = desk.run("sync")
    assert told.code == 0
    assert f"https://medium.com/@zoe/one-{id}" in told.out
    [page] = (desk.root / ".git/gitsync/pages/medium/posts").iterdir()
    assert str(page.relative_to(desk.root)) in told.out
    text = page.read_text(encoding="utf-8")
    assert "<h1>One</h1>\n<p>Second <em>paragraph</em>.</p>" in text
    assert "https://cdn-images-1.medium.com/1.png" in text
    # As long as nobody says that it was carried over, it is owed.
    assert page.name in desk.run("sync").out
    assert desk.run("adopt", "posts/one.md", "medium", id).code == 0
    assert not page.exists()
    assert desk.run("sync").idle
    assert desk.run("verify").code == 0
    assert len(medium.posts) == 1


def test_a_lost_reply_is_never_answered_with_a_second_post(medium: MediumSite, desk: Desk) -> None:
    desk.put("posts/one.md", TEXT)
    medium.faults.append(Fault("store-then-504", method="POST", path="/posts"))
    for _ in range(3):
        told = desk.run("sync")
        assert told.code == 1
        assert "gitsync adopt posts/one.md medium URL" in told.out
    desk.put("posts/one.md", TEXT + "\nMore.\n")
    assert desk.run("push").code == 1
    [id] = medium.posts
    desk.put("posts/one.md", TEXT)
    assert desk.run("adopt", "posts/one.md", "medium", f"https://medium.com/@zoe/one-{id}").code == 0
    assert desk.run("sync").idle
    assert len(medium.posts) == 1


def test_a_post_that_did_not_arrive_is_sent_when_somebody_says_so(medium: MediumSite, desk: Desk) -> None:
    desk.put("posts/one.md", TEXT)
    medium.faults.append(Fault("504", method="POST", path="/posts"))
    assert desk.run("sync").code == 1
    assert desk.run("sync", "--create", "posts/one.md").code == 0
    assert len(medium.posts) == 1
    assert desk.run("sync").idle


def test_a_post_that_is_deleted_here_is_to_be_removed_by_hand(medium: MediumSite, desk: Desk) -> None:
    desk.put("posts/one.md", TEXT)
    desk.run("sync")
    desk.git("rm", "-q", "posts/one.md")
    desk.commit("remove")
    told = desk.run("sync")
    assert "Remove https://medium.com/@zoe/one-" in told.out
    assert desk.run("detach", "posts/one.md", "medium").code == 0
    assert desk.run("sync").idle


def test_many_posts_at_once_are_asked_for_since_nobody_can_see_what_is_there(medium: MediumSite, desk: Desk) -> None:
    for number in range(51):
        desk.write(f"posts/{number}.md", f"---\ntitle: Post {number}\n---\n\nText {number}.\n")
    desk.commit()
    assert desk.run("sync").code == 5
    assert medium.posts == {}


def test_a_page_that_cannot_be_written_stops_nothing_else(by_hand: Desk) -> None:
    pages = by_hand.root / ".git/gitsync/pages"
    pages.mkdir(parents=True)
    (pages / "medium").write_text("no folder")
    by_hand.put("posts/one.md", TEXT)
    told = by_hand.run("sync")
    assert told.code == 1
    assert "Its page cannot be written" in told.told
    assert "pages/medium" in told.told
    (pages / "medium").unlink()
    assert by_hand.run("sync").code == 0


def test_without_a_token_a_post_is_a_page_with_steps_and_its_address_is_recorded(by_hand: Desk) -> None:
    by_hand.put("posts/one.md", TEXT.replace("---\n\n", "canonical_url: https://me.example/one\n---\n\n"))
    told = by_hand.run("sync")
    assert told.code == 0
    assert "gitsync publish posts/one.md medium" in told.out
    told = by_hand.run("publish", "posts/one.md", "medium", "--out", "one.html")
    assert told.code == 0
    assert "1. Open https://medium.com/p/import and give it https://me.example/one" in told.out
    assert "gitsync adopt posts/one.md medium URL" in told.out
    assert "<p>First <em>paragraph</em>.</p>" in by_hand.read("one.html")
    (by_hand.root / "one.html").unlink()
    url = "https://medium.com/@zoe/one-3f2a8c1d9e0b"
    assert by_hand.run("adopt", "posts/one.md", "medium", url).code == 0
    assert by_hand.run("sync").idle
    by_hand.put("posts/one.md", by_hand.read("posts/one.md").replace("First", "Second"))
    assert url in by_hand.run("sync").out
    told = by_hand.run("publish", "posts/one.md", "medium", "--json")
    assert told.events[0]["url"] == url
    assert told.events[0]["steps"][1].startswith(f"Open {url} in Medium's editor")


def test_a_site_that_takes_posts_itself_needs_no_page(desk: Desk, medium: MediumSite) -> None:
    config = '\n[sites.docs]\nplatform = "folder"\npath = "../docs"\n[sites.medium]\nplatform = "medium"\n'
    desk.write("gitsync.toml", f'[content]\npaths = ["posts/**/*.md"]\n{config}')
    desk.put("posts/one.md", TEXT)
    told = desk.run("publish", "posts/one.md", "docs")
    assert (told.code, medium.log) == (5, [])
    assert "gitsync push docs" in told.err


def test_a_post_that_medium_would_refuse_makes_no_page(by_hand: Desk) -> None:
    by_hand.put("posts/one.md", "---\ntags: [a]\n---\n\nText.\n")
    told = by_hand.run("publish", "posts/one.md", "medium")
    assert told.code == 6
    assert "posts/one.md:1:1: TITLE_MISSING" in told.err


def test_an_import_from_a_site_that_shows_nothing_says_what_to_do_instead(by_hand: Desk) -> None:
    by_hand.put("posts/one.md", TEXT)
    assert "gitsync import FILE" in by_hand.run("import", "medium").err
