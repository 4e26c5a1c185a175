"""Signs that Ghost's Markdown cards take for markup, and that are words everywhere else.

Source: TryGhost/Koenig packages/kg-markdown-html-renderer, with markdown-it-mark, -sub and -sup.
"""

from __future__ import annotations

import re
from typing import Final

from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts

_SIGNS: Final = (
    ("marked text", re.compile(r"(?<![=\\])==(?=[^\s=])[^\n]{0,200}?(?<=[^\s=])==(?!=)")),
    ("a superscript", re.compile(r"(?<!\\)\^(?:[^\s^\\]|\\.)+\^")),
    ("a subscript", re.compile(r"(?<![~\\])~(?:[^\s~\\]|\\.)+~(?!~)")),
)
_MAY = re.compile(r"==.|[\^~]\S")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|<[A-Za-z/][^<>]*>|\[\^[^\]\s]+\]|\]\([^()\s]*\)", re.DOTALL)


def marks(body: str) -> list[Loss]:
    """Return a loss for each kind of sign in `body` that Ghost shows otherwise."""
    if not _MAY.search(body):
        return []
    starts = line_starts(body)
    found: dict[str, Loss] = {}
    for token in parsed(body):
        if token.type != "inline" or token.map is None:
            continue
        text = _CODE.sub(lambda it: " " * len(it[0]), token.content)
        for what, pattern in _SIGNS:
            if match := pattern.search(text):
                message = f"Ghost takes {match[0][:40]} for {what}"
                hint = "Put a backslash before each of its signs."
                loss = Loss(code="SIGNS_MARKED", message=message, offset=starts[token.map[0]], hint=hint)
                found.setdefault(what, loss)
    return list(found.values())
