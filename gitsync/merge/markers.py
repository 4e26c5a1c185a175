"""Conflict markers as git users know them. Pure."""

from __future__ import annotations

import re
from collections import Counter

from gitsync.merge.diff import edits

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_OPEN = r"<<<<<<< ours"
_CLOSE = r">>>>>>> [a-z0-9][a-z0-9-]*@[^\n]*"
_MARKER = re.compile(rf"^(?:{_OPEN}|{_CLOSE})\r?$", re.MULTILINE)
_TRIPLE = re.compile(rf"^(?:(?P<open>{_OPEN})|(?P<half>=======)|(?P<close>{_CLOSE}))\r?$", re.MULTILINE)


def markers(ours: str, theirs: str, *, label_ours: str, label_theirs: str) -> str:
    """Return one text that holds both: what is equal once, what differs between markers, whole lines.

    A last line without an end gets one when a marker follows it.
    """
    old, new = _LINES.findall(ours), _LINES.findall(theirs)
    end = "\r\n" if (old or new or [""])[0].endswith("\r\n") else "\n"
    out: list[str] = []
    at = 0
    for start, stop, new_start, new_stop in edits(old, new):
        out += old[at:start]
        out += [f"<<<<<<< {_one_line(label_ours)}{end}", *_whole(old[start:stop], end), f"======={end}"]
        out += [*_whole(new[new_start:new_stop], end), f">>>>>>> {_one_line(label_theirs)}{end}"]
        at = stop
    return "".join(out + old[at:])


def _one_line(label: str) -> str:
    return " ".join(label.split())


def _whole(cut: list[str], end: str) -> list[str]:
    return [line if line.endswith("\n") else line + end for line in cut]


def has_markers(text: str) -> bool:
    """Say whether lines that `markers` wrote remain: `<<<<<<< ours`, `=======`, `>>>>>>> site@revision`, in this order.

    A heading underlined with `=======`, or another tool's markers in a code sample, are none.
    """
    return marked_line(text) is not None


def marked_line(text: str) -> int | None:
    """Return the line, from 1, where the first conflict that `markers` wrote begins; None when none remains."""
    start, seen = 0, ""
    for match in _TRIPLE.finditer(text):
        kind = match.lastgroup or ""
        if kind == "open":
            start, seen = match.start(), kind
        elif kind == "half":
            seen = kind if seen else ""
        elif seen == "half":
            return text.count("\n", 0, start) + 1
    return None


def marker_lines(text: str) -> Counter[str]:
    """Count the lines that open or close a conflict of ours, one without the other too."""
    return Counter(match[0].rstrip("\r") for match in _MARKER.finditer(text))
