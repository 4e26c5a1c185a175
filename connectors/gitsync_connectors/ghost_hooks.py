"""Webhooks of Ghost, verified. Source: TryGhost/Ghost services/webhooks/webhook-trigger.js."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from gitsync.errors import Forged
from gitsync.model import Event

WINDOW: Final = 300.0
"""Seconds that a call is good for: a copy of it that comes later is somebody else's."""

_SIGNATURE: Final = re.compile(r"sha256=([0-9a-f]{64}),\s*t=(\d{1,16})")


def told_by(headers: Mapping[str, str], body: bytes, secret: str, name: str, now: float) -> list[Event]:
    """Return what a call says of `name`s (post or page). `now` is Unix time. Raises Forged.

    Ghost signs the body followed by the time; before 5.85 it signed the body alone.
    """
    if not secret:
        raise Forged("No webhook_secret is set for this site, so no webhook of it can be believed.")
    given = {key.lower(): value for key, value in headers.items()}.get("x-ghost-signature", "")
    match = _SIGNATURE.fullmatch(given.strip())
    if match is None:
        raise Forged("A webhook came without Ghost's signature.")
    signed = (body + match[2].encode(), body)
    if not any(hmac.compare_digest(_digest(secret, text), match[1]) for text in signed):
        raise Forged("A webhook's signature is wrong.")
    if abs(now - int(match[2]) / 1000) > WINDOW:
        raise Forged("A webhook came too late, or was sent again by somebody.")
    return _events(body, name)


def _digest(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _events(body: bytes, name: str) -> list[Event]:
    try:
        payload: Any = json.loads(body)
        said = payload[name]
        current, previous = said.get("current") or {}, said.get("previous") or {}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # signed, and about something else: a tag, a member
    id = current.get("id") or previous.get("id")
    if not isinstance(id, str):
        return []
    kind = payload.get("event") or f"{name}.{'edited' if current else 'deleted'}"
    return [Event(kind=str(kind), id=id)]
