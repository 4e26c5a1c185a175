"""Text that came from elsewhere, made fit for a terminal."""

from __future__ import annotations

import re

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""C0, C1 and the characters that turn the direction of a line: a title must not clear the screen or hide a path."""


def clean(text: str) -> str:
    """Return `text` on one line, without control characters; what no encoding can hold becomes "?"."""
    return CONTROLS.sub(" ", text).encode("utf-8", "replace").decode("utf-8")


def clean_lines(text: str) -> str:
    """Return `text` like `clean`, with its lines kept."""
    return "\n".join(clean(line) for line in text.splitlines())
