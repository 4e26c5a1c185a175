"""Webhooks that carry a signature and a time in one header: believed, or Forged. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

from gitsync.errors import Forged


def believe(
    headers: Mapping[str, str],
    name: str,
    pattern: re.Pattern[str],
    texts: Callable[[bytes], Iterable[bytes]],
    *,
    platform: str,
    secret: str,
    window: float,
    now: float,
) -> None:
    """Return where a call is surely the platform's, and made in the last `window` seconds. Raises Forged.

    The header `name` matches `pattern`, whose groups are `hash`, HMAC-SHA256 in hex, and `time`, in milliseconds.
    `texts` gives what may have been signed at that time. `now` is Unix time.
    """
    if not secret:
        raise Forged("No webhook_secret is set for this site, so no webhook of it can be believed.")
    match = pattern.fullmatch({key.lower(): value for key, value in headers.items()}.get(name, "").strip())
    if match is None:
        raise Forged(f"A webhook came without {platform}'s signature.")
    right = (hmac.new(secret.encode(), text, hashlib.sha256).hexdigest() for text in texts(match["time"].encode()))
    if not any(hmac.compare_digest(digest, match["hash"]) for digest in right):
        raise Forged("A webhook's signature is wrong.")
    if abs(now - int(match["time"]) / 1000) > window:
        raise Forged("A webhook came too late, or was sent again by somebody.")
