"""What happens to a fake platform's answers on demand: lost, cut, late, throttled, or another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

FaultKind = Literal[
    "store-then-504", "504", "500", "drop", "store-then-drop", "cut", "store-then-cut", "429-json", "429-text", "html",
    "301", "not-json", "store-then-html",
]  # fmt: skip


@dataclass(slots=True)
class Fault:
    """An accident for the next `times` requests that fit, after `skip` that go well."""

    kind: FaultKind
    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1


def next_fault(faults: Sequence[Fault], method: str, path: str) -> Fault | None:
    """Return the accident that happens to this request, and count it."""
    for fault in faults:
        if fault.method in ("", method) and fault.path in path and fault.times:
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            return fault
    return None


def accident(kind: str) -> Response | None:
    """Return what is answered instead; None for an accident that needs the real answer, or none."""
    page = "<!doctype html><html><body>Something went wrong &#128549;</body></html>"
    match kind:
        case "504" | "store-then-504" | "drop" | "store-then-drop":
            return Response(page, 504, media_type="text/html")
        case "500":
            return JSONResponse({"error": "internal server error", "status": 500}, 500)
        case "429-json":
            sentence = "Rate limit reached, try again in 0 seconds"
            return JSONResponse({"error": sentence, "status": 429}, 429, {"Retry-After": "0"})
        case "429-text":
            return PlainTextResponse("Retry later\n", 429, {"Retry-After": "0"})
        case "html" | "store-then-html":
            return Response(page, 200, media_type="text/html")
        case "301":
            return Response(page, 301, {"Location": "https://moved.example/"}, media_type="text/html")
        case "not-json":
            return Response('[{"id": 1, "title": "cut in the mid', 200, media_type="application/json")
        case _:
            return None


def outcome(kind: str, answer: Callable[[], Response]) -> Response:
    """Return what is answered when `kind` of accident happens ("" for none); `answer` does the request's work."""
    response = accident(kind)
    if response is None or kind.startswith("store-then"):
        real = answer()
        response = response or real
    return response


async def deliver(kind: str, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response, or what the accident leaves of it."""
    if kind.endswith("drop"):
        await dropped(send)
    elif kind.endswith("cut"):
        await cut(send, response)
    else:
        await response(scope, receive, send)


async def dropped(send: Send) -> None:
    """Close the connection without a byte of answer: uvicorn has no public way to."""
    cycle = getattr(send, "__self__")  # noqa: B009
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.001)


async def cut(send: Send, response: Response) -> None:
    """Promise the whole answer and send half of it."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send(
        {"type": "http.response.body", "body": bytes(response.body)[: len(response.body) // 2], "more_body": True}
    )
    await dropped(send)
