"""JSON in bounded room: what a text would become in memory is estimated before it is parsed.

A few characters of JSON become an object of Python: `[[],[],…` takes 25 times its text, nested lists 50 times. An
answer that may have 64 MiB would take gigabytes, and what is nested deeply breaks whoever walks through it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

ROOM: Final = 320 << 20
"""Bytes that the values of one text may take beside it: what 64 MiB of ordinary records need."""

OWN_ROOM: Final = 4 * ROOM
"""The same for what gitsync wrote itself, which holds what it was told, more than once."""

DEEPEST: Final = 200
"""Levels of lists and objects: four for each list inside a list of Ghost's documents, which are the deepest."""

DIGITS: Final = 40
"""Digits of a whole number: 128 bits have 39."""

COSTS: Final = {"[": 90, "{": 100, ",": 40, ":": 40, '"': 25}
"""Bytes that each sign stands for, measured on CPython 3.11 to 3.13."""

_WIDE: Final = re.compile(rb"(?<!\\)[\xf0-\xf4][\x80-\xbf]{3}")
LONG: Final = 1 << 18
"""Bytes of a text whose width matters."""

MANY: Final = 100_000
"""Signs that are escaped, a fraction of a second's work."""

_TOKEN: Final = re.compile(r'"[^"]*"|[\[{,:]')


class TooMuch(ValueError):
    """The text is JSON, perhaps; it has more in it than anybody needs. The message ends "answered with …"."""


def loads(text: str | bytes) -> Any:
    """Return what a text from outside says. Raises ValueError where it is no JSON, and TooMuch."""
    said = _loads(text, ROOM, whole)
    if _is_deep(said):
        raise TooMuch(f"lists in lists of more than {DEEPEST} levels")
    return said


def own(text: str | bytes) -> Any:
    """Return what a text that gitsync wrote says. Raises ValueError where it is none any more, and TooMuch."""
    return _loads(text, OWN_ROOM, int)


def whole(digits: str) -> int:
    """Return a whole number. Raises TooMuch for one that nobody can read: it would stand in sentences, as an id."""
    if len(digits) > DIGITS:
        raise TooMuch(f"a number of {len(digits)} digits")
    return int(digits)


def _loads(text: str | bytes, room: int, integer: Any) -> Any:
    if isinstance(text, bytes):
        coding = json.detect_encoding(text)
        text = (_narrow(text) if coding == "utf-8" else text).decode(coding, "surrogatepass")
    if sum(text.count(sign) * cost for sign, cost in COSTS.items()) > room:
        _check(text, room)
    try:
        return json.loads(text, parse_int=integer)
    except RecursionError:
        raise TooMuch("lists in lists without an end") from None


def _narrow(text: bytes) -> bytes:
    """Return the same JSON with an escape for each sign of four bytes: of these one alone makes all the text as wide.

    A sign behind a backslash is no JSON, and has to stay none. Of very many, the strings are wide anyhow.
    """
    return _WIDE.sub(_escaped, text, MANY) if len(text) > LONG else text


def _escaped(sign: re.Match[bytes]) -> bytes:
    try:
        return json.dumps(sign[0].decode())[1:-1].encode()
    except UnicodeDecodeError:  # no UTF-8: told where all of it is decoded
        return sign[0]


def _check(text: str, room: int) -> None:
    """Raise TooMuch where the text needs more than `room`, not counting the signs inside of its strings."""
    needed = 0
    for sign in _signs(text.replace("\\\\", "").replace('\\"', "")):
        needed += 2 * COSTS[sign] if sign == '"' else COSTS[sign]
        if needed > room:
            raise TooMuch(f"so many values that they would take more than {room >> 20} MiB")


def _signs(text: str) -> Iterator[str]:
    return (text[found.start()] for found in _TOKEN.finditer(text))


def _is_deep(said: Any) -> bool:
    level = [said]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
