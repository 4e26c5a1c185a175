"""The shapes: how Directus, Payload, Django REST framework, JSON:API, Contentful and others ask and answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from graphql import build_schema, graphql_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.fakes.shapes import TOKEN, Call, Refused, Row, Shape, Shaped, keys, must

ONE = r"/(?P<id>[^/]+)"


def crud(path: str, update: str = "PATCH", slash: str = "") -> tuple[tuple[str, str, str], ...]:
    one = path + ONE + slash
    whole = path + slash
    return (
        ("GET", whole, "list"),
        ("POST", whole, "create"),
        ("GET", one, "get"),
        (update, one, "update"),
        ("DELETE", one, "delete"),
    )


# Directus: {data}, fields chosen by the request, tags through a junction, forbidden for missing

DIRECTUS = {"title": "title", "slug": "slug", "content": "body", "excerpt": "description", "status": "status"}
DIRECTUS |= {"date_published": "date", "tags": "tags"}
FORBIDDEN = {"errors": [{"message": "You don't have permission to access this.", "extensions": {"code": "FORBIDDEN"}}]}


def directus_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    wide = "tags.tags_id" in call.asked("fields").split(",")
    tags = [{"tags_id": tag} if wide else 900 + int(tag) for tag in cms.ids(row["tags"])]
    own = {key: row[name] for key, name in DIRECTUS.items()} | {"tags": tags}
    return {"id": id, **own, "user_created": "f3c1", "date_updated": row["updated"]}


def directus_take(cms: Shaped, call: Call, row: Row) -> Row:
    found = keys(call.value, DIRECTUS)
    if "tags" in found:
        must(all(isinstance(tag, dict) and set(tag) == {"tags_id"} for tag in found["tags"]), 400, "tags: junctions")
        must(all(type(tag["tags_id"]) is str for tag in found["tags"]), 400, "tags_id: a key")
        found["tags"] = [cms.term(tag["tags_id"]) for tag in found["tags"]]
    return found


def directus_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    size, page = call.number("limit", 100), call.number("page", 1)
    counted = {"meta": {"filter_count": len(shown)}} if call.asked("meta") == "filter_count" else {}
    return {"data": shown[(page - 1) * size : page * size], **counted}


# Payload: docs and hasNextPage, {message, doc}, rows of an array field, _status

PAYLOAD = {"title": "title", "slug": "slug", "content": "body", "meta": "description", "_status": "status"}
PAYLOAD |= {"publishedAt": "date", "tags": "tags"}


def payload_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    own = {key: row[name] for key, name in PAYLOAD.items()} | {"meta": {"description": row["description"]}}
    own["tags"] = [{"id": f"row{number}", "tag": tag} for number, tag in enumerate(row["tags"])]
    return {"id": id, **own, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": row["updated"]}


def payload_take(cms: Shaped, call: Call, row: Row) -> Row:
    found = keys(call.value, PAYLOAD)
    if "description" in found:
        must(isinstance(found["description"], dict), 400, "meta is a group")
        found["description"] = found["description"].get("description")
    if "tags" in found:
        must(all(isinstance(tag, dict) and {"tag"} <= set(tag) <= {"id", "tag"} for tag in found["tags"]), 400, "tags")
        found["tags"] = [tag["tag"] for tag in found["tags"]]
    return found


def payload_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    size, page = call.number("limit", 10), call.number("page", 1)
    pages = max(1, -(-len(shown) // size))
    told = {"totalDocs": len(shown), "limit": size, "totalPages": pages, "page": page, "hasNextPage": page < pages}
    return {"docs": shown[(page - 1) * size : page * size], **told, "nextPage": page + 1 if page < pages else None}


def payload_one(call: Call, shown: Any) -> Any:
    return shown if call.op == "get" else {"message": "Post successfully saved.", "doc": shown}


def payload_invalid(field: str, text: str) -> tuple[int, Any]:
    errors = [{"path": {v: k for k, v in PAYLOAD.items()}.get(field, field), "message": text}]
    return 400, {"errors": [{"name": "ValidationError", "data": {"errors": errors}, "message": "An error"}]}


# Django REST framework: a hyperlinked record without an id, page links, PUT of everything, a slash at the end

DRF = {"title": "title", "slug": "slug", "text": "body", "summary": "description", "state": "status"}
DRF |= {"published": "date", "tags": "tags"}


def drf_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    address = f"http://testserver/api/posts/{id}/"
    return {"url": address, **{key: row[name] for key, name in DRF.items()}, "modified": row["updated"]}


def drf_take(cms: Shaped, call: Call, row: Row) -> Row:
    found = keys(call.value, DRF)
    for key in ("title", "text"):
        must(DRF[key] in found, 400, f"{key}: This field is required.")
    return found


def drf_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    page, size = call.number("page", 1), 3
    if page > 1 and (page - 1) * size >= len(shown):
        raise Refused(404, {"detail": "Invalid page."})
    link = f"http://testserver/api/posts/?page={page + 1}" if page * size < len(shown) else None
    return {"count": len(shown), "next": link, "previous": None, "results": shown[(page - 1) * size : page * size]}


# JSON:API as Drupal has it: its own media type, a body that is an object, terms as relationships, next links

JSONAPI = "application/vnd.api+json"


def jsonapi_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    text = {"value": row["body"], "format": "markdown", "processed": f"<p>{row['body']}</p>", "summary": ""}
    attributes = {
        "title": row["title"],
        "status": row["status"] == "published",
        "body": text,
        "changed": row["updated"],
        "path": {"alias": row["slug"], "pid": 7, "langcode": "en"},
        "field_summary": row["description"],
        "created": row["date"],
        "drupal_internal__nid": 12,
    }
    tags = [{"type": "taxonomy_term--tags", "id": tag, "meta": {"target": 3}} for tag in cms.ids(row["tags"])]
    links = {"related": {"href": f"http://testserver/api/node/article/{id}/field_tags"}}
    related = {"field_tags": {"data": tags, "links": links}}
    return {"type": "node--article", "id": id, "links": {}, "attributes": attributes, "relationships": related}


def jsonapi_take(cms: Shaped, call: Call, row: Row) -> Row:
    data = call.value.get("data") if set(call.value) == {"data"} else None
    must(isinstance(data, dict) and data.get("type") == "node--article", 409, "the type is wrong")
    must(call.op == "create" or data.get("id") == call.id, 409, "the id is wrong")
    must(set(data) <= {"type", "id", "attributes", "relationships"}, 400, "unknown member")
    known = {"title": "title", "status": "status", "body": "body", "path": "slug", "field_summary": "description"}
    found = keys(data.get("attributes", {}), {**known, "created": "date"})
    if "status" in found:
        must(type(found["status"]) is bool, 422, "status: This value should be of the correct primitive type.")
        found["status"] = "published" if found["status"] else "draft"
    if "body" in found:
        must(found["body"].get("format") == "markdown", 422, "body.0.format: not a valid choice")
        found["body"] = found["body"]["value"]
    if "slug" in found:
        found["slug"] = found["slug"].get("alias") if found["slug"] else None
    if "date" in found:
        must(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["date"] or ""), 422, "created: RFC 3339")
    for name, related in data.get("relationships", {}).items():
        must(name == "field_tags" and isinstance(related["data"], list), 400, "no such relationship")
        must(all(tag["type"] == "taxonomy_term--tags" for tag in related["data"]), 400, "the type of a term")
        found["tags"] = [cms.term(tag["id"]) for tag in related["data"]]
    return found


def jsonapi_check(cms: Shaped, call: Call) -> None:
    must(call.header("accept") == JSONAPI, 406, "Not acceptable")
    if call.op in ("create", "update", "term"):
        must(call.header("content-type") == JSONAPI, 415, "Unsupported media type")
    if call.op == "term":
        call.value = call.value["data"]["attributes"]


def jsonapi_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    start, size = call.number("page[offset]", 0), call.number("page[limit]", 50, 2)
    more = {"page[offset]": start + size, "page[limit]": size}
    links = {"self": {"href": "/api/node/article"}}
    if start + size < len(shown):
        links["next"] = {"href": f"http://internal/api/node/article?{urlencode(more)}"}
    return JSONResponse({"data": shown[start : start + size], "links": links}, media_type=JSONAPI)


def jsonapi_one(call: Call, shown: Any) -> Any:
    return JSONResponse({"data": shown}, 201 if call.op == "create" else 200, media_type=JSONAPI)


def jsonapi_invalid(field: str, text: str) -> tuple[int, Any]:
    pointer = {"pointer": f"/data/attributes/{field}"}
    return 422, {"errors": [{"title": "Unprocessable Content", "detail": f"{field}: {text}", "source": pointer}]}


# Contentful: a map of locales in every field, versions in a header, PUT of everything, publishing by itself

CONTENTFUL = "application/vnd.contentful.management.v1+json"
ENTRY = {"title": "title", "slug": "slug", "body": "body", "summary": "description", "tags": "tags", "date": "date"}


def contentful_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    fields = {key: {"en-US": row[name]} for key, name in ENTRY.items() if row[name] is not None}
    system = {"id": id, "type": "Entry", "version": row["version"], "updatedAt": row["updated"]}
    public = {"publishedVersion": row["public"], "publishedAt": row["updated"]} if row["status"] == "published" else {}
    german = {"de-DE": "Zwei"}
    fields["title"] = {**fields["title"], **german} if "de" in row else fields["title"]
    return {"sys": {**system, **public}, "metadata": {"tags": []}, "fields": fields}


def contentful_take(cms: Shaped, call: Call, row: Row) -> Row:
    must(set(call.value) <= {"fields", "metadata"}, 422, "only fields and metadata")
    found = keys(call.value["fields"], ENTRY)
    for name, locales in found.items():
        must(isinstance(locales, dict) and set(locales) <= {"en-US", "de-DE"}, 422, f"{name}: locales")
    if "de" in row:
        must("de-DE" in found["title"], 422, "the German title is lost")
    return {name: locales["en-US"] for name, locales in found.items()}


def contentful_check(cms: Shaped, call: Call) -> None:
    if call.op in ("create", "update"):
        must(call.header("content-type") == CONTENTFUL, 415, "Unsupported media type")
    if call.op == "create":
        must(call.header("x-contentful-content-type") == "post", 422, "Content type is missing")
    if call.op in ("update", "delete", "publish", "unpublish") and call.id in cms.rows:
        current = str(cms.rows[call.id]["version"])
        must(call.header("x-contentful-version") == current, 409, "VersionMismatch")


def contentful_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    start, size = call.number("skip", 0), call.number("limit", 100, 2)
    told = {"sys": {"type": "Array"}, "total": len(shown), "skip": start, "limit": size}
    return {**told, "items": shown[start : start + size]}


def contentful_invalid(field: str, text: str) -> tuple[int, Any]:
    error = {"name": "size", "path": ["fields", field], "details": text}
    return 422, {"sys": {"type": "Error", "id": "ValidationFailed"}, "message": text, "details": {"errors": [error]}}


# A document store with a query language and mutations (Sanity): everything is a POST of transactions

SANITY = {"title": "title", "slug": "slug", "text": "body", "summary": "description", "tags": "tags"}
SANITY |= {"status": "status", "publishedAt": "date"}
QUERY = re.compile(r'\*\[_type == "post" && _id > "([^"]*)"\] \| order\(_id asc\)\[0\.\.\.(\d+)\]')


def sanity_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    own = {key: row[name] for key, name in SANITY.items() if row[name] is not None}
    if row["slug"] is not None:
        own["slug"] = {"_type": "slug", "current": row["slug"]}
    return {"_id": id, "_type": "post", "_rev": f"r{row['version']}", "_updatedAt": row["updated"], **own}


def sanity_check(cms: Shaped, call: Call) -> None:
    if call.op != "mutate":
        return
    must(call.asked("returnDocuments") == "true", 400, "this fake shows documents only when asked to")
    [mutation] = call.value["mutations"]
    [(kind, value)] = mutation.items()
    call.op = {"create": "create", "patch": "update", "delete": "delete"}[kind]
    call.id, call.value = value.get("id", ""), value
    if call.op == "create":
        must(value.pop("_type", None) == "post", 400, "_type is missing")
    if call.op == "update" and call.id in cms.rows:
        must(value.get("ifRevisionID") == f"r{cms.rows[call.id]['version']}", 409, "revision does not match")
        call.value = value["set"]


def sanity_take(cms: Shaped, call: Call, row: Row) -> Row:
    found = keys(call.value, SANITY)
    if found.get("slug") is not None:
        must(set(found["slug"]) == {"_type", "current"}, 400, "slug: an object")
        found["slug"] = found["slug"]["current"]
    return found


def sanity_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    asked = QUERY.fullmatch(call.asked("query"))
    must(asked is not None, 400, f"unable to parse {call.asked('query')}")
    after, size = (asked[1], int(asked[2])) if asked else ("", 0)
    return {"ms": 3, "result": sorted((d for d in shown if d["_id"] > after), key=lambda d: d["_id"])[:size]}


def sanity_one(call: Call, shown: Any) -> Any:
    if call.op == "get":
        return {"documents": [shown], "omitted": []}
    return {"transactionId": "t1", "results": [{"id": shown["_id"], "operation": call.op, "document": shown}]}


# PostgREST: one path, filters in the query, ranges in headers, what was written only when preferred

POSTGREST = ("title", "slug", "body", "description", "tags", "status", "date")


def postgrest_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    return {"id": int(id), **{name: row[name] for name in POSTGREST}, "updated_at": row["updated"]}


def postgrest_check(cms: Shaped, call: Call) -> None:
    must(call.header("apikey") == TOKEN, 401, "No API key found in request")
    one = re.fullmatch(r"eq\.(\d+)", call.asked("id"))
    if call.op in ("update", "delete"):
        must(one, 400, "UPDATE requires a WHERE clause")
        call.id = one[1] if one else ""
        stamp = call.asked("updated_at")
        if call.id not in cms.rows or (stamp and stamp != f"eq.{cms.rows[call.id]['updated']}"):
            raise Refused(200, [])
        if call.op == "update":
            must(isinstance(call.value, dict), 400, "expected an object")


def postgrest_take(cms: Shaped, call: Call, row: Row) -> Row:
    found = keys(call.value, dict(zip(POSTGREST, POSTGREST, strict=True)))
    others = [other for id, other in cms.rows.items() if id != call.id]
    if found.get("slug") and any(other["slug"] == found["slug"] for other in others):
        said = {"code": "23505", "hint": None, "message": 'duplicate key value violates unique constraint "posts_slug"'}
        raise Refused(409, {**said, "details": f"Key (slug)=({found['slug']}) already exists."})
    return found


def postgrest_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    if one := re.fullmatch(r"eq\.(\d+)", call.asked("id")):
        return [record for record in shown if record["id"] == int(one[1])]
    must(call.asked("order") == "id.asc", 400, "this fake gives no order that was not asked for")
    asked = re.fullmatch(r"(\d+)-(\d+)", call.header("range"))
    first, last = (int(asked[1]), min(int(asked[2]), int(asked[1]) + 1)) if asked else (0, 1)
    if first and first >= len(shown):
        raise Refused(416, {"code": "PGRST103", "message": "Requested range not satisfiable"})
    part = shown[first : last + 1]
    at = f"{first}-{first + len(part) - 1}" if part else "*"
    # Without an exact count it tells no total, and answers 200 to a part as well.
    total = len(shown) if call.header("prefer") == "count=exact" else None
    partial = total is not None and len(part) < total
    return JSONResponse(part, 206 if partial else 200, {"Content-Range": f"{at}/{'*' if total is None else total}"})


def postgrest_one(call: Call, shown: Any) -> Any:
    preferred = call.header("prefer") == "return=representation"
    return JSONResponse([shown]) if preferred else Response(status_code=204)


# Airtable: records[].fields under names with spaces, an offset that is a token, empty cells left out

AIRTABLE = {"Title": "title", "Slug": "slug", "Body text": "body", "Summary": "description", "Tags": "tags"}
AIRTABLE |= {"Status": "status", "Published at": "date"}


def airtable_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    cells = {key: row[name] for key, name in AIRTABLE.items() if row[name] not in (None, [], "")}
    return {"id": f"rec{id}", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {**cells, "Edited": row["updated"]}}


def airtable_check(cms: Shaped, call: Call) -> None:
    call.id = call.id.removeprefix("rec")


def airtable_take(cms: Shaped, call: Call, row: Row) -> Row:
    must(set(call.value) <= {"fields", "typecast"}, 422, "INVALID_REQUEST_UNKNOWN")
    found = keys(call.value["fields"], AIRTABLE)
    must(not found.get("tags") or call.value.get("typecast") is True, 422, "INVALID_MULTIPLE_CHOICE_OPTIONS")
    if found.get("tags", []) is None:
        found["tags"] = []
    return found


def airtable_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    start = int(call.asked("offset", "itr/0").rpartition("/")[2])
    size = call.number("pageSize", 100, 2)
    more = {"offset": f"itr/{start + size}"} if start + size < len(shown) else {}
    return {"records": shown[start : start + size], **more}


# A database of pages (Notion): the listing is a POST, every property a typed object, at most 2,000 characters

NOTION = {"Name": "title", "Slug": "slug", "Text": "body", "Tags": "tags", "State": "status"}


def notion_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    def text(value: str | None) -> list[Any]:
        pieces = re.findall(r"(?s).{1,40}", value or "")  # as its editor cuts them at every change of style
        return [{"type": "text", "text": {"content": piece}, "plain_text": piece} for piece in pieces]

    properties = {
        "Name": {"id": "title", "type": "title", "title": text(row["title"])},
        "Slug": {"id": "s", "type": "rich_text", "rich_text": text(row["slug"])},
        "Text": {"id": "t", "type": "rich_text", "rich_text": text(row["body"])},
        "Tags": {"type": "multi_select", "multi_select": [{"id": "x", "name": t, "color": "red"} for t in row["tags"]]},
        "State": {"type": "select", "select": {"id": "y", "name": row["status"]}},
    }
    return {"object": "page", "id": id, "last_edited_time": row["updated"], "archived": False, "properties": properties}


def notion_check(cms: Shaped, call: Call) -> None:
    must(call.header("notion-version") == "2022-06-28", 400, "missing_version")
    if call.op == "update" and call.value == {"archived": True}:
        call.op = "delete"


def notion_take(cms: Shaped, call: Call, row: Row) -> Row:
    value = dict(call.value)
    if call.op == "create":
        must(value.pop("parent", None) == {"database_id": "d1"}, 400, "parent is missing")
    must(set(value) == {"properties"}, 400, "body failed validation")
    found: Row = {}
    for key, inner in value["properties"].items():
        must(key in NOTION, 400, f"{key} is not a property that exists.")
        [(kind, told)] = inner.items()
        must(kind == {"Name": "title", "Tags": "multi_select", "State": "select"}.get(key, "rich_text"), 400, kind)
        if kind == "multi_select":
            found["tags"] = [option["name"] for option in told]
        elif kind == "select":
            found["status"] = told["name"]
        else:
            pieces = [piece["text"]["content"] for piece in told]
            must(all(len(piece) <= 2000 for piece in pieces), 400, "length should be ≤ `2000`")
            found[NOTION[key]] = "".join(pieces) or None
    return found


def notion_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    must(set(call.value) <= {"page_size", "start_cursor", "sorts"}, 400, "body failed validation")
    must(type(call.value.get("page_size", 100)) is int, 400, "page_size should be a number")
    start, size = int(call.value.get("start_cursor", "0")), min(call.value.get("page_size", 100), 2)
    more = start + size < len(shown)
    following = {"has_more": more, "next_cursor": str(start + size) if more else None}
    return {"object": "list", "results": shown[start : start + size], **following}


# Wagtail: a listing in small pages that only shows, and shows the text only when asked for all fields

WAGTAIL = {"title": "title", "body": "body", "search_description": "description"}


def wagtail_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    meta = {"type": "blog.BlogPage", "slug": row["slug"], "first_published_at": row["date"]}
    meta |= {"html_url": f"https://blog.example/{row['slug']}/"}
    wide = call.op == "get" or call.asked("fields") == "*"
    own = {key: row[name] for key, name in WAGTAIL.items() if wide or key == "title"}
    return {"id": int(id), "meta": meta, **own, **({"tags": row["tags"]} if wide else {})}


def wagtail_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    must(call.number("limit", 20) <= 20, 400, "limit cannot be higher than 20")
    start, size = call.number("offset", 0), call.number("limit", 2, 2)
    return {"meta": {"total_count": len(shown)}, "items": shown[start : start + size]}


# HAL as Spring writes it: embedded lists, next links, pages from 0, ids only in the link of a record

PLAIN = {"title": "title", "slug": "slug", "text": "body", "summary": "description", "tags": "tags", "at": "date"}
PLAIN |= {"state": "status"}


def plain_take(cms: Shaped, call: Call, row: Row) -> Row:
    return keys(call.value, PLAIN)


def hal_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    own = {key: row[name] for key, name in PLAIN.items()}
    return {**own, "changed": row["updated"], "_links": {"self": {"href": f"http://testserver/api/posts/{id}"}}}


def hal_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    page, size = call.number("page", 0), call.number("size", 20, 2)
    told = {"size": size, "totalElements": len(shown), "totalPages": -(-len(shown) // size), "number": page}
    more = (page + 1) * size < len(shown)
    links = {"next": {"href": f"http://internal:8080/api/posts?page={page + 1}&size={size}"}} if more else {}
    part = shown[page * size : (page + 1) * size]
    return {"_embedded": {"posts": part}, "_links": links, "page": told} if part else {"_links": {}, "page": told}


# OData: value and nextLink, keys in brackets, weak ETags that a write must name, answers only when preferred


def odata_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    return {"@odata.etag": f'W/"{row["version"]}"', "Id": id, **{key: row[name] for key, name in PLAIN.items()}}


def odata_check(cms: Shaped, call: Call) -> None:
    if call.op in ("update", "delete") and call.id in cms.rows:
        must(call.header("if-match") == f'W/"{cms.rows[call.id]["version"]}"', 412, "The etag does not match.")


def odata_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    start = call.number("$skiptoken", 0)
    more = {"@odata.nextLink": f"http://testserver/api/Posts?$skiptoken={start + 2}"} if start + 2 < len(shown) else {}
    return {"@odata.context": "$metadata#Posts", "value": shown[start : start + 2], **more}


def odata_one(call: Call, shown: Any) -> Any:
    if call.op == "update" and call.header("prefer") != "return=representation":
        return Response(status_code=204)
    return JSONResponse(shown, 201 if call.op == "create" else 200, {"ETag": shown["@odata.etag"]})


# Hydra as API Platform has it: members and a view in JSON-LD, merge patches


def hydra_show(cms: Shaped, call: Call, id: str, row: Row) -> Any:
    own = {key: row[name] for key, name in PLAIN.items()}
    return {"@id": f"/api/posts/{id}", "@type": "Post", "id": int(id), **own, "changed": row["updated"]}


def hydra_check(cms: Shaped, call: Call) -> None:
    wanted = {"create": "application/ld+json", "update": "application/merge-patch+json"}.get(call.op)
    must(wanted is None or call.header("content-type") == wanted, 415, f"The content-type must be {wanted}")


def hydra_list(cms: Shaped, call: Call, shown: list[Any]) -> Any:
    page = call.number("page", 1)
    view = {"@id": f"/api/posts?page={page}", "@type": "PartialCollectionView"}
    view |= {"next": f"/api/posts?page={page + 1}"} if page * 2 < len(shown) else {}
    return {"@type": "Collection", "totalItems": len(shown), "member": shown[(page - 1) * 2 : page * 2], "view": view}


# GraphQL as Keystone has it, by a schema that is executed: a wrong query fails

SCHEMA = build_schema("""
    enum Order { asc desc }
    input PostOrder { id: Order }
    input PostWhere { id: ID! }
    input PostCreateInput { title: String!, slug: String, content: String, status: String }
    input PostUpdateInput { title: String, slug: String, content: String, status: String }
    type Post { id: ID!, title: String, slug: String, content: String, status: String, updatedAt: String }
    type Query {
        posts(skip: Int!, take: Int, orderBy: [PostOrder!]): [Post!]
        post(where: PostWhere!): Post
    }
    type Mutation {
        createPost(data: PostCreateInput!): Post
        updatePost(where: PostWhere!, data: PostUpdateInput!): Post
        deletePost(where: PostWhere!): Post
    }
