"""YAML front matter to nodes, in one bounded pass over the parser's events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from gitsync.post.frontmatter.nodes import Entries, Items, Node, Scalar, broken

MAX_DEPTH = 32

_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_VALUES = yaml.SafeLoader("")
"""Makes values of scalars; a composed tree is never given to it, so it keeps nothing between calls."""


def read(text: str) -> Node | None:
    """Return the root of YAML front matter, or None when it says nothing (empty, or comments only).

    Raises InvalidContent with a place in `text`. Aliases are refused rather than followed, keys may come once, and
    depth is bounded before anything recurses: 64 KiB of brackets would overflow the C stack of a composing loader.
    """
    events = _Loader(text).get_event
    try:
        events()
        if type(events()) is not yaml.DocumentStartEvent:
            return None
        root = _node(text, events, events(), 0)
        events()
        if type(second := events()) is yaml.DocumentStartEvent:
            raise broken(text, _at(second.start_mark), "yaml-documents", "Front matter holds a second document.")
        return None if isinstance(root, Scalar) and root.start == root.end else root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "it cannot be read"
        raise broken(text, mark.index if mark else 0, "yaml-syntax", f"The YAML is broken: {said}.") from None
    except yaml.reader.ReaderError as error:
        raise broken(
            text, _control(text), "yaml-character", f"YAML does not allow this character: {error.reason}."
        ) from None


def _node(text: str, events: Callable[[], Any], event: Any, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise broken(
            text, event.start_mark.index, "too-deep", f"Front matter is nested deeper than {MAX_DEPTH} levels."
        )
    match event:
        case yaml.ScalarEvent():
            return _scalar(event)
        case yaml.SequenceStartEvent():
            items = []
            inner: Any
            while type(inner := events()) is not yaml.SequenceEndEvent:
                items.append(_node(text, events, inner, depth + 1))
            return Items(tuple(items), _layout(event), _at(event.start_mark), _at(inner.end_mark))
        case yaml.MappingStartEvent():
            values: dict[str, Node] = {}
            keys: dict[str, Scalar] = {}
            while type(inner := events()) is not yaml.MappingEndEvent:
                key = _node(text, events, inner, depth + 1)
                if not isinstance(key, Scalar):
                    raise broken(text, key.start, "yaml-key", "A key of front matter must be plain text.")
                if key.text in keys:
                    raise broken(text, key.start, "duplicate-key", f"The key {key.text!r} is there twice.", "Keep one.")
                keys[key.text] = key
                values[key.text] = _node(text, events, events(), depth + 1)
            return Entries(values, keys, _layout(event), _at(event.start_mark), _at(inner.end_mark))
    raise broken(
        text,
        event.start_mark.index,
        "yaml-alias",
        "Front matter may not use YAML aliases.",
        "Write the value out.",
    )


def _at(mark: Any) -> int:
    return int(mark.index)


def _layout(event: Any) -> str:
    return "flow" if event.flow_style else "block"


def _scalar(event: Any) -> Scalar:
    text = event.value
    value: Any = text
    if event.tag not in (None, "!"):
        value = _value(event.tag, text)
    elif event.implicit[0]:
        for tag, pattern in _RESOLVERS.get(text[:1], ()):
            if pattern.match(text):
                value = _value(tag, text)
                break
    return Scalar(text, value, _STYLES[event.style], event.start_mark.index, event.end_mark.index)


def _value(tag: str, text: str) -> Any:
    """Make a bool, number, date… of a scalar; what does not fit its type (2024-13-45) or has a foreign tag is text."""
    make = _VALUES.yaml_constructors.get(tag)
    if make is None or tag in ("tag:yaml.org,2002:value", "tag:yaml.org,2002:merge"):
        return text
    try:
        return make(_VALUES, yaml.ScalarNode(tag, text))
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError, yaml.YAMLError):
        return text


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def _control(text: str) -> int:
    found = _CONTROL.search(text)
    return found.start() if found else 0
