"""HTML to Markdown, every block of it proved: what would not come back as the same HTML stays HTML."""

from __future__ import annotations

from gitsync.markdown.blocks import Way, blocks, one_block, runs
from gitsync.markdown.dom import Node, parse
from gitsync.markdown.equality import events
from gitsync.markdown.render import to_html


def to_markdown(html: str) -> str:
    """Return `html`, a fragment or a whole document's body, as Markdown that ends with a line break.

    `same_dom(to_html(to_markdown(html)), html)` holds, and `to_markdown(to_html(markdown)) == markdown` for what this
    returns. HTML that nests thousands deep is returned as it is, without blank lines.
    """
    root = parse(html)
    if root is None:
        return "\n".join(line for line in html.split("\n") if line.strip()) + "\n"
    text = blocks(root.kids, Way())
    if not _says(text, root.kids):
        text = _proved(root.kids)
    return text + "\n" if text else ""


def _says(text: str, nodes: list[Node]) -> bool:
    said = parse(to_html(text))
    return said is not None and events(said.kids) == events(nodes)


def _proved(nodes: list[Node]) -> str:
    """Return `nodes` as Markdown, block by block in the most readable way that says it."""
    careful: set[int] = set()
    kept: set[int] = set()
    for run in runs(nodes):
        if not _says(one_block(run, Way(careful, kept), first=True), run):
            _settle(run, careful, kept)
    return blocks(nodes, Way(careful, kept))


def _settle(run: list[Node], careful: set[int], kept: set[int]) -> None:
    below = _below(run)
    careful.update(map(id, below))
    if _says(one_block(run, Way(careful, kept), first=True), run):
        return
    careful.difference_update(map(id, below))
    kept.add(id(run[0]))


def _below(run: list[Node]) -> list[Node]:
    out = list(run)
    for node in out:
        out += node.kids
    return out
