"""What doctor finds: one thing out of order, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing out of order, in a sentence: mended, waiting for a sync (or for doctor without --dry-run), or wrong."""

    kind: str
    message: str


def found(what: str, mended: bool, done: str) -> Finding:
    """Say of `what` (a subject, with its comma) that it was `done`, or would be."""
    what = what.rstrip(",")
    if mended:
        return Finding(kind="mended", message=f"Found {what}: {done}.")
    return Finding(kind="waits", message=f"Found {what}: it would be {done}.")
