"""Tables of `[sites.NAME]` read key by key, so that every wrong one is told with its place and what is meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from gitsync.errors import ConfigError

KINDS: Mapping[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    dict: "a table",
    list: "a list",
}


class Options:
    """One table; `place` is its name, like "sites.cms.paging"."""

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self.place = place
        self._values = values
        self._asked: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._values)

    def take(self, key: str) -> Any:
        """Return the value as TOML has it, or None; the key counts as known."""
        self._asked.append(key)
        return self._values.get(key)

    def _typed(self, key: str, kind: type) -> Any:
        value = self.take(key)
        if value is not None and type(value) is not kind:
            raise self.wrong(f"{key} must be {KINDS[kind]}.", "Correct it.")
        return value

    def text(self, key: str, default: str = "", *, choices: Collection[str] = ()) -> str:
        value: str | None = self._typed(key, str)
        if value is not None and choices and value not in choices:
            raise self.unknown(key, value, choices)
        return default if value is None else value

    def flag(self, key: str, default: bool = False) -> bool:
        value: bool | None = self._typed(key, bool)
        return default if value is None else value

    def whole(self, key: str, default: int) -> int:
        value: int | None = self._typed(key, int)
        if value is not None and value < 0:
            raise self.wrong(f"{key} cannot be negative.", "Write 0 or more.")
        return default if value is None else value

    def table(self, key: str) -> Options:
        """Return the table called `key`; an empty one when it is not there."""
        return Options(f"{self.place}.{key}", self._typed(key, dict) or {})

    def inner(self, key: str, values: Mapping[str, Any]) -> Options:
        return Options(f"{self.place}.{key}", values)

    def texts(self, key: str) -> Mapping[str, str]:
        """Return a table of texts."""
        table = self._typed(key, dict) or {}
        for name, value in table.items():
            if not isinstance(value, str):
                raise self.inner(key, table).wrong(f"{name} must be text in quotes.", "Correct it.")
        return dict(table)

    def names(self) -> list[str]:
        return list(self._values)

    def wrong(self, message: str, hint: str = "") -> ConfigError:
        return ConfigError(f"[{self.place}] {message}", hint)

    def unknown(self, what: str, word: str, known: Collection[str]) -> ConfigError:
        """Return the error for a word that is none of `known`."""
        return self.wrong(f"{what} cannot be {word!r}.", _meant(word, known))

    def end(self) -> None:
        """Raise ConfigError when a key is left that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self.wrong(f"does not know the key {key!r}.", _meant(key, self._asked))


def _meant(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known)}."
