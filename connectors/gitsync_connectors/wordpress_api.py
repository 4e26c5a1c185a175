"""WordPress' REST API on the wire: where it is, who asks, and what its refusals mean."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from gitsync.bounded_json import loads
from gitsync.connector import SiteSettings
from gitsync.errors import Malformed, NotFound, OutcomeUnknown, Rejected, SiteError, Unauthorized
from gitsync.http import Client, Response

PAGE: Final = 100
"""Rows in a page; more is 400."""

ROUNDS: Final = 4
"""How often a listing is begun anew because posts came or went while it was read."""

_READABLE: Final = frozenset(range(400, 500)) - {408, 429}

REFUSED: Final[Mapping[str, tuple[type[SiteError], str, str]]] = {
    "rest_cannot_publish": (Rejected, "status", "Give the user the role Author, or set `review = true` for this site."),
    "rest_cannot_create": (Rejected, "", "Give the user the role Editor, Author or Contributor."),
    "rest_cannot_edit": (
        Rejected,
        "",
        "Give the user the role Editor: an Author edits its own posts only, a Contributor none that are published.",
    ),
    "rest_cannot_edit_others": (Rejected, "authors", "Give the user the role Editor."),
    "rest_cannot_delete": (Rejected, "", "Give the user the role Editor."),
    "rest_cannot_assign_term": (Rejected, "tags", "Give the user the role Editor or Author."),
    "rest_cannot_create_term": (Rejected, "tags", "Create the tag on the site, or give the user the role Editor."),
    "rest_cannot_assign_sticky": (Rejected, "", "Give the user the role Editor."),
    "rest_forbidden_status": (Unauthorized, "", "Give the user the role Editor: this one may not see every post."),
    "rest_forbidden_context": (Unauthorized, "", "Give the user the role Editor: this one may not edit the post."),
    "rest_post_invalid_id": (NotFound, "", ""),
    "rest_already_trashed": (NotFound, "", ""),
    "rest_trash_not_supported": (Rejected, "", "Set `trash = false` for this site to delete for good."),
    "rest_no_route": (Malformed, "", "Check `url` and `type` in gitsync.toml."),
}
"""Codes of errors: what they mean here, the field they are about, and what to do."""

BUILT_IN: Final = frozenset(
    {"media", "blocks", "templates", "navigation", "global_styles", "menu_items", "font_families", "font_faces"}
)
"""Types of WordPress itself that hold no posts."""

NOBODY: Final = "Check `user` and the application password (Users → Profile → Application Passwords; https only)."
"""What to do when WordPress does not know who asks; it may say so with 401, or see only what everybody may."""


class Api:
    """Speaks to `wp/v2` of one site. The address is found at the first request: with pretty permalinks, or without."""

    def __init__(
        self,
        settings: SiteSettings,
        user: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # An application password is shown in groups of four; WordPress itself ignores the spaces.
        password = re.sub(r"\s", "", settings.secret("token"))
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        base = re.sub(r"/(?:wp-json(?:/wp/v2)?|wp-admin|index\.php)?/*$", "", settings.url)
        self._site = settings.name
        self._http = Client(
            settings,
            base=base,
            headers={"Authorization": f"Basic {pair}", "Accept": "application/json"} if password else {"x": ""},
            pace={},
            secrets=[password],
            sleep=sleep,
            clock=clock,
        )
        root = urlunsplit(urlsplit(base)._replace(path="", query="", fragment=""))
        self._files = Client(settings, base=root, headers={"Accept": "*/*"}, pace={}, sleep=sleep, clock=clock)
        self._plain: bool | None = None
        self._asked_types = False

    def get(self, path: str, **params: str | int) -> Any:
        """Return the JSON that GET answers. Raises SiteErrors."""
        return self._send("GET", path, params)[0]

    def send(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """Return the JSON that a write answers. Raises SiteErrors."""
        return self._send(method, path, params, json=json)[0]

    def file(self, path: str, *, like: bytes) -> bool:
        """Say whether the file that the site serves at `path` has the content `like`.

        It is asked for on the host that is configured, whatever host its address names, and without credentials.
        """
        try:
            return self._files.request("GET", path, accept=range(400, 600)).content == like
        except (Malformed, OutcomeUnknown):  # too large, or cut off: nobody can say so
            return False

    def upload(self, path: str, name: str, content: bytes, media_type: str) -> Any:
        """Return the JSON of a stored file. WordPress refuses with 500 what it does not want in its library."""
        try:
            return self._send("POST", path, {}, files={"file": (name, content, media_type)}, accept=_READABLE | {500})[
                0
            ]
        except Malformed as error:
            raise OutcomeUnknown(error.message, error.hint) from None

    def pages(
        self, path: str, *, own: Callable[[], int | None] | None = None, **params: str | int
    ) -> Iterator[list[Any]]:
        """Yield the pages of a listing by id, whole or not at all: one that moved while it was read is read again.

        By date or by `modified`, rows whose times tie are repeated and others never shown. Posts that the user may not
        edit are counted and left out, so a page may be short, even empty, and not the last. `own` then tells whose
        posts alone to ask for, None for everybody's.
        """
        order: dict[str, str | int] = {**params, "per_page": PAGE, "orderby": "id", "order": "asc"}
        for _ in range(ROUNDS):
            found: list[list[Any]] = []
            first = total = ""
            page = 1
            while True:
                rows, response = self._send("GET", path, {**order, "page": page}, accept_end=page > 1)
                if not isinstance(rows, list):
                    raise Malformed(f"{self._site} answered with something that is not a list.", "Check `url`.")
                total = response.headers.get("x-wp-total", total)
                first = first or total
                found.append(rows)
                if own and len(rows) < min(PAGE, int(total or 0) - (page - 1) * PAGE):
                    if (author := own()) is not None:
                        order["author"] = author
                        total = ""  # begun anew
                    own = None
                if total != first or page >= int(response.headers.get("x-wp-totalpages") or 0):
                    break
                page += 1
            if total == first:
                yield from found
                return
        raise Malformed(f"The posts of {self._site} keep changing while they are listed.", "Try again later.")

    def close(self) -> None:
        self._http.close()
        self._files.close()

    def _send(
        self, method: str, path: str, params: Mapping[str, str | int], *, accept_end: bool = False, **body: Any
    ) -> tuple[Any, Response]:
        response = self._ask(method, path, params, {"accept": _READABLE, **body})
        if response.status < 400:
            return self._json(response), response
        code, sentence = self._refusal(response)
        if accept_end and code == "rest_post_invalid_page_number":
            return [], response
        raise self._error(response, code, sentence)

    def _ask(self, method: str, path: str, params: Mapping[str, str | int], body: Mapping[str, Any]) -> Response:
        """Send one request; where nobody knows yet, find out which way the address of the API is written."""
        ways = [False, True] if self._plain is None else [self._plain]
        for plain in ways:
            where = "/" if plain else f"/wp-json/wp/v2{path}"
            asked = {"rest_route": f"/wp/v2{path}", **params} if plain else params
            response = self._http.request(method, where, params=asked, **body)
            spoken = response.status != 404 or self._refusal(response)[0] not in ("", "rest_no_route")
            if spoken or plain is ways[-1]:
                if spoken and response.status < 400:
                    self._plain = plain
                return response
        raise AssertionError("unreachable: the last way returns")

    def _json(self, response: Response) -> Any:
        """Return the JSON of an answer, also of one that a warning of PHP precedes."""
        text = response.text().lstrip("\ufeff \r\n")
        if text[:1] == "<" and (start := re.search(r"(?<=>)\s*(?=[{\[]\s*[\"{\[\]}])", text)):
            try:
                return loads(text[start.end() :])
            except ValueError:
                pass
        return response.json()

    def _refusal(self, response: Response) -> tuple[str, str]:
        """Return the code and the sentence of an error; "" twice for a page that is none of WordPress' API."""
        try:
            error = self._json(response)
        except (Malformed, OutcomeUnknown):
            return "", ""
        if not isinstance(error, dict):
            return "", ""
        return str(error.get("code") or ""), str(error.get("message") or "")

    def _error(self, response: Response, code: str, sentence: str) -> SiteError:
        if code == "term_exists":
            return TermExists(response.json())
        if not code:
            return self._strange(response)
        if response.status == 401:
            return Unauthorized(self._http.refused(Unauthorized, response, sentence).message, NOBODY)
        if code == "rest_no_route" and (known := self._types()):
            message = self._http.refused(Malformed, response, sentence).message
            return Malformed(message, f"Set `type` to one of those that this site shows: {', '.join(known)}.")
        refused = response.status < 500 or code.startswith("rest_upload_")
        kind, field, hint = REFUSED.get(code, (Rejected if refused else Malformed, "", ""))
        if code == "rest_invalid_param":
            field, sentence = _param(response.json(), sentence)
            if field == "status" and (seen := _forbidden(response.json())):
                kind, hint = Unauthorized, REFUSED["rest_forbidden_status"][2] if seen == 403 else NOBODY
        error = self._http.refused(kind, response, sentence)
        hint = hint or error.hint
        return Rejected(error.message, hint, field=field) if kind is Rejected else kind(error.message, hint)

    def _types(self) -> list[str]:
        """Return the REST bases of the types of posts that this site shows; none where it does not say."""
        self._asked_types, asked = True, self._asked_types
        if asked:
            return []
        with suppress(SiteError):
            types = self.get("/types")
            found = types.values() if isinstance(types, dict) else ()
            bases = {str(one.get("rest_base")) for one in found if isinstance(one, dict) and one.get("rest_base")}
            return sorted(base for base in bases if base.isidentifier() and base not in BUILT_IN)
        return []

    def _strange(self, response: Response) -> SiteError:
        """Return the error for a page of something before WordPress: a firewall, a plugin, another server."""
        kinds: dict[int, type[SiteError]] = {401: Unauthorized, 403: Unauthorized, 413: Rejected}
        kind = kinds.get(response.status, Malformed)
        error = self._http.refused(kind, response)
        hint = "Something before WordPress answered, a firewall or a plugin: let it pass /wp-json/ and `Authorization`."
        return kind(error.message, "Make the post smaller." if kind is Rejected else hint)


class TermExists(Rejected):
    """A term is there already; `id` is its id."""

    def __init__(self, error: Any) -> None:
        super().__init__("The term exists.")
        data = error.get("data")
        self.id = data.get("term_id") if isinstance(data, dict) else None


PARAMS: Final[Mapping[str, str]] = {
    "content": "body",
    "excerpt": "description",
    "date": "date",
    "date_gmt": "date",
    "title": "title",
    "slug": "slug",
    "status": "status",
    "tags": "tags",
    "featured_media": "cover",
    "meta": "canonical_url",
}


def _param(error: Any, sentence: str) -> tuple[str, str]:
    """Return the field that `rest_invalid_param` is about, and the sentence about it."""
    data = error.get("data")
    params = data.get("params") if isinstance(data, dict) else None
    if not isinstance(params, dict) or not params:
        return "", sentence
    name, text = next(iter(params.items()))
    return PARAMS.get(name, ""), f"{name}: {text}"


def _forbidden(error: Any) -> int:
    """Return the status that a refused parameter is refused with inside: 401 for nobody, 403 for a user; else 0."""
    try:
        return int(error["data"]["details"]["status"]["data"]["status"])
    except (KeyError, TypeError, ValueError):
        return 0
