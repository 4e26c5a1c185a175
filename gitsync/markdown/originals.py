"""Addresses that make a picture smaller, and the picture that they are made of: facts of platforms, and no guesses."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote

_GHOST: Final = re.compile(
    r"(https?://[^/?#]+(?:/[^?#]*)?/content/images/)size/(?:w\d+(?:h\d+)?|h\d+)/(?:format/[a-z]+/)?([^?#]+)(?:[?#].*)?"
)
"""Source: TryGhost/Ghost frontend/web/middleware/handle-image-sizes.js."""

_FOREM: Final = re.compile(r"https://[^/?#]+/(?:cdn-cgi/image|dynamic/image)/[^/?#]+/(https?(?:://|%3A%2F%2F).+)", re.I)
"""Source: forem/forem app/services/images/optimizer.rb, for Cloudflare; the address inside is quoted."""

_PHOTON: Final = re.compile(r"https?://i[0-3]\.wp\.com/([^/?#]+\.[^/?#]+/[^?#]+)(?:\?([^#]*))?(?:#.*)?")
"""Source: developer.wordpress.com/docs/photon; `ssl=1` says that the picture is read by https."""


def original(url: str) -> str | None:
    """Return the address of the picture that `url` shows in another size or form; None where it is none of these."""
    if match := _GHOST.fullmatch(url):
        return match[1] + match[2]
    if match := _FOREM.fullmatch(url):
        return match[1] if "://" in match[1] else unquote(match[1])
    if match := _PHOTON.fullmatch(url):
        query = parse_qs(match[2] or "")
        if "q" in query:  # the query of the picture itself, which nobody may leave out
            return None
        return f"http{'s' if query.get('ssl') == ['1'] else ''}://{match[1]}"
    return None


def may_be_resized(text: str) -> bool:
    """Say whether an address that `original` knows may be in `text`, where the picture's own host is not to be seen."""
    return ".wp.com/" in text or "/dynamic/image/" in text or "/cdn-cgi/image/" in text
