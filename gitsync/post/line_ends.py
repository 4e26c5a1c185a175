"""Line ends and byte order marks: a text with "\\n" back into the bytes of the file it came from."""

from __future__ import annotations

import difflib
import re
from collections import Counter

BOM = b"\xef\xbb\xbf"

_END = re.compile(r"\r\n|\r|\n")


def normalised(text: str) -> str:
    """Return `text` with "\\n" line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def encoded(data: bytes, before: str, after: str) -> bytes:
    """Return `after` as bytes, with the BOM and the line ends of `data`, whose normalised text is `before`.

    In a file with mixed line ends, lines that stay or change keep theirs, and new ones end like the line above.
    """
    bom = BOM if data.startswith(BOM) else b""
    if b"\r" in data:
        raw = data[len(bom) :].decode()
        after = after.replace("\n", "\r\n") if _all_crlf(data) else _mixed(raw, before, after)
    return bom + after.encode()


def _all_crlf(data: bytes) -> bool:
    pairs = data.count(b"\r\n")
    return pairs == data.count(b"\n") == data.count(b"\r")


def _mixed(raw: str, before: str, after: str) -> str:
    ends = _END.findall(raw)
    common = Counter(ends).most_common(1)[0][0]
    old, new = before.split("\n"), after.split("\n")
    kept = _matches(old, new)
    out, last = [], common
    for n, line in enumerate(new[:-1]):
        at = kept.get(n)
        if at is not None and at < len(ends):
            last = ends[at]
        out += [line, last]
    return "".join([*out, new[-1]])


def _matches(old: list[str], new: list[str]) -> dict[int, int]:
    """Map lines of `new` to the lines of `old` that they are, or stand in for.

    Where many lines changed, only the ends of the text are matched.
    """
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    found = {n: n for n in range(head)} | {len(new) - 1 - n: len(old) - 1 - n for n in range(tail)}
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(a) * len(b) <= 1_000_000:
        for _, i, i2, j, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
            found |= {head + j + n: head + i + n for n in range(min(i2 - i, j2 - j))}
    return found
