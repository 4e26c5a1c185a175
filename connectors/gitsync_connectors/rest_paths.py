"""Where in a CMS's JSON a value is: read by JMESPath, written by dotted keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gitsync.errors import ConfigError, Malformed

Json = Any
Reader = Callable[[Json], Json]

PLAIN: Final = re.compile(r"(?!@$)[A-Za-z_$@][\w$@-]*(\.[A-Za-z_$@][\w$@-]*)*")
"""Keys with dots between them; every other path is JMESPath. Keys with dashes need no quotes here."""

KEY: Final = r'(?:[A-Za-z_$@][\w$@-]*|"[^"\\]+")(?:\[\])?'
WRITABLE: Final = re.compile(rf"(?!@){KEY}(?:\.{KEY})*")
"""Keys that a value can be put under; one with spaces or other signs stands in quotes, as in JMESPath."""

EMBEDDED: Final = ("_embedded", "data", "result", "response", "payload")
LISTS: Final = ("data", "items", "results", "docs", "records", "entries", "posts", "articles", "rows", "value", "nodes")
ASIDE: Final = ("meta", "links", "pagination", "user", "error", "errors", "included")
ITEMS: Final = ("data", "item", "record", "result", "post", "article", "entry", "doc", "document", "page")


def reader(path: str, place: str) -> Reader:
    """Return what finds the value at `path`, None where there is none. `place` names the setting in a ConfigError."""
    if PLAIN.fullmatch(path):
        return _walker(path.split("."))
    import jmespath  # noqa: PLC0415  10 ms, and most paths are plain
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415  as above

    try:
        search = jmespath.compile(path).search
    except JMESPathError as error:
        hint = 'Write keys with dots between them, or JMESPath (jmespath.org), like "tags[].name".'
        why = str(error).split("\n")[0].rstrip(".:")
        raise ConfigError(f"{place}: {path!r} is no path: {why}.", hint) from None

    def find(value: Json) -> Json:
        try:
            return search(value)
        except JMESPathError as error:
            why = str(error).split("\n")[0].rstrip(".")
            raise Malformed(f"{place}: {path!r} does not fit the answer: {why}.", "Correct the path.") from None

    return find


def _walker(keys: list[str]) -> Reader:
    if len(keys) == 1:
        (key,) = keys
        return lambda value: value.get(key) if isinstance(value, dict) else None

    def find(value: Json) -> Json:
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    return find


def steps(path: str) -> list[str]:
    """Return the keys of a writable path, without their quotes; `[]` stays on a key that is a list with one thing."""
    return [key.replace('"', "") for key in re.findall(r'(?:[^".]|"[^"]*")+', path)]


def put(target: dict[str, Json], path: str, value: Json) -> None:
    """Set the value at dotted `path`, making what is not there on the way; `key[]` is a list with one thing in it."""
    *above, last = steps(path)
    for key in above:
        name = key.removesuffix("[]")
        inner = target.get(name)
        if key.endswith("[]"):
            inner = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else {}
            target[name] = [inner]
        elif not isinstance(inner, dict):
            inner = target[name] = {}
        target = inner
    target[last.removesuffix("[]")] = [value] if last.endswith("[]") else value


def drop(target: dict[str, Json], path: str) -> None:
    """Remove the value at dotted `path`, if it is there."""
    *above, last = steps(path)
    inner = _walker(above)(target) if above else target
    if isinstance(inner, dict):
        inner.pop(last, None)


def listed(answer: Json, path: Reader | None, site: str) -> list[Json]:
    """Return the records of a listing: where `path` says, else where such a list stands in most APIs.

    Raises Malformed, which names the keys that are there.
    """
    found = path(answer) if path else _guessed_list(answer)
    if isinstance(found, list):
        return found
    hint = f"Say where it is: [sites.{site}.envelope] list, in JMESPath."
    raise Malformed(f"the listing of {site} has no list of records in {shape(answer)}.", hint)


def _guessed_list(answer: Json) -> Json:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    for key in LISTS:
        if isinstance(answer.get(key), list):
            return answer[key]
    lists = [value for value in answer.values() if isinstance(value, list) and all(isinstance(v, dict) for v in value)]
    if len(lists) == 1:
        return lists[0]
    inner = next((answer[key] for key in EMBEDDED if isinstance(answer.get(key), dict)), None)
    return _guessed_list(inner) if inner is not None else None


def item(answer: Json, path: Reader | None, id: Callable[[Json], str | None]) -> dict[str, Json] | None:
    """Return the record in the answer about one: where `path` says, else what has an id. None: there is none."""
    if path:
        found = path(answer)
        found = found[0] if isinstance(found, list) and len(found) == 1 else found
        return found if isinstance(found, dict) and id(found) is not None else None
    if isinstance(answer, list):
        return item(answer[0], None, id) if len(answer) == 1 else None
    if not isinstance(answer, dict):
        return None
    if id(answer) is not None:
        return answer
    inner = [answer[key] for key in ITEMS if key in answer] or [v for k, v in answer.items() if k not in ASIDE]
    for value in inner:
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(value, dict) and id(value) is not None:
            return value
    return None


def shape(answer: Json) -> str:
    """Return what an answer is, in words that show no content."""
    if isinstance(answer, Mapping):
        keys = ", ".join(map(repr, list(answer)[:12])) + (", …" if len(answer) > 12 else "")
        return f"an object with {keys}" if answer else "an empty object"
    if isinstance(answer, list):
        return f"a list of {len(answer)}"
    return "an empty answer" if answer is None else f"a {type(answer).__name__}"
