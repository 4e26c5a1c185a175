"""A fake WordPress, as strict as the real one, that has accidents on demand.

    with serving(site := WordPressSite()) as site.host:
        site.faults.append(Fault("store-then-504", method="POST", path="/posts"))

What it knows was measured on WordPress 7.1 with MariaDB: rows whose times tie are repeated and lost in listings by
date, `raw` needs `context=edit`, slugs are made unique, a term that exists is 400 with its id, an update with a past
or future date changes the status, the trash renames slugs.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from html import escape, unescape
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.accidents import Fault, deliver, next_fault, outcome

STATUSES = ("publish", "future", "draft", "pending", "private")
WRITABLE = frozenset(
    """title content excerpt slug status date date_gmt tags categories featured_media meta author template sticky
    password comment_status ping_status format""".split()  # noqa: SIM905  read as words
)
READABLE = {
    *("context", "status", "page", "per_page", "orderby", "order", "_fields", "include", "slug", "search", "force"),
    *("rest_route", "modified_after", "exclude", "author"),
}


def uploaded(media_type: str, body: bytes, field: str = "file") -> tuple[str, bytes] | None:
    """Return the name and the bytes of the form's `field`; None for another request."""
    if not media_type.startswith("multipart/form-data"):
        return None
    form = message_from_bytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body, policy=HTTP)
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == field:
            return part.get_filename() or "", part.get_payload(decode=True)
    return None


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str = "No.", **data: Any) -> None:
        self.status, self.code, self.message, self.data = status, code, message, data


@dataclass
class Stored:
    id: int
    title: str = ""
    content: str = ""
    excerpt: str = ""
    slug: str = ""
    status: str = "draft"
    date_gmt: datetime | None = None
    modified_gmt: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    tags: list[int] = field(default_factory=list)
    categories: list[int] = field(default_factory=lambda: [1])
    featured_media: int = 0
    meta: dict[str, Any] = field(default_factory=lambda: {"footnotes": ""})
    password: str = ""
    author: int = 1


CAPABILITIES = {
    "administrator": ("edit_posts", "publish_posts", "edit_others_posts", "edit_published_posts", "unfiltered_html"),
    "author": ("edit_posts", "publish_posts", "edit_published_posts", "upload_files"),
    "contributor": ("edit_posts",),
}
STRIPPED = re.compile(r"</?(?:iframe|script|style|form|input)\b[^>]*>", re.IGNORECASE)
"""What KSES takes out of the posts of a user without `unfiltered_html`; what stood between stays."""


