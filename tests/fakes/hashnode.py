"""A fake Hashnode that executes the real schema, so that a query it does not have fails, and has accidents on demand.

    with serving(site := HashnodeSite()) as site.host:
        site.faults.append(Fault("store-then-504", path="publishPost"))

What it knows: pages are clamped without a word, what is read may be 25 s old (`caches`), every write and every listing
needs the Pro plan, errors come with 200, a draft and the post that it becomes have two ids, nothing published goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.accidents import Fault, deliver, next_fault, outcome
from tests.fakes.wordpress import uploaded

Node = dict[str, Any]
LARGEST = 100_000


@cache
def schema() -> GraphQLSchema:
    return build_schema((Path(__file__).parent / "hashnode.graphql").read_text(encoding="utf-8"))


def refusal(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


class HashnodeSite:
    """`posts` and `drafts` by id, newest last; `log` of what was asked (listings and mutations by their names).

    `deaf`: posts are updated without a complaint and without an effect.
    """

    def __init__(self, *, now: Callable[[], float] = lambda: 0.0) -> None:
        self.now = now
        self.token = "hashnode-token-1"
        self.host = "http://hashnode.example"
        self.id = f"{1:024x}"
        self.address = "me.hashnode.dev"
        self.posts: dict[str, Node] = {}
        self.drafts: dict[str, Node] = {}
        self.series = {"my-series": f"{2:024x}"}
        self.images: dict[str, bytes] = {}
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self.pro = True
        self.moved = False
        self.caches = False
        self.deaf = False
        self._cache: dict[str, tuple[float, Any]] = {}
        self._next = 16

    def writes(self) -> list[str]:
        return [name for name in self.log if re.match(r"publish|update|create|delete", name)]

    def edit(self, id: str, **given: Any) -> None:
        """Save a post or a draft as Hashnode's editor does."""
        node = (self.drafts if id.startswith("draft:") else self.posts)[id.removeprefix("draft:")]
        self._save(node, given)

    def add(self, **given: Any) -> str:
        """Write a post on the site itself."""
        return str(self._publish({"title": "T", "contentMarkdown": "x\n", **given})["id"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        if request.url.path == "/upload":
            response, kind = self._image(request, body), ""
        elif self.moved:
            response, kind = Response("<html>moved</html>", 301, {"Location": "https://docs.example/"}), ""
        else:
            response, kind = self._answer(request, body)
        await deliver(kind, response, scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> tuple[Response, str]:
        try:
            asked = json.loads(body)
            query = str(asked["query"])
        except (ValueError, LookupError, TypeError):
            return JSONResponse({"errors": [{"message": "Bad request"}]}, 400), ""
        found = re.search(
            r"\b(publishPost|updatePost|createDraft|updateDraft|publishDraft|createImageUploadURL|posts|drafts|me|post|"
            r"draft|series|publication)\b(?= ?[({])",
            query.partition("{")[2],
        )
        name = found[1] if found else "?"
        if name == "publication" and (inner := re.search(r"\b(posts|drafts|post|series)\(", query)):
            name = inner[1]
        self.log.append(name)
        fault = next_fault(self.faults, "POST", name)
        kind = fault.kind if fault else ""
        variables = asked.get("variables") or {}
        return outcome(kind, lambda: self._execute(request, query, variables, len(body))), kind

    def _execute(self, request: Request, query: str, variables: Mapping[str, Any], size: int) -> Response:
        if size > LARGEST:
            return JSONResponse({"errors": [{"message": "Request body too large"}]}, 413)
        key = json.dumps([query, variables], sort_keys=True)
        mutates = query.lstrip().startswith("mutation")
        at, old = self._cache.get(key, (-1e9, None))
        if self.caches and not mutates and self.now() - at < 25:
            return JSONResponse(old)
        known = request.headers.get("authorization", "").removeprefix("Bearer ") == self.token
        done = graphql_sync(schema(), query, _Root(self, known), variable_values=dict(variables))
        answer: Node = {"data": done.data}
        if done.errors:
            errors = []
            for error in done.errors:
                value = error.message.startswith("Variable ")
                extensions = error.extensions or {"code": "BAD_USER_INPUT" if value else "GRAPHQL_VALIDATION_FAILED"}
                errors.append({"message": error.message, "extensions": extensions, "path": error.path})
            answer["errors"] = errors
        if not mutates:
            self._cache[key] = (self.now(), json.loads(json.dumps(answer)))
        return JSONResponse(answer)

    def _image(self, request: Request, body: bytes) -> Response:
        if "authorization" in request.headers:
            return Response("the token was sent to a foreign host", 400)
        file = uploaded(request.headers.get("content-type", ""), body)
        key = re.search(rb'name="key"\r\n\r\n([^\r]+)', body)
        if file is None or key is None or body.rindex(b'name="file"') < body.rindex(b'name="key"'):
            return Response("<Error>the file comes last</Error>", 400)
        self.images[key[1].decode()] = file[1]
        return Response(status_code=204)

    def _new_id(self) -> str:
        self._next += 1
        return f"{self._next:024x}"

    def _stamp(self) -> str:
        return "2026-01-02T03:04:05.000Z"

    def _publish(self, given: Mapping[str, Any]) -> Node:
        post: Node = {
            "id": self._new_id(),
            "publishedAt": given.get("publishedAt") or self._stamp(),
            "preferences": {"isDelisted": False},
            "slug": "",
        }
        self._save(post, given)
        if not post.get("title") or not post["content"]["markdown"].strip():
            raise refusal("BAD_USER_INPUT", "Title and content are required")
        self.posts[post["id"]] = post
        return post

    def _save(self, node: Node, given: Mapping[str, Any]) -> None:
        names = {"subtitle": "subtitle", "title": "title", "originalArticleURL": "canonicalUrl"}
        for name, stored in names.items():
            if name in given:
                node[stored] = given[name]
        if given.get("contentMarkdown") is not None:
            text = given["contentMarkdown"]
            node["content"] = {"markdown": text, "html": "", "text": text}
        cover = given.get("coverImage", (given.get("coverImageOptions") or {}).get("coverImageURL"))
        if "coverImage" in given or "coverImageOptions" in given:
            node["coverImage"] = {"url": cover} if cover else None
        if given.get("tags") is not None:
            if len(given["tags"]) > 15:
                raise refusal("BAD_USER_INPUT", "A post can have at most 15 tags")
            node["tags"] = [
                {"id": self._new_id(), "name": t.get("name") or t["slug"], "slug": t["slug"]} for t in given["tags"]
            ]
        if "seriesId" in given:
            slugs = {id: slug for slug, id in self.series.items()}
            if given["seriesId"] and given["seriesId"] not in slugs:
                raise refusal("NOT_FOUND", "Series not found")
            node["series"] = {"id": given["seriesId"], "slug": slugs[given["seriesId"]]} if given["seriesId"] else None
        if given.get("publishedAt"):
            node["publishedAt"] = given["publishedAt"]
        if "isDelisted" in given:
            node["preferences"] = {"isDelisted": bool(given["isDelisted"])}
        if given.get("slug") or not node.get("slug"):
            wanted = re.sub(r"[^a-z0-9]+", "-", (given.get("slug") or node.get("title") or "").lower()).strip("-")
            taken = {post["slug"] for post in self.posts.values() if post["id"] != node.get("id")}
            node["slug"] = wanted if wanted not in taken else f"{wanted}-{self._next:x}"
        node.setdefault("content", {"markdown": "", "html": "", "text": ""})
        node["updatedAt"] = self._stamp()
        node["url"] = f"https://{self.address}/{node['slug']}"
        node["author"] = {"id": f"{3:024x}", "name": "Zoë O’Hara", "username": "zoe"}


class _Root:
    """The resolvers of the fields that are asked for; what they return is resolved by name."""

    def __init__(self, site: HashnodeSite, known: bool) -> None:
        self._site, self._known = site, known

    def _sign_in(self) -> None:
        if not self._known:
            raise refusal("UNAUTHENTICATED", "You must be authenticated.")

    def _pro(self) -> None:
        if not self._site.pro:
            message = (
                "Publication does not have an active Pro plan. Upgrade in your dashboard to access this via the API."
            )
            raise refusal("FORBIDDEN", message)

    def me(self, _: Any) -> Node:
        self._sign_in()
        site = self._site
        node = {"id": site.id, "title": "Blog", "url": f"https://{site.address}"}
        return {
            "id": f"{3:024x}",
            "username": "zoe",
            "name": "Zoë",
            "publications": lambda *_, **__: {"edges": [{"node": node}]},
        }

    def publication(self, _: Any, id: str | None = None, host: str | None = None) -> Node | None:
        site = self._site
        if id != site.id and host != site.address:
            return None
        return {
            "id": site.id,
            "posts": lambda _, **asked: self._page(list(site.posts.values()), 100, **asked),
            "drafts": lambda _, **asked: self._drafts(**asked),
            "post": lambda _, slug: self._pro() or next((p for p in site.posts.values() if p["slug"] == slug), None),
            "series": lambda _, slug: {"id": site.series[slug], "slug": slug} if slug in site.series else None,
        }

    def _drafts(self, **asked: Any) -> Node:
        self._sign_in()
        return self._page(list(self._site.drafts.values()), 50, **asked)

    def _page(self, nodes: list[Node], most: int, first: int, after: str | None = None, filter: Any = None) -> Node:
        self._pro()
        assert filter is None
        newest = nodes[::-1]
        start = 1 + next((i for i, node in enumerate(newest) if node["id"] == after), -1) if after else 0
        shown = newest[start : start + min(first, most)]
        info = {"endCursor": shown[-1]["id"] if shown else None, "hasNextPage": start + len(shown) < len(newest)}
        return {"edges": [{"node": node, "cursor": node["id"]} for node in shown], "pageInfo": info}

    def post(self, _: Any, id: str) -> Node | None:
        return self._site.posts.get(id)

    def draft(self, _: Any, id: str) -> Node | None:
        self._sign_in()
        return self._site.drafts.get(id)

    def publishPost(self, _: Any, input: Node) -> Node:
        self._sign_in()
        self._pro()
        if input["publicationId"] != self._site.id:
            raise refusal("NOT_FOUND", "Publication not found")
        return {"post": self._site._publish(input)}

    def updatePost(self, _: Any, input: Node) -> Node:
        self._sign_in()
        self._pro()
        post = self._site.posts.get(input["id"])
        if post is None:
            raise refusal("NOT_FOUND", "Post not found")
        if "title" in input and not input["title"]:
            raise refusal("BAD_USER_INPUT", "Title is required")
        if not self._site.deaf:
            self._site._save(post, input)
        return {"post": post}

    def createDraft(self, _: Any, input: Node) -> Node:
        self._sign_in()
        self._pro()
        draft: Node = {"id": self._site._new_id(), "slug": ""}
        self._site._save(draft, input)
        self._site.drafts[draft["id"]] = draft
        return {"draft": draft}

    def updateDraft(self, _: Any, input: Node) -> Node:
        self._sign_in()
        draft = self._site.drafts.get(input["draftId"])
        if draft is None:
            raise refusal("NOT_FOUND", "Draft not found")
        self._site._save(draft, input)
        return {"draft": draft}

    def publishDraft(self, _: Any, input: Node) -> Node:
        self._sign_in()
        draft = self._site.drafts.pop(input["draftId"], None)
        if draft is None:
            raise refusal("NOT_FOUND", "Draft not found")
        post = {**draft, "id": self._site._new_id(), "preferences": {"isDelisted": False}}
        post.setdefault("publishedAt", self._site._stamp())
        self._site.posts[post["id"]] = post
        return {"post": post}

    def createImageUploadURL(self, _: Any, input: Node) -> Node:
        self._sign_in()
        if input["contentType"] not in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            raise refusal("BAD_USER_INPUT", "contentType must be an image")
        key = f"uploads/{self._site._new_id()}.png"
        return {"presignedPost": {"url": f"{self._site.host}/upload", "fields": {"key": key, "policy": "p"}}}