""")
KEYSTONE = {"title": "title", "slug": "slug", "content": "body", "status": "status"}


class Keystone:
    """The root of its queries and mutations."""

    def __init__(self, cms: Shaped, call: Call) -> None:
        self.cms, self.call = cms, call

    def shown(self, id: str) -> Any:
        if id not in self.cms.rows:
            return None
        row = self.cms.rows[id]
        return {"id": id, **{key: row[name] for key, name in KEYSTONE.items()}, "updatedAt": row["updated"]}

    def posts(self, info: Any, skip: int, take: int = 10, orderBy: Any = None) -> Any:
        return [self.shown(id) for id in [*self.cms.rows][skip : skip + min(take, 5)]]

    def post(self, info: Any, where: Any) -> Any:
        return self.shown(where["id"])

    def createPost(self, info: Any, data: Any) -> Any:
        self.call.op, self.call.value = "create", data
        id = f"c{len(self.cms.log)}"
        self.cms.store(id, self.cms.taken(self.call, dict.fromkeys(("slug", "body")) | {"status": "draft"}))
        return self.shown(id)

    def updatePost(self, info: Any, where: Any, data: Any) -> Any:
        self.call.op, self.call.value = "update", data
        self.cms.store(where["id"], self.cms.taken(self.call, self.cms.rows[where["id"]]))
        return self.shown(where["id"])

    def deletePost(self, info: Any, where: Any) -> Any:
        self.call.op = "delete"
        shown = self.shown(where["id"])
        del self.cms.rows[where["id"]]
        return shown


def graphql_check(cms: Shaped, call: Call) -> None:
    must(set(call.value) <= {"query", "variables"}, 400, "only query and variables")
    query, variables = call.value["query"], call.value.get("variables")
    call.op = "list" if query.lstrip().startswith("query") else "mutate"
    cms.log[-1] = ("GET" if call.op == "list" else call.op, query)
    found = graphql_sync(SCHEMA, query, Keystone(cms, call), variable_values=variables)
    told = [{"message": error.message} for error in found.errors or ()]
    raise Refused(200, {"data": found.data, **({"errors": told} if told else {})})


def never(cms: Shaped, call: Call, row: Row) -> Row:
    raise Refused(405, {"detail": "Method not allowed"})


def with_terms(path: str) -> tuple[tuple[str, str, str], ...]:
    return (("GET", path, "terms"), ("POST", path, "term"))


def keyed(word: str) -> Callable[[Request], bool]:
    return lambda request: request.headers.get("authorization") == f"{word}{TOKEN}"


SHAPES: Mapping[str, Callable[[], Shape]] = {
    "directus": lambda: Shape(
        routes=crud("/items/posts") + with_terms("/items/tags"),
        show=directus_show,
        take=directus_take,
        list=directus_list,
        one=lambda call, shown: {"data": shown},
        missing=(403, FORBIDDEN),
    ),
    "payload": lambda: Shape(
        routes=crud("/posts"),
        show=payload_show,
        take=payload_take,
        list=payload_list,
        one=payload_one,
        allowed=keyed("users API-Key "),
        invalid=payload_invalid,
        gone=200,
    ),
    "drf": lambda: Shape(
        routes=crud("/posts", "PUT", "/"),
        show=drf_show,
        take=drf_take,
        list=drf_list,
        allowed=keyed("Token "),
        replaces=True,
        numbers=True,
    ),
    "jsonapi": lambda: Shape(
        routes=crud("/node/article") + with_terms("/taxonomy_term/tags"),
        show=jsonapi_show,
        take=jsonapi_take,
        list=jsonapi_list,
        one=jsonapi_one,
        check=jsonapi_check,
        invalid=jsonapi_invalid,
        term=lambda id, name: {"type": "taxonomy_term--tags", "id": id, "attributes": {"name": name}},
    ),
    "contentful": lambda: Shape(
        routes=(
            *crud("/entries", "PUT"),
            ("PUT", f"/entries{ONE}/published", "publish"),
            ("DELETE", f"/entries{ONE}/published", "unpublish"),
        ),
        show=contentful_show,
        take=contentful_take,
        list=contentful_list,
        check=contentful_check,
        invalid=contentful_invalid,
        replaces=True,
        publishes=True,
    ),
    "sanity": lambda: Shape(
        routes=(
            ("GET", "/data/query/production", "list"),
            ("GET", f"/data/doc/production{ONE}", "get"),
            ("POST", "/data/mutate/production", "mutate"),
        ),
        show=sanity_show,
        take=sanity_take,
        list=sanity_list,
        one=sanity_one,
        check=sanity_check,
        missing=(200, lambda id: {"documents": [], "omitted": [{"id": id, "reason": "existence"}]}),
        created=200,
        gone=200,
    ),
    "postgrest": lambda: Shape(
        routes=(
            ("GET", "/posts", "list"),
            ("POST", "/posts", "create"),
            ("PATCH", "/posts", "update"),
            ("DELETE", "/posts", "delete"),
        ),
        show=postgrest_show,
        take=postgrest_take,
        list=postgrest_list,
        one=postgrest_one,
        check=postgrest_check,
        numbers=True,
    ),
    "airtable": lambda: Shape(
        routes=crud("/appX/Posts"),
        show=airtable_show,
        take=airtable_take,
        list=airtable_list,
        check=airtable_check,
        invalid=lambda field, text: (422, {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": text}}),
        created=200,
        gone=200,
    ),
    "notion": lambda: Shape(
        routes=(
            ("POST", "/databases/d1/query", "list"),
            ("POST", "/pages", "create"),
            ("GET", f"/pages{ONE}", "get"),
            ("PATCH", f"/pages{ONE}", "update"),
        ),
        show=notion_show,
        take=notion_take,
        list=notion_list,
        check=notion_check,
        fields=("title", "slug", "body", "tags", "status"),
        created=200,
        gone=200,
    ),
    "hal": lambda: Shape(
        routes=crud("/posts"),
        show=hal_show,
        take=plain_take,
        list=hal_list,
        numbers=True,
    ),
    "odata": lambda: Shape(
        routes=(
            ("GET", "/Posts", "list"),
            ("POST", "/Posts", "create"),
            ("GET", r"/Posts\((?P<id>[^/]+)\)", "get"),
            ("PATCH", r"/Posts\((?P<id>[^/]+)\)", "update"),
            ("DELETE", r"/Posts\((?P<id>[^/]+)\)", "delete"),
        ),
        show=odata_show,
        take=plain_take,
        list=odata_list,
        one=odata_one,
        check=odata_check,
        invalid=lambda field, text: (400, {"error": {"code": "", "message": text, "target": field}}),
    ),
    "hydra": lambda: Shape(
        routes=crud("/posts"),
        show=hydra_show,
        take=plain_take,
        list=hydra_list,
        check=hydra_check,
        invalid=lambda field, text: (422, {"violations": [{"propertyPath": field, "message": text}]}),
        numbers=True,
    ),
    "graphql": lambda: Shape(
        routes=(("POST", "/graphql", "graphql"),),
        show=never,
        take=lambda cms, call, row: keys(call.value, KEYSTONE),
        list=never,
        check=graphql_check,
        invalid=lambda field, text: (200, {"data": None, "errors": [{"message": f"{field}: {text}"}]}),
        fields=("title", "slug", "body", "status"),
    ),
    "wagtail": lambda: Shape(
        routes=(("GET", "/pages/", "list"), ("GET", f"/pages{ONE}/", "get")),
        show=wagtail_show,
        take=never,
        list=wagtail_list,
        numbers=True,
    ),
}
