"""Ghost on the fake: the laws, its collisions, old posts, webhooks, and both sides at work."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.ghost import Ghost

from gitsync.errors import ConfigError, Forged, Malformed, Rejected, Stale, Unauthorized
from gitsync.model import Asset, Post
from gitsync.testing import PNG, Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings
from tests.connectors.test_ghost_server import NATIVE, lexical, written
from tests.fakes.accidents import Fault
from tests.fakes.ghost import GhostSite
from tests.fakes.server import Stage

Connect = Callable[..., Ghost]
NAMES = {"body": "lexical", "description": "custom_excerpt"}


@pytest.fixture
def ghost(stage: Stage) -> GhostSite:
    ghost = stage.app = GhostSite()
    ghost.host = stage.host
    return ghost


def made(ghost: GhostSite, key: str = "", url: str = "", **options: Any) -> Ghost:
    return Ghost(settings("ghost", url or ghost.host, key=key or ghost.key, **options), sleep=lambda _: None)


@pytest.fixture
def connected() -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(*given: Any, **options: Any) -> Ghost:
            connector = made(*given, **options)
            stack.callback(connector.close)
            return connector

        yield connect


class TestGhost(Conformance):
    @pytest.fixture
    def bench(self, ghost: GhostSite) -> Iterator[Bench]:
        def edit(id: str, changes: Mapping[str, str]) -> None:
            ghost.edit(id, **{NAMES.get(n, n): written(t) if n == "body" else t for n, t in changes.items()})

        yield Bench(
            connect=lambda: made(ghost),
            edit=edit,
            lose=lambda: ghost.faults.append(Fault("store-then-504", method="POST", path="/posts/")),
            intruder=lambda: made(ghost, f"{ghost.key[:24]}:{'0' * 64}"),
            secret=ghost.key.partition(":")[2],
            refused=Post(title=None, status="published", body="x\n"),
        )
        assert not ghost.violations


def test_two_hundred_and_fifty_posts_are_listed_with_three_requests(ghost: GhostSite, connected: Connect) -> None:
    ids = {ghost.add(title=f"Post {number}") for number in range(250)}
    assert {record.id for record in connected(ghost).scan()} == ids
    assert len(ghost.log) == 3


def test_markdown_comes_back_byte_for_byte(ghost: GhostSite, connected: Connect) -> None:
    body = "Hard  \nbreak\\\nand *a_b*\n\n\n\n<div>\n\nx</div>\n\n- a\n\n\n  b {{ c }} [^1]\n\n[^1]: n  "
    site = connected(ghost)
    record = site.create(site.project(Post(title="T", body=body)))
    assert record.post is not None
    assert record.post.body == body


@pytest.mark.parametrize(
    ("name", "media_type", "shelf"),
    [
        ("a.png", "image/png", "images"),
        ("a.pdf", "application/pdf", "files"),
        ("a.zip", "application/zip", "files"),
        ("a.mp3", "audio/mpeg", "media"),
        ("a.webm", "video/webm", "media"),
    ],
)
def test_a_file_is_stored_where_ghost_keeps_its_kind(
    ghost: GhostSite, connected: Connect, name: str, media_type: str, shelf: str
) -> None:
    url = connected(ghost).upload(Asset(path=f"images/{name}", content=b"x", media_type=media_type, sha256="0"))
    assert f"/content/{shelf}/" in url
    assert ghost.images[url] == b"x"


def test_an_edit_in_between_is_stale(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    record = site.create(site.project(Post(title="T", body="x\n")))
    ghost.posts[record.id]["updated_at"] = "2030-01-01T00:00:00.000Z"
    with pytest.raises(Stale, match="Someone else is editing"):
        site.update(record.id, site.project(Post(title="T", body="y\n")), expect=record.revision)


def test_cards_of_the_editor_survive_an_edit_from_here(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    id = ghost.add(title="T", lexical=lexical(NATIVE))
    shown = site.fetch(id).post
    assert shown is not None
    assert shown.body.startswith("**Words of an editor**\n\n```python\nx = 1\n```\n\n> 💡 Look\n\n<!-- ghost:product ")
    site.update(id, shown.with_fields({"body": shown.body.replace("an editor", "the editor")}), expect="")
    nodes = json.loads(ghost.posts[id]["lexical"])["root"]["children"]
    assert nodes[1:] == NATIVE[1:]
    assert nodes[0]["markdown"].strip() == "**Words of the editor**"


def test_an_old_post_is_read_and_becomes_a_lexical_one_when_it_is_sent(ghost: GhostSite, connected: Connect) -> None:
    old = {
        "version": "0.3.1",
        "markups": [["strong"], ["a", ["href", "https://x.example"]]],
        "atoms": [["soft-return", "", {}]],
        "cards": [["card-markdown", {"markdown": "*old* text"}], ["hr", {}]],
        "sections": [
            [1, "h2", [[0, [], 0, "Head"]]],
            [1, "p", [[0, [0], 1, "bold"], [1, [], 0, 0], [0, [1], 1, "link"]]],
            [3, "ul", [[[0, [], 0, "a"]], [[0, [], 0, "b"]]]],
            [10, 0],
            [10, 1],
        ],
    }
    site = connected(ghost)
    id = ghost.add(title="T")
    ghost.posts[id] |= {"lexical": None, "mobiledoc": json.dumps(old)}
    shown = site.fetch(id).post
    assert shown is not None
    assert shown.body == "## Head\n\n**bold**\\\n[link](https://x.example)\n\n- a\n- b\n\n*old* text\n\n---\n"
    ghost.posts[id]["mobiledoc"] = json.dumps({**old, "cards": old["cards"][:1], "sections": [[10, 0]]})
    site.fetch(id)
    after = site.update(id, shown.with_fields({"body": "New.\n"}), expect="")
    assert after.post is not None
    assert (after.post.body, ghost.posts[id]["mobiledoc"]) == ("New.\n", None)


def test_what_a_post_is_beside_its_fields_stays_as_it_is(ghost: GhostSite, connected: Connect) -> None:
    connector = connected(ghost)
    record = connector.create(connector.project(Post(title="T", body="First.\n")))
    ghost.edit(record.id, visibility="members", authors=[{"id": "1"}, {"id": "2"}])
    there = connector.fetch(record.id)
    connector.update(record.id, connector.project(Post(title="Other", body="New.\n")), expect=there.revision)
    post = ghost.posts[record.id]
    assert (post["title"], post["visibility"], len(post["authors"])) == ("Other", "members", 2)


def test_internal_tags_and_their_order_are_kept(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    post = Post(title="T", tags=("Zebra", "#hidden", "apple", "zebra"), body="x\n")
    record = site.create(site.project(post))
    assert record.post is not None
    assert record.post.tags == ("Zebra", "#hidden", "apple")


def test_dates_and_statuses_are_those_of_ghost(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    past, coming = datetime(2015, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
    for status, date, shown in (
        ("published", past, ("published", past)),
        ("scheduled", coming, ("scheduled", coming)),
        ("draft", past, ("draft", None)),
        ("private", past, ("draft", None)),
    ):
        record = site.create(site.project(Post(title="T", status=status, date=date, body="x\n")))
        assert record.post is not None
        assert (record.post.status, record.post.date) == shown


def test_no_newsletter_is_ever_asked_for(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    id = ghost.add(title="T", status="sent")
    shown = site.fetch(id).post
    assert shown is not None
    site.update(id, shown.with_fields({"title": "U"}), expect="")
    assert ghost.posts[id]["status"] == "sent"
    assert not ghost.violations


@pytest.mark.parametrize("end", ["", "/", "/ghost", "/ghost/", "/ghost/api/admin/"])
def test_the_address_may_be_that_of_the_admin(ghost: GhostSite, stage: Stage, connected: Connect, end: str) -> None:
    assert connected(ghost, url=f"{stage.host}{end}").whoami().name == "Zoë’s Ghost"


def test_a_key_of_another_form_is_an_error_of_the_configuration(ghost: GhostSite) -> None:
    with pytest.raises(ConfigError, match="Settings → Integrations"):
        made(ghost, "0123456789abcdef")


def test_refusals_name_the_field(ghost: GhostSite, connected: Connect) -> None:
    site = connected(ghost)
    with pytest.raises(Rejected, match="Validation failed for title") as caught:
        site.create(Post(title="x" * 256, body="x\n"))
    assert caught.value.field == "title"
    assert site.problems(Post(title="x" * 256))[0].code == "TITLE_LONG"


def test_another_server_at_the_address_is_told(ghost: GhostSite, connected: Connect) -> None:
    with pytest.raises(Malformed, match="another server answered"):
        connected(ghost, url=f"{ghost.host}/elsewhere").whoami()
    with pytest.raises(Unauthorized, match="clock of this machine"):
        list(connected(ghost, f"{ghost.key[:24]}:{'1' * 64}").scan())


def hooked(ghost: GhostSite, connected: Connect) -> Ghost:
    """Return a connector that knows the secret of webhooks; the fake's key stands for it."""
    return connected(ghost, webhook_secret="env:HOOK")


