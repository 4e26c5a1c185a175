"""Hashnode's GraphQL API on the wire: queries may be repeated, mutations never, and errors come with 200.

Source: Hashnode/gql-skill references (schema.graphql, errors-and-limits.md, auth-and-roles.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from gitsync.connector import SiteSettings
from gitsync.errors import Malformed, NotFound, OutcomeUnknown, Rejected, SiteError, Unauthorized, Unreachable
from gitsync.http import Client

ENDPOINT: Final = "https://gql-beta.hashnode.com"
"""Where the API is since May 2026; the former address answers with a page about that."""

POST: Final = """
id slug title subtitle url publishedAt updatedAt canonicalUrl
content { markdown } coverImage { url } tags { id slug } series { id slug } author { id name }
preferences { isDelisted }
"""
DRAFT: Final = """
id slug title subtitle updatedAt canonicalUrl
content { markdown } coverImage { url } tags { id slug } series { id slug } author { id name }
"""

_KINDS: Final[Mapping[str, type[SiteError]]] = {
    "UNAUTHENTICATED": Unauthorized,
    "FORBIDDEN": Unauthorized,
    "NOT_FOUND": NotFound,
    "BAD_USER_INPUT": Rejected,
}
_WORDS: Final[Mapping[str, str]] = {
    "title": "title",
    "slug": "slug",
    "tag": "tags",
    "subtitle": "description",
    "cover": "cover",
    "originalarticleurl": "canonical_url",
    "canonical": "canonical_url",
    "series": "series",
    "publishedat": "date",
    "content": "body",
}
"""The word in Hashnode's sentence about a post, and the field that it is about; the first that is there counts."""


class Api:
    """Speaks GraphQL to one endpoint."""

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._sleep, self._clock = settings, sleep, clock
        token = settings.secret("token").strip().removeprefix("Bearer ").strip()
        self._http = Client(
            settings,
            base=settings.url or ENDPOINT,
            headers={"Authorization": f"Bearer {token}" if token else "", "Accept": "application/json"},
            pace={},
            sleep=sleep,
            clock=clock,
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data that a query answers. Raises SiteErrors."""
        return self._send(query, variables, asks=True)

    def change(self, mutation: str, **variables: Any) -> Any:
        """Return the data that a mutation answers. Raises SiteErrors."""
        return self._send(mutation, variables, asks=False)

    def _send(self, query: str, variables: Mapping[str, Any], *, asks: bool) -> Any:
        try:
            response = self._http.request(
                "POST", "/", json={"query": query, "variables": variables}, accept={400}, asks=asks
            )
            answer = response.json()
        except Malformed as error:
            if "moved to" in error.message or "HTML page" in error.message:
                hint = f"The API moved in May 2026: leave `url` out, or set it to {ENDPOINT}."
                raise Malformed(error.message, hint) from None
            raise
        if not isinstance(answer, dict):
            raise (Malformed if asks else OutcomeUnknown)("Hashnode answered with something that is not GraphQL.")
        if errors := answer.get("errors"):
            raise self._error(errors, asks)
        return answer.get("data") or {}

    def _error(self, errors: Any, asks: bool) -> SiteError:
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        # A complaint about a variable repeats all of it, the whole text included.
        message = " ".join(str(first.get("message") or "no explanation").partition(", found:")[0].split())[:300]
        extensions = first.get("extensions")
        code = str(extensions.get("code") if isinstance(extensions, dict) else "")
        said = f"Hashnode says: {message.rstrip('.')}."
        if "pro plan" in message.lower():
            hint = "Hashnode's API needs the Pro plan for this publication: upgrade it, or remove the site."
            return Unauthorized(said, hint)
        kind = _KINDS.get(code)
        if kind is Unauthorized:
            hint = "Check the token (Account Settings → Developer) and your role in the publication."
            return Unauthorized(said, hint)
        if kind is Rejected:
            field = next((field for word, field in _WORDS.items() if word in message.lower()), "")
            return Rejected(said, "Change the post and sync again.", field=field)
        if kind is not None:
            return kind(said)
        if code == "INTERNAL_SERVER_ERROR":
            return Unreachable(said, "Try again later.") if asks else OutcomeUnknown(said, "The next sync looks.")
        return Malformed(said, "Hashnode's API may have changed: look for a newer gitsync.")

    def upload(self, presigned: Mapping[str, Any], name: str, content: bytes, media_type: str) -> None:
        """Send a file where a presigned form says; that is another host, which gets no token."""
        url, fields = presigned.get("url"), presigned.get("fields")
        parts = urlsplit(str(url))
        secure = urlsplit(self._settings.url or ENDPOINT).scheme
        if parts.scheme not in ("https", secure) or not parts.netloc or not isinstance(fields, dict):
            raise Malformed("Hashnode named no place to upload an image to.")
        client = Client(
            self._settings,
            base=f"{parts.scheme}://{parts.netloc}",
            headers={},
            pace={},
            sleep=self._sleep,
            clock=self._clock,
        )
        try:
            said = {str(key): str(value) for key, value in fields.items()}
            client.request("POST", parts.path or "/", files={"file": (name, content, media_type)}, fields=said)
        finally:
            client.close()

    def close(self) -> None:
        self._http.close()
