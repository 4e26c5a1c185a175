"""As much of GitHub's API as comments and pull requests need. Source: docs.github.com/rest."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send


class GitHub:
    """`comments` of pull request 7 by id, `pulls` as they were opened, `writes` as "METHOD path"."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(20)
        self.comments: dict[int, str] = {}
        self.pulls: list[dict[str, Any]] = []
        self.writes: list[str] = []
        self.readonly = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            await self.answer(request, await request.body())(scope, receive, send)

    def answer(self, request: Request, body: bytes) -> Response:
        method, path = request.method, request.url.path
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"message": "Bad credentials"}, 401)
        if request.headers.get("x-github-api-version") != "2022-11-28":
            return JSONResponse({"message": "Unknown version"}, 400)
        if method != "GET":
            if self.readonly:
                return JSONResponse({"message": "Resource not accessible by integration"}, 403)
            self.writes.append(f"{method} {path}")
        said = json.loads(body) if body else {}
        if len(str(said.get("body", ""))) > 65536:
            return JSONResponse({"message": "Validation Failed: body is too long"}, 422)
        if path == "/repos/me/blog/issues/7/comments":
            return self.page(request) if method == "GET" else self.comment(len(self.comments) + 1, said["body"])
        if match := re.fullmatch(r"/repos/me/blog/issues/comments/(\d+)", path):
            return self.comment(int(match[1]), said["body"], 200)
        if path == "/repos/me/blog/pulls" and method == "GET":
            head = request.query_params["head"].partition(":")[2]
            return JSONResponse([pull for pull in self.pulls if pull["head"] == head])
        if path == "/repos/me/blog/pulls":
            number = 100 + len(self.pulls)
            self.pulls.append({**said, "number": number, "html_url": f"https://github.example/pull/{number}"})
            return JSONResponse(self.pulls[-1], 201)
        return JSONResponse({"message": "Not Found"}, 404)

    def page(self, request: Request) -> Response:
        size, number = int(request.query_params["per_page"]), int(request.query_params["page"])
        found = [{"id": id, "body": text} for id, text in self.comments.items()]
        return JSONResponse(found[(number - 1) * size : number * size])

    def comment(self, id: int, text: str, status: int = 201) -> Response:
        self.comments[id] = text
        return JSONResponse({"id": id, "html_url": f"https://github.example/c/{id}"}, status)
