"""Custom CMSs by their shape: one store of posts, and for each shape what its requests and answers look like.

Each is modelled on software that people run, and as strict: headers, types, limits of a page, unknown keys, versions.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TOKEN = "s3cret-key"
TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("title", "slug", "body", "description", "date", "status"), (str, type(None))),
    "tags": list,
}
READS = ("list", "get", "terms")
Row = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, body


@dataclass
class Call:
    """One request: what it is for, which record it is about, and what it says."""

    op: str
    id: str
    request: Request
    value: Any = None

    def asked(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int, most: int = 10**9) -> int:
        text = self.asked(name, str(default))
        if not text.isdecimal():
            raise Refused(400, {"message": f"{name} must be a number"})
        return min(int(text), most)

    def header(self, name: str) -> str:
        return str(self.request.headers.get(name, ""))


@dataclass
class Shape:
    """What one kind of CMS is like. `routes` are (method, pattern of the path, what it is for).

    `show` makes a record of a row; `take` reads fields out of what was sent; `list` and `one` are the answers around
    records; `check` refuses a request that the CMS would not read; `fields` are those that it has.
    """

    routes: tuple[tuple[str, str, str], ...]
    show: Callable[[Shaped, Call, str, Row], Any]
    take: Callable[[Shaped, Call, Row], Row]
    list: Callable[[Shaped, Call, list[Any]], Any]
    one: Callable[[Call, Any], Any] = lambda call, shown: shown
    check: Callable[[Shaped, Call], None] = lambda cms, call: None
    read: Callable[[Any], Call | None] = lambda request: None
    allowed: Callable[[Request], bool] = lambda request: request.headers.get("authorization") == f"Bearer {TOKEN}"
    invalid: Callable[[str, str], tuple[int, Any]] = lambda field, text: (400, {"errors": {field: [text]}})
    missing: tuple[int, Any] = (404, {"message": "Not found"})
    replaces: bool = False
    publishes: bool = False
    numbers: bool = False
    created: int = 201
    gone: int = 204
    fields: tuple[str, ...] = ("title", "slug", "body", "description", "tags", "status", "date")
    term: Callable[[str, str], Any] = lambda id, name: {"id": id, "name": name}


@dataclass
class Shaped:
    """An ASGI app of one shape. `rows` are the posts, `terms` the tags that are records.

    `log` has what each request was for, "GET" for all that read; `lose` loses one answer.
    """

    shape: Shape
    rows: dict[str, Row] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    lose: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ticks: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        call = None
        try:
            call = self.call(request, body)
            said = "GET" if call.op in READS else call.op
            self.log.append((said, f"{request.method} {request.url.path}?{request.url.query}"))
            response = self.answer(call)
        except Refused as refused:
            response = JSONResponse(refused.body, refused.status)
        if self.lose and call and call.op == "create":
            self.lose = False
            response = JSONResponse({"message": "upstream timed out"}, 504)
        await response(scope, receive, send)

    def call(self, request: Request, body: bytes) -> Call:
        if not self.shape.allowed(request):
            raise Refused(401, {"message": "Authentication credentials were not provided."})
        try:
            value = json.loads(body) if body else None
        except ValueError:
            raise Refused(400, {"message": "Malformed JSON"}) from None
        for method, pattern, op in self.shape.routes:
            found = re.fullmatch(f"/api{pattern}", request.url.path)
            if found and method == request.method:
                return Call(op, found.groupdict().get("id") or "", request, value)
        known = any(re.fullmatch(f"/api{pattern}", request.url.path) for _, pattern, _ in self.shape.routes)
        raise Refused(405 if known else 404, {"message": f"no {request.method} {request.url.path}"})

    def answer(self, call: Call) -> Response:
        shape = self.shape
        shape.check(self, call)
        match call.op:
            case "list":
                found = shape.list(self, call, [shape.show(self, call, id, row) for id, row in self.rows.items()])
                return found if isinstance(found, Response) else JSONResponse(found)
            case "terms":
                return JSONResponse({"data": [shape.term(id, name) for id, name in self.terms.items()]})
            case "term":
                id = str(len(self.terms) + 40)
                self.terms[id] = call.value["name"]
                return JSONResponse({"data": shape.term(id, self.terms[id])}, 201)
            case "create":
                id = str(next(self._numbers)) if shape.numbers else uuid.uuid4().hex
                blank: Row = {name: [] if name == "tags" else None for name in shape.fields}
                self.store(id, self.taken(call, {**blank, "status": "draft"}))
                return self.told(call, id, shape.created)
        row = self.rows.get(call.id)
        if row is None:
            status, told = shape.missing
            raise Refused(status, told(call.id) if callable(told) else told)
        if call.op == "update":
            self.store(call.id, self.taken(call, row))
        elif call.op == "delete":
            if shape.publishes and row["status"] == "published":
                raise Refused(400, {"message": "Cannot delete published"})
            shown = self.told(call, call.id, 200)
            del self.rows[call.id]
            return Response(status_code=204) if shape.gone == 204 else shown
        elif call.op in ("publish", "unpublish"):
            self.store(call.id, {**row, "status": "published" if call.op == "publish" else "draft"})
            self.rows[call.id]["public"] = self.rows[call.id]["version"] if call.op == "publish" else None
        return self.told(call, call.id, 200)

    def told(self, call: Call, id: str, status: int) -> Response:
        found = self.shape.one(call, self.shape.show(self, call, id, self.rows[id]))
        return found if isinstance(found, Response) else JSONResponse(found, status)

    def taken(self, call: Call, row: Row) -> Row:
        changes = self.shape.take(self, call, row)
        if unknown := set(changes) - set(self.shape.fields):
            raise Refused(*self.shape.invalid(min(unknown), "unknown field"))
        blank: Row = {name: [] if name == "tags" else None for name in self.shape.fields}
        after = {**row, **(blank if self.shape.replaces else {}), **changes}
        for name, value in changes.items():
            if not isinstance(value, TYPES[name]):
                raise Refused(*self.shape.invalid(name, f"{value!r} is of the wrong type"))
        if self.shape.publishes:
            after["status"] = row["status"]
        if not after["title"] or len(after["title"]) > 200:
            raise Refused(*self.shape.invalid("title", "must have 1 to 200 characters"))
        if after.get("status") not in ("published", "draft"):
            raise Refused(*self.shape.invalid("status", f"{after.get('status')!r} is not a valid choice"))
        return after

    def store(self, id: str, row: Row) -> None:
        tick = next(self._ticks)
        stamp = f"2026-01-01T{tick // 3600:02}:{tick // 60 % 60:02}:{tick % 60:02}.000Z"
        self.rows[id] = {**row, "version": tick, "updated": stamp}

    def edit(self, id: str, changes: Mapping[str, Any]) -> None:
        """Change a post as somebody does in the CMS's own editor."""
        self.store(id, {**self.rows[id], **changes})

    def term(self, id: Any) -> str:
        if str(id) not in self.terms:
            raise Refused(*self.shape.invalid("tags", f"no tag {id!r}"))
        return self.terms[str(id)]

    def ids(self, names: list[str]) -> list[str]:
        return [id for name in names for id, known in self.terms.items() if known == name]


def keys(value: Any, known: Mapping[str, str]) -> Row:
    """Return a flat object with the CMS's keys as ours; `known` maps its keys to ours. Raises Refused for others."""
    if not isinstance(value, dict):
        raise Refused(400, {"message": "expected an object"})
    if wrong := set(value) - set(known):
        raise Refused(400, {"message": f"unknown key {min(wrong)}"})
    return {known[key]: inner for key, inner in value.items()}


def must(good: Any, status: int, message: str) -> None:
    if not good:
        raise Refused(status, {"message": message})
