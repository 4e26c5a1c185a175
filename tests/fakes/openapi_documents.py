"""What CMSs of some shapes say of themselves in OpenAPI, as the tools that generate such documents write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
STATUS: Schema = {"type": "string", "enum": ["published", "draft"]}
BEARER: Schema = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
JSONAPI = "application/vnd.api+json"


def thing(**members: Schema) -> Schema:
    return {"type": "object", "properties": members}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def holds(schema: Schema, kind: str = "application/json") -> Schema:
    return {"content": {kind: {"schema": schema}}}


def answer(schema: Schema, kind: str = "application/json", status: str = "200") -> Schema:
    return {status: {"description": "", **holds(schema, kind)}}


def query(name: str, **schema: Any) -> Schema:
    return {"name": name, "in": "query", "schema": schema or TEXT}


def crud(listed: Schema, shown: Schema, sent: Schema, *queries: Schema, **how: Any) -> tuple[Schema, Schema]:
    """Return the operations of a collection and of one record in it."""
    kind = how.get("kind", "application/json")
    stored = how.get("stored", shown)
    collection = {
        "get": {"parameters": [*queries], "responses": answer(listed, kind)},
        "post": {"requestBody": holds(sent, kind), "responses": answer(stored, kind, "201")},
    }
    one = {
        "get": {"responses": answer(shown, kind)},
        how.get("method", "patch"): {"requestBody": holds(sent, kind), "responses": answer(stored, kind)},
        "delete": {"responses": {"204": {"description": ""}}},
    }
    return collection, one


def document(paths: Schema, components: Schema = BEARER) -> Schema:
    return {"openapi": "3.0.3", "servers": [{"url": "/api"}], "paths": paths, "components": components}


def drf() -> Schema:
    post = thing(
        url={"type": "string", "format": "uri", "readOnly": True},
        title={"type": "string", "maxLength": 200},
        **dict.fromkeys(("slug", "text", "summary"), TEXT),
        state=STATUS,
        published=MOMENT,
        tags=many(TEXT),
        modified={**MOMENT, "readOnly": True},
    )
    post["required"] = ["modified", "text", "title", "url"]
    listed = thing(count=WHOLE, next={**TEXT, "nullable": True}, previous=TEXT, results=many(post))
    collection, one = crud(listed, post, post, query("page", type="integer"), method="put")
    told = 'Token-based authentication with required prefix "Token"'
    key = {"type": "apiKey", "in": "header", "name": "Authorization", "description": told}
    return document({"/posts/": collection, "/posts/{id}/": one}, {"securitySchemes": {"tokenAuth": key}})


def directus() -> Schema:
    post = thing(
        id={"type": "string", "format": "uuid"},
        status=STATUS,
        **dict.fromkeys(("title", "slug", "content", "excerpt", "user_created"), TEXT),
        **dict.fromkeys(("date_published", "date_updated"), MOMENT),
        tags=many({"oneOf": [WHOLE, thing(tags_id=TEXT)]}),
    )
    listed = thing(data=many(post), meta=thing(filter_count=WHOLE))
    queries = (query("fields"), query("limit", type="integer"), query("offset", type="integer"))
    several = {"oneOf": [many(post), post]}
    collection, one = crud(listed, thing(data=post), several, *queries, query("page", type="integer"))
    whole = {**collection, "patch": {"responses": {}}, "delete": {"responses": {}}}
    return document({"/items/posts": whole, "/items/posts/{id}": one})


def payload() -> Schema:
    sent = thing(
        **dict.fromkeys(("title", "slug", "content"), TEXT),
        meta=thing(description=TEXT),
        tags=many(thing(id=TEXT, tag=TEXT)),
        _status=STATUS,
        publishedAt=MOMENT,
    )
    shown = thing(id=TEXT, **sent["properties"], updatedAt=MOMENT, createdAt=MOMENT)
    listed = thing(docs=many(shown), **dict.fromkeys(("totalDocs", "limit", "totalPages", "page"), WHOLE))
    queries = (query("page", type="number"), query("limit", type="number"), query("where", type="object"))
    collection, one = crud(listed, shown, {**sent, "required": ["title"]}, *queries, stored=thing(doc=shown))
    key = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "users API-Key <key>"}
    return document({"/posts": collection, "/posts/{id}": one}, {"securitySchemes": {"apiKey": key}})


def jsonapi() -> Schema:
    attributes = thing(
        title=TEXT,
        status={"type": "boolean"},
        body=thing(**dict.fromkeys(("value", "format", "processed", "summary"), TEXT)),
        path=thing(alias=TEXT, pid=WHOLE, langcode=TEXT),
        **dict.fromkeys(("created", "changed"), MOMENT),
        field_summary=TEXT,
    )
    tag = thing(type={"type": "string", "enum": ["taxonomy_term--tags"]}, id=TEXT)
    resource = thing(
        type={"const": "node--article"},
        id={"type": "string", "format": "uuid"},
        attributes=attributes,
        relationships=thing(field_tags=thing(data=many(tag))),
    )
    resource["required"] = ["id", "type"]
    queries = (query("page[offset]", type="integer"), query("page[limit]", type="integer"))
    one = thing(data=resource)
    listed = thing(data=many(resource), links=thing(next=thing(href=TEXT)))
    collection, single = crud(listed, one, one, *queries, kind=JSONAPI)
    terms = {"get": {"responses": {}}, "post": {"responses": {}}}
    return document({"/node/article": collection, "/node/article/{entity}": single, "/taxonomy_term/tags": terms})


def postgrest() -> Schema:
    stamp = {"type": "string", "format": "timestamp with time zone"}
    row = {"id": {"type": "integer", "format": "bigint"}, "date": stamp, "updated_at": stamp, "tags": many(TEXT)}
    row |= {name: {"type": "string", "format": "text"} for name in ("title", "slug", "body", "description", "status")}
    parameters = {f"rowFilter.posts.{name}": {"name": name, "in": "query", "type": "string"} for name in row}
    refs = [{"$ref": f"#/parameters/{name}"} for name in parameters]
    parameters |= {name: {"name": name, "in": "query", "type": "string"} for name in ("order", "offset", "limit")}
    parameters["body.posts"] = {"name": "posts", "in": "body", "schema": {"$ref": "#/definitions/posts"}}
    paged = [*refs, *({"$ref": f"#/parameters/{name}"} for name in ("order", "offset", "limit"))]
    body = {"$ref": "#/parameters/body.posts"}
    posts = {
        "get": {"parameters": paged, "responses": {"200": {"schema": many({"$ref": "#/definitions/posts"})}}},
        "post": {"parameters": [body], "responses": {"201": {"description": "Created"}}},
        "patch": {"parameters": [*refs, body], "responses": {"204": {"description": "No Content"}}},
        "delete": {"parameters": refs, "responses": {"204": {"description": "No Content"}}},
    }
    whole = {"swagger": "2.0", "host": "0.0.0.0:3000", "basePath": "/api", "schemes": ["http"]}
    described = {"posts": {"type": "object", "required": ["id"], "properties": row}}
    return {**whole, "paths": {"/": {"get": {}}, "/posts": posts}, "definitions": described, "parameters": parameters}


def airtable() -> Schema:
    cells = thing(
        **dict.fromkeys(("Title", "Slug", "Body text", "Summary"), TEXT),
        Tags=many(TEXT),
        Status=STATUS,
        **{"Published at": MOMENT, "Edited": {**MOMENT, "readOnly": True}},
    )
    record = thing(id=TEXT, createdTime=MOMENT, fields=cells)
    sent = thing(fields=cells, typecast={"type": "boolean"})
    queries = (query("pageSize", type="integer", maximum=100), query("offset"))
    collection, one = crud(thing(records=many(record), offset=TEXT), record, sent, *queries)
    return document({"/appX/Posts": collection, "/appX/Posts/{recordId}": one})


def laravel() -> Schema:
    sent = thing(
        title={"type": "string", "maxLength": 255},
        **dict.fromkeys(("slug", "body", "excerpt"), TEXT),
        is_published={"type": "boolean"},
        tags=many(TEXT),
        published_at=MOMENT,
    )
    own = {**sent["properties"], "tags": many(thing(id=WHOLE, name=TEXT))}
    shown = thing(id=WHOLE, **own, author=thing(id=WHOLE, name=TEXT), updated_at=MOMENT)
    listed = thing(data=many(shown), links=thing(next=TEXT), meta=thing(total=WHOLE, last_page=WHOLE))
    queries = (query("page", type="integer"), query("per_page", type="integer", maximum=50), query("filter[slug]"))
    collection, one = crud(listed, thing(data=shown), {**sent, "required": ["title"]}, *queries, method="put")
    return document({"/v1/posts": collection, "/v1/posts/{post}": one})


def hal() -> Schema:
    post = thing(
        id=WHOLE,
        **dict.fromkeys(("title", "slug", "content"), TEXT),
        published={"type": "boolean"},
        **dict.fromkeys(("publishedAt", "updatedAt"), MOMENT),
        _links=thing(self=thing(href=TEXT)),
    )
    listed = thing(_embedded=thing(posts=many(post)), _links=thing(), page=thing(totalElements=WHOLE))
    queries = (query("page", type="integer", minimum=0, default=0), query("size", type="integer", default=20))
    collection, one = crud(listed, post, post, *queries, kind="application/hal+json")
    return document({"/posts": collection, "/posts/{id}": one})


DOCUMENTS: Mapping[str, Callable[[], Schema]] = {
    found.__name__: found for found in (drf, directus, payload, jsonapi, postgrest, airtable, laravel, hal)
}
