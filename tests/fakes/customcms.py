"""Custom CMSs as strict as real ones: one store of posts, shown and taken in the manner of a `Manner`.

Each manner is modelled on software that people run: what it wraps, how it cuts listings, whom it lets in, what it
refuses. None of them forgives a key that it does not know.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TOKEN = "s3cret-key"
NAMES = ("title", "slug", "body", "description", "tags", "status", "date")


@dataclass
class Manner:
    """What a CMS is like.

    `names` maps canonical names to keys; `attributes` nests them; `write` is the key around what is sent. `page` cuts a
    list of shown records into an answer.
    """

    path: str
    names: dict[str, str]
    page: Callable[[list[Any], Request], tuple[Any, dict[str, str]]]
    one: Callable[[Any], Any] = lambda shown: shown
    allowed: Callable[[Request, bytes], bool] = lambda request, body: (
        request.headers.get("authorization") == (f"Bearer {TOKEN}")
    )
    write: str = ""
    attributes: bool = False
    query: bool = False
    method: str = "PATCH"
    put_replaces: bool = False
    versions: bool = False
    if_match: bool = False
    silent: bool = False
    summary: bool = False
    uuids: bool = False
    always: Mapping[str, Any] = field(default_factory=dict)
    encode: Callable[[str, Any], Any] = lambda name, value: value
    decode: Callable[[str, Any], Any] = lambda name, value: value
    missing: int = 404
    media_type: str = "application/json"
    id: str = "id"
    updated: str = "updated_at"


class Refusal(Exception):
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body


class CustomCms:
    """An ASGI app. `rows` are the posts; `lose` drops the answer of the next POST after storing it."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.rows: dict[str, dict[str, Any]] = {}
        self.files: list[bytes] = []
        self.log: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.lose = False
        self._numbers = itertools.count(1)
        self._ticks = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.log.append((request.method, request.url.path + (f"?{request.url.query}" if request.url.query else "")))
        try:
            response = self.answer(request, body)
        except Refusal as refusal:
            response = JSONResponse(refusal.body, refusal.status)
        if self.lose and request.method == "POST" and request.url.path != "/api/login":
            self.lose = False
            response = JSONResponse({"message": "gateway timeout"}, 504)
        await response(scope, receive, send)

    def answer(self, request: Request, body: bytes) -> Response:
        manner, method = self.manner, request.method
        path = request.url.path
        if path == "/api/login" and method == "POST":
            if json.loads(body) != {"identity": "me", "password": TOKEN}:
                raise Refusal(400, {"status": 400, "message": "Failed to authenticate.", "data": {}})
            return JSONResponse({"token": "session-1", "record": {}})
        if not manner.allowed(request, body):
            raise Refusal(401, {"error": {"status": 401, "message": "Missing or invalid credentials"}})
        if path == "/api/me":
            return JSONResponse({"data": {"id": 1, "username": "editor"}})
        if path == "/api/upload" and method == "POST":
            if b'name="files"' not in body:
                raise Refusal(400, {"error": {"message": "Files are empty"}})
            self.files.append(body)
            return JSONResponse([{"id": 1, "url": f"/uploads/{len(self.files)}.png"}], 201)
        if not path.startswith(f"/api{manner.path}"):
            raise Refusal(404, {"detail": "Not found."})
        rest = path.removeprefix(f"/api{manner.path}").strip("/")
        if manner.query:
            rest = request.query_params.get("id", "").removeprefix("eq.") if "id" in request.query_params else ""
        if method == "GET":
            return self.one(request, rest) if rest and not manner.query else self.many(request, rest)
        if method == "POST" and not rest:
            return self.create(request, body)
        if method == manner.method and rest:
            return self.update(request, rest, body)
        if method == "DELETE" and rest:
            return self.delete(request, rest)
        raise Refusal(405, {"detail": f'Method "{method}" not allowed.'})

    def show(self, id: str, row: Mapping[str, Any], *, summary: bool = False) -> Any:
        manner = self.manner
        keys = {
            key: manner.encode(name, row.get(name))
            for name, key in manner.names.items()
            if not (summary and name == "body")
        }
        keys |= {"views": 7, manner.updated: row["updated"]}
        own = id if manner.uuids else int(id)
        return (
            {manner.id: own, "type": "articles", "attributes": keys} if manner.attributes else {manner.id: own, **keys}
        )

    def row(self, id: str) -> dict[str, Any]:
        if id not in self.rows:
            raise Refusal(self.manner.missing, {"errors": [{"message": "There is no such item, or it is not yours."}]})
        return self.rows[id]

    def seen(self, row: dict[str, Any], request: Request) -> dict[str, Any] | None:
        if not self.manner.versions:
            return row
        if request.query_params.get("status", "published") == "published":
            return row.get("public")
        return {**row, "date": None}

    def one(self, request: Request, id: str) -> Response:
        row = self.seen(self.row(id), request)
        if row is None:
            raise Refusal(404, {"data": None, "error": {"status": 404, "message": "Not Found"}})
        headers = {"ETag": f'"{row["version"]}"'} if self.manner.if_match else {}
        return JSONResponse(self.manner.one(self.show(id, row)), headers=headers)

    def many(self, request: Request, only: str) -> Response:
        rows = [(id, row) for id, stored in self.rows.items() if (row := self.seen(stored, request)) is not None]
        after = request.query_params.get("id", "").removeprefix("gt.") if self.manner.query else ""
        if only and not request.query_params.get("id", "").startswith("gt."):
            rows = [(id, row) for id, row in rows if id == only]
        elif after:
            rows = [(id, row) for id, row in rows if int(id) > int(after)]
        shown = [self.show(id, row, summary=self.manner.summary) for id, row in rows]
        value, headers = self.manner.page(shown, request)
        return JSONResponse(value, headers=headers)

    def taken(self, request: Request, body: bytes, before: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
        manner = self.manner
        if request.headers.get("content-type") != manner.media_type:
            raise Refusal(415, {"errors": [{"detail": "Unsupported media type"}]})
        value = json.loads(body)
        self.bodies.append(value)
        if manner.write:
            if set(value) != {manner.write}:
                raise Refusal(400, {"error": {"message": f'Missing "{manner.write}" payload in the request body'}})
            value = value[manner.write]
        for key, wanted in manner.always.items():
            if value.pop(key, None) != wanted:
                raise Refusal(409, {"errors": [{"detail": f"{key} is wrong"}]})
        if manner.attributes:
            value.pop("id", None)
            value = value.pop("attributes")
        ours = {key: name for name, key in manner.names.items()}
        for key in value:
            if key not in ours:
                raise Refusal(400, {"error": {"name": "ValidationError", "message": f"Invalid key {key}"}})
        row = dict.fromkeys(NAMES) | (dict(before) if partial else {})
        row |= {ours[key]: manner.decode(ours[key], inner) for key, inner in value.items()}
        if not row["title"] or len(row["title"]) > 200:
            problem = {"loc": ["body", manner.names["title"]], "msg": "bad title"}
            raise Refusal(422, {"detail": [problem]})
        return row

    def stored(self, request: Request, id: str, row: dict[str, Any]) -> dict[str, Any]:
        tick = next(self._ticks)
        row["version"] = tick
        row["updated"] = f"2026-01-01T{tick // 3600:02}:{tick // 60 % 60:02}:{tick % 60:02}.000Z"
        if self.manner.versions and request.query_params.get("status", "published") == "published":
            row["public"] = {**row, "date": row["updated"]}
        self.rows[id] = row
        return row

    def create(self, request: Request, body: bytes) -> Response:
        row = self.taken(request, body, {}, partial=False)
        id = str(uuid.uuid4()) if self.manner.uuids else str(next(self._numbers))
        shown = self.seen(self.stored(request, id, row), request)
        if self.manner.silent:
            place = f"/api{self.manner.path}?id=eq.{id}" if self.manner.query else f"/api{self.manner.path}/{id}"
            return Response(status_code=201, headers={"Location": place})
        return JSONResponse(self.manner.one(self.show(id, shown or row)), 201)

    def update(self, request: Request, id: str, body: bytes) -> Response:
        manner = self.manner
        if manner.query and (id not in self.rows or self.moved(request, id)):
            return JSONResponse([])
        row = self.row(id)
        self.compare(request, row)
        kept = self.stored(request, id, self.taken(request, body, row, partial=not manner.put_replaces))
        if manner.silent:
            return Response(status_code=204)
        shown = self.show(id, self.seen(kept, request) or kept)
        return JSONResponse([shown] if manner.query else manner.one(shown))

    def moved(self, request: Request, id: str) -> bool:
        wanted = request.query_params.get(self.manner.updated, "")
        return bool(wanted) and wanted != f"eq.{self.rows[id]['updated']}"

    def compare(self, request: Request, row: Mapping[str, Any]) -> None:
        if self.manner.if_match:
            given = request.headers.get("if-match")
            if given is None:
                raise Refusal(428, {"message": "This request must be conditional."})
            if given != f'"{row["version"]}"':
                raise Refusal(412, {"message": "Precondition failed"})

    def delete(self, request: Request, id: str) -> Response:
        if self.manner.query and (id not in self.rows or self.moved(request, id)):
            return JSONResponse([])
        self.compare(request, self.row(id))
        del self.rows[id]
        return Response(status_code=204)

    def edit(self, id: str, changes: Mapping[str, str]) -> None:
        """Change a post as somebody does in the CMS's own editor."""
        row = self.rows[id]
        row.update(changes)
        tick = next(self._ticks)
        row |= {"version": tick, "updated": f"2027-01-01T00:{tick // 60:02}:{tick % 60:02}.000Z"}
        if self.manner.versions and "public" in row:
            row["public"] |= {**changes, "version": tick, "updated": row["updated"], "date": row["updated"]}


def _whole(number: str | None, default: int) -> int:
    return int(number) if number and number.isdecimal() else default


def strapi_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    page = _whole(request.query_params.get("pagination[page]"), 1)
    size = min(_whole(request.query_params.get("pagination[pageSize]"), 25), 100)
    info = {"page": page, "pageSize": size, "pageCount": -(-len(shown) // size), "total": len(shown)}
    return {"data": shown[(page - 1) * size : page * size], "meta": {"pagination": info}}, {}


def link_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    page, size = _whole(request.query_params.get("page"), 1), 3
    last = page * size >= len(shown)
    link = f'<http://internal:8000/api/posts/?page={page + 1}&k="x,y">; rel="next", </api/posts/?page=1>; rel="first"'
    return shown[(page - 1) * size : page * size], {} if last else {"Link": link}


def cursor_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    start = _whole(base64.b64decode(request.query_params.get("after", "")).decode(), 0)
    more = start + 3 < len(shown)
    cursor = base64.b64encode(str(start + 3).encode()).decode() if more else None
    return {"result": {"entries": shown[start : start + 3]}, "paging": {"cursors": {"after": cursor}}}, {}


def offset_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    start, size = _whole(request.query_params.get("offset"), 0), min(_whole(request.query_params.get("limit"), 2), 5)
    return {"data": shown[start : start + size]}, {}


def keyset_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    return shown[: _whole(request.query_params.get("limit"), 1000)], {}


def next_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    page = _whole(request.query_params.get("page"), 1)
    if page > 1 and (page - 1) * 3 >= len(shown):
        raise Refusal(404, {"detail": "Invalid page."})
    link = f"http://testserver/api/articles/?page={page + 1}" if page * 3 < len(shown) else None
    return {"count": len(shown), "next": link, "previous": None, "results": shown[(page - 1) * 3 : page * 3]}, {}


def items_page(shown: list[Any], request: Request) -> tuple[Any, dict[str, str]]:
    page, size = _whole(request.query_params.get("page"), 1), min(_whole(request.query_params.get("perPage"), 30), 500)
    return {
        "page": page,
        "perPage": size,
        "totalItems": len(shown),
        "items": shown[(page - 1) * size : page * size],
    }, {}


def signed(request: Request, body: bytes) -> bool:
    """HMAC over method, path with query, time and body, as many in-house APIs have it."""
    stamp = request.headers.get("x-timestamp", "")
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    message = f"{request.method}\n{target}\n{stamp}\n".encode() + body
    mac = base64.b64encode(hmac.new(TOKEN.encode(), message, hashlib.sha256).digest()).decode()
    return stamp.isdecimal() and request.headers.get("authorization") == f"HMAC me:{mac}"


def seconds(name: str, value: Any) -> Any:
    if name == "date":
        return int(datetime.fromisoformat(value).timestamp()) if value else None
    if name == "tags":
        return ", ".join(value or [])
    return value == "published" if name == "status" else value


def from_seconds(name: str, value: Any) -> Any:
    if name == "date":
        if value is not None and type(value) is not int:
            raise Refusal(422, {"errors": {"publishedOn": ["must be a number"]}})
        return datetime.fromtimestamp(value, UTC).isoformat() if value else None
    if name == "tags":
        if not isinstance(value, str):
            raise Refusal(422, {"errors": {"keywords": ["must be a string"]}})
        return [tag.strip() for tag in value.split(",") if tag.strip()]
    if name == "status":
        if type(value) is not bool:
            raise Refusal(422, {"errors": {"published": ["must be a boolean"]}})
        return "published" if value else "draft"
    return value


def objects(name: str, value: Any) -> Any:
    return [{"id": number, "name": tag} for number, tag in enumerate(value or [])] if name == "tags" else value


def from_objects(name: str, value: Any) -> Any:
    if name != "tags":
        return value
    if not all(isinstance(tag, dict) and "name" in tag for tag in value):
        raise Refusal(400, {"errors": [{"message": "tags: must be objects", "field": "tags"}]})
    return [tag["name"] for tag in value]


SAME = {name: name for name in NAMES}
MANNERS: Mapping[str, Callable[[], Manner]] = {
    "strapi": lambda: Manner(
        path="/articles",
        names={"title": "title", "slug": "slug", "body": "content", "description": "summary", "tags": "tags"}
        | {"date": "publishedAt"},
        page=strapi_page,
        one=lambda shown: {"data": shown, "meta": {}},
        write="data",
        method="PUT",
        versions=True,
        uuids=True,
        id="documentId",
        updated="updatedAt",
    ),
    "bare": lambda: Manner(
        path="/posts/",
        names={**SAME, "tags": "keywords", "status": "published", "date": "publishedOn", "body": "text"},
        page=link_page,
        allowed=lambda request, body: request.headers.get("x-api-key") == TOKEN,
        encode=seconds,
        decode=from_seconds,
    ),
    "cursor": lambda: Manner(
        path="/posts",
        names=SAME,
        page=cursor_page,
        one=lambda shown: {"result": {"entry": shown}},
        allowed=signed,
        silent=True,
        summary=True,
        encode=objects,
        decode=from_objects,
    ),
    "etag": lambda: Manner(
        path="/items/posts",
        names=SAME,
        page=offset_page,
        one=lambda shown: {"data": shown},
        allowed=lambda request, body: request.query_params.get("access_token") == TOKEN,
        method="PUT",
        put_replaces=True,
        if_match=True,
        missing=403,
        uuids=True,
    ),
    "postgrest": lambda: Manner(
        path="/posts",
        names=SAME,
        page=keyset_page,
        one=lambda shown: [shown],
        allowed=lambda request, body: (
            request.headers.get("apikey") == TOKEN and request.headers.get("authorization") == f"Bearer {TOKEN}"
        ),
        query=True,
    ),
    "jsonapi": lambda: Manner(
        path="/articles/",
        names={name: name.replace("description", "meta-description") for name in NAMES},
        page=next_page,
        one=lambda shown: {"data": shown},
        allowed=lambda request, body: request.headers.get("authorization") == f"Token {TOKEN}",
        write="data",
        attributes=True,
        always={"type": "articles"},
        media_type="application/vnd.api+json",
        updated="updated-at",
    ),
    "session": lambda: Manner(
        path="/collections/posts/records",
        names=SAME,
        page=items_page,
        allowed=lambda request, body: request.headers.get("authorization") == "session-1",
        uuids=True,
        updated="updated",
    ),
}
