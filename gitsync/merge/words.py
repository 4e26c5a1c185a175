"""Markdown as words and lines: what the merge compares. White space belongs to the word before it, and never counts.

Inside code fences white space is content, so there a whole line is one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from operator import attrgetter
from typing import NamedTuple

# Scripts without spaces between words: one character is one token.
_SINGLE = "\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = (
    r"!-/:-@\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u060c\u061b\u061f\u0964\u0965"
    r"\u2010-\u2027\u2030-\u205e\u3001-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_LETTERS = rf"[^\s{_MARKS}{_SINGLE}]"
# An address, a code span, a version number, a time, a file name or a hyphenated word is one token: two edits of its
# parts would make something that nobody wrote. Every alternative is bounded or cannot backtrack.
_TOKEN = re.compile(
    rf"([a-z]{{2,10}}://[^\s<>()\[\]\"']+|(?<=\]\()[^\s()<>]+|`[^`\s]{{1,200}}`"
    rf"|{_LETTERS}+(?:['’.,:/@_-]{_LETTERS}+)*|[^\s])(\s*)",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})([^\n]*)")


class Token(NamedTuple):
    """`key` is what is compared; `space` the white space after it."""

    key: str
    space: str

    @property
    def code(self) -> bool:
        """Say whether this is a line of a code fence."""
        return self.key.endswith("\n")


def starts(found: Sequence[Token]) -> list[int]:
    """Return where each token starts in the text that was cut, and where the last one ends."""
    return list(accumulate((len(key) + len(space) for key, space in found), initial=0))


class Line(NamedTuple):
    text: str
    start: int
    code: bool


def lines(text: str) -> list[Line]:
    """Cut a text into lines, each with its "\\n", and tell which are a code fence's, the fences themselves included."""
    found: list[Line] = []
    fence = ""
    for match in _LINE.finditer(text):
        line = match[0]
        mark = _FENCE.match(line) if "`" in line or "~" in line else None
        code = bool(fence)
        if mark and not fence:
            if mark[1][0] == "~" or "`" not in mark[2]:
                fence, code = mark[1], True
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        found.append(Line(line, match.start(), code))
    return found


def tokens(cut: Sequence[Line]) -> list[Token]:
    """Cut lines into words. The first token is an empty one that holds the white space at the start."""
    found = [Token("", "")]
    for text, code in _runs(cut):
        if code:
            found.append(Token(text, ""))
            continue
        words = text.lstrip()
        found[-1] = Token(found[-1].key, found[-1].space + text[: len(text) - len(words)])
        found += map(Token._make, _TOKEN.findall(words))
    return found


def _runs(cut: Sequence[Line]) -> Iterator[tuple[str, bool]]:
    """Yield each code line alone, and lines of prose that follow one another together."""
    for code, group in groupby(cut, key=attrgetter("code")):
        if code:
            yield from ((line.text if line.text.endswith("\n") else line.text + "\n", True) for line in group)
        else:
            yield "".join(line.text for line in group), False
