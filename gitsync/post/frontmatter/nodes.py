"""What front matter is made of, whichever language it is written in: scalars, lists and maps that know their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitsync.errors import InvalidContent

Path = tuple[str | int, ...]
"""The way to a value: keys of maps and positions in lists."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is what the author typed, without quotes; `value` is what the language makes of it.

    `start` and `end` are character offsets in the front matter, quotes included. `style` is plain, single, double,
    literal or folded.
    """

    text: str
    value: Any
    style: str
    start: int
    end: int

    @property
    def absent(self) -> bool:
        return self.value is None


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `style` is flow (brackets) or block (a line for each item)."""

    items: tuple[Node, ...]
    style: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A map, in the author's order; `style` is flow (braces) or block. `keys` has where each key stands."""

    values: Mapping[str, Node]
    keys: Mapping[str, Scalar]
    style: str
    start: int
    end: int


Node = Scalar | Items | Entries


class Bare(str):
    """Text that stands without quotes where the language lets it: a date, or one of its own words."""

    __slots__ = ()


NULL = Bare("null")
"""Writes a key that says "nothing", where None would remove the key. TOML has no such thing."""

Plain = str | bool | list[Any] | dict[str, Any] | None
"""What can be written into front matter; None removes."""


def plain(node: Node) -> Any:
    """Return the Python value of `node`, as a parser of its language would."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Entries():
            return {key: plain(value) for key, value in node.values.items()}


def label(node: Node) -> str:
    """Return the text of a list's item: itself, or the `label` or `name` of a map (Docusaurus' tags and authors)."""
    if isinstance(node, Entries):
        node = node.values.get("label") or node.values.get("name") or node
    return node.text if isinstance(node, Scalar) else ""


def find(node: Node | None, path: Path) -> Node | None:
    """Return what stands at `path` below `node`, or None."""
    for step in path:
        if isinstance(node, Entries) and isinstance(step, str):
            node = node.values.get(step)
        elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def place(text: str, offset: int) -> tuple[int, int]:
    """Return the 1-based line and column of a character offset in `text`, whose lines end with "\\n"."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def broken(text: str, offset: int, code: str, message: str, hint: str = "") -> InvalidContent:
    """Return the error for what stands at `offset` of the front matter `text`."""
    line, column = place(text, offset)
    return InvalidContent(message, hint, code=code, line=line, column=column)
