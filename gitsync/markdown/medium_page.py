"""A page as a story on Medium would show it, to compare by: what nobody sees there, or is told of, is taken out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gitsync.markdown.dom import COMMENT, OPAQUE, TEXT, WHITE, Node, parse, to_source, walk
from gitsync.markdown.looks import gone
from gitsync.markdown.sanitizers import LETS
from gitsync.markdown.stripped import WHOLE


def as_story(page: str, kept: str) -> str:
    """Return the HTML of `page` without comments, the elements that `stripped` tells, and what `looks` does of the
    HTML that is `kept`. What stands outside of any block is in paragraphs.
    """
    root = parse(page)
    if root is None:
        return page
    elements, attributes = gone(kept)
    for node, begins in walk([root]):
        if begins:
            node.attrs = {name: value for name, value in node.attrs.items() if name not in attributes}
        else:
            node.kids = [kid for it in node.kids for kid in _left(it, elements)]
    return to_source([*_in_paragraphs(root.kids)], blank_lines=True)


def _left(node: Node, elements: frozenset[str]) -> list[Node]:
    """Return what is left of a node: itself, what is in it, or nothing."""
    if node.tag == COMMENT or node.tag in WHOLE:
        return []
    if node.tag[0] != "#" and (node.tag in elements or not LETS["Medium"].has(node.tag)):
        return node.kids
    return [node]


def _in_paragraphs(kids: list[Node]) -> Iterator[Node]:
    """Yield `kids` with each run of what is no block in a paragraph, and each picture in one."""
    for loose, run in groupby(kids, key=lambda kid: kid.flows and kid.tag not in (OPAQUE, "iframe")):
        nodes = list(run)
        if not loose:
            yield from nodes
        elif any(node.tag != TEXT or node.text.strip(WHITE) for node in nodes):
            yield Node("p", kids=nodes, flows=False)