def call(body: bytes, at: float, *, secret: str, old: bool = False) -> dict[str, str]:
    stamp = str(int(at * 1000))
    signed = body if old else body + stamp.encode()
    return {"X-Ghost-Signature": f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}, t={stamp}"}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"event": "post.published", "post": {"current": {"id": "a1"}, "previous": {}}}, "post.published"),
        ({"post": {"current": {"id": "a1"}, "previous": {"title": "x"}}}, "post.edited"),
        ({"post": {"current": {}, "previous": {"id": "a1"}}}, "post.deleted"),
    ],
)
def test_a_signed_webhook_tells_which_post(
    ghost: GhostSite, connected: Connect, payload: Any, kind: str, old: bool
) -> None:
    site = hooked(ghost, connected)
    body = json.dumps(payload).encode()
    [event] = site.events(call(body, time.time(), secret=ghost.key, old=old), body)
    assert (event.kind, event.id) == (kind, "a1")


def test_forged_late_and_foreign_webhooks_are_refused(ghost: GhostSite, connected: Connect) -> None:
    site = hooked(ghost, connected)
    body = b'{"post": {"current": {"id": "a1"}}}'
    now = time.time()
    for headers in (
        {},
        {"x-ghost-signature": "sha256=0, t=1"},
        call(body, now, secret="other"),
        call(body + b" ", now, secret=ghost.key),
        call(body, now - 3600, secret=ghost.key),
    ):
        with pytest.raises(Forged):
            site.events(headers, body)
    for other in (
        b'{"tag": {"current": {"id": "a1"}}}',
        b'{"post": {"current": ["a1"]}}',
        b'{"post": {"current": "a1"}}',
    ):
        assert site.events(call(other, now, secret=ghost.key), other) == []


