"""Hashnode on the fake that has its schema: the laws, drafts that become posts, old reads, gates and webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.hashnode import Hashnode
from gitsync_connectors.hashnode_posts import slug_of, tags_of

from gitsync.errors import ConfigError, Forged, Malformed, NotFound, Rejected, Unauthorized
from gitsync.model import Asset, Post
from gitsync.testing import PNG, SAMPLE, Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_conformance import settings
from tests.fakes.accidents import Fault
from tests.fakes.hashnode import HashnodeSite
from tests.fakes.server import Stage

Connect = Callable[..., Hashnode]
NAMES = {"body": "contentMarkdown", "description": "subtitle"}


@pytest.fixture
def hashnode(stage: Stage) -> HashnodeSite:
    hashnode = stage.app = HashnodeSite()
    hashnode.host = stage.host
    return hashnode


def made(hashnode: HashnodeSite, key: str = "", **options: Any) -> Hashnode:
    return Hashnode(settings("hashnode", hashnode.host, key=key or hashnode.token, **options), sleep=lambda _: None)


@pytest.fixture
def connected() -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(*given: Any, **options: Any) -> Hashnode:
            connector = made(*given, **options)
            stack.callback(connector.close)
            return connector

        yield connect


class TestHashnode(Conformance):
    @pytest.fixture
    def bench(self, hashnode: HashnodeSite) -> Bench:
        hashnode.series["cafes-more"] = f"{9:024x}"

        def edit(id: str, changes: Mapping[str, str]) -> None:
            hashnode.edit(id, **{NAMES.get(name, name): text for name, text in changes.items()})

        return Bench(
            connect=lambda: made(hashnode),
            edit=edit,
            lose=lambda: hashnode.faults.append(Fault("store-then-504", path="publishPost")),
            intruder=lambda: made(hashnode, "wrong-token"),
            secret=hashnode.token,
            refused=SAMPLE.with_fields({"title": None}),
        )


def test_two_hundred_posts_and_sixty_drafts_are_four_requests(hashnode: HashnodeSite, connected: Connect) -> None:
    ids = {hashnode.add(title=f"Post {number}") for number in range(200)}
    site = connected(hashnode, publication=hashnode.id)
    drafts = {site.create(site.project(Post(title=f"D{n}", status="draft", body="x\n"))).id for n in range(60)}
    hashnode.log.clear()
    records = list(site.scan())
    assert {record.id for record in records} == ids | drafts
    assert len(hashnode.log) == 4
    assert all(record.complete for record in records)


def test_a_draft_that_is_published_gets_a_new_id_and_keeps_its_text(hashnode: HashnodeSite, connected: Connect) -> None:
    site = connected(hashnode)
    post = Post(title="T", description="S", tags=("a b",), cover="https://x.example/c.png", status="draft", body="x\n")
    draft = site.create(site.project(post))
    assert draft.id.startswith("draft:")
    after = site.update(draft.id, site.project(post.with_fields({"status": "published"})), expect=draft.revision)
    assert after.post is not None
    assert not after.id.startswith("draft:")
    assert (after.post.status, after.post.cover, after.post.tags) == ("published", "https://x.example/c.png", ("a-b",))
    with pytest.raises(NotFound):
        site.fetch(draft.id)


def test_a_post_that_is_taken_back_is_delisted(hashnode: HashnodeSite, connected: Connect) -> None:
    site = connected(hashnode)
    record = site.create(site.project(Post(title="T", body="x\n")))
    hidden = site.update(record.id, site.project(Post(title="T", status="draft", body="x\n")), expect="")
    assert hashnode.posts[record.id]["preferences"]["isDelisted"]
    assert (hidden.id, hidden.url) == (record.id, None)
    with pytest.raises(Rejected, match="deletes no posts"):
        site.delete(record.id, expect="")


@pytest.mark.parametrize("said", ["me.hashnode.dev", "https://me.hashnode.dev/", f"{1:024x}", ""])
def test_a_publication_is_its_host_its_id_or_the_only_one(
    hashnode: HashnodeSite, connected: Connect, said: str
) -> None:
    assert connected(hashnode, **({"publication": said} if said else {})).whoami().name == "zoe"


def test_a_publication_that_is_not_there_is_an_error_of_the_configuration(
    hashnode: HashnodeSite, connected: Connect
) -> None:
    with pytest.raises(ConfigError, match="no publication at other"):
        list(connected(hashnode, publication="other.hashnode.dev").scan())


def test_the_pro_gate_the_moved_address_and_a_wrong_token_are_told(hashnode: HashnodeSite, connected: Connect) -> None:
    hashnode.pro = False
    with pytest.raises(Unauthorized, match="needs the Pro plan"):
        list(connected(hashnode).scan())
    hashnode.pro, hashnode.moved = True, True
    with pytest.raises(Malformed, match="The API moved in May 2026"):
        list(connected(hashnode).scan())
    hashnode.moved = False
    with pytest.raises(Unauthorized, match="Account Settings"):
        connected(hashnode, "other").whoami()


def test_a_query_is_asked_again_and_a_mutation_is_not(hashnode: HashnodeSite, connected: Connect) -> None:
    hashnode.faults.append(Fault("504", path="posts", times=2))
    assert list(connected(hashnode).scan()) == []
    assert hashnode.log.count("posts") == 3


def test_series_are_found_by_their_slugs_and_never_made(hashnode: HashnodeSite, connected: Connect) -> None:
    site = connected(hashnode)
    record = site.create(site.project(Post(title="T", series="My Series", body="x\n")))
    assert record.post is not None
    assert record.post.series == "my-series"
    with pytest.raises(Rejected, match="no series 'other'") as caught:
        site.create(site.project(Post(title="T", series="Other", body="x\n")))
    assert caught.value.field == "series"


def test_an_image_goes_to_the_presigned_place_without_the_token(hashnode: HashnodeSite, connected: Connect) -> None:
    asset = Asset(path="images/ü.png", content=PNG, media_type="image/png", sha256="0")
    url = connected(hashnode).upload(asset)
    assert url.startswith("https://cdn.hashnode.com/uploads/")
    assert list(hashnode.images.values()) == [PNG]
    with pytest.raises(Rejected, match="8 MiB"):
        connected(hashnode).upload(Asset(path="a.png", content=b"x" * (9 << 20), media_type="image/png", sha256="0"))


def test_a_text_too_long_to_be_sent_is_told_before(hashnode: HashnodeSite, connected: Connect) -> None:
    problems = connected(hashnode).problems(Post(title="T", body="word " * 20_000))
    assert [problem.code for problem in problems] == ["BODY_LONG"]


def test_aligned_images_are_images_and_embeds_are_spelled_as_here(hashnode: HashnodeSite, connected: Connect) -> None:
    site = connected(hashnode)
    id = hashnode.add(contentMarkdown='![](https://x.example/a.png align="center")\n\n`![](a align="left")`\n')
    shown = site.fetch(id).post
    assert shown is not None
    assert shown.body == '![](https://x.example/a.png)\n\n`![](a align="left")`\n'
    sent = site.project(Post(title="T", body="{% youtube dQw4w9WgXcQ %}\n\n<div>x</div>\n"))
    assert sent.body == "%[https://youtu.be/dQw4w9WgXcQ]\n\n<div>x</div>\n"


@pytest.mark.parametrize(
    ("tag", "slug"), [("Web Development", "web-development"), ("C++", "cpp"), ("C#", "csharp"), ("Ümläut", "umlaut")]
)
def test_tags_are_slugs(tag: str, slug: str) -> None:
    assert slug_of(tag) == slug
    assert tags_of((tag, slug)) == (slug,)


def call(body: bytes, at: float, secret: str) -> dict[str, str]:
    stamp = str(int(at * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-hashnode-signature": f"t={stamp},v1={digest}"}


def test_a_signed_webhook_tells_which_post(hashnode: HashnodeSite, connected: Connect) -> None:
    site = connected(hashnode, webhook_secret="env:HOOK")
    payload = {"metadata": {"uuid": "u"}, "data": {"post": {"id": "p1"}, "eventType": "post_updated", "x": "é"}}
    compact = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    spaced = json.dumps(payload, indent=1).encode()
    for body, signed in ((compact, compact), (spaced, compact), (spaced, spaced)):
        [event] = site.events(call(signed, time.time(), hashnode.token), body)
        assert (event.kind, event.id) == ("post_updated", "p1")
    for headers, body in (
        ({}, compact),
        (call(compact, time.time(), "other"), compact),
        (call(compact, time.time() - 600, hashnode.token), compact),
        (call(compact, time.time(), hashnode.token), compact.replace(b"p1", b"p2")),
    ):
        with pytest.raises(Forged):
            site.events(headers, body)


@pytest.mark.parametrize("body", [b"", b"nope", b"[" * 100_000])
def test_what_is_no_json_is_refused_signed_or_not(hashnode: HashnodeSite, connected: Connect, body: bytes) -> None:
    site = connected(hashnode, webhook_secret="env:HOOK")
    for secret in ("other", hashnode.token):
        with pytest.raises(Forged):
            site.events(call(body, time.time(), secret), body)


# Both sides, through the command line


@pytest.fixture
def desk(
    hashnode: HashnodeSite, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("HASHNODE_TOKEN", hashnode.token)
    site = f'platform = "hashnode"\nurl = "{hashnode.host}"\ntoken = "env:HASHNODE_TOKEN"\npace = "off"\n'
    return Desk(tmp_path / "blog", capsys, config=f"\n[sites.blog]\n{site}")


def test_a_draft_goes_up_is_published_and_stays_one_post(hashnode: HashnodeSite, desk: Desk) -> None:
    text = "---\ntitle: One\ntags: [Web Development]  # as I say it\nstatus: draft\n---\n\nFirst.\n\nSecond.\n"
    desk.put("posts/one.md", text)
    assert desk.run("sync").code == 0
    assert (len(hashnode.drafts), len(hashnode.posts)) == (1, 0)
    desk.put("posts/one.md", text.replace("status: draft", "status: published"))
    assert desk.run("sync").code == 0
    assert (len(hashnode.drafts), len(hashnode.posts)) == (0, 1)
    assert desk.run("sync").out.startswith("Nothing to do")

    [id] = hashnode.posts
    hashnode.edit(id, contentMarkdown="First.\n\nSecond, edited.\n")
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == text.replace("status: draft", "status: published").replace(
        "Second.", "Second, edited."
    )
    assert desk.run("sync").out.startswith("Nothing to do")


def test_three_lost_replies_make_no_second_copy(hashnode: HashnodeSite, desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.put(f"posts/{name}.md", f"---\ntitle: {name}\n---\n\nText of {name}.\n")
    hashnode.faults.append(Fault("store-then-504", path="publishPost", times=3))
    desk.run("sync", "--no-wait")
    assert desk.run("sync", "--no-wait").code == 0
    assert sorted(post["title"] for post in hashnode.posts.values()) == ["one", "three", "two"]