class WordPressSite:
    """`posts` by id, `terms` by taxonomy and id, `media` by id; `log` of (method, path). Use it as an ASGI app."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self.user, self.password = "me", "abcd EFGH ijkl MNOP qrst UVWX"
        self.host = "http://wordpress.example"
        self.posts: dict[int, Stored] = {}
        self.terms: dict[str, dict[int, tuple[str, int]]] = {"tags": {}, "categories": {1: ("Uncategorized", 0)}}
        self.media: dict[int, tuple[str, bytes]] = {}
        self.log: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.violations: list[str] = []
        self.role = "administrator"
        self.permalinks = True
        self.notice = False
        self.large = 1 << 20
        self.next_id = 10

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.log if call[0] != "GET"]

    def edit(self, id: int | str, **given: Any) -> None:
        """Save a post as the block editor does."""
        self.store(self.posts[int(id)], given)

    def add(self, **given: Any) -> int:
        """Write a post on the site itself."""
        return self.store(None, {"status": "publish", **given}).id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path.removeprefix("/wp-json/wp/v2")
        if "rest_route" in request.query_params:
            path = request.query_params["rest_route"].removeprefix("/wp/v2")
        self.log.append((request.method, path))
        fault = next_fault(self.faults, request.method, path)
        kind = fault.kind if fault else ""
        file = uploaded(request.headers.get("content-type", ""), body)
        response = outcome(kind, lambda: self.answer(request, path, body, file))
        await deliver(kind, response, scope, receive, send)

    def answer(self, request: Request, path: str, body: bytes, upload: tuple[str, bytes] | None) -> Response:
        if path.startswith("/wp-content/"):
            if "authorization" in request.headers:
                self.violations.append("credentials for a file that everybody may read")
            return self.served(path)
        pretty = request.url.path.startswith("/wp-json/")
        if pretty != self.permalinks and not (self.permalinks and "rest_route" in request.query_params):
            return Response("<!doctype html><title>Page not found</title>", 404, media_type="text/html")
        for name in request.query_params:
            if name not in READABLE:
                self.violations.append(f"parameter {name}")
        try:
            given = json.loads(body) if body and upload is None else {}
            response = self.route(request, path, given, upload)
        except Refusal as error:
            data = {"status": error.status, **error.data}
            return JSONResponse({"code": error.code, "message": error.message, "data": data}, error.status)
        except ValueError:
            return JSONResponse({"code": "rest_invalid_json", "message": "Bad.", "data": {"status": 400}}, 400)
        if self.notice:
            warning = b"<br />\n<b>Deprecated</b>: Function x is deprecated in /a/b.php on line 7<br />\n"
            return Response(warning + bytes(response.body), response.status_code, dict(response.headers) | {
                "content-length": str(len(warning) + len(response.body))
            })  # fmt: skip
        return response

    def known(self, request: Request) -> bool:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        user, _, password = base64.b64decode(pair or "").decode().partition(":")
        same = password.replace(" ", "") == self.password.replace(" ", "")
        return scheme.lower() == "basic" and user == self.user and same

    def route(self, request: Request, path: str, given: Any, upload: tuple[str, bytes] | None) -> Response:
        method, query, known = request.method, request.query_params, self.known(request)
        if query.get("context") == "edit" and not known and method == "GET" and "status" not in query:
            raise Refusal(401, "rest_not_logged_in" if "users" in path else "rest_forbidden_context")
        if method != "GET" and not known:
            raise Refusal(401, "rest_cannot_create" if "/posts" in path else "rest_not_logged_in")
        single = re.fullmatch(r"/posts/(\d+)", path)
        if path == "/users/me":
            told = {"name": "Zoë O’Hara", "slug": "me", "link": f"{self.host}/author/me/", "id": self.me}
            return JSONResponse({**told, "capabilities": dict.fromkeys(CAPABILITIES[self.role], True)})
        if path == "/posts" and method == "GET":
            return self.listing(request, known)
        if path == "/posts" and method == "POST":
            self.may_publish(given)
            return JSONResponse(self.row(self.store(None, self.filtered(given))), 201)
        if single:
            return self.one(method, int(single[1]), given, query.get("force") == "true")
        if path in ("/tags", "/categories"):
            return self.taxonomy(method, path[1:], given, request)
        if path == "/media":
            return self.library(method, upload, request)
        raise Refusal(404, "rest_no_route", "No route was found matching the URL and request method.")

    def one(self, method: str, id: int, given: Any, force: bool) -> Response:
        post = self.posts.get(id)
        if post is None:
            raise Refusal(404, "rest_post_invalid_id", "Invalid post ID.")
        if not self.may_edit(post):
            code = "rest_forbidden_context" if method == "GET" else f"rest_cannot_{'edit' if given else 'delete'}"
            raise Refusal(403, code, "Sorry, you are not allowed to edit this post.")
        if method == "GET":
            return JSONResponse(self.row(post))
        if method in ("POST", "PUT", "PATCH"):
            self.may_publish(given)
            return JSONResponse(self.row(self.store(post, self.filtered(given))))
        if method != "DELETE":
            raise Refusal(404, "rest_no_route")
        if force:
            del self.posts[id]
            return JSONResponse({"deleted": True, "previous": self.row(post)})
        if post.status == "trash":
            raise Refusal(410, "rest_already_trashed", "The post has already been deleted.")
        post.status, post.slug = "trash", f"{post.slug}__trashed"
        return JSONResponse(self.row(post))

    @property
    def me(self) -> int:
        return 1 if self.role == "administrator" else 2

    def may_edit(self, post: Stored) -> bool:
        may = CAPABILITIES[self.role]
        published = post.status in ("publish", "future", "private")
        return (post.author == self.me or "edit_others_posts" in may) and (
            not published or "edit_published_posts" in may
        )

    def may_publish(self, given: dict[str, Any]) -> None:
        public = given.get("status") not in ("draft", "pending", None)
        if public and "publish_posts" not in CAPABILITIES[self.role]:
            message = "Sorry, you are not allowed to publish posts in this post type."
            raise Refusal(403, "rest_cannot_publish", message)

    def filtered(self, given: dict[str, Any]) -> dict[str, Any]:
        if "unfiltered_html" in CAPABILITIES[self.role] or not isinstance(given.get("content"), str):
            return given
        return {**given, "content": STRIPPED.sub("", given["content"])}

    def store(self, post: Stored | None, given: dict[str, Any]) -> Stored:
        for name, value in given.items():
            if name not in WRITABLE:
                self.violations.append(f"unknown key {name}")
            kinds: dict[str, Any] = {"tags": list, "categories": list, "featured_media": int, "meta": dict}
            if not isinstance(value, kinds.get(name, str)):
                raise Refusal(
                    400, "rest_invalid_param", params={name: f"{name} is not of type {kinds.get(name, str)}."}
                )
        for id in given.get("tags", []):
            if id not in self.terms["tags"]:
                raise Refusal(400, "rest_invalid_param", params={"tags": "Invalid term ID."})
        if given.get("featured_media") and given["featured_media"] not in self.media:
            raise Refusal(400, "rest_invalid_featured_media", "Invalid featured media ID.")
        fresh = post is None
        if post is None:
            post = Stored(self.next_id, author=self.me)
            self.next_id += 1
        if not (given.get("title", post.title) or given.get("content", post.content) or given.get("excerpt", "")):
            raise Refusal(400, "empty_content", "Content, title, and excerpt are empty.")
        now = self.now().replace(microsecond=0)
        for name in ("title", "content", "excerpt", "tags", "categories", "featured_media", "password"):
            if name in given:
                setattr(post, name, given[name])
        if "meta" in given:
            post.meta |= {name: value for name, value in given["meta"].items() if name == "canonical"}
        if "date_gmt" in given:
            post.date_gmt = datetime.fromisoformat(given["date_gmt"]).replace(tzinfo=UTC)
        was = post.status
        post.status = given.get("status", post.status)
        comes_out = post.status not in ("draft", "pending") and (post.date_gmt is None or was == "draft")
        if comes_out and "date_gmt" not in given:
            post.date_gmt = now
        if post.status in ("publish", "future"):
            post.status = "future" if post.date_gmt and post.date_gmt > now else "publish"
        if "slug" in given or (post.status != "draft" and not post.slug) or was == "trash":
            wanted = re.sub(r"[^\w-]+", "-", (given.get("slug") or post.title).lower()).strip("-") or str(post.id)
            post.slug = self.unique(wanted, post.id)
        post.modified_gmt = post.date_gmt if fresh and post.date_gmt and post.date_gmt < now else now
        self.posts[post.id] = post
        return post

    def unique(self, slug: str, id: int) -> str:
        number = 2
        name = slug
        while any(post.slug == name and post.id != id for post in self.posts.values()):
            name, number = f"{slug}-{number}", number + 1
        return name

    def row(self, post: Stored) -> dict[str, Any]:
        date = post.date_gmt or post.modified_gmt
        public = post.status in ("publish", "private")
        return {
            "id": post.id,
            "date_gmt": date.strftime("%Y-%m-%dT%H:%M:%S"),
            "modified_gmt": post.modified_gmt.strftime("%Y-%m-%dT%H:%M:%S"),
            "slug": quote(post.slug).lower(),
            "status": post.status,
            "type": "post",
            "link": f"{self.host}/{quote(post.slug)}/" if public else f"{self.host}/?p={post.id}",
            "title": {"raw": post.title, "rendered": escape(post.title)},
            "content": {"raw": post.content, "rendered": f"<p>{post.content}</p>", "protected": False},
            "excerpt": {"raw": post.excerpt, "rendered": "<p>made up</p>", "protected": False},
            "author": post.author,
            "featured_media": post.featured_media,
            "tags": self.by_name(post.tags),
            "categories": post.categories,
            "meta": post.meta,
            "password": post.password,
        }

    def by_name(self, ids: list[int]) -> list[int]:
        return sorted(ids, key=lambda id: self.terms["tags"][id][0].casefold())

    def listing(self, request: Request, known: bool) -> Response:
        query = request.query_params
        statuses = query.get("status", "publish").split(",")
        if not known and (statuses != ["publish"] or query.get("context") == "edit"):
            details = {"status": {"code": "rest_forbidden_status", "data": {"status": 401}}}
            raise Refusal(400, "rest_invalid_param", params={"status": "Status is forbidden."}, details=details)
        found = [post for post in self.posts.values() if post.status in statuses]
        if "include" in query:
            found = [post for post in found if post.id in {int(id) for id in query["include"].split(",")}]
        if "slug" in query:
            found = [post for post in found if post.slug in query["slug"].split(",")]
        if "search" in query:
            words = query["search"].lower().split()
            found = [post for post in found if all(word in f"{post.title} {post.content}".lower() for word in words)]
        if "author" in query:
            found = [post for post in found if str(post.author) in query["author"].split(",")]
        down = query.get("order", "desc") == "desc"
        if query.get("orderby", "date") == "id":
            found.sort(key=lambda post: post.id, reverse=down)
        else:
            self.violations.append("a listing by date loses rows whose times tie")
        if query.get("context") != "edit":
            return self.paged(request, found, self.rendered)
        # What this user may not edit is left out of each page, and counted all the same.
        return self.paged(request, found, self.row, self.may_edit)

    def rendered(self, post: Stored) -> dict[str, Any]:
        return {**self.row(post), **{name: {"rendered": ""} for name in ("title", "content", "excerpt")}}

    def paged(
        self,
        request: Request,
        rows: list[Any],
        row: Callable[[Any], dict[str, Any]] = dict,
        seen: Callable[[Any], bool] = lambda it: True,
    ) -> Response:
        query = request.query_params
        size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        if not 1 <= size <= 100:
            params = {"per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"}
            raise Refusal(400, "rest_invalid_param", params=params)
        pages = -(-len(rows) // size)
        if page > max(pages, 1):
            raise Refusal(400, "rest_post_invalid_page_number", "The page number requested is larger than the number.")
        shown = [row(it) for it in rows[(page - 1) * size : page * size] if seen(it)]
        if fields := query.get("_fields"):
            names = {name.partition(".")[0] for name in fields.split(",")}
            shown = [{name: value for name, value in row.items() if name in names} for row in shown]
        return JSONResponse(shown, headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})

    def taxonomy(self, method: str, name: str, given: Any, request: Request) -> Response:
        terms = self.terms[name]
        if method == "POST":
            parent = given.get("parent", 0)
            for id, (there, above) in terms.items():
                if there.casefold() == given["name"].casefold() and above == parent:
                    raise Refusal(400, "term_exists", "A term with the name provided already exists.", term_id=id)
            terms[self.next_id] = (given["name"], parent)
            self.next_id += 1
            return JSONResponse(self.term(name, self.next_id - 1), 201)
        found = list(terms)
        if "include" in request.query_params:
            found = [id for id in found if str(id) in request.query_params["include"].split(",")]
        if "search" in request.query_params:
            found = [id for id in found if request.query_params["search"].casefold() in terms[id][0].casefold()]
        return self.paged(request, [self.term(name, id) for id in found])

    def term(self, taxonomy: str, id: int) -> dict[str, Any]:
        name, parent = self.terms[taxonomy][id]
        return {"id": id, "name": escape(name, quote=False), "slug": quote(unescape(name).lower()), "parent": parent}

    def library(self, method: str, upload: tuple[str, bytes] | None, request: Request) -> Response:
        if method == "POST":
            if upload is None or not upload[0]:
                raise Refusal(400, "rest_upload_no_data", "No data supplied.")
            stem, _, kind = upload[0].rpartition(".")
            if kind.lower() not in ("png", "jpg", "jpeg", "gif", "webp"):
                message = "Sorry, you are not allowed to upload this file type."
                raise Refusal(500, "rest_upload_sideload_error", message)
            names = {url.rpartition("/")[2] for url, _ in self.media.values()}
            number, name = 1, upload[0]
            while name in names:
                name, number = f"{stem}-{number}.{kind}", number + 1
            self.media[self.next_id] = (f"{self.host}/wp-content/uploads/2026/01/{name}", upload[1])
            self.next_id += 1
            return JSONResponse(self.file(self.next_id - 1), 201)
        found = list(self.media)
        if "include" in request.query_params:
            found = [id for id in found if str(id) in request.query_params["include"].split(",")]
        if "search" in request.query_params:
            sought = request.query_params["search"].lower()
            # WP_Query::parse_search_terms leaves single letters out, and looks for the sentence where nothing is left.
            words = [word for word in sought.split() if not re.fullmatch("[a-z-]", word)] or [sought]
            found = [id for id in found if all(word in self.media[id][0].lower() for word in words)]
        return self.paged(request, [self.file(id) for id in reversed(found)])

    def file(self, id: int) -> dict[str, Any]:
        """A row of the library; a file larger than `large` is shown smaller, as one that is wider than 2560 pixels."""
        url, content = self.media[id]
        if len(content) <= self.large:
            return {"id": id, "source_url": url, "media_details": {"filesize": len(content)}}
        stem, _, kind = url.rpartition(".")
        details = {"filesize": self.large, "original_image": url.rpartition("/")[2]}
        return {"id": id, "source_url": f"{stem}-scaled.{kind}", "media_details": details}

    def served(self, path: str) -> Response:
        """What a reader is answered who asks for a file of the library."""
        for url, content in self.media.values():
            if url.removeprefix(self.host) == path:
                return Response(content, 200, media_type="image/png")
        return Response("<!doctype html><title>Page not found</title>", 404, media_type="text/html")
