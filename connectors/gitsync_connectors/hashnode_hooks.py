"""Webhooks of Hashnode, verified. Source: Hashnode's starter kit and support page on webhooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gitsync.bounded_json import loads
from gitsync.errors import Forged
from gitsync.model import Event
from gitsync_connectors.signed_calls import believe

WINDOW: Final = 60.0
"""Seconds that a call is good for."""

_SIGNATURE: Final = re.compile(r"t=(?P<time>\d{1,16}),\s*v1=(?P<hash>[0-9a-f]{64})")


def told_by(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> list[Event]:
    """Return what a call says. `now` is Unix time. Raises Forged.

    The time and the body are signed, the body as JavaScript would write the parsed JSON again.
    """

    def signed(time: bytes) -> Iterator[bytes]:
        yield time + b"." + body
        compact = json.dumps(_read(body), ensure_ascii=False, separators=(",", ":"))
        yield time + b"." + compact.encode("utf-8", "surrogatepass")

    believe(
        headers,
        "x-hashnode-signature",
        _SIGNATURE,
        signed,
        platform="Hashnode",
        secret=secret,
        window=WINDOW,
        now=now,
    )
    payload = _read(body)
    data = payload.get("data") if isinstance(payload, dict) else None
    post = data.get("post") if isinstance(data, dict) else None
    id = post.get("id") if isinstance(post, dict) else None
    return [Event(kind=str(data.get("eventType")), id=id)] if isinstance(data, dict) and isinstance(id, str) else []


def _read(body: bytes) -> Any:
    try:
        return loads(body)
    except ValueError:
        raise Forged("A webhook is no JSON.") from None
