"""A fake Medium, as strict as its documentation, that has accidents on demand.

    with serving(site := MediumSite()) as site.host:
        site.faults.append(Fault("store-then-504", method="POST", path="/posts"))

There is nothing to read but who one is. Source: Medium/medium-api-docs README.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.accidents import Fault, deliver, next_fault, outcome
from tests.fakes.wordpress import uploaded

WRITABLE = {
    *("title", "contentFormat", "content", "tags", "canonicalUrl", "publishStatus", "license", "notifyFollowers"),
    "publishedAt",
}
TYPES = {"image/jpeg", "image/png", "image/gif", "image/tiff"}


class MediumSite:
    """`posts` by id as they were sent, `log` of (method, path). Use it as an ASGI application."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(32)
        self.author = secrets.token_hex(32)
        self.publication = "b45573563f5a"
        self.role = "editor"
        self.host = "http://medium.example"
        self.posts: dict[str, dict[str, Any]] = {}
        self.images: list[bytes] = []
        self.log: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.violations: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path.removeprefix("/v1")
        self.log.append((request.method, path))
        fault = next_fault(self.faults, request.method, path)
        kind = fault.kind if fault is not None else ""
        await deliver(kind, outcome(kind, lambda: self.answer(request, path, body)), scope, receive, send)

    def answer(self, request: Request, path: str, body: bytes) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return refusal(401, 6003, "Token was invalid.")
        if "application/json" not in request.headers.get("accept", ""):
            self.violations.append("no Accept: application/json")
        if request.method == "GET" and path == "/me":
            me = {"id": self.author, "username": "zoe", "name": "Zoë", "url": "https://medium.com/@zoe", "imageUrl": ""}
            return JSONResponse({"data": me})
        if request.method != "POST":
            return refusal(404, -1, "Not found")
        if path == "/images":
            return self.image(request, body)
        if path == f"/users/{self.author}/posts":
            return self.post(request, body, None)
        if path == f"/publications/{self.publication}/posts":
            return self.post(request, body, self.publication)
        return refusal(403, 6026, "The requested user or publication is not yours.")

    def post(self, request: Request, body: bytes, publication: str | None) -> Response:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return refusal(400, 6000, "Unsupported content type.")
        said = json.loads(body)
        if unknown := said.keys() - WRITABLE:
            self.violations.append(f"unknown fields {sorted(unknown)}")
        for name in ("title", "contentFormat", "content"):
            if not isinstance(said.get(name), str) or not said[name].strip():
                return refusal(400, 2002, f"{name} was missing or empty.")
        if said["contentFormat"] not in ("html", "markdown"):
            return refusal(400, 2004, "Unknown contentFormat.")
        status = said.get("publishStatus", "public")
        if status not in ("public", "draft", "unlisted"):
            return refusal(400, 2005, "Unknown publishStatus.")
        if publication and self.role == "writer" and status != "draft":
            return refusal(403, 6027, "Writers may only send drafts to this publication.")
        if "canonicalUrl" in said and not re.match(r"https?://[^\s/]+", said["canonicalUrl"]):
            return refusal(400, 2006, "canonicalUrl is not a URL.")
        id = secrets.token_hex(6)
        tags = [tag for tag in said.get("tags", []) if len(tag) <= 25][:3]
        self.posts[id] = {**said, "tags": tags, "publishStatus": status, "publicationId": publication}
        slug = re.sub(r"\W+", "-", said["title"].lower()).strip("-")
        shown: dict[str, Any] = {
            "id": id,
            "title": said["title"][:100],
            "authorId": self.author,
            "tags": tags,
            "url": f"https://medium.com/@zoe/{slug}-{id}",
            "canonicalUrl": said.get("canonicalUrl", ""),
            "publishStatus": status,
            "license": said.get("license", "all-rights-reserved"),
        }
        if status != "draft":
            shown["publishedAt"] = 1_784_000_000_000
        if publication:
            shown["publicationId"] = publication
        return JSONResponse({"data": shown}, 201)

    def image(self, request: Request, body: bytes) -> Response:
        file = uploaded(request.headers.get("content-type", ""), body, field="image")
        if file is None:
            return refusal(400, 6000, "No image.")
        self.images.append(file[1])
        return JSONResponse(
            {"data": {"url": f"https://cdn-images-1.medium.com/{len(self.images)}.png", "md5": "0"}}, 201
        )


def refusal(status: int, code: int, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message, "code": code}]}, status)
