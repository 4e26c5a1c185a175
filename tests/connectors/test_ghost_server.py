"""A real Ghost: GHOST_URL and GHOST_ADMIN_KEY say where it is. Everything in it is deleted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from gitsync_connectors.ghost import Ghost
from gitsync_connectors.ghost_api import Api

from gitsync.model import Post
from gitsync.testing import Bench, Conformance
from tests.connectors.test_conformance import settings

URL, KEY = os.environ.get("GHOST_URL", ""), os.environ.get("GHOST_ADMIN_KEY", "")
WRONG = f"{KEY[:24]}:{'0' * 64}"
NATIVE = [
    {"type": "paragraph", "children": [{"type": "extended-text", "text": "Words of an editor", "format": 1}]},
    {"type": "codeblock", "code": "x = 1", "language": "python"},
    {"type": "callout", "calloutText": "Look", "calloutEmoji": "💡", "backgroundColor": "blue"},
    {"type": "product", "version": 1, "productTitle": "A thing", "productDescription": "<p>d</p>"},
]


def lexical(nodes: list[Any]) -> str:
    root = {"children": nodes, "direction": None, "format": "", "indent": 0, "type": "root", "version": 1}
    return json.dumps({"root": root})


def written(text: str) -> str:
    """Return what Ghost's own editor stores for a paragraph."""
    return lexical([{"type": "paragraph", "version": 1, "children": [{"type": "extended-text", "text": text.strip()}]}])


@pytest.fixture
def editor() -> Iterator[Api]:
    assert URL, "GHOST_URL names no Ghost"
    api = Api(settings("ghost", URL, key=KEY))
    for page in api.pages("/posts/", "posts", fields="id"):
        for post in page:
            api.send("DELETE", f"/posts/{post['id']}/")
    yield api
    api.close()


def save(api: Api, id: str, **changes: Any) -> None:
    now = api.get(f"/posts/{id}/")["posts"][0]["updated_at"]
    api.send("PUT", f"/posts/{id}/", {"posts": [{**changes, "updated_at": now}]})


@pytest.mark.server
class TestGhost(Conformance):
    @pytest.fixture
    def bench(self, editor: Api) -> Bench:
        def edit(id: str, changes: Mapping[str, str]) -> None:
            names = {"body": "lexical", "description": "custom_excerpt"}
            save(editor, id, **{names.get(n, n): written(t) if n == "body" else t for n, t in changes.items()})

        return Bench(
            connect=lambda: Ghost(settings("ghost", URL, key=KEY)),
            edit=edit,
            intruder=lambda: Ghost(settings("ghost", URL, key=WRONG)),
            secret=KEY.partition(":")[2],
            refused=Post(title=None, status="published", body="x\n"),
        )


@pytest.mark.server
def test_cards_of_the_editor_survive_an_edit_from_here(editor: Api) -> None:
    site = Ghost(settings("ghost", URL, key=KEY))
    record = site.create(site.project(Post(title="T", body="First.\n")))
    save(editor, record.id, lexical=lexical(NATIVE))
    shown = site.fetch(record.id).post
    assert shown is not None
    assert shown.body.startswith("**Words of an editor**\n\n```python\nx = 1\n```\n\n> 💡 Look\n\n<!-- ghost:product ")
    site.update(record.id, shown.with_fields({"body": shown.body.replace("an editor", "the editor")}), expect="")
    stored = json.loads(editor.get(f"/posts/{record.id}/")["posts"][0]["lexical"])["root"]["children"]
    assert [node["type"] for node in stored] == ["markdown", "codeblock", "callout", "product"]
    site.close()


@pytest.mark.server
def test_what_a_post_is_beside_its_fields_stays_as_it_is(editor: Api) -> None:
    site = Ghost(settings("ghost", URL, key=KEY))
    record = site.create(site.project(Post(title="T", tags=("a",), status="published", body="First.\n")))
    own = {"visibility": "members", "featured": True, "meta_title": "M", "codeinjection_head": "<!-- h -->"}
    save(editor, record.id, **own)
    names = [*own, "authors", "primary_author", "comment_id", "email_only", "published_at", "url"]
    before = editor.get(f"/posts/{record.id}/", include="authors,tags")["posts"][0]
    there = site.fetch(record.id)
    site.update(record.id, site.project(Post(title="Other", tags=("a", "b"), body="New.\n")), expect=there.revision)
    after = editor.get(f"/posts/{record.id}/", include="authors,tags")["posts"][0]
    assert after["title"] == "Other"
    assert {name: after[name] for name in names} == {name: before[name] for name in names} | own
    site.close()


@pytest.mark.server
def test_webhooks_are_taken_and_taken_again(editor: Api) -> None:
    site = Ghost(settings("ghost", URL, key=KEY, webhook_secret="env:HOOK"))
    for _ in range(2):
        assert "post.published" in site.register("http://127.0.0.1:9/gitsync")
    site.close()
