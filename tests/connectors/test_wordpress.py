"""WordPress on the fake: the laws, what it makes of a post, what its refusals mean, and both sides at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.wordpress import WordPress
from gitsync_connectors.wordpress_posts import file_name, is_at, slug_of, tags_of

from gitsync.errors import Malformed, NotFound, Rejected, Unauthorized
from gitsync.model import Asset, Post
from gitsync.testing import Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings
from tests.fakes.accidents import Fault
from tests.fakes.server import Stage
from tests.fakes.wordpress import WordPressSite

NAMES = {"body": "content", "description": "excerpt"}
Connect = Callable[..., WordPress]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def wp(stage: Stage) -> WordPressSite:
    wp = stage.app = WordPressSite()
    wp.host = stage.host
    return wp


def made(wp: WordPressSite, key: str = "", url: str = "", **options: Any) -> WordPress:
    given = settings("wordpress", url or wp.host, key=key or wp.password, user=wp.user, **options)
    return WordPress(given, sleep=lambda _: None)


@pytest.fixture
def connected() -> Iterator[Callable[..., WordPress]]:
    with ExitStack() as stack:

        def connect(*given: Any, **options: Any) -> WordPress:
            connector = made(*given, **options)
            stack.callback(connector.close)
            return connector

        yield connect


class TestWordPress(Conformance):
    @pytest.fixture(params=["blocks", "html"])
    def bench(self, request: pytest.FixtureRequest, wp: WordPressSite) -> Iterator[Bench]:
        def edit(id: str, changes: Mapping[str, str]) -> None:
            wp.edit(id, **{NAMES.get(name, name): text for name, text in changes.items()})

        yield Bench(
            connect=lambda: made(wp, format=request.param),
            edit=edit,
            lose=lambda: wp.faults.append(Fault("store-then-504", method="POST", path="/posts")),
            intruder=lambda: made(wp, "wrong-password"),
            secret=wp.password.replace(" ", ""),
            refused=Post(status="published"),
            exact=False,
        )
        assert not wp.violations


def test_five_thousand_posts_are_listed_with_fifty_requests_though_their_times_tie(
    wp: WordPressSite, connected: Connect
) -> None:
    first = wp.posts[wp.add(title="Post", date_gmt="2020-01-01T00:00:00")]
    wp.posts = {id: replace(first, id=id, slug=f"p{id}") for id in range(1, 5001)}
    assert len({record.id for record in connected(wp).scan()}) == 5000
    assert len(wp.log) == 50


def test_a_listing_that_moves_while_it_is_read_is_read_again(
    wp: WordPressSite, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        wp.add(title=f"Post {number}")
    real = wp.listing
    gone = [min(wp.posts)]

    def deleting(*given: Any) -> Any:
        answer = real(*given)
        for id in gone:
            del wp.posts[id]
        gone.clear()
        return answer

    monkeypatch.setattr(wp, "listing", deleting)
    assert {record.id for record in connected(wp).scan()} == {str(id) for id in wp.posts}


def test_names_of_tags_and_addresses_of_covers_are_asked_for_a_hundred_posts_at_once(
    wp: WordPressSite, connected: Connect
) -> None:
    connector = connected(wp)
    cover = connector.upload(Asset(path="images/ü x.png", content=PNG, media_type="image/png", sha256="0"))
    post = Post(title="T", tags=("R&D", "ümlaut"), cover=cover, body="x\n", status="published")
    ids = [connector.create(connector.project(post)).id for _ in range(5)]
    wp.log.clear()
    found = list(connected(wp).fetch_many(ids))
    assert [(record.post.tags, record.post.cover) for record in found if record.post] == [(post.tags, cover)] * 5
    assert len(wp.log) == 3


def picture(path: str, content: bytes = PNG) -> Asset:
    return Asset(path=path, content=content, media_type="image/png", sha256="0")


@pytest.mark.parametrize("path", ["images/ü x.png", "images/the_Best--of.all.png", "a b c d e f g h i j k l m.png"])
def test_a_file_of_the_library_is_known_by_its_content(wp: WordPressSite, connected: Connect, path: str) -> None:
    wp.large = 60
    connector = connected(wp)
    other, large = picture(path, PNG[:-1] + b"!"), picture(path, PNG * 9)
    assert connector.stored(picture(path)) is None
    urls = [connector.upload(it) for it in (picture(path), other, large)]
    assert len(set(urls)) == 3
    assert [connected(wp).stored(it) for it in (picture(path), other, large)] == urls
    assert connected(wp).stored(picture(path, PNG + b"?")) is None
    assert len(wp.media) == 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("images/图像.png", "e59bbee5838f.png"),
        ("ü x.JPG", "u-x.JPG"),
        ("a/..b.tar.gz", "b.tar.gz"),
        ("a/README", "README"),
        ("🙂 1.png", "1.png"),
        ("….png", "e280a6.png"),
    ],
)
def test_an_uploaded_file_keeps_its_ending_whatever_letters_it_is_called_by(path: str, name: str) -> None:
    assert file_name(path) == name


def test_a_cover_of_the_site_is_one_with_or_without_www() -> None:
    assert is_at("http://www.blog.example/a.png", "blog.example")
    assert is_at("https://blog.example/a.png", "WWW.blog.example")
    assert not is_at("https://blog.example:81/a.png", "blog.example")
    assert not is_at("https://cdn.blog.example/a.png", "blog.example")


def test_a_file_that_cannot_be_compared_is_none_of_ours(wp: WordPressSite, connected: Connect) -> None:
    connector = connected(wp)
    url = connector.upload(picture("images/a.png"))
    wp.faults += [Fault("html", path="/wp-content/"), Fault("cut", path="/wp-content/", times=4)]
    assert connector.stored(picture("images/a.png")) is None
    assert connector.stored(picture("images/a.png")) is None
    assert connector.stored(picture("images/a.png")) == url
    assert not wp.violations


def test_a_file_that_wordpress_wants_not_in_its_library_is_refused_though_it_says_500(
    wp: WordPressSite, connected: Connect
) -> None:
    film = Asset(path="images/a.webm", content=b"x", media_type="video/webm", sha256="0")
    with pytest.raises(Rejected, match="not allowed to upload this file type"):
        connected(wp).upload(film)


def test_terms_are_made_once_and_found_whatever_their_case(wp: WordPressSite, connected: Connect) -> None:
    wp.terms["tags"][5] = ("Python", 0)
    connector = connected(wp, categories=["News/Of the world"])
    record = connector.create(connector.project(Post(title="T", tags=("python", "Neu"), body="x\n")))
    stored = wp.posts[int(record.id)]
    assert 5 in stored.tags
    assert sorted(wp.terms["tags"][id][0] for id in stored.tags) == ["Neu", "Python"]
    [parent] = [id for id, (name, _) in wp.terms["categories"].items() if name == "News"]
    assert [wp.terms["categories"][id] for id in stored.categories] == [("Of the world", parent)]
    wp.log.clear()
    connector.create(connector.project(Post(title="U", tags=("python", "Neu"), body="x\n")))
    assert [call for call in wp.writes() if call[1] != "/posts"] == []


def test_the_site_without_pretty_permalinks_is_found(wp: WordPressSite, connected: Connect) -> None:
    wp.permalinks = False
    connector = connected(wp)
    assert connector.whoami().name == "Zoë O’Hara"
    record = connector.create(connector.project(Post(title="T", body="x\n")))
    assert connector.fetch(record.id).post == record.post


@pytest.mark.parametrize("end", ["", "/", "/wp-json", "/wp-json/", "/wp-json/wp/v2", "/wp-admin/"])
def test_the_address_may_be_that_of_the_api(wp: WordPressSite, connected: Connect, stage: Stage, end: str) -> None:
    assert connected(wp, url=f"{stage.host}{end}").whoami().name == "Zoë O’Hara"


def test_a_warning_of_php_before_the_answer_harms_nothing(wp: WordPressSite, connected: Connect) -> None:
    wp.notice = True
    connector = connected(wp)
    record = connector.create(connector.project(Post(title="T", body="x\n")))
    assert [found.id for found in connector.scan()] == [record.id]


def test_a_role_that_may_not_publish_is_told_with_the_field(wp: WordPressSite, connected: Connect) -> None:
    wp.role = "contributor"
    connector = connected(wp)
    with pytest.raises(Rejected, match="not allowed to publish") as caught:
        connector.create(connector.project(Post(title="T", body="x\n")))
    assert caught.value.field == "status"
    assert "Author" in caught.value.hint
    assert "review = true" in caught.value.hint


def test_an_author_sees_its_own_posts_among_those_of_others(wp: WordPressSite, connected: Connect) -> None:
    first = wp.posts[wp.add(title="Post", date_gmt="2020-01-01T00:00:00")]
    wp.posts = {id: replace(first, id=id, slug=f"p{id}", author=2 if id % 100 == 50 else 1) for id in range(1, 1001)}
    wp.role = "author"
    wp.log.clear()
    assert [record.id for record in connected(wp).scan()] == [str(id) for id in range(50, 1001, 100)]
    assert len(wp.log) == 3  # a page, who asks, and a page of its own posts
    with pytest.raises(Unauthorized, match="not allowed to edit this post") as caught:
        connected(wp).fetch("1")
    assert "Editor" in caught.value.hint


def test_what_wordpress_takes_out_of_an_authors_posts_is_told_before(wp: WordPressSite, connected: Connect) -> None:
    body = "Text.\n\n<iframe src='https://maps.example/'></iframe>\n\n`<script>` is code.\n"
    assert [p.code for p in connected(wp).problems(Post(title="T", body=body))] == []
    wp.role = "author"
    connector = connected(wp)
    [problem] = connector.problems(Post(title="T", body=body))
    assert (problem.code, problem.severity, problem.field) == ("HTML_STRIPPED", "loss", "body")
    assert "<iframe>" in problem.message
    assert "script" not in problem.message
    record = connector.create(connector.project(Post(title="T", body=body)))
    assert "iframe" not in wp.posts[int(record.id)].content
    wp.log.clear()
    assert connector.problems(Post(title="T", body="No frame.\n")) == []
    assert wp.log == []


def test_a_contributors_posts_wait_for_review_and_stay_as_the_editor_decides(
    wp: WordPressSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WP_TOKEN", wp.password)
    wp.role = "contributor"
    site = f'platform = "wordpress"\nurl = "{wp.host}"\nuser = "{wp.user}"\ntoken = "env:WP_TOKEN"\npace = "off"\n'
    desk = Desk(tmp_path / "blog", capsys, config=f"\n[sites.blog]\n{site}review = true\n")
    desk.put("posts/a.md", "---\ntitle: A\ndate: 2026-01-02\n---\n\nOne.\n")
    desk.put("posts/b.md", "---\ntitle: B\nstatus: draft\n---\n\nTwo.\n")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert "waits for review" in answer.told
    assert {post.title: post.status for post in wp.posts.values()} == {"A": "pending", "B": "draft"}
    assert desk.run("sync").out.startswith("Nothing to do")
    [post] = [post for post in wp.posts.values() if post.title == "A"]
    wp.edit(post.id, status="publish", title="A, edited")
    wp.role = "author"  # promoted, so that it may go on editing what is published
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert desk.read("posts/a.md") == "---\ntitle: A, edited\ndate: 2026-01-02\n---\n\nOne.\n"
    desk.put("posts/a.md", "---\ntitle: A, edited\ndate: 2026-01-02\n---\n\nOne, and more.\n")
    assert desk.run("sync").code == 0
    assert (post.status, "and more" in wp.posts[post.id].content) == ("publish", True)
    assert desk.run("sync").out.startswith("Nothing to do")


def test_categories_are_added_to_posts_that_lack_them_and_none_is_taken_away(
    wp: WordPressSite, connected: Connect
) -> None:
    record = connected(wp).create(connected(wp).project(Post(title="T", body="x\n")))
    wp.edit(record.id, categories=[1, 77])
    connector = connected(wp, categories=["News"])
    there = connector.fetch(record.id)
    connector.update(record.id, connector.project(Post(title="T", body="y\n")), expect=there.revision)
    [news] = [id for id, (name, _) in wp.terms["categories"].items() if name == "News"]
    assert wp.posts[int(record.id)].categories == [1, 77, news]


def test_a_page_of_a_firewall_is_no_answer_of_wordpress(wp: WordPressSite, connected: Connect) -> None:
    wp.faults.append(Fault("html", method="GET", times=10))
    with pytest.raises(Malformed, match="an HTML page"):
        list(connected(wp).scan())


def test_nobody_is_told_to_look_at_the_password(wp: WordPressSite, connected: Connect) -> None:
    with pytest.raises(Unauthorized, match="Application Passwords"):
        list(connected(wp, "wrong").scan())


def test_what_is_in_the_trash_is_gone_and_comes_back_with_its_id(wp: WordPressSite, connected: Connect) -> None:
    connector = connected(wp)
    record = connector.create(connector.project(Post(title="T", slug="t", body="x\n")))
    connector.delete(record.id, expect=record.revision)
    assert wp.posts[int(record.id)].status == "trash"
    assert list(connector.scan()) == []
    with pytest.raises(NotFound):
        connector.fetch(record.id)
    again = connector.update(record.id, connector.project(Post(title="T", slug="t", body="x\n")), expect="")
    assert (again.id, again.post.slug if again.post else None) == (record.id, "t")
    connected(wp, trash=False).delete(record.id, expect="")
    assert not wp.posts


def test_blocks_that_nobody_edited_keep_their_markup(wp: WordPressSite, connected: Connect) -> None:
    image = (
        '<!-- wp:image {"id":7,"sizeSlug":"large"} -->\n<figure class="wp-block-image size-large">'
        '<img src="https://x.example/a.png" alt="A" class="wp-image-7"/></figure>\n<!-- /wp:image -->'
    )
    columns = (
        '<!-- wp:columns -->\n<div class="wp-block-columns"><!-- wp:column -->\n<div class="wp-block-column">'
        "<!-- wp:paragraph -->\n<p>In a column.</p>\n<!-- /wp:paragraph --></div>\n<!-- /wp:column --></div>\n"
        "<!-- /wp:columns -->"
    )
    text = "<!-- wp:paragraph -->\n<p>Old text.</p>\n<!-- /wp:paragraph -->"
    id = str(wp.add(title="T", content=f"{image}\n\n{columns}\n\n{text}"))
    connector = connected(wp)
    shown = connector.fetch(id).post
    assert shown is not None
    assert shown.body.startswith("![A](https://x.example/a.png)\n\n<!-- wp:columns -->")
    connector.update(id, shown.with_fields({"body": shown.body.replace("Old", "New")}), expect="")
    assert wp.posts[int(id)].content == f"{image}\n\n{columns}\n\n{text.replace('Old', 'New')}"


def test_a_classic_post_stays_one(wp: WordPressSite, connected: Connect) -> None:
    id = str(wp.add(title="T", content='One line\nand another.\n\n<strong>Bold</strong> [gallery ids="1"]'))
    connector = connected(wp)
    shown = connector.fetch(id).post
    assert shown is not None
    assert shown.body == 'One line\\\nand another.\n\n**Bold** [gallery ids="1"]\n'
    connector.update(id, shown.with_fields({"body": shown.body.replace("Bold", "Brave")}), expect="")
    assert "<!-- wp:" not in wp.posts[int(id)].content
    assert "<strong>Brave</strong>" in wp.posts[int(id)].content
    connector.update(id, shown.with_fields({"body": shown.body.replace("Bold", "Brave")}), expect="")


def test_statuses_and_dates_are_those_of_wordpress(wp: WordPressSite, connected: Connect) -> None:
    connector = connected(wp)
    past, coming = datetime(2015, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    for status, date, shown in (
        ("published", past, ("publish", "published", past)),
        ("scheduled", coming, ("future", "scheduled", coming)),
        ("draft", past, ("draft", "draft", None)),
        ("private", past, ("private", "private", past)),
        ("scheduled", None, ("draft", "draft", None)),
    ):
        record = connector.create(connector.project(Post(title="T", status=status, date=date, body="x\n")))
        assert record.post is not None
        assert (wp.posts[int(record.id)].status, record.post.status, record.post.date) == shown
        assert (record.url is not None) == (record.post.status in ("published", "private"))


def test_a_post_that_waits_for_review_keeps_waiting(wp: WordPressSite, connected: Connect) -> None:
    id = str(wp.add(title="T", content="x", status="pending"))
    connector = connected(wp)
    shown = connector.fetch(id).post
    assert shown is not None
    assert shown.status == "draft"
    connector.update(id, shown.with_fields({"title": "U"}), expect="")
    assert wp.posts[int(id)].status == "pending"


def test_a_post_password_is_kept_nowhere(wp: WordPressSite, connected: Connect) -> None:
    id = str(wp.add(title="T", content="x", password="open sesame"))
    assert "sesame" not in repr(connected(wp).fetch(id))


@pytest.mark.parametrize(
    ("slug", "made"), [("Ça va?", "ca-va"), ("a.b  c", "a-b-c"), ("--x--", "x"), ("日本", "日本"), ("Zoë_1", "zoe_1")]
)
def test_slugs_are_as_wordpress_makes_them(slug: str, made: str) -> None:
    assert slug_of(slug) == made
    assert slug_of(made) == made


def test_tags_are_in_the_order_of_their_names_each_once() -> None:
    assert tags_of(("b", "A", "a", " c  d ", "")) == ("A", "b", "c d")


# Both sides, through the command line


@pytest.fixture
def desk(
    wp: WordPressSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("WP_APP_PASSWORD", wp.password)
    config = (
        f'\n[sites.blog]\nplatform = "wordpress"\nurl = "{wp.host}"\nuser = "{wp.user}"\n'
        'token = "env:WP_APP_PASSWORD"\npace = "off"\n'
    )
    return Desk(tmp_path / "blog", capsys, config=config)


def test_a_blog_goes_up_once_and_an_edit_in_the_block_editor_comes_back_alone(wp: WordPressSite, desk: Desk) -> None:
    text = (
        "---\ntitle: One\ntags: [b, a]  # in my order\n---\n\nFirst *paragraph*.\n\n- a\n- b\n\n![x](../images/a.png)\n"
    )
    (desk.root / "images").mkdir()
    (desk.root / "images/a.png").write_bytes(PNG)
    desk.put("posts/one.md", text)
    assert desk.run("sync").code == 0
    [post] = wp.posts.values()
    assert "<!-- wp:list -->" in post.content
    assert "/wp-content/uploads/2026/01/a.png" in post.content
    writes = len(wp.writes())
    assert desk.run("sync").out.startswith("Nothing to do")
    assert len(wp.writes()) == writes

    wp.edit(post.id, content=post.content.replace("First <em>paragraph</em>.", "First <em>paragraph</em>, edited."))
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == text.replace("*paragraph*.", "*paragraph*, edited.")
    assert len(wp.writes()) == writes
    assert desk.run("sync").out.startswith("Nothing to do")


def test_three_lost_replies_make_no_second_copy(wp: WordPressSite, desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.put(f"posts/{name}.md", f"---\ntitle: {name}\n---\n\nText of {name}.\n")
    wp.faults.append(Fault("store-then-504", method="POST", path="/posts", times=3))
    desk.run("sync")
    assert desk.run("sync").code == 0
    assert sorted(post.title for post in wp.posts.values()) == ["one", "three", "two"]
