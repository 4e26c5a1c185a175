"""Declared requests on the wire: credentials added, a session kept, refusals translated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from gitsync.connector import SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, OutcomeUnknown, Rejected, SiteError, Unauthorized
from gitsync.http import Client, Response, said
from gitsync.model import Asset
from gitsync_connectors.rest_auth import Credentials, session
from gitsync_connectors.rest_errors import Errors, field_of, hint_of, kind_of, sentence_of
from gitsync_connectors.rest_paging import beside
from gitsync_connectors.rest_paths import put
from gitsync_connectors.rest_requests import Answer, Endpoint, encoded, filled

READABLE: Final = frozenset(range(400, 500)) - {408, 429}
"""Statuses whose meaning hangs on the request, so that they are read here rather than in Client."""

Values = Mapping[str, str | None]
Params = Mapping[str, str | int]
IN_HEADER: Final = "header:"


class Wire:
    """Sends endpoints to one site. `names` are the CMS's names of post fields, to read its complaints by."""

    def __init__(
        self,
        settings: SiteSettings,
        credentials: Credentials,
        errors: Errors,
        *,
        form: bool,
        conditional: bool,
        names: Mapping[str, str],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = _parts(settings)
        self._site = settings.name
        self.host = parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        self._credentials, self._errors = credentials, errors
        self._form, self._conditional, self._names = form, conditional, names
        self._session: dict[str, str] = {}
        # A media type is a body's: on every request, it would be said of files too.
        always = {name: text for name, text in credentials.headers.items() if name.lower() != "content-type"}
        self._media_type = next((text for n, text in credentials.headers.items() if n.lower() == "content-type"), "")
        self._client = Client(
            settings,
            base=self.origin,
            headers=always if any(n.lower() == "accept" for n in always) else {"Accept": "application/json", **always},
            pace={},
            sign=credentials.sign,
            secrets=credentials.hidden,
            sleep=sleep,
            clock=clock,
        )

    def send(
        self, op: str, endpoint: Endpoint, values: Values, *, body: Any = None, params: Params | None = None
    ) -> Answer:
        """Send the request for `op` with its slots filled. Raises any SiteError.

        `params` are added to its query, those called "header:…" to its headers, and to the body of a POST that asks.
        """
        path, pairs = endpoint.target(values)
        params = params or {}
        replaced = [(name, text) for name, text in pairs if name not in params]
        headers = {n.removeprefix(IN_HEADER): str(text) for n, text in params.items() if n.startswith(IN_HEADER)}
        added = {name: text for name, text in params.items() if not name.startswith(IN_HEADER)}
        body = filled(endpoint.body, values, body) if endpoint.body is not None else body
        if endpoint.asks:
            for name, text in added.items():
                put(body, name, text)
            added = {}
        # Conditions of the same name, such as id=gt.5 beside id=not.is.null, are all meant.
        pairs = [*replaced, *((name, str(text)) for name, text in added.items()), *self._credentials.query]
        target = self._base + path + encoded(pairs)
        return self._answered(op, endpoint.method, target, {**endpoint.sent(values), **headers}, body, endpoint.asks)

    def follow(self, op: str, endpoint: Endpoint, link: str) -> Answer:
        """Ask for the next page at an address that the page before named."""
        path, _ = endpoint.target({})
        target = beside(link, self.host, self._base + path)
        missing = [(name, text) for name, text in self._credentials.query if f"{name}=" not in target]
        if missing:
            target += ("&" if "?" in target else "?") + encoded(missing)[1:]
        return self._answered(op, "GET", target, endpoint.sent({}), None)

    def _answered(
        self, op: str, method: str, target: str, headers: Mapping[str, str], body: Any, asks: bool = False
    ) -> Answer:
        content, kind = self._content(body)
        own = any(name.lower() == "content-type" for name in headers)
        kinds = {"Content-Type": self._media_type or kind} if kind and not own else {}
        response = self._request(op, method, target, content=content, headers={**kinds, **headers}, asks=asks)
        return self._read("GET" if asks else method, response)

    def _content(self, body: Any) -> tuple[bytes | None, str]:
        if body is None:
            return None, ""
        if self._form:
            flat = {key: json.dumps(v) if isinstance(v, dict | list | bool) else v for key, v in body.items()}
            pairs = {key: "" if value is None else value for key, value in flat.items()}
            return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return text, "application/json"

    def upload(
        self, endpoint: Endpoint, values: Values, asset: Asset, *, field: str, extra: Mapping[str, str]
    ) -> Answer:
        """Send a file, in a form where `field` names it there, else as it is."""
        path, pairs = endpoint.target(values)
        target = self._base + path + encoded([*pairs, *self._credentials.query])
        name = asset.path.rpartition("/")[2]
        headers = endpoint.sent(values)
        if field:
            files = {field: (name, asset.content, asset.media_type)}
            response = self._request("upload", endpoint.method, target, files=files, fields=extra, headers=headers)
        else:
            kinds = {"Content-Type": asset.media_type, **headers}
            response = self._request("upload", endpoint.method, target, content=asset.content, headers=kinds)
        return self._read(endpoint.method, response)

    def _request(self, op: str, method: str, target: str, *, headers: Mapping[str, str], **body: Any) -> Response:
        """Send, logged in where that is needed; a session that has ended is begun again, once."""
        login = self._credentials.login
        for again in (False, True):
            if login and not self._session:
                self._log_in()
            sent = {**self._session, **headers}
            response = self._client.request(method, target, headers=sent, accept=READABLE, **body)
            if response.status != 401 or again or not login:
                break
            self._session = {}
        if response.status >= 400:
            raise self._refusal(op, method, response)
        return response

    def _log_in(self) -> None:
        login = self._credentials.login
        if login is None:
            return
        json_ = not login.form
        content = json.dumps(login.body).encode() if json_ else urlencode(login.body).encode()
        kind = "application/json" if json_ else "application/x-www-form-urlencoded"
        target = self._base + login.endpoint.path
        response = self._client.request(
            "POST", target, content=content, headers={"Content-Type": kind}, accept=READABLE
        )
        if response.status >= 400:
            wrong = response.status in (400, 401, 403, 422)
            raise self._client.refused(Unauthorized if wrong else Malformed, response)
        try:
            name, text = session(login, response.json(), self._site)
        except OutcomeUnknown as error:
            raise Malformed(error.message, f"Check [sites.{self._site}.login] request.") from None
        self._session = {name: text}
        self._client.hide(self._session)

    def _refusal(self, op: str, method: str, response: Response) -> SiteError:
        value = None
        with suppress(SiteError):
            value = response.json()
        kind = kind_of(response.status, op, self._errors, conditional=self._conditional)
        field, detail = field_of(value, self._errors, self._names) if kind is Rejected else ("", "")
        sentence = sentence_of(value, self._errors) or said(response)
        if detail and detail not in sentence:
            sentence = f"{sentence.rstrip('.')}: {detail}"
        error = self._client.refused(kind, response, sentence)
        error.hint = ("" if kind is NotFound else hint_of(response.status, op, method, self._site)) or error.hint
        return Rejected(error.message, error.hint, field=field) if kind is Rejected else error

    def _read(self, method: str, response: Response) -> Answer:
        """Return what a good answer holds. Raises Rejected where a 200 says that it failed."""
        value = None
        if response.content.strip():
            try:
                value = response.json()
            except OutcomeUnknown:
                if response.content.lstrip()[:1] == b"<":
                    raise
        if self._errors.failed and value is not None and self._errors.failed(value):
            sentence = sentence_of(value, self._errors) or said(response)
            error = self._client.refused(Rejected if method != "GET" else Malformed, response, sentence)
            field, _ = field_of(value, self._errors, self._names)
            raise Rejected(error.message, error.hint, field=field) if method != "GET" else error
        return Answer(response.status, value, response.headers)

    def says_missing(self, value: Any) -> bool:
        """Say whether an answer tells, where `missing` says so, that there is no such record."""
        return bool(self._errors.missing and self._errors.missing(value))

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


def _parts(settings: SiteSettings) -> Any:
    try:
        parts = urlsplit(settings.url)
        if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc:
            return parts
    except ValueError:
        pass
    message = f"`url` of [sites.{settings.name}] is not an http or https address without a password in it."
    raise ConfigError(message, "Write it like https://cms.example/api.")