def test_webhooks_are_asked_for_once_and_only_with_a_secret(ghost: GhostSite, connected: Connect) -> None:
    with pytest.raises(ConfigError, match="webhook_secret"):
        connected(ghost).register("https://me.example/hook")
    site = hooked(ghost, connected)
    for _ in range(2):
        assert "post.published.edited" in site.register("https://me.example/hook")
    assert len(ghost.webhooks) == 9
    assert {it["secret"] for it in ghost.webhooks} == {ghost.key}
    assert not ghost.violations


# Both sides, through the command line


@pytest.fixture
def desk(ghost: GhostSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("GHOST_KEY", ghost.key)
    site = f'platform = "ghost"\nurl = "{ghost.host}"\ntoken = "env:GHOST_KEY"\npace = "off"\n'
    return Desk(tmp_path / "blog", capsys, config=f"\n[sites.blog]\n{site}")


def test_a_blog_goes_up_once_and_an_edit_in_ghosts_editor_comes_back_alone(ghost: GhostSite, desk: Desk) -> None:
    text = (
        "---\ntitle: One\ntags: [b, a]  # in my order\n---\n\nFirst *paragraph*.\n\n* a\n* b\n\n![x](../images/a.png)\n"
    )
    (desk.root / "images").mkdir()
    (desk.root / "images/a.png").write_bytes(PNG)
    desk.put("posts/one.md", text)
    assert desk.run("sync").code == 0
    [post] = ghost.posts.values()
    [image] = ghost.images
    assert image in post["lexical"]
    writes = len(ghost.writes())
    assert desk.run("sync").out.startswith("Nothing to do")

    card = json.loads(post["lexical"])["root"]["children"][0]["markdown"]
    ghost.edit(post["id"], lexical=lexical([{"type": "markdown", "markdown": card.replace("First", "Very first")}]))
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == text.replace("First", "Very first")
    assert len(ghost.writes()) == writes
    assert desk.run("sync").out.startswith("Nothing to do")


def test_three_lost_replies_make_no_second_copy(ghost: GhostSite, desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.put(f"posts/{name}.md", f"---\ntitle: {name}\n---\n\nText of {name}.\n")
    ghost.faults.append(Fault("store-then-504", method="POST", path="/posts/", times=3))
    desk.run("sync")
    assert desk.run("sync").code == 0
    assert sorted(post["title"] for post in ghost.posts.values()) == ["one", "three", "two"]


def test_a_webhook_is_registered_by_a_command(ghost: GhostSite, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "a-secret-of-hooks")
    desk.write("gitsync.toml", desk.read("gitsync.toml") + 'webhook_secret = "env:HOOK"\n')
    answer = desk.run("site", "webhook", "blog", "https://me.example/hook")
    assert (answer.code, len(ghost.webhooks)) == (0, 9), answer.told
    assert "a-secret-of-hooks" not in answer.told
    assert desk.run("site", "webhook", "blog", "ftp://me.example").code == 2
