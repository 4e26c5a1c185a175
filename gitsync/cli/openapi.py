"""What `gitsync site add --from-openapi` reads, and how it goes together with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitsync.errors import UsageError


def proposed(make: type[Any], place: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the keys that a connector proposes for the document at `place`, under those given, and what to look at.

    Raises UsageError where the connector proposes nothing or the document cannot be used, SiteError where it cannot be
    fetched.
    """
    propose = getattr(make, "from_openapi", None)
    if propose is None:
        raise UsageError("--from-openapi is for custom CMSs.", "Leave it out, or say --platform rest.")
    online = place.startswith(("http://", "https://"))
    values, notes = propose(_fetched(place) if online else _read(place), place if online else given.get("url"))
    merged: dict[str, Any] = dict(values)
    if "url" in given and str(merged.get("url", "")).startswith(str(given["url"]).rstrip("/")):
        # A document often says only which path of its host the API is at.
        given = {key: value for key, value in given.items() if key != "url"}
    for key, value in given.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    if "url" not in merged:
        raise UsageError("the document does not say where the API is.", "Give it with --url.")
    first = ("platform", "url", "token")
    return {key: merged[key] for key in (*first, *merged) if key in merged}, [
        note for note in notes if not ("url" in given and note.endswith("set url."))
    ]


def _read(place: str) -> str:
    try:
        return Path(place).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{place} cannot be read: {why}.", "Give the file or the address of the document.") from None


def _fetched(address: str) -> str:
    from gitsync.connector import SiteSettings
    from gitsync.http import Client

    settings = SiteSettings(name="openapi", platform="rest", url=address, root=Path(), secret=str, pace={})
    client = Client(settings, base=address, headers={"Accept": "application/json, application/yaml, */*"}, pace={})
    try:
        return client.request("GET", "").text()
    finally:
        client.close()
