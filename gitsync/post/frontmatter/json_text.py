"""JSON front matter (Hugo, Eleventy): read with places, and changed in place."""

from __future__ import annotations

import json
import json.decoder
import re
from typing import Any

from gitsync.post.frontmatter.nodes import NULL, Entries, Items, Node, Path, Plain, Scalar, broken, find

MAX_DEPTH = 32

_SPACE = re.compile(r"[ \t\n]*")
_WORD = re.compile(r"-?\d[\d.eE+-]*|true|false|null")


def end(text: str) -> int | None:
    """Return where the JSON object that `text` starts with ends; None when more than white space follows on its line.

    Raises InvalidContent when it is broken.
    """
    stop = _value(text, 0, 0).end
    return stop if not text[stop:].partition("\n")[0].strip() else None


def read(text: str) -> Node | None:
    """Return the root of JSON front matter. Raises InvalidContent with a place in `text`."""
    start = _skip(text, 0)
    node = _value(text, start, 0)
    if text[node.end :].strip():
        raise broken(text, node.end, "json-syntax", "The JSON goes on behind its end.")
    return node


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise broken(text, at, "too-deep", f"Front matter is nested deeper than {MAX_DEPTH} levels.")
    opening = text[at : at + 1]
    if opening == '"':
        said, stop = _string(text, at)
        return Scalar(said, said, "double", at, stop)
    if opening == "[":
        return _list(text, at, depth)
    if opening == "{":
        return _map(text, at, depth)
    found = _WORD.match(text, at)
    try:
        value: Any = json.loads(found[0]) if found else None
    except ValueError:
        found = None
    if not found:
        raise broken(text, at, "json-syntax", "The JSON is broken: a value is expected here.")
    return Scalar(found[0], value, "plain", at, found.end())


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        said, stop = json.decoder.scanstring(text, at + 1, True)  # type: ignore[attr-defined]
        return str(said), int(stop)
    except json.JSONDecodeError as error:
        raise broken(text, error.pos, "json-syntax", f"The JSON is broken: {error.msg}.") from None


def _list(text: str, start: int, depth: int) -> Items:
    items: list[Node] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        if items:
            at = _skip(text, _expect(text, at, ","))
        items.append(_value(text, at, depth + 1))
        at = _skip(text, items[-1].end)
    return Items(tuple(items), "flow", start, at + 1)


def _map(text: str, start: int, depth: int) -> Entries:
    values: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        if keys:
            at = _skip(text, _expect(text, at, ","))
        _expect(text, at, '"')
        name, stop = _string(text, at)
        if name in keys:
            raise broken(text, at, "duplicate-key", f"The key {name!r} is there twice.", "Keep one.")
        keys[name] = Scalar(name, name, "double", at, stop)
        values[name] = _value(text, _skip(text, _expect(text, _skip(text, stop), ":")), depth + 1)
        at = _skip(text, values[name].end)
    return Entries(values, keys, "flow", start, at + 1)


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise broken(text, at, "json-syntax", f"The JSON is broken: {mark} is expected here.")
    return at + 1


def change(text: str, path: Path, value: Plain) -> str:
    """Return the JSON `text` with `value` at `path`; None removes it, and a map or list left empty by that."""
    root = read(text)
    node = find(root, path)
    if value is None:
        return text if node is None else _remove(text, root, path)
    if node is not None:
        return text[: node.start] + _dump(value) + text[node.end :]
    depth = next(n for n in range(len(path) - 1, -1, -1) if find(root, path[:n]) is not None)
    holder = find(root, path[:depth])
    if not isinstance(holder, Entries):
        at = holder.start if holder else 0
        raise broken(text, at, "wrong-type", f"{path[0]!r} cannot take {path[depth]!r}: it is no map.")
    for step in reversed(path[depth + 1 :]):
        value = [value] if isinstance(step, int) else {step: value}
    new = f"{_dump(str(path[depth]))}: {_dump(value)}"
    if not holder.keys:
        return text[: holder.start + 1] + new + text[holder.end - 1 :]
    first, last = next(iter(holder.keys.values())).start, list(holder.values.values())[-1].end
    lead = text[holder.start + 1 : first]
    return text[:last] + "," + (lead if "\n" in lead else " ") + new + text[last:]


def _remove(text: str, root: Node | None, path: Path) -> str:
    parent = find(root, path[:-1])
    if isinstance(parent, Entries):
        spans = [(key.start, parent.values[name].end) for name, key in parent.keys.items()]
        at = list(parent.keys).index(str(path[-1]))
    else:
        spans = [(item.start, item.end) for item in parent.items] if isinstance(parent, Items) else []
        at = int(path[-1])
    if len(spans) == 1 and len(path) > 1:
        return _remove(text, root, path[:-1])
    if at + 1 < len(spans):
        return text[: spans[at][0]] + text[spans[at + 1][0] :]
    return text[: spans[at - 1][1] if at else spans[at][0]] + text[spans[at][1] :]


def _dump(value: Plain) -> str:
    if value is NULL:
        return "null"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_dump(inner)}" for key, inner in value.items())
            + "}"
        )
    return json.dumps(value, ensure_ascii=False)
