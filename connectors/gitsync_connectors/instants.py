"""Instants as APIs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def whole_second(text: Any) -> datetime | None:
    """Return an ISO date with a zone, to the second; None for what is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except (TypeError, ValueError, OverflowError):
        return None
