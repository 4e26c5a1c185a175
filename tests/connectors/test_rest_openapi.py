"""A described CMS is connected by what its description says, and what it leaves open is told."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from gitsync_connectors.rest import Rest
from gitsync_connectors.rest_openapi import propose

from gitsync.cli.failure import run
from gitsync.errors import UsageError
from gitsync.testing import SAMPLE
from tests.conftest import run_git
from tests.connectors.test_rest import settings
from tests.fakes.customcms import MANNERS, CustomCms
from tests.fakes.server import serving

TEXT = {"type": "string"}
MAYBE = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or TEXT}


FASTAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "/v2"}],
    "paths": {
        "/health": {"get": {"responses": {"200": body({"type": "object"})}}},
        "/comments": {"get": {"responses": {}}, "post": {"responses": {}}},
        "/comments/{id}": {"delete": {"responses": {}}},
        "/posts": {
            "get": {
                "parameters": [
                    query("skip", type="integer"),
                    query("limit", type="integer", maximum=50),
                    query("slug"),
                ],
                "responses": {"200": body(ref("PostPage"))},
            },
            "post": {"requestBody": body(ref("PostIn")), "responses": {"201": body(ref("Post"))}},
        },
        "/posts/{post_id}": {
            "get": {"responses": {"200": body(ref("Post"))}},
            "put": {"requestBody": body(ref("PostIn")), "responses": {"200": body(ref("Post"))}},
            "delete": {"responses": {"204": {}}},
        },
        "/files": {
            "post": {
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"upload": {"type": "string", "format": "binary"}},
                            }
                        }
                    }
                },
                "responses": {"200": body({"type": "object"})},
            }
        },
        "/users/me": {"get": {"responses": {"200": body({"type": "object"})}}},
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {
            "PostIn": {
                "type": "object",
                "required": ["headline", "kind", "tenant"],
                "properties": {
                    "headline": {"type": "string", "maxLength": 80},
                    "slug": MAYBE,
                    "content_html": TEXT,
                    "keywords": {"type": "array", "items": TEXT, "maxItems": 5},
                    "state": {"type": "string", "enum": ["LIVE", "PENDING", "ARCHIVED"]},
                    "kind": {"const": "post"},
                    "tenant": {"type": "integer"},
                },
            },
            "Post": {
                "allOf": [
                    ref("PostIn"),
                    {
                        "type": "object",
                        "properties": {
                            "id": {"type": "integer"},
                            "author": {"type": "object", "properties": {"name": TEXT}},
                            "published_on": {"type": "string", "format": "date", "readOnly": True},
                            "modified_at": {"type": "string", "format": "date-time"},
                        },
                    },
                ]
            },
            "PostPage": {"type": "object", "properties": {"rows": {"type": "array", "items": ref("Post")}}},
        },
    },
}


def test_a_described_cms_is_mapped_to_the_letter() -> None:
    values, notes = propose(json.dumps(FASTAPI), "https://cms.example/openapi.json")
    assert values == {
        "url": "https://cms.example/v2",
        "auth": "X-Key: {token}",
        "endpoint": "/posts",
        "endpoints": {
            "update": "PUT /posts/{id}",
            "find": "GET /posts?slug={slug}",
            "whoami": "GET /users/me",
            "upload": "POST /files",
        },
        "fields": {
            "id": "id",
            "title": "headline",
            "slug": "slug",
            "body": "content_html",
            "tags": "keywords",
            "status": "state",
            "date": {"path": "published_on", "write": False, "type": "date"},
            "updated": "modified_at",
            "authors": {"path": "author.name", "write": False},
        },
        "statuses": {"published": "LIVE", "draft": "PENDING"},
        "format": "html",
        "limits": {"title": 80, "tags": 5},
        "required": ["title"],
        "constants": {"kind": "post"},
        "envelope": {"list": "rows"},
        "paging": {"style": "offset", "param": "skip", "size_param": "limit", "size": 50},
        "upload": {"field": "upload"},
    }
    assert notes == ["A new record must say tenant: give it with on_create.tenant=…."]
    Rest(settings("https://cms.example", {k: v for k, v in values.items() if k != "url"}))


def described(names: dict[str, str]) -> dict[str, Any]:
    """The description of the fake CMS of the manner "bare"."""
    types: dict[str, Any] = {"published": {"type": "boolean"}, "publishedOn": {"type": "integer"}}
    properties = {key: types.get(key, TEXT) for key in names.values()}
    shown = {"id": {"type": "integer"}, **properties, "updated_at": TEXT}
    record = {"type": "object", "properties": shown}
    sent = {"type": "object", "required": ["title"], "properties": properties}
    one = {"get": {"responses": {"200": body(record)}}, "patch": {"requestBody": body(sent), "responses": {}}}
    link = {"description": "", "headers": {"Link": {}}, **body({"type": "array", "items": record})}
    return {
        "openapi": "3.0.3",
        "servers": [{"url": "/api"}],
        "paths": {
            "/posts/": {
                "get": {"responses": {"200": link}},
                "post": {"requestBody": body(sent), "responses": {"201": body(record)}},
            },
            "/posts/{id}/": {**one, "delete": {"responses": {"204": {}}}},
        },
        "components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}},
    }


def test_a_described_cms_works_without_another_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMS_TOKEN", "s3cret-key")
    manner = MANNERS["bare"]()
    run_git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "gitsync.toml").write_text('[content]\npaths = ["posts/**/*.md"]\n')
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(described(manner.names)))
    with serving(CustomCms(manner)) as host:
        document = str(tmp_path / "openapi.yaml")
        assert (
            run(["-C", str(tmp_path), "site", "add", "cms", "--from-openapi", document, "--url", host, "pace=off"]) == 0
        )
        told = capsys.readouterr()
        assert "Markdown or HTML" in told.out + told.err
        assert run(["-C", str(tmp_path), "site", "test", "cms"]) == 0
        options = tomllib.loads((tmp_path / "gitsync.toml").read_text())["sites"]["cms"]
        assert options["url"] == f"{host}/api"
        own = {key: value for key, value in options.items() if key not in ("platform", "url", "pace")}
        site = Rest(settings(host, own))
        post = site.project(SAMPLE)
        stored = site.create(post)
        assert stored.post == post
        assert [record.post for record in site.scan()] == [post]
        site.close()


def test_a_description_is_read_from_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    run_git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "gitsync.toml").write_text('[content]\npaths = ["posts/**/*.md"]\n')
    app = Starlette(routes=[Route("/docs/openapi.json", lambda request: JSONResponse(FASTAPI))])
    with serving(app) as host:
        address = f"{host}/docs/openapi.json"
        added = run(["-C", str(tmp_path), "site", "add", "cms", "--from-openapi", address, "fields.lang=locale"])
    assert added == 0
    options = tomllib.loads((tmp_path / "gitsync.toml").read_text())["sites"]["cms"]
    assert options["url"] == f"{host}/v2"
    assert (options["fields"]["title"], options["fields"]["lang"]) == ("headline", "locale")


@pytest.mark.parametrize("text", ["", "{}", "[1", "swagger: '2.0'", '{"paths": {}}', "a: [", json.dumps({"paths": []})])
def test_what_describes_no_posts_is_refused_with_a_next_step(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        propose(text)
    assert caught.value.hint


def test_schemas_that_lead_in_circles_end() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"title": TEXT, "body": TEXT, "parent": ref("Post")}}
    document = {**FASTAPI, "components": {"schemas": {**FASTAPI["components"]["schemas"], "Post": node, "X": ref("X")}}}
    document["components"]["schemas"]["PostIn"] = ref("X")
    assert propose(json.dumps(document), "https://x.example/").values["fields"]["body"] == "body"


def test_a_database_that_describes_itself_by_swagger_is_asked_by_filters() -> None:
    row = {"properties": {"id": {"type": "string", "format": "uuid"}, "title": TEXT, "body": TEXT, "updated_at": TEXT}}
    posts = {method: {"parameters": [], "responses": {"200": {"schema": row}}} for method in ("get", "post", "patch")}
    document = {"swagger": "2.0", "host": "x.supabase.co", "basePath": "/rest/v1"}
    document |= {"paths": {"/posts": {**posts, "delete": {"responses": {}}}}}
    values, _ = propose(json.dumps(document))
    assert values["url"] == "https://x.supabase.co/rest/v1"
    assert values["endpoints"]["get"] == "GET /posts?id=eq.{id}"
    assert values["endpoints"]["update"]["headers"] == {"Prefer": "return=representation"}
    Rest(settings("https://x.supabase.co", {k: v for k, v in values.items() if k != "url"}))
