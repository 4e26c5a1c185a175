"""Webhooks of Ghost, verified. Source: TryGhost/Ghost services/webhooks/webhook-trigger.js."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gitsync.bounded_json import loads
from gitsync.model import Event
from gitsync_connectors.signed_calls import believe

WINDOW: Final = 300.0
"""Seconds that a call is good for: a copy of it that comes later is somebody else's."""

_SIGNATURE: Final = re.compile(r"sha256=(?P<hash>[0-9a-f]{64}),\s*t=(?P<time>\d{1,16})")

EVENTS: Final = (
    "added",
    "deleted",
    "edited",
    "published",
    "published.edited",
    "unpublished",
    "scheduled",
    "unscheduled",
    "rescheduled",
)
"""What is told of posts and pages. Source: ghost.org/docs/webhooks."""


def told_by(headers: Mapping[str, str], body: bytes, secret: str, name: str, now: float) -> list[Event]:
    """Return what a call says of `name`s (post or page). `now` is Unix time. Raises Forged.

    Ghost signs the body followed by the time; before 5.85 it signed the body alone.
    """
    believe(
        headers,
        "x-ghost-signature",
        _SIGNATURE,
        lambda time: (body + time, body),
        platform="Ghost",
        secret=secret,
        window=WINDOW,
        now=now,
    )
    return _events(body, name)


def _events(body: bytes, name: str) -> list[Event]:
    try:
        payload: Any = loads(body)
        said = payload[name]
        current, previous = said.get("current") or {}, said.get("previous") or {}
        id = current.get("id") or previous.get("id")
    except (ValueError, LookupError, TypeError, AttributeError):
        return []  # signed, and about something else: a tag, a member
    if not isinstance(id, str):
        return []
    kind = payload.get("event") or f"{name}.{'edited' if current else 'deleted'}"
    return [Event(kind=str(kind), id=id)]
