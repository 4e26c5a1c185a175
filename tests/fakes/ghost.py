"""A fake Ghost, as strict as the real one, that has accidents on demand.

    with serving(site := GhostSite()) as site.host:
        site.faults.append(Fault("store-then-504", method="POST", path="/posts/"))

What it knows was measured on Ghost 6.65: a token is checked to its audience and age, an unknown key is 422, an update
without `updated_at` too, one with an old `updated_at` is 409 where a column changes, `updated_at` has seconds, a page
has a hundred posts at most, slugs are made unique, a Lexical document is ignored while a post has a Mobiledoc.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.accidents import Fault, deliver, next_fault, outcome
from tests.fakes.wordpress import uploaded

LENGTHS = {"title": 255, "slug": 191, "custom_excerpt": 300, "feature_image": 2000, "canonical_url": 2000}
WRITABLE = {
    *(*LENGTHS, "lexical", "mobiledoc", "status", "visibility", "published_at", "updated_at", "tags", "authors"),
    *("featured", "meta_title", "meta_description", "feature_image_alt", "feature_image_caption", "email_only"),
}
PARAMS = {"limit", "page", "order", "filter", "formats", "include", "fields", "convert_to_lexical"}
EMPTY = json.dumps({"root": {"children": [], "direction": None, "format": "", "indent": 0, "type": "root"}})


class Refusal(Exception):
    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        self.status, self.kind, self.message, self.more = status, kind, message, more


class GhostSite:
    """`posts` by id, `log` of (method, path), `images` by address. Use it as an ASGI application."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.key = f"{secrets.token_hex(12)}:{secrets.token_hex(32)}"
        self.host = "http://ghost.example"
        self.posts: dict[str, dict[str, Any]] = {}
        self.images: dict[str, bytes] = {}
        self.webhooks: list[dict[str, Any]] = []
        self.log: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.violations: list[str] = []
        self.next_id = 1

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.log if call[0] != "GET"]

    def edit(self, id: str, **given: Any) -> None:
        """Save a post as Ghost's own editor does, some seconds later."""
        self.store(self.posts[id], {**given, "updated_at": self.posts[id]["updated_at"]})

    def add(self, **given: Any) -> str:
        """Write a post on the site itself."""
        return str(self.store(None, {"status": "published", **given})["id"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path.removeprefix("/ghost/api/admin")
        self.log.append((request.method, path))
        fault = next_fault(self.faults, request.method, path)
        kind = fault.kind if fault else ""
        response = outcome(kind, lambda: self.answer(request, path, body))
        await deliver(kind, response, scope, receive, send)

    def answer(self, request: Request, path: str, body: bytes) -> Response:
        if not request.url.path.startswith("/ghost/api/admin/"):
            return Response("<!doctype html><title>Not found</title>", 404, media_type="text/html")
        if request.headers.get("accept-version", "")[:1] != "v":
            self.violations.append("no Accept-Version")
        self.violations += [f"parameter {name}" for name in request.query_params if name not in PARAMS]
        try:
            return self.route(request, path, body)
        except Refusal as error:
            said = {"message": error.message, "type": error.kind, "context": None, "property": None, **error.more}
            return JSONResponse({"errors": [said]}, error.status)

    def route(self, request: Request, path: str, body: bytes) -> Response:
        method = request.method
        if (method, path) == ("GET", "/site/"):
            return JSONResponse({"site": {"title": "Zoë’s Ghost", "url": f"{self.host}/", "version": "6.65"}})
        self.known(request.headers.get("authorization", ""))
        if method == "POST" and (shelf := re.fullmatch(r"/(images|media|files)/upload/", path)):
            return self.stored_file(request, body, shelf[1])
        if (method, path) == ("POST", "/webhooks/"):
            return self.hook(json.loads(body)["webhooks"][0])
        single = re.fullmatch(r"/posts/([0-9a-f]{24})/", path)
        if path == "/posts/" and method == "GET":
            return self.listing(request)
        if path == "/posts/" and method == "POST":
            return self.shown(self.store(None, self.given(body)), request, 201)
        if single is None or method not in ("GET", "PUT", "DELETE"):
            raise Refusal(404, "NotFoundError", "Resource not found")
        post = self.posts.get(single[1])
        if post is None:
            raise Refusal(
                404, "NotFoundError", "Resource not found error, cannot read post.", context="Post not found."
            )
        if method == "DELETE":
            del self.posts[post["id"]]
            return Response(status_code=204)
        if method == "PUT":
            if request.query_params.get("convert_to_lexical") and post["mobiledoc"]:
                post["lexical"], post["mobiledoc"] = lexical_of(post["mobiledoc"]), None
            post = self.store(post, self.given(body))
        return self.shown(post, request)

    def hook(self, said: dict[str, Any]) -> Response:
        if unknown := said.keys() - {"event", "target_url", "secret", "name", "api_version"}:
            self.violations.append(f"a webhook with {sorted(unknown)}")
        same = [it for it in self.webhooks if (it["event"], it["target_url"]) == (said["event"], said["target_url"])]
        if same:
            reason = "Target URL has already been used for this event."
            raise Refusal(422, "ValidationError", "Validation error, cannot save webhook.", context=reason)
        self.webhooks.append(said)
        return JSONResponse({"webhooks": [{**said, "id": secrets.token_hex(12)}]}, 201)

    def known(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        try:
            head, claims, signature = token.split(".")
            said = json.loads(_bytes64(claims))
            id, _, secret = self.key.partition(":")
            right = hmac.digest(bytes.fromhex(secret), f"{head}.{claims}".encode(), hashlib.sha256)
        except ValueError:
            raise Refusal(401, "UnauthorizedError", "Invalid token") from None
        if scheme != "Ghost" or json.loads(_bytes64(head)) != {"alg": "HS256", "typ": "JWT", "kid": id}:
            raise Refusal(401, "UnauthorizedError", "Unknown Admin API Key", code="UNKNOWN_ADMIN_API_KEY")
        at = self.now().timestamp()
        fresh = said["iat"] <= at + 1 < said["exp"] + 1 and said["exp"] - said["iat"] <= 300
        if not hmac.compare_digest(_bytes64(signature), right) or said["aud"] != "/admin/" or not fresh:
            raise Refusal(401, "UnauthorizedError", "Invalid token", code="INVALID_JWT")

    def given(self, body: bytes) -> dict[str, Any]:
        try:
            [said] = json.loads(body)["posts"]
        except (ValueError, LookupError, TypeError):
            raise Refusal(400, "BadRequestError", "Request not understood error.") from None
        if not isinstance(said, dict):
            raise Refusal(422, "ValidationError", "Validation failed.")
        return said

    def store(self, post: dict[str, Any] | None, said: dict[str, Any]) -> dict[str, Any]:
        for name, value in said.items():
            if name not in WRITABLE:
                raise Refusal(422, "ValidationError", "Validation failed.", property=name)
            if name in LENGTHS and isinstance(value, str) and len(value) > LENGTHS[name]:
                context = f"Validation failed for {name}."
                raise Refusal(
                    422, "ValidationError", "Validation error, cannot save post.", context=context, property=name
                )
            if name in ("feature_image", "canonical_url") and value and not re.fullmatch(r"https?://[!-~]+", value):
                context = f"Validation failed for {name}."
                raise Refusal(
                    422, "ValidationError", "Validation error, cannot save post.", context=context, property=name
                )
        now = self.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if post is None:
            if not said.get("title"):
                context = "Validation failed for title."
                raise Refusal(
                    422, "ValidationError", "Validation error, cannot save post.", context=context, property="title"
                )
            post = {
                "id": f"{self.next_id:024x}",
                "slug": "",
                "status": "draft",
                "published_at": None,
                "mobiledoc": None,
            }
            post |= {"lexical": EMPTY, "tags": [], "title": "", "custom_excerpt": None, "feature_image": None}
            post |= {"canonical_url": None, "visibility": "public", "uuid": secrets.token_hex(8), "updated_at": now}
            self.next_id += 1
        else:
            self.collide(post, said)
        if "title" in said and not said["title"]:
            context = "Validation failed for title."
            raise Refusal(
                422, "ValidationError", "Validation error, cannot edit post.", context=context, property="title"
            )
        if "lexical" in said and post["mobiledoc"]:
            said = {name: value for name, value in said.items() if name != "lexical"}
        if "lexical" in said:
            json.loads(said["lexical"])
        was = post["status"]
        if was == "published" and said.get("status") == "scheduled":
            raise Refusal(422, "ValidationError", "Your post is already published, please reload your page.")
        post |= {name: value for name, value in said.items() if name not in ("tags", "updated_at", "slug")}
        if "tags" in said:
            post["tags"] = self.tags(said["tags"])
        if said.get("slug") or not post["slug"]:
            post["slug"] = self.unique(said.get("slug") or post["title"], post["id"])
        if post["status"] == "published" and not post["published_at"]:
            post["published_at"] = now
        if post["published_at"] and post["status"] == "published" and was != "published" and "published_at" not in said:
            post["published_at"] = post["published_at"] or now
        post["updated_at"] = now
        self.posts[post["id"]] = post
        return post

    def collide(self, post: dict[str, Any], said: dict[str, Any]) -> None:
        if "updated_at" not in said:
            raise Refusal(422, "ValidationError", "Validation failed.", property="updated_at")
        columns = {name: value for name, value in said.items() if name not in ("updated_at", "tags", "authors")}
        moved = any(post.get(name) != value for name, value in columns.items())
        if said["updated_at"] != post["updated_at"] and moved:
            message = "Saving failed! Someone else is editing this post."
            raise Refusal(409, "UpdateCollisionError", message, code="UPDATE_COLLISION")

    def tags(self, given: list[Any]) -> list[dict[str, Any]]:
        there = {tag["name"].casefold(): tag for post in self.posts.values() for tag in post["tags"]}
        out: list[dict[str, Any]] = []
        for tag in given:
            name = tag if isinstance(tag, str) else tag["name"]
            tag = there.setdefault(name.casefold(), {"name": name, "slug": _slug(name)})
            if tag not in out:
                out.append(tag)
        return out

    def unique(self, text: str, id: str) -> str:
        slug = name = _slug(text)
        number = 2
        while any(post["slug"] == name and post["id"] != id for post in self.posts.values()):
            name, number = f"{slug}-{number}", number + 1
        return name

    def listing(self, request: Request) -> Response:
        query = request.query_params
        size = min(int(query.get("limit", 15)), 100)
        page = int(query.get("page", 1))
        found = sorted(self.posts.values(), key=lambda post: str(post["id"]))
        if query.get("order") != "id asc" and "fields" not in query:
            self.violations.append("a listing without an order")
        if asked := query.get("filter"):
            if ids := re.fullmatch(r"id:\[([0-9a-f,]*)\]", asked):
                found = [post for post in found if post["id"] in ids[1].split(",")]
            elif text := re.fullmatch(r"(slug|title):'((?:[^'\\]|\\.)*)'", asked):
                value = re.sub(r"\\(.)", r"\1", text[2])
                found = [post for post in found if post[text[1]] == value]
            else:
                raise Refusal(400, "BadRequestError", "Error parsing filter")
        pages = max(-(-len(found) // size), 1)
        meta = {"page": page, "limit": size, "pages": pages, "total": len(found)}
        meta["next"] = page + 1 if page < pages else None
        rows = [self.row(post, request) for post in found[(page - 1) * size : page * size]]
        return JSONResponse({"posts": rows, "meta": {"pagination": meta}})

    def row(self, post: dict[str, Any], request: Request) -> dict[str, Any]:
        formats = request.query_params.get("formats", "mobiledoc,lexical").split(",")
        row = {name: value for name, value in post.items() if name not in ("lexical", "mobiledoc") or name in formats}
        return {**row, "url": f"{self.host}/{post['slug']}/", "reading_time": 1}

    def shown(self, post: dict[str, Any], request: Request, status: int = 200) -> Response:
        return JSONResponse({"posts": [self.row(post, request)]}, status)

    def stored_file(self, request: Request, body: bytes, shelf: str) -> Response:
        file = uploaded(request.headers.get("content-type", ""), body)
        if file is None:
            raise Refusal(422, "ValidationError", "Please select an image.")
        endings = {"images": "png|jpe?g|gif|webp|svg", "media": "mp3|mp4|webm|wav|ogg", "files": "pdf|zip|csv"}[shelf]
        if not re.search(rf"\.({endings})$", file[0], re.IGNORECASE):
            raise Refusal(415, "UnsupportedMediaTypeError", "The file type you uploaded is not supported.")
        stem, _, kind = file[0].rpartition(".")
        url = f"{self.host}/content/{shelf}/2026/01/{_slug(stem)}-{len(self.images)}.{kind}"
        self.images[url] = file[1]
        return JSONResponse({shelf: [{"url": url, "ref": None}]}, 201)


def lexical_of(mobiledoc: str) -> str:
    """Return what Ghost makes of a Mobiledoc with nothing but Markdown cards."""
    cards = [{"type": "markdown", "markdown": card[1]["markdown"]} for card in json.loads(mobiledoc)["cards"]]
    return json.dumps({"root": {"children": cards, "type": "root"}})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9#]+", "-", text.lower()).strip("-") or "untitled"


def _bytes64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
