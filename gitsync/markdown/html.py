"""HTML to Markdown, every block of it proved: what would not come back as the same HTML stays HTML."""

from __future__ import annotations

from typing import Final

from gitsync.markdown.alerts import kind_of
from gitsync.markdown.blocks import NESTING, Piece, Way, blocks, one_block, pieces, runs
from gitsync.markdown.dom import Node
from gitsync.markdown.equality import events, read
from gitsync.markdown.footnotes import NOTES, standing_alone
from gitsync.markdown.heading_ids import given, unname
from gitsync.markdown.inline import line
from gitsync.markdown.kept import ROOM, Kept
from gitsync.markdown.proof import in_doubt, is_plain
from gitsync.markdown.render import to_html, tokens_of


def to_markdown(html: str) -> str:
    """Return `html` as Markdown, as `translated` does."""
    return translated(html)[0]


def translated(html: str) -> tuple[str, bool]:
    """Return `html` as Markdown, and whether it is so, as `_translation` does; who proves what it wrote asks twice."""
    return _last(html)


def _translation(html: str) -> tuple[str, bool]:
    """Return `html`, a fragment or a whole document's body, as Markdown that ends with a line break; whether it is so.

    `same_dom(to_html(to_markdown(html)), html)` holds, and `to_markdown(to_html(markdown)) == markdown` for what this
    returns, but for trees that no HTML makes a second time (a link in a link, an element called "a<b")
    or Markdown takes for words (an attribute called "')"): False with those. What would keep a parser busy for minutes,
    elements that nest by thousands, comes back as it is.
    """
    root = read(html)
    if root is None:
        return "\n".join(line for line in html.split("\n") if line.strip()) + "\n", False
    names = unname(root, html)
    text, is_so = _translated(root)
    if names and not names <= given(tokens_of(text)) and (root := read(html)) is not None:
        return _translated(root)
    return text, is_so


_last: Final = Kept(_translation, lambda html, made: len(html) + len(made[0]), ROOM)


def _translated(root: Node) -> tuple[str, bool]:
    said = pieces(root.kids, Way())
    if is_so := _all_say(said):
        text = "\n\n".join(text for _, text in said)
    else:
        text, is_so = _proved(root.kids)
    return text + "\n" if text else "", is_so


def _all_say(said: list[Piece]) -> bool:
    """Return whether all pieces together are Markdown for their nodes."""
    shown = in_doubt(said)
    return not shown or _says("\n\n".join(text for _, text in shown), [node for run, _ in shown for node in run])


def _says(text: str, nodes: list[Node]) -> bool:
    """Return whether `text` is Markdown for exactly `nodes`."""
    said = read(to_html(standing_alone(text, nodes), named=False))
    if said is None:
        return False
    has_notes = any(node.tag == NOTES for node in nodes)
    kids = said.kids
    if any(kid.tag == NOTES for kid in kids) and (not has_notes or len(nodes) == 1):
        kids = [kid for kid in kids if (kid.tag == NOTES) == has_notes]
    return events(kids) == events(nodes)


def _proved(nodes: list[Node]) -> tuple[str, bool]:
    """Return `nodes` as Markdown, every one of them in the most readable way that says it, and whether all is said."""
    careful: set[int] = set()
    kept: set[int] = set()
    for run in runs(nodes):
        _settle(run, careful, kept)
    said = pieces(nodes, Way(careful, kept))
    text = "\n\n".join(text for _, text in said)
    if _all_say(said):
        return text, True
    source = blocks(nodes, Way(kept={id(node) for node in nodes}))
    return (source, True) if _says(source, nodes) else (text, False)


def _settle(run: list[Node], careful: set[int], kept: set[int], depth: int = 0) -> None:
    """Note in `careful` and `kept` what of a run must be written so; as little of it as will do."""
    text = one_block(run, Way(careful, kept), first=True)
    if run[0].flows or is_plain(run, text) or _says(text, run):
        return
    node = run[0]
    items = node.kids if node.tag in ("ul", "ol") else [node] if node.tag == "blockquote" or kind_of(node) else []
    if not items or depth > NESTING:
        careful.add(id(node))
    for item in items:
        for inner in runs(item.kids):
            if not inner[0].flows:
                _settle(inner, careful, kept, depth + 1)
            elif not _says(line(inner), [Node("p", kids=inner, flows=False)]):
                careful.add(id(item))
    if not _says(one_block(run, Way(careful, kept), first=True), run):
        careful.discard(id(node))
        kept.add(id(node))
