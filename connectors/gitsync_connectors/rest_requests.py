"""Requests as gitsync.toml declares them: "PUT /articles/{id}?status={status}", filled in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote, urlencode

from gitsync.errors import ConfigError
from gitsync_connectors.rest_options import Options

METHODS: Final[Mapping[str, str]] = {
    "list": "GET",
    "get": "GET",
    "many": "GET",
    "find": "GET",
    "whoami": "GET",
    "create": "POST",
    "update": "PATCH",
    "delete": "DELETE",
    "publish": "POST",
    "unpublish": "POST",
    "upload": "POST",
}
"""What a request can be for, and the method that it has when none is written."""

READS: Final = ("list", "get", "many", "find", "whoami")
SLOTS: Final = (
    "id",
    "ids",
    "status",
    "revision",
    "etag",
    "modified",
    "slug",
    "title",
    "canonical_url",
    "now",
    "name",
    "sha256",
)
GRAPHQL: Final = re.compile(r"\s*(query|mutation)\b")
SLOT: Final = re.compile(r"\{(\w+)\}")


class Answer(NamedTuple):
    """What came back: the status, the JSON in it (None for an empty answer), and the headers in small letters."""

    status: int
    value: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One request: `path` below the site's url, `query` and `headers` with their {slots}.

    `body` is sent instead of the record, which stands where it says "{record}"; `asks`: this POST only reads.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    asks: bool = False

    def target(self, values: Mapping[str, str | None]) -> tuple[str, list[tuple[str, str]]]:
        """Return path and query with the slots filled; a parameter whose slot has no value is left out."""
        path = SLOT.sub(lambda slot: quote(values.get(slot[1]) or "", safe=""), self.path)
        pairs = [
            (name, fill(text, values))
            for name, text in self.query
            if all(values.get(slot) is not None for slot in SLOT.findall(text))
        ]
        return path, pairs

    def sent(self, values: Mapping[str, str | None]) -> dict[str, str]:
        """Return the headers with the slots filled, without those that have no value."""
        return {
            name: fill(text, values)
            for name, text in self.headers.items()
            if all(values.get(slot) is not None for slot in SLOT.findall(text))
        }

    def uses(self, *slots: str) -> bool:
        """Say whether one of these slots is in the request."""
        texts = [self.path, *(text for _, text in self.query), *self.headers.values(), json.dumps(self.body)]
        return any(f"{{{slot}}}" in text for text in texts for slot in slots)


_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[)")
"""How a filter in JSON begins; a slot begins with a brace too, and a password in it is nobody's JSON."""


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """Return `text` with its slots filled; inside a JSON filter, as JSON text."""
    inside = _JSON.match(text) is not None

    def value(slot: re.Match[str]) -> str:
        filled = values.get(slot[1]) or ""
        return json.dumps(filled, ensure_ascii=False)[1:-1] if inside else filled

    return SLOT.sub(value, text)


def filled(value: Any, values: Mapping[str, str | None], record: Any = None) -> Any:
    """Return a declared JSON value with the slots in its texts filled; members whose slot has no value are left out.

    The text "{record}" becomes `record`. In GraphQL, braces are its own: what it is about stands in its variables.
    """
    if isinstance(value, str) and GRAPHQL.match(value):
        return value
    if isinstance(value, str):
        return record if value == "{record}" and record is not None else fill(value, values)
    if isinstance(value, Mapping):
        return {
            key: filled(inner, values, record)
            for key, inner in value.items()
            if not isinstance(inner, str)
            or GRAPHQL.match(inner)
            or all(values.get(s, "") is not None for s in SLOT.findall(inner))
        }
    return [filled(inner, values, record) for inner in value] if isinstance(value, list) else value


def encoded(pairs: Sequence[tuple[str, str]]) -> str:
    """Return a query with its question mark, or "" for none."""
    return "?" + urlencode(pairs, quote_via=quote, safe=":,()*!$'") if pairs else ""


def endpoints(options: Options) -> dict[str, tuple[Endpoint, ...]]:
    """Return the requests by what they are for: those declared, else the usual ones at `endpoint`.

    Reads may have several, of which the first that knows a record counts. Raises ConfigError.
    """
    declared = options.table("endpoints")
    given = {name: declared.take(name) for name in METHODS}
    declared.end()
    if collection := options.text("endpoint"):
        path, mark, query = collection.partition("?")
        slash = "/" if path.endswith("/") else ""
        one = f"{path.rstrip('/')}/{{id}}{slash}{mark}{query}"
        usual = {"list": collection, "create": collection, "get": one, "update": one, "delete": one}
        given = {name: usual.get(name) if value is None else value for name, value in given.items()}
    found = {}
    for name, value in given.items():
        if value is None or value is False:
            continue
        several = value if isinstance(value, list) and name in READS else [value]
        found[name] = tuple(endpoint_of(declared, name, one) for one in several)
    if "list" not in found:
        raise options.wrong("endpoint is missing.", 'Name the collection of posts, like endpoint = "/articles".')
    return found


def endpoint_of(table: Options, name: str, value: Any) -> Endpoint:
    """Return the request that `name` in a table declares. Raises ConfigError."""
    hint = f'Like {name} = "{METHODS[name]} /articles{"/{id}" if name in ("get", "update", "delete") else ""}".'
    inner = table.inner(name, value) if isinstance(value, dict) else None
    text = inner.text("request") if inner else value
    if not isinstance(text, str) or not text:
        raise table.wrong(f"{name} must be a request.", hint)
    method, space, rest = text.partition(" ")
    method, rest = (method.upper(), rest.strip()) if space else (METHODS[name], text)
    if not re.fullmatch(r"[A-Z]+", method) or not rest.startswith(("/", "?")) or rest.startswith("//"):
        raise table.wrong(f"{name} = {text!r} is no request below url.", hint)
    body = inner.take("body") if inner else None
    asks = name in READS and method == "POST" and isinstance(body, dict)
    if (name in READS) != (method == "GET") and not asks:
        if name in READS and method == "POST":
            hint = f'A POST that reads says what it asks for: {name} = {{request = "{text}", body = {{…}}}}.'
        raise table.wrong(f"{name} cannot be a {method} request.", hint)
    path, _, query = rest.partition("?")
    pairs = tuple((unquote(key), unquote(what)) for key, _, what in (p.partition("=") for p in query.split("&") if p))
    headers = inner.texts("headers") if inner else {}
    if inner:
        inner.end()
    if body is not None and not isinstance(body, dict):
        raise table.wrong(f"the body of {name} must be a table.", 'Like body = {mutations = ["{record}"]}.')
    endpoint = Endpoint(method=method, path=path, query=pairs, headers=headers, body=body, asks=asks)
    for used in [slot for part in (path, *(v for _, v in pairs), *headers.values()) for slot in SLOT.findall(part)]:
        if used not in SLOTS:
            raise table.unknown(f"slot {{{used}}} in {name}", used, SLOTS)
    if name in ("get", "update", "delete", "publish", "unpublish") and not endpoint.uses("id"):
        raise table.wrong(f"{name} = {text!r} does not say which record.", "Put {id} where its id goes.")
    if name == "many" and not endpoint.uses("ids"):
        raise table.wrong(f"many = {text!r} does not say which records.", "Put {ids} where their ids go.")
    return endpoint


def header_of(template: str, place: str) -> tuple[str, str]:
    """Return name and value of "Name: value". Raises ConfigError."""
    name, colon, value = template.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^`|~\w-]+", name.strip()) or not value.strip():
        raise ConfigError(f"{place}: {template!r} is no header.", 'Write it like "X-API-Key: {token}".')
    return name.strip(), value.strip()
