"""What a CMS's refusal means: which error it is, in whose words, and about which field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gitsync.errors import Malformed, NotFound, Rejected, SiteError, Stale, Unauthorized
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Reader, reader

KINDS: Final[Mapping[str, type[SiteError]]] = {
    "rejected": Rejected,
    "stale": Stale,
    "not_found": NotFound,
    "unauthorized": Unauthorized,
}
ABOUT_ONE: Final = ("get", "update", "delete", "publish", "unpublish")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """`[errors]`: where the sentence and the field are, and what some statuses mean here.

    `failed` says that a 200 is a refusal, `missing` that an answer about one record says there is none.
    """

    message: Reader | None = None
    about: Reader | None = None
    failed: Reader | None = None
    missing: Reader | None = None
    statuses: Mapping[int, type[SiteError]] = field(default_factory=dict)


def errors(options: Options) -> Errors:
    """Return what `[errors]` says. Raises ConfigError."""
    table = options.table("errors")
    place = f"[{table.place}]"
    paths = {key: table.text(key) for key in ("message", "field", "failed", "missing")}
    readers = {key: reader(path, f"{place} {key}") for key, path in paths.items() if path}
    statuses = {}
    for name, kind in KINDS.items():
        for status in table.take(name) or ():
            if type(status) is not int or not 400 <= status < 500 or status in (408, 429):
                raise table.wrong(f"{name} must be a list of statuses from 400 to 499.", f"Like {name} = [403].")
            statuses[status] = kind
    table.end()
    about = readers.pop("field", None)
    return Errors(**readers, about=about, statuses=statuses)


def kind_of(status: int, op: str, declared: Errors, *, conditional: bool) -> type[SiteError]:
    """Return the error that an answer of a 4xx status to the request `op` is."""
    if status in declared.statuses and (declared.statuses[status] is not NotFound or op in ABOUT_ONE):
        return declared.statuses[status]
    if status in (401, 402, 403, 407):
        return Unauthorized
    if status in (404, 410):
        return NotFound if op in ABOUT_ONE else Malformed
    if status in (409, 412):
        return Stale if op in ("update", "delete") and (conditional or status == 412) else Rejected
    if op in ("get", "many") and status in (400, 422):
        return NotFound  # an id that is none of this site's
    if status in (400, 413, 415, 416, 422, 423):
        return Rejected
    return Malformed


def hint_of(status: int, op: str, method: str, site: str) -> str:
    """Return the next step for statuses that speak of the request more than of the post; "" for the others."""
    where = f"[sites.{site}.endpoints] {op}"
    match status:
        case 404:
            return f"Check {where} and url."
        case 405 | 501:
            other = {"PATCH": "PUT", "PUT": "PATCH", "POST": "PUT"}.get(method, "another method")
            return f"It knows no {method} there: try {other} in {where}."
        case 415 | 406:
            return f'Say the media type it wants in {where}, like headers = {{"Content-Type" = "application/json"}}.'
        case 428:
            return f'It wants conditional writes: set conditional = "if-match" for [sites.{site}].'
        case _:
            return ""


def sentence_of(value: Any, declared: Errors) -> str:
    """Return the CMS's sentence from where `message` says; "" when it says nothing there."""
    said = declared.message(value) if declared.message and value is not None else None
    if isinstance(said, list):
        said = "; ".join(str(one) for one in said if one)
    return said if isinstance(said, str) else ""


def field_of(value: Any, declared: Errors, names: Mapping[str, str]) -> tuple[str, str]:
    """Return which post field a refusal is about, and what it says of it; `names` are the CMS's names of our fields."""
    if declared.about and value is not None:
        said = declared.about(value)
        said = said[0] if isinstance(said, list) and said else said
        last = str(said or "").replace("/", ".").rpartition(".")[2]
        return names.get(last, ""), ""
    for key, inner in _members(value):
        if key in names and inner:
            return names[key], _words(inner)
        text = inner[-1] if isinstance(inner, list) and inner else inner
        if key.lower() in ("field", "path", "pointer", "param", "property", "loc", "attr") and isinstance(text, str):
            last = text.replace("/", ".").rpartition(".")[2]
            if last in names:
                return names[last], ""
    if isinstance(value, dict):
        # "Key (slug)=(x) already exists": a database's own words, with the column in brackets.
        texts = " ".join(text for text in value.values() if isinstance(text, str))
        return next((ours for name, ours in names.items() if f"({name})" in texts), ""), ""
    return "", ""


def _members(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > 6:
        return
    if isinstance(value, dict):
        yield from value.items()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(inner, depth + 1)


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next((words for one in value if (words := _words(one))), "")
    if isinstance(value, dict):
        return next((value[key] for key in ("message", "detail", "error") if isinstance(value.get(key), str)), "")
    return ""
