"""Exports in XML, RSS and WordPress' dialect of it, item by item: bounded memory, whatever their size.

Names are matched without their namespace, which carries WordPress' version. No document type is read: nothing in an
export can name a file, an address, or ten million copies of itself. Control characters, which XML forbids and real
exports have, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from gitsync.errors import InvalidContent

CHUNK: Final = 1 << 16
LARGEST: Final = 16 << 20
"""Characters of one item's text; a post of that size is none."""

_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(slots=True)
class Item:
    """One `<item>`: the texts of its elements by name, its categories, its meta pairs. `line` is where it begins."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    categories: list[tuple[str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.texts.get(name, "").strip()


class _Reading:
    """Collects what expat tells; whole items wait in `done`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: list[Item] = []
        self.channel: dict[str, str] = {}
        self._item: Item | None = None
        self._stack: list[tuple[str, dict[str, str]]] = []
        self._text: list[str] = []
        self._size = 0
        self._key = ""
        self.parser: Any = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise InvalidContent("An export has no document type.", code="XML", path=str(self.path))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "item":
            self._item = Item(self.parser.CurrentLineNumber)
            self._size = 0
        self._stack.append((name, attributes))
        self._text = []

    def _data(self, text: str) -> None:
        self._size += len(text)
        if self._size > LARGEST:
            raise InvalidContent("A post is larger than 16 MiB.", code="XML", path=str(self.path))
        self._text.append(text)

    def _end(self, name: str) -> None:
        _, attributes = self._stack.pop()
        text, self._text = "".join(self._text), []
        item = self._item
        if item is None:
            if len(self._stack) == 2:
                self.channel.setdefault(_plain(name), text)
            self._size = 0
            return
        parent = self._stack[-1][0] if self._stack else ""
        if name == "item":
            self.done.append(item)
            self._item = None
        elif name == "category":
            item.categories.append((attributes.get("domain", ""), text))
        elif _plain(name) == "meta_key" and "postmeta" in parent:
            self._key = text
        elif _plain(name) == "meta_value" and "postmeta" in parent:
            item.meta.setdefault(self._key, text)
        elif parent == "item":
            item.texts.setdefault(name if name.endswith(":encoded") else _plain(name), text)


def _plain(name: str) -> str:
    return name.rpartition(":")[2]


def items(path: Path) -> Iterator[tuple[Item, dict[str, str]]]:
    """Yield each item with the channel's own texts so far. Raises InvalidContent with the line of what is broken."""
    reading = _Reading(path)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            _feed(reading, _CONTROLS.sub(b"", chunk), False)
            while reading.done:
                yield reading.done.pop(0), reading.channel
    _feed(reading, b"", True)
    for item in reading.done:
        yield item, reading.channel


def _feed(reading: _Reading, chunk: bytes, final: bool) -> None:
    try:
        reading.parser.Parse(chunk, final)
    except expat.ExpatError as error:
        message = f"The export is broken: {expat.errors.messages[error.code]}."
        hint = "Export it again, or mend that line."
        raise InvalidContent(
            message, hint, code="XML", path=str(reading.path), line=error.lineno, column=error.offset + 1
        ) from None
    except (LookupError, ValueError):
        raise InvalidContent(
            "The export has an encoding that is not known.", code="XML", path=str(reading.path)
        ) from None


def begins(path: Path) -> bytes:
    """Return the first bytes of a file; none of what is no file."""
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""
