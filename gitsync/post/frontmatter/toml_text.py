"""TOML front matter (Hugo, Zola, Astro): read and edited with tomlkit, which keeps comments, order and spacing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import AoT, Array, String

from gitsync.errors import InvalidContent
from gitsync.post.frontmatter.nodes import NULL, Bare, Entries, Items, Node, Path, Plain, Scalar, broken, label

MAX_DEPTH = 32


def read(text: str) -> Node | None:
    """Return the root of TOML front matter. Raises InvalidContent with a place in `text`.

    tomlkit tells no places of values: a node stands where its key first starts a line.
    """
    return _node(_parse(text), text, 0, 0)


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        line, column = (error.line, error.col + 1) if isinstance(error, ParseError) else (1, 1)
        said = str(error).partition(" at line")[0].rstrip(".")
        code = "duplicate-key" if "already exists" in said else "toml-syntax"
        raise InvalidContent(f"The TOML is broken: {said}.", code=code, line=line, column=column) from None


def _node(item: Any, text: str, at: int, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise broken(text, at, "too-deep", f"Front matter is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(item, Mapping):
        values: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for key, value in item.items():
            found = re.compile(rf"^[ \t]*\[*[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]", re.M).search(text, at)
            start = found.start() + len(found[0]) - len(found[0].lstrip(" \t[")) if found else at
            keys[key] = Scalar(key, key, "plain", start, start + len(key))
            values[key] = _node(value, text, start, depth + 1)
        return Entries(values, keys, "block", at, at)
    if isinstance(item, Array | AoT):
        return Items(tuple(_node(inner, text, at, depth + 1) for inner in item), "flow", at, at)
    if isinstance(item, String):
        return Scalar(str(item), str(item), _style(item), at, at)
    if isinstance(item, bool):
        return Scalar("true" if item else "false", item, "plain", at, at)
    return Scalar(item.as_string(), item.unwrap(), "plain", at, at)


def _style(item: String) -> str:
    quote = item.as_string()[:3]
    if quote in ("'''", '"""'):
        return "literal" if quote[0] == "'" else "folded"
    return "single" if quote[0] == "'" else "double"


def change(text: str, path: Path, value: Plain) -> str:
    """Return the TOML `text` with `value` at `path`; None removes it, and a table left empty by that."""
    document = _parse(text)
    holders: list[Any] = [document]
    for step in path[:-1]:
        inner = _get(holders[-1], step)
        if inner is None:
            if value is None:
                return text
            inner = holders[-1][step] = _new(holders[-1], path[len(holders)])
        if not isinstance(inner, MutableMapping | list):
            raise broken(text, 0, "wrong-type", f"{step!r} cannot take {path[len(holders)]!r}: it is no table.")
        holders.append(_get(holders[-1], step))
    if value is NULL:
        raise broken(text, 0, "toml-null", "TOML has no way to say that a field is absent.", "Use YAML.")
    if value is None:
        if _get(holders[-1], path[-1]) is None:
            return text
        for holder, step in zip(reversed(holders), reversed(path), strict=True):
            del holder[step]
            if len(holder):
                break
    elif isinstance(path[-1], int) and path[-1] >= len(holders[-1]):
        holders[-1].append(value)
    else:
        _set(holders[-1], path[-1], value)
    return tomlkit.dumps(document)


def _get(holder: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return holder[step] if isinstance(holder, list) and step < len(holder) else None
    return holder.get(step) if isinstance(holder, Mapping) else None


def _new(holder: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return tomlkit.array()
    return tomlkit.table(is_super_table=isinstance(holder, tomlkit.TOMLDocument))


def _set(holder: Any, step: str | int, value: Plain) -> None:
    old = _get(holder, step)
    if isinstance(old, Array) and isinstance(value, list):
        _set_items(old, value)
    elif isinstance(value, Bare) and not isinstance(old, String):
        try:
            holder[step] = tomlkit.value(str(value))
        except (TOMLKitError, ValueError):
            holder[step] = str(value)
    elif isinstance(value, str):
        holder[step] = _text(str(value), _style(old) if isinstance(old, String) else "double")
    elif isinstance(value, dict):
        table = tomlkit.table()
        for key, inner in value.items():
            _set(table, key, inner)
        holder[step] = table
    else:
        holder[step] = value


def _text(value: str, style: str) -> String:
    kinds = {"single": (True, False), "literal": (True, True), "folded": (False, True), "double": (False, False)}
    literal, multiline = kinds[style]
    try:
        return tomlkit.string(value, literal=literal, multiline=multiline)
    except (TOMLKitError, ValueError):
        return tomlkit.string(value)


def _set_items(array: Array, value: list[Any]) -> None:
    old = [label(_node(item, "", 0, 0)) for item in array]
    matcher = difflib.SequenceMatcher(None, old, value, autojunk=len(old) * len(value) > 1_000_000)
    for kind, a, b, c, d in reversed(matcher.get_opcodes()):
        if kind == "equal":
            continue
        for n in range(b - 1, a - 1, -1):
            del array[n]
        for n in range(d - 1, c - 1, -1):
            array.insert(a, value[n])
