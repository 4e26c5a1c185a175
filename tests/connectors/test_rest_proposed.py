"""CMSs of many shapes describe themselves, and what is proposed works as it stands, but for what no document tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from gitsync_connectors.rest import Rest
from gitsync_connectors.rest_openapi import propose

from gitsync.testing import SAMPLE
from tests.connectors.test_rest import settings
from tests.fakes.cms_shapes import SHAPES
from tests.fakes.openapi_documents import DOCUMENTS
from tests.fakes.server import Stage, serving
from tests.fakes.shapes import Shaped

UNTOLD: dict[str, dict[str, Any]] = {
    "drf": {},
    "directus": {"errors": {"not_found": [403]}},
    "payload": {},
    "jsonapi": {
        "fields.body": {
            "path": "attributes.body.value",
            "write": "attributes.body",
            "as": {"value": "{value}", "format": "markdown"},
        },
    },
    "postgrest": {"auth": "bearer", "headers": {"apikey": "{token}"}},
    "airtable": {"constants": {"typecast": True}},
}
"""What a person adds, because the document does not say it."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


@pytest.mark.parametrize("shape", UNTOLD)
def test_what_a_cms_says_of_itself_connects_it(stage: Stage, shape: str) -> None:
    cms = stage.app = Shaped(SHAPES[shape]())
    values, _ = propose(json.dumps(DOCUMENTS[shape]()), f"{stage.host}/openapi.json")
    for key, value in UNTOLD[shape].items():
        table, dot, name = key.partition(".")
        values = {**values, table: {**values[table], name: value}} if dot else {**values, key: value}
    assert values.pop("url") == f"{stage.host}/api"
    if shape == "postgrest":  # this fake pages by ranges, as `help rest` declares it
        values["paging"] = {"style": "range"}
        values["endpoints"]["list"] = {"request": "GET /posts?order=id.asc", "headers": {"Prefer": "count=exact"}}
    site = Rest(settings(stage.host, values))
    for number in range(5):
        site.create(site.project(SAMPLE.with_fields({"title": f"Other {number}", "slug": f"other-{number}"})))
    post = site.project(SAMPLE)
    stored = site.create(post)
    assert stored.post is not None
    held = {name for name in ("title", "slug", "description", "tags", "status", "date") if post.get(name)}
    assert held >= {"title", "slug", "status"}
    assert {name: stored.post.get(name) for name in held} == {name: post.get(name) for name in held}
    assert stored.post.body == post.body
    assert len(cms.rows) == len([*site.scan()]) == 6
    changed = site.project(SAMPLE.with_fields({"title": "Changed", "body": "Other text.\n"}))
    after = site.update(stored.id, changed, expect=site.fetch(stored.id).revision)
    assert after.post is not None
    assert (after.post.title, after.post.body, after.post.tags) == ("Changed", "Other text.\n", post.tags)
    site.delete(stored.id, expect=site.fetch(stored.id).revision)
    assert len(cms.rows) == 5
    site.close()


def test_every_kind_of_envelope_is_seen_through() -> None:
    told = {
        name: propose(json.dumps(made()), "https://cms.example/openapi.json").values for name, made in DOCUMENTS.items()
    }
    assert {name: values["fields"]["id"] for name, values in told.items()} == {
        **dict.fromkeys(DOCUMENTS, "id"),
        "drf": {"path": "url", "match": "/([^/]+)/?$"},
    }
    assert {name: values.get("envelope", {}).get("list") for name, values in told.items()} == {
        "drf": "results",
        "directus": "data",
        "payload": "docs",
        "jsonapi": "data",
        "postgrest": None,
        "airtable": "records",
        "laravel": "data",
        "hal": "_embedded.posts",
    }
    assert {name: values["paging"]["style"] for name, values in told.items()} == {
        **dict.fromkeys(DOCUMENTS, "page"),
        "jsonapi": "offset",
        "postgrest": "offset",
        "airtable": "cursor",
    }
    assert told["laravel"]["fields"]["tags"] == {"path": "tags", "type": "list"}
    assert told["laravel"]["endpoints"]["find"] == "GET /v1/posts?filter[slug]={slug}"
    assert told["payload"]["auth"] == "Authorization: users API-Key {token}"
    assert told["jsonapi"]["headers"]["Accept"] == "application/vnd.api+json"
    assert told["hal"]["paging"]["first"] == 0
