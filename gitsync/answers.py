"""Answers of HTTP APIs: their JSON, the wait they ask for, and what they say in their own words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from gitsync.bounded_json import TooMuch, loads
from gitsync.errors import Malformed, OutcomeUnknown, SiteError

CODINGS: Final = ("gzip", "deflate")
"""How an answer may be packed, once: each piece that arrives then becomes 64 MiB at most. Packed twice, or by what
packs tighter, a few kilobytes become gigabytes in one piece, before anybody can count them."""


def packed_well(coding: str) -> bool:
    """Say whether a Content-Encoding is one that is unpacked in little room."""
    return coding.strip().lower() in ("", "identity", *CODINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer. `write` tells whether the request could have changed something."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    site: str
    write: bool

    def text(self) -> str:
        """Return the body as text, whatever its encoding claims to be."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the parsed body. Raises Malformed, or OutcomeUnknown after a write: it may well have happened."""
        try:
            text = self.content.decode("utf-8-sig")
            parsed = loads(text)
            if re.search(r"\\u[dD][89a-fA-F]", text):
                # Half a surrogate pair is legal JSON, and a crash in everything that writes a file.
                whole = json.dumps(parsed, ensure_ascii=False).encode("utf-16", "surrogatepass")
                parsed = loads(whole.decode("utf-16", "replace"))
        except ValueError as error:
            what = "an HTML page" if self.content.lstrip()[:1] == b"<" else "something that is not JSON"
            hint = f"Check `url` of [sites.{self.site}] in gitsync.toml."
            if isinstance(error, TooMuch):
                what, hint = str(error), "Let the site say less at once, or fewer posts a page."
            message = f"{self.site} answered {self.status} with {what}."
            if self.write:
                raise OutcomeUnknown(message, "The next sync looks whether it arrived.") from None
            raise Malformed(message, hint) from None
        return parsed


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), never negative; None without one."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        # By the server's own clock where it shows it: ours may be off by more than the wait.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def said(response: Response) -> str:
    """Return the platform's own sentence in an error answer, in the shapes that JSON APIs give it."""
    try:
        found = sentences(response.json())
    except SiteError:
        text = response.text().strip()
        return "an HTML page" if text.startswith("<") else text or "no explanation"
    return "; ".join(found) or "no explanation"


def sentences(value: Any) -> list[str]:
    """Return the texts under `error`, `errors`, `message` or `detail` of an error object, else "field text" pairs."""
    match value:
        case str():
            return [value] if value.strip() else []
        case list():
            return [text for item in value for text in sentences(item)]
        case dict():
            for key in ("error", "errors", "message", "detail"):
                if found := sentences(value.get(key)):
                    return found
            return [f"{key} {text}" for key, item in value.items() for text in sentences(item)]
        case _:
            return []


def plain(message: str) -> str:
    """Return `message` as one sentence on one line, without control characters, at most 400 characters."""
    text = " ".join("".join(char if char.isprintable() else " " for char in message).split())
    if len(text) >= 400:
        return text[:399] + "…"
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
