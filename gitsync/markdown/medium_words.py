"""The words of a story on Medium: those outside of any block, and those that did not come along into Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from gitsync.markdown.dom import COMMENT, OPAQUE, TEXT, Node

_WORD: Final = re.compile(r"\w+")
_APART: Final = frozenset(
    {COMMENT, OPAQUE, "audio", "button", "canvas", "embed", "iframe", "img", "input", "link", "meta"}
)
_NO_WORDS: Final = frozenset({"noscript", "object", "script", "select", "style", "svg", "textarea", "title", "video"})
"""What is no part of a line though no block either."""


def left_out(story: Node, shown: Node, said: str) -> str:
    """Return the words of `story`, with spaces between them, that are neither in `shown` nor in `said`."""
    return " ".join((_counted(story) - _counted(shown) - Counter(_WORD.findall(said))).elements())


def _counted(root: Node) -> Counter[str]:
    """Return the words below `root`, without those of cards that show another page."""
    out: list[str] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.tag == TEXT:
            out.append(node.text)
        elif node.tag not in ("style", "script", "title", "footer") and "graf--mixtapeEmbed" not in node.get("class"):
            stack.extend(reversed(node.kids))
    return Counter(_WORD.findall(" ".join(out)))


def in_paragraphs(kids: list[Node]) -> Iterator[Node]:
    """Yield `kids` with what flows outside of any block in paragraphs: a link stays one."""
    for loose, run in groupby(kids, key=lambda kid: kid.flows and kid.tag not in _APART | _NO_WORDS):
        nodes = list(run)
        if loose and any(node.tag != TEXT for node in nodes):
            yield Node("p", kids=nodes, flows=False)
        else:
            yield from nodes
