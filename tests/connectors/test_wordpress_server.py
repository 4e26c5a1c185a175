"""A real WordPress: WORDPRESS_URL, WORDPRESS_USER and WORDPRESS_TOKEN say where it is. Everything in it is deleted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from gitsync_connectors.wordpress import WordPress

from gitsync.errors import Malformed, Rejected, Unauthorized
from gitsync.model import Post
from gitsync.testing import Bench, Conformance
from tests.connectors.test_conformance import settings

URL = os.environ.get("WORDPRESS_URL", "")
USER, TOKEN = os.environ.get("WORDPRESS_USER", ""), os.environ.get("WORDPRESS_TOKEN", "")
FIELDS = {"body": "content", "description": "excerpt"}


def connected(key: str = TOKEN, user: str = USER, **options: Any) -> WordPress:
    return WordPress(settings("wordpress", URL, key=key, user=user, **options))


@pytest.fixture
def editor() -> Iterator[httpx.Client]:
    """Somebody who may do everything; there are no posts when it begins."""
    assert URL, "WORDPRESS_URL names no WordPress"
    with httpx.Client(base_url=f"{URL}/wp-json/wp/v2", auth=(USER, TOKEN), timeout=60, trust_env=False) as editor:
        for kind in ("posts", "books", "films", "notes"):
            for status in ("publish,future,draft,pending,private", "trash"):
                asked = f"/{kind}?context=edit&status={status}&per_page=100&_fields=id"
                while found := editor.get(asked).json():
                    for post in found:
                        editor.delete(f"/{kind}/{post['id']}?force=true").raise_for_status()
        yield editor


Member = Callable[[str], tuple[str, str]]


@pytest.fixture
def member(editor: httpx.Client) -> Iterator[Member]:
    """Make a user of a role, and return its name and an application password."""
    made = []

    def make(role: str) -> tuple[str, str]:
        name = f"{role}-{uuid4().hex[:8]}"
        said = {"username": name, "email": f"{name}@x.example", "password": uuid4().hex, "roles": [role]}
        user = editor.post("/users", json=said).raise_for_status().json()["id"]
        made.append(user)
        token = editor.post(f"/users/{user}/application-passwords", json={"name": "tests"}).raise_for_status().json()
        return name, token["password"]

    yield make
    for user in made:
        editor.delete(f"/users/{user}?force=true&reassign=1").raise_for_status()


@pytest.mark.server
class TestWordPress(Conformance):
    @pytest.fixture(params=["blocks", "html"])
    def bench(self, editor: httpx.Client, request: pytest.FixtureRequest) -> Bench:
        def edit(id: str, changes: Mapping[str, str]) -> None:
            said = {FIELDS.get(name, name): text for name, text in changes.items()}
            editor.post(f"/posts/{id}", json=said).raise_for_status()

        return Bench(
            connect=lambda: connected(format=request.param),
            edit=edit,
            intruder=lambda: connected("abcd efgh ijkl mnop qrst uvwx"),
            secret=TOKEN,
            exact=False,
        )


@pytest.mark.server
def test_an_author_keeps_its_own_posts_among_those_of_others(editor: httpx.Client, member: Member) -> None:
    for number in range(3):
        for status in ("publish", "draft", "private"):
            editor.post("/posts", json={"title": f"Not mine {number}", "content": "x", "status": status})
    user, key = member("author")
    site = connected(key, user)
    assert list(site.scan()) == []
    body = "Text.\n\n<iframe src='https://maps.example/'></iframe>\n"
    [problem] = site.problems(Post(title="Mine", body=body))
    assert problem.code == "HTML_STRIPPED"
    record = site.create(site.project(Post(title="Mine", tags=("new",), status="published", body=body)))
    assert record.post is not None
    assert "iframe" not in record.post.body
    assert [found.id for found in site.scan()] == [record.id]
    changed = record.post.with_fields({"title": "Mine, and newer"})
    assert site.update(record.id, site.project(changed), expect=record.revision).post == changed
    other = editor.get("/posts?status=publish&per_page=1&search=Not").json()[0]["id"]
    with pytest.raises(Unauthorized) as caught:
        site.fetch(str(other))
    assert "Editor" in caught.value.hint
    site.close()


@pytest.mark.server
def test_a_contributors_posts_wait_for_review(editor: httpx.Client, member: Member) -> None:
    user, key = member("contributor")
    refused = connected(key, user)
    post = Post(title="Mine", tags=("new",), status="published", body="Text.\n")
    with pytest.raises(Rejected) as caught:
        refused.create(refused.project(post))
    assert (caught.value.field, "review = true" in caught.value.hint) == ("status", True)
    refused.close()
    site = connected(key, user, review=True)
    record = site.create(site.project(post))
    assert editor.get(f"/posts/{record.id}?context=edit").json()["status"] == "pending"
    assert [found.id for found in site.scan()] == [record.id]
    edited = site.update(record.id, site.project(post.with_fields({"body": "Other.\n"})), expect=record.revision)
    assert edited.post is not None
    assert edited.post.body == "Other.\n"
    assert editor.get(f"/posts/{record.id}?context=edit").json()["status"] == "pending"
    editor.post(f"/posts/{record.id}", json={"status": "publish"}).raise_for_status()
    with pytest.raises((Rejected, Unauthorized)) as late:
        site.update(record.id, site.project(post), expect=edited.revision)
    assert "Contributor" in late.value.hint
    site.close()


@pytest.mark.server
@pytest.mark.parametrize(("kind", "holds"), [("books", {"tags", "description"}), ("films", {"tags"}), ("notes", set())])
def test_a_type_of_ones_own_is_kept_with_what_it_has(editor: httpx.Client, kind: str, holds: set[str]) -> None:
    site = connected(type=kind, **({"tags": "genres"} if kind == "films" else {}))
    post = Post(title="T", description="Of it.", tags=("a", "b"), status="published", body="Text.\n")
    record = site.create(site.project(post))
    assert record.post is not None
    assert {name for name in ("tags", "description") if record.post.get(name)} == holds
    [found] = site.scan()
    assert (found.id, found.revision) == (record.id, record.revision)
    again = site.fetch(record.id)
    assert (again.post, again.revision) == (record.post, record.revision)
    editor.post(f"/{kind}/{record.id}", json={"title": "Edited"}).raise_for_status()
    assert next(iter(site.scan())).revision != record.revision
    site.delete(record.id, expect=record.revision)
    assert list(site.scan()) == []
    site.close()


@pytest.mark.server
def test_a_type_that_is_not_there_is_told_with_those_that_are(editor: httpx.Client) -> None:
    site = connected(type="articles")
    with pytest.raises(Malformed) as caught:
        list(site.scan())
    assert "books, films, notes, pages, posts" in caught.value.hint
    site.close()
