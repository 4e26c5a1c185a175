"""Ghost's Admin API on the wire: who asks, page by page, and what its refusals mean.

Source: ghost.org/docs/admin-api; TryGhost/framework packages/errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from gitsync.connector import SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, Rejected, SiteError, Stale, Unauthorized
from gitsync.http import Client, Response

PAGE: Final = 100
"""Posts in a page; since Ghost 6 the most, whatever is asked for."""

ROUNDS: Final = 4
"""How often a listing is begun anew because posts came or went while it was read."""

LIFETIME: Final = 240
"""Seconds that a token is good for; Ghost takes 300 at most, and clocks differ."""

_READABLE: Final = frozenset(range(400, 500)) - {408, 429}
_KEY: Final = re.compile(r"[0-9a-f]{24}:[0-9a-f]{64}")

FIELDS: Final[Mapping[str, str]] = {
    "title": "title",
    "slug": "slug",
    "custom_excerpt": "description",
    "feature_image": "cover",
    "canonical_url": "canonical_url",
    "tags": "tags",
    "published_at": "date",
    "status": "status",
    "lexical": "body",
}
"""A property that Ghost complains about, and the field of a post that it is."""

_KINDS: Final[Mapping[int, type[SiteError]]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Stale,
    413: Rejected,
    422: Rejected,
    400: Rejected,
    415: Rejected,
}


class Api:
    """Speaks to `/ghost/api/admin/` of one site, with a token of its own for every request."""

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        key = settings.secret("token").strip()
        if not _KEY.fullmatch(key):
            message = f"The token of [sites.{settings.name}] is not an Admin API key."
            raise ConfigError(message, "It has the form id:secret; find it in Ghost under Settings → Integrations.")
        self._id, _, secret = key.partition(":")
        self._secret = bytes.fromhex(secret)
        self._now = now
        self._site = settings.name
        base = re.sub(r"/(?:ghost(?:/api/admin)?)?/*$", "", settings.url)
        headers = {"Accept-Version": "v5.0", "Accept": "application/json"}
        self._http = Client(
            settings,
            base=f"{base}/ghost/api/admin",
            headers=headers,
            pace={},
            sign=self._signed,
            secrets=[key, secret],
            sleep=sleep,
            clock=clock,
        )

    def _signed(self, _method: str, _path: str, _body: bytes) -> dict[str, str]:
        """Return the header with a JSON Web Token of HS256; its key is the secret, hex-decoded."""
        at = int(self._now())
        parts = (
            {"alg": "HS256", "typ": "JWT", "kid": self._id},
            {"iat": at - 5, "exp": at + LIFETIME, "aud": "/admin/"},
        )
        said = b".".join(_url64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        token = said + b"." + _url64(hmac.digest(self._secret, said, hashlib.sha256))
        return {"Authorization": f"Ghost {token.decode()}"}

    def get(self, path: str, **params: str | int) -> Any:
        """Return the JSON that GET answers. Raises SiteErrors."""
        return self._send("GET", path, params).json()

    def send(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """Return the JSON that a write answers; None where there is none. Raises SiteErrors."""
        response = self._send(method, path, params, json=json)
        return response.json() if response.content.strip() else None

    def upload(self, path: str, ref: str, name: str, content: bytes, media_type: str) -> Any:
        """Return the JSON of a stored file."""
        fields = {"ref": ref} | ({"purpose": "image"} if path == "/images/upload/" else {})
        return self._send("POST", path, {}, files={"file": (name, content, media_type)}, fields=fields).json()

    def pages(self, path: str, name: str, **params: str | int) -> Iterator[list[Any]]:
        """Yield the pages of a listing by id, whole or not at all: one that moved while it was read is read again."""
        for _ in range(ROUNDS):
            found: list[list[Any]] = []
            totals = set()
            page: Any = 1
            while isinstance(page, int):
                answer = self.get(path, **params, limit=PAGE, page=page, order="id asc")
                rows, pagination = _rows(answer, name), _pagination(answer)
                found.append(rows)
                totals.add(pagination.get("total"))
                page = pagination.get("next") if len(totals) == 1 else None
            if totals in ({None}, {sum(map(len, found))}):
                yield from found
                return
        raise Malformed(f"The posts of {self._site} keep changing while they are listed.", "Try again later.")

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, path: str, params: Mapping[str, str | int], **body: Any) -> Response:
        response = self._http.request(method, path, params=params, accept=_READABLE, **body)
        if response.status < 400:
            return response
        raise self._error(response)

    def _error(self, response: Response) -> SiteError:
        try:
            error = response.json()["errors"][0]
            message, context = str(error.get("message") or ""), str(error.get("context") or "")
            kind, prop = str(error.get("type") or ""), str(error.get("property") or "")
        except (SiteError, LookupError, TypeError, AttributeError):
            message = context = kind = prop = ""
        kinds = _KINDS.get(response.status, Malformed)
        if not message:
            found = self._http.refused(kinds if response.status != 404 else Malformed, response)
            return type(found)(
                found.message, "Is `url` the address of Ghost's admin? A proxy or another server answered."
            )
        sentence = " ".join(dict.fromkeys(text for text in (message, context) if text))
        found = self._http.refused(kinds, response, sentence)
        if kind == "BadRequestError" and "collision" in sentence.lower():
            return Stale(found.message, found.hint)
        if isinstance(found, Rejected):
            field = FIELDS.get(prop) or next((FIELDS[word] for word in FIELDS if word in sentence), "")
            return Rejected(found.message, found.hint, field=field)
        if isinstance(found, Unauthorized):
            hint = "Check the Admin API key (Settings → Integrations) and the clock of this machine."
            return Unauthorized(found.message, "The key may not do this." if response.status == 403 else hint)
        return found


def _url64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _rows(answer: Any, name: str) -> list[Any]:
    rows = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise Malformed(f"Ghost answered with something that is not a list of {name}.", "Check `url` in gitsync.toml.")
    return rows


def _pagination(answer: Any) -> Mapping[str, Any]:
    meta = answer.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    return pagination if isinstance(pagination, dict) else {}
