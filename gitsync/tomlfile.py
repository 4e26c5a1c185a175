"""A TOML file of ours: typed reading where every complaint says path:line and what to write instead."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitsync.errors import ConfigError

LARGEST = 1 << 20
HEADER = re.compile(r"\s*\[{1,2}\s*(?P<key>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
ASSIGNMENT = re.compile(r"\s*(?P<key>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
TYPES: Mapping[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    dict: "a table",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The file: its path as the user is shown it, and its text."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Source:
        """Read the file. Raises ConfigError when it is missing, too large or not UTF-8."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}.", "Run `gitsync init` to make one.") from None
        if len(data) > LARGEST:
            raise ConfigError(f"{path} is larger than {LARGEST >> 20} MiB.", "Is it the right file?")
        try:
            return cls(path, data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{path}:{line}: this is not UTF-8 text.", "Save the file as UTF-8.") from None

    def parse(self) -> dict[str, Any]:
        """Return what the file says. Raises ConfigError with line and column."""
        try:
            return tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            what, _, place = str(error).partition(" (at ")
            found = re.match(r"line (\d+), column (\d+)", place)
            lines = self.text.split("\n")
            where = f"{found[1]}:{found[2]}" if found else f"{len(lines)}:{len(lines[-1]) + 1}"
            sentence = what[:1].lower() + what[1:].rstrip(".")
            raise ConfigError(f"{self.path}:{where}: this is not TOML: {sentence}.", "Correct that line.") from None

    def line(self, keys: Sequence[str]) -> int:
        """Return the line of `keys`, or of the table it belongs in. A search: tomllib keeps no places."""
        best, best_line = 0, 1
        table: tuple[str, ...] = ()
        for number, text in enumerate(self.text.splitlines(), 1):
            if header := HEADER.match(text):
                table = here = dotted(header["key"])
            elif assignment := ASSIGNMENT.match(text):
                here = table + dotted(assignment["key"])
            else:
                continue
            depth = len(here) if here == tuple(keys[: len(here)]) else 0
            if depth > best:
                best, best_line = depth, number
        return best_line

    def wrong(self, keys: Sequence[str], message: str, hint: str = "") -> ConfigError:
        """Return the error that says `message` of the place where `keys` stands."""
        return ConfigError(f"{self.path}:{self.line(keys)}: {message}", hint)


def dotted(text: str) -> tuple[str, ...]:
    """Return the parts of a dotted key. No key of ours has a dot in quotes."""
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return a next step: the known word that is meant, or all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known) or 'none'}."


class Table:
    """One table of the file. Each key is asked for by type; `end` refuses the keys that nobody asked for."""

    def __init__(self, source: Source, keys: tuple[str, ...], values: Mapping[str, Any]) -> None:
        self.source = source
        self.keys = keys
        self._values = dict(values)
        self._asked: list[str] = []

    def wrong(self, key: str, message: str, hint: str = "") -> ConfigError:
        return self.source.wrong((*self.keys, key) if key else self.keys, message, hint)

    def take(self, key: str) -> Any:
        """Return the value as TOML has it, or None; the key counts as known."""
        self._asked.append(key)
        return self._values.pop(key, None)

    def _typed(self, key: str, kind: type) -> Any:
        value = self.take(key)
        if value is not None and type(value) is not kind:
            raise self.wrong(key, f"{key} must be {TYPES[kind]}, not {_shown(value)}.", "Correct it.")
        return value

    def text(self, key: str, *, choices: Sequence[str] = ()) -> str | None:
        value: str | None = self._typed(key, str)
        if value is None:
            return None
        if choices and value not in choices:
            raise self.wrong(key, f"{key} cannot be {value!r}.", f"It is one of: {', '.join(choices)}.")
        if not value or any(ord(c) < 32 or ord(c) == 127 for c in value):
            what = "is empty" if not value else "holds a control character"
            raise self.wrong(key, f"{key} {what}.", "Give it a value, or leave the line out.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value: bool | None = self._typed(key, bool)
        return default if value is None else value

    def whole(self, key: str, default: int) -> int:
        value: int | None = self._typed(key, int)
        if value is not None and value < 0:
            raise self.wrong(key, f"{key} cannot be negative.", "Write 0 or more.")
        return default if value is None else value

    def texts(self, key: str) -> tuple[str, ...] | None:
        value: list[Any] | None = self._typed(key, list)
        if value is None:
            return None
        for item in value:
            if not isinstance(item, str) or not item:
                raise self.wrong(key, f"{key} must be a list of texts, not {_shown(item)} in it.", "Correct it.")
        return tuple(value)

    def table(self, key: str) -> Table:
        """Return the table called `key`; an empty one when it is not there."""
        return Table(self.source, (*self.keys, key), self._typed(key, dict) or {})

    def names(self) -> list[str]:
        return list(self._values)

    def rest(self) -> dict[str, Any]:
        """Return the keys that nobody asked for: a connector's own."""
        return dict(self._values)

    def end(self) -> None:
        """Raise ConfigError when a key is left that nobody asked for."""
        for key in self._values:
            where = f"[{'.'.join(self.keys)}]" if self.keys else "gitsync.toml"
            raise self.wrong(key, f"unknown key {key!r} in {where}.", did_you_mean(key, self._asked))


def _shown(value: object) -> str:
    # A value may be a secret at the wrong place, so only its kind is told.
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", dict: "a table", list: "a list"}
    return kinds.get(type(value), "a date")
