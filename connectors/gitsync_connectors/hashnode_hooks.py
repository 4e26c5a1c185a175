"""Webhooks of Hashnode, verified. Source: Hashnode's starter kit and support page on webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from gitsync.errors import Forged
from gitsync.model import Event

WINDOW: Final = 60.0
"""Seconds that a call is good for."""

_SIGNATURE: Final = re.compile(r"t=(\d{1,16}),\s*v1=([0-9a-f]{64})")


def told_by(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> list[Event]:
    """Return what a call says. `now` is Unix time. Raises Forged.

    The time and the body are signed, the body as JavaScript would write the parsed JSON again.
    """
    if not secret:
        raise Forged("No webhook_secret is set for this site, so no webhook of it can be believed.")
    given = {key.lower(): value for key, value in headers.items()}.get("x-hashnode-signature", "")
    match = _SIGNATURE.fullmatch(given.strip())
    if match is None:
        raise Forged("A webhook came without Hashnode's signature.")
    try:
        payload: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise Forged("A webhook is no JSON.") from None
    compact = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    signed = (match[1].encode() + b"." + text for text in (body, compact))
    if not any(hmac.compare_digest(hmac.new(secret.encode(), s, hashlib.sha256).hexdigest(), match[2]) for s in signed):
        raise Forged("A webhook's signature is wrong.")
    if abs(now - int(match[1]) / 1000) > WINDOW:
        raise Forged("A webhook came too late, or was sent again by somebody.")
    data = payload.get("data") if isinstance(payload, dict) else None
    post = data.get("post") if isinstance(data, dict) else None
    id = post.get("id") if isinstance(post, dict) else None
    return [Event(kind=str(data.get("eventType")), id=id)] if isinstance(data, dict) and isinstance(id, str) else []
