"""A fake Forem (the software of dev.to), as strict as the real one, that has accidents on demand.

    with serving(forem := Forem()) as host:            # or: python -m tests.fakes.forem --port 8000
        forem.faults.append(Fault("store-then-504", method="POST"))
        ...
        assert forem.writes() == [("POST", "/api/articles")] and not forem.violations

`violations` collects what the real Forem would swallow and do something unwanted with: no v1 Accept header, tags that
are no array, a type that the OpenAPI document does not have, unknown parameters.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.accidents import Fault as Fault
from tests.fakes.accidents import deliver, next_fault, outcome
from tests.fakes.forem_articles import ALLOWED, TYPES, Article, Invalid, saved, shown
from tests.fakes.server import serving

V1 = "application/vnd.forem.api-v1+json"


class TooMany(Exception):
    def __init__(self, seconds: int, *, edge: bool) -> None:
        self.seconds, self.edge = seconds, edge


@dataclass(slots=True)
class Window:
    """Refuses more than `number` in `seconds`."""

    number: int
    seconds: float
    edge: bool
    stamps: deque[float] = field(default_factory=deque)

    def count(self, now: float) -> None:
        while self.stamps and now - self.stamps[0] >= self.seconds:
            self.stamps.popleft()
        if len(self.stamps) >= self.number:
            raise TooMany(int(self.seconds), edge=self.edge)
        self.stamps.append(now)


class Forem:
    """The site: `articles` by id, `log` of (method, path), and how it is set up. Use it as an ASGI application."""

    def __init__(self, *, key: str = "right-key", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.key = key
        self.now = now
        self.articles: dict[int, Article] = {}
        self.faults: list[Fault] = []
        self.log: list[tuple[str, str]] = []
        self.payloads: list[Any] = []
        self.violations: list[str] = []
        self.answered: list[int] = []
        self.aliases: dict[str, str] = {}
        self.host = "http://forem.example"
        self.ai_disclosure = False
        self.suspended = False
        self.per_page_max = 1000
        self.stale_reads = False
        self.next_id = 1001
        self.cached: dict[int, dict[str, Any]] = {}
        self.limits: dict[str, list[Window]] | None = None

    def keep_limits(self) -> None:
        """Switch the published rate limits on: Rack::Attack's, then RateLimitChecker's."""
        self.limits = {
            "GET": [Window(3, 1.0, True), Window(30, 60.0, True)],
            "write": [Window(1, 1.0, True)],
            "publish": [Window(9, 30.0, False)],
            "PUT": [Window(30, 30.0, False)],
        }

    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.log if method != "GET"]

    def edit(self, id: int | str, **given: Any) -> None:
        """Save an article as the web editor does: what is not named stays, tags too."""
        article = self.articles[int(id)]
        given = {"tags": list(article.tags), **given}
        self.store(article, given, create=False)

    def add(self, **given: Any) -> int:
        """Write a new article on the site itself."""
        return self.store(None, given, create=True).id

    def store(self, article: Article | None, given: dict[str, Any], *, create: bool) -> Article:
        article = article or Article(id=self.next_id, created_at=self.now())
        others = [other for other in self.articles.values() if other.id != article.id]
        stored = saved(
            article,
            given,
            others=others,
            now=self.now(),
            create=create,
            ai_disclosure=self.ai_disclosure,
            aliases=self.aliases,
        )
        self.next_id = max(self.next_id, stored.id + 1)
        self.articles[stored.id] = stored
        return stored

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path
        self.log.append((request.method, path))
        fault = next_fault(self.faults, request.method, path)
        kind = fault.kind if fault else ""
        response = outcome(kind, lambda: self.answer(request, body))
        self.answered.append(response.status_code)
        await deliver(kind, response, scope, receive, send)

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            if not request.headers.get("user-agent"):
                return PlainTextResponse("Forbidden Bots", 403)
            self.throttle("GET" if request.method == "GET" else "write")
            response = self.route(request, body)
        except TooMany as error:
            headers = {"Retry-After": str(error.seconds)}
            if error.edge:
                return PlainTextResponse("Retry later\n", 429, headers)
            sentence = f"Rate limit reached, try again in {error.seconds} seconds"
            return JSONResponse({"error": sentence, "status": 429}, 429, headers)
        except Invalid as error:
            extra: dict[str, Any] = {}
            if "ai_disclosure_level" in str(error):
                extra["ai_disclosure_level"] = {"required": True, "allowed_values": ["no_ai", "some_ai"]}
            return JSONResponse({"error": str(error), "status": 422} | extra, 422)
        if request.headers.get("accept") != V1:
            self.violations.append(f"no v1 Accept header on {request.method} {request.url.path}")
            response.headers["Warning"] = "299 - This endpoint is part of the V0 (beta) API."
        return response

    def throttle(self, kind: str) -> None:
        for window in (self.limits or {}).get(kind, ()):
            window.count(self.now().timestamp())

    def route(self, request: Request, body: bytes) -> Response:
        method, path = request.method, request.url.path.removeprefix("/api")
        authorized = request.headers.get("api-key") == self.key and not self.suspended
        single = re.fullmatch(r"/articles/(\d+)", path)
        if not request.url.path.startswith("/api/"):
            return PlainTextResponse("<html>The page you were looking for doesn't exist (404)</html>", 404)
        if method == "GET" and single:
            return self.single(int(single[1]))
        if not authorized:
            return refusal(401, "unauthorized")
        if method == "GET" and path == "/users/me":
            return JSONResponse({"type_of": "user", "id": 7, "username": "forem-author", "name": "Zoë O’Hara"})
        if method == "GET" and (lists := re.fullmatch(r"/articles/me(|/all|/published|/unpublished)", path)):
            return self.listing(request, lists[1])
        if method == "POST" and path == "/articles":
            given = self.article_param(body)
            if given.get("published"):
                self.throttle("publish")
            article = self.store(None, given, create=True)
            headers = {"Location": article.url(self.host)}
            return JSONResponse(shown(article, self.host, "single", self.now()), 201, headers)
        if method == "PUT" and single:
            self.throttle("PUT")
            if int(single[1]) not in self.articles:
                return refusal(404, "not found")
            self.cached.setdefault(int(single[1]), self.public(int(single[1])) or {})
            article = self.store(self.articles[int(single[1])], self.article_param(body), create=False)
            return JSONResponse(shown(article, self.host, "single", self.now()))
        if method == "PUT" and path.endswith("/unpublish"):
            return refusal(401, "unauthorized")  # only for moderators: ArticlePolicy#revoke_publication?
        return refusal(404, "not found")

    def public(self, id: int) -> dict[str, Any] | None:
        article = self.articles.get(id)
        visible = article and article.published and article.published_at and article.published_at <= self.now()
        return shown(article, self.host, "single", self.now()) if article and visible else None

    def single(self, id: int) -> Response:
        found = (self.cached.get(id) if self.stale_reads else None) or self.public(id)
        return JSONResponse(found) if found else refusal(404, "not found")

    def listing(self, request: Request, which: str) -> Response:
        for name, value in request.query_params.items():
            if name not in ("page", "per_page") or not value.isdigit() or int(value) < 1:
                self.violations.append(f"parameter {name}={value}")
        page = int(request.query_params.get("page", 1))
        size = min(int(request.query_params.get("per_page", 30)), self.per_page_max)
        now = self.now()

        def newest(article: Article) -> tuple[bool, float, float]:
            at = article.published_at.timestamp() if article.published_at else 0.0
            return (article.published_at is None, at, article.created_at.timestamp())

        wanted = {
            "": lambda article: article.published,
            "/published": lambda article: article.published and article.published_at <= now,
            "/unpublished": lambda article: not article.published,
            "/all": lambda article: True,
        }[which]
        articles = sorted(filter(wanted, self.articles.values()), key=newest, reverse=True)
        return JSONResponse(
            [shown(article, self.host, "me", now) for article in articles[(page - 1) * size : page * size]]
        )

    def article_param(self, body: bytes) -> dict[str, Any]:
        """Return the `article` object of a write. Raises Invalid like validate_article_param_is_hash."""
        try:
            given = json.loads(body)
        except ValueError:
            raise Invalid("article param must be a JSON object") from None
        self.payloads.append(given)
        if not isinstance(given, dict) or "article" not in given:
            raise Invalid("param is missing or the value is empty: article")
        article = given["article"]
        if not isinstance(article, dict):
            raise Invalid("article param must be a JSON object")
        for name, value in article.items():
            if name not in ALLOWED:
                self.violations.append(f"unknown key {name}")
            if name in TYPES and not isinstance(value, TYPES[name]):
                self.violations.append(f"{name} is {type(value).__name__}")
        if not isinstance(article.get("tags", []), list):
            self.violations.append("tags is no array")
        return article


def refusal(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence, "status": status}, status)


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake Forem on 127.0.0.1; its api-key is right-key.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--limits", action="store_true", help="keep the published rate limits")
    options = parser.parse_args()
    forem = Forem()
    if options.limits:
        forem.keep_limits()
    with serving(forem, options.port) as host:
        forem.host = host
        print(f"{host}/api", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
