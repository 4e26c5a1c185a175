"""The words of a story on Medium that did not come along into Markdown."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from gitsync.markdown.dom import TEXT, Node

_WORD: Final = re.compile(r"\w+")


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
