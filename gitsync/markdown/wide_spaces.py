"""White space at the edges of text, for platforms whose parser strips it: an entity is what it leaves alone."""

from __future__ import annotations

from gitsync.markdown.edges import WIDE
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import contents


def as_entities(body: str) -> str:
    """Return `body` with no-break, ideographic and such spaces at the edges of paragraphs, headings and cells as
    entities.

    markdown-it, which Ghost renders with, trims by JavaScript's `String.trim`. Source: its `rules_block/paragraph.mjs`.
    """
    if not any(space in body for space in WIDE):
        return body
    at: set[int] = set()
    for token, places in contents(body, parsed(body)):
        text = token.content
        if token.type == "inline" and text != text.strip(WIDE):
            first = len(text) - len(text.lstrip(WIDE))
            last = max(len(text.rstrip(WIDE)), first)
            at |= {places.at(offset) for offset in (*range(first), *range(last, len(text)))}
    return "".join(f"&#{ord(char)};" if number in at else char for number, char in enumerate(body)) if at else body
