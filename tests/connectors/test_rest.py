"""Any custom CMS by its declaration alone: every law of gitsync.testing on each manner of being a CMS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.rest import Rest

from gitsync.connector import SiteSettings
from gitsync.testing import SAMPLE, Bench, Conformance
from tests.fakes.customcms import MANNERS, TOKEN, CustomCms
from tests.fakes.server import Stage, serving

SAME = {name: name for name in ("id", "title", "slug", "body", "description", "tags", "status", "date")}
DECLARED: dict[str, dict[str, Any]] = {
    "strapi": {
        "endpoint": "/articles",
        "endpoints": {
            "list": ["GET /articles?status=published&sort=id", "GET /articles?status=draft&sort=id"],
            "get": ["GET /articles/{id}?status=published", "GET /articles/{id}?status=draft"],
            "create": "POST /articles?status={status}",
            "update": "PUT /articles/{id}?status={status}",
            "whoami": "/me",
        },
        "envelope": {"write": "data"},
        "paging": {"style": "page", "param": "pagination[page]", "size_param": "pagination[pageSize]"},
        "fields": {
            "id": "documentId",
            "title": "title",
            "slug": "slug",
            "body": "content",
            "description": "summary",
            "tags": "tags",
            "status": {"path": "publishedAt", "type": "date", "write": False},
            "updated": "updatedAt",
        },
        "unpublish": False,
    },
    "bare": {
        "endpoint": "/posts/",
        "auth": "X-API-Key: {token}",
        "fields": {
            **SAME,
            "tags": {"path": "keywords", "type": "comma"},
            "status": "published",
            "date": {"path": "publishedOn", "type": "seconds"},
            "body": "text",
            "updated": "updated_at",
        },
    },
    "cursor": {
        "endpoint": "/posts",
        "auth": "hmac",
        "user": "me",
        "hmac": {
            "header": "Authorization: HMAC {user}:{signature}",
            "message": "{method}\n{target}\n{timestamp}\n{body}",
            "encoding": "base64",
        },
        "envelope": {"list": "result.entries", "item": "result.entry"},
        "paging": {"style": "cursor", "param": "after", "next": "paging.cursors.after"},
        "summary": True,
        "fields": {**SAME, "tags": {"path": "tags", "type": "objects"}, "updated": "updated_at"},
    },
    "etag": {
        "endpoint": "/items/posts",
        "endpoints": {"update": "PUT /items/posts/{id}"},
        "auth": "?access_token={token}",
        "paging": {"style": "offset", "size_param": "limit", "size": 10},
        "conditional": "if-match",
        "errors": {"not_found": [403]},
        "fields": SAME,
    },
    "postgrest": {
        "endpoint": "/posts",
        "endpoints": {
            "list": "GET /posts?order=id.asc",
            "get": "GET /posts?id=eq.{id}",
            "update": {
                "request": "PATCH /posts?id=eq.{id}&updated_at=eq.{revision}",
                "headers": {"Prefer": "return=representation"},
            },
            "delete": "DELETE /posts?id=eq.{id}&updated_at=eq.{revision}",
        },
        "headers": {"apikey": "{token}"},
        "paging": {"style": "cursor", "param": "id=gt.{cursor}", "next": "[-1].id", "size_param": "limit", "size": 3},
        "fields": {**SAME, "updated": "updated_at"},
    },
    "jsonapi": {
        "endpoint": "/articles/",
        "auth": "Authorization: Token {token}",
        "headers": {"Content-Type": "application/vnd.api+json"},
        "envelope": {"write": "data"},
        "constants": {"type": "articles", "id": "{id}"},
        "fields": {
            "id": "id",
            **{name: f"attributes.{name}" for name in SAME if name != "id"},
            "description": "attributes.meta-description",
            "revision": "attributes.updated-at",
        },
    },
    "session": {
        "endpoint": "/collections/posts/records",
        "user": "me",
        "login": {
            "request": "POST /login",
            "body": {"identity": "{user}", "password": "{token}"},
            "header": "Authorization: {session}",
        },
        "paging": {"style": "page", "size_param": "perPage", "size": 500},
        "fields": {**SAME, "updated": "updated"},
    },
}
DECLARED["html"] = DECLARED["session"] | {"format": "html"}
LIKE = {"html": "session"}


def settings(host: str, options: dict[str, Any], *, key: str = TOKEN) -> SiteSettings:
    return SiteSettings(
        name="cms",
        platform="rest",
        url=f"{host}/api",
        root=Path(),
        options={"token": "env:X", **options},
        secret=lambda _: key,
        timeout=10.0,
        pace={},
    )


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


class TestRest(Conformance):
    @pytest.fixture(params=DECLARED)
    def bench(self, stage: Stage, request: pytest.FixtureRequest) -> Bench:
        site = stage.app = CustomCms(MANNERS[LIKE.get(request.param, request.param)]())
        options = DECLARED[request.param]

        def lose() -> None:
            site.lose = True

        return Bench(
            connect=lambda: Rest(settings(stage.host, {"limits": {"title": 200}, **options})),
            edit=site.edit,
            lose=lose,
            intruder=lambda: Rest(settings(stage.host, options, key="wrong-key")),
            refused=SAMPLE.with_fields({"title": "x" * 201}),
            secret=TOKEN,
        )


def test_declarations_are_what_toml_can_say() -> None:
    assert json.loads(json.dumps(DECLARED)) == DECLARED
