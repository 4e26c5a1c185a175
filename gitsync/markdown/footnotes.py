"""Footnotes in HTML, as gitsync, GitHub, Hugo, kramdown, Pandoc and markdown-it write them, as nodes of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitsync.markdown.dom import TEXT, WHITE, Node, to_source, walk

NOTE, NOTES = "#note", "#notes"
"""A reference to a footnote (attribute `label`), and all footnotes: a kid each, labelled too, with blocks below."""

_PREFIX = re.compile(r"(?:user-content-)?(?:fn|footnote)[-:_]?(?=.)")
_LABEL = re.compile(r"[\w.-]+")


def recognise(root: Node) -> None:
    """Replace footnotes and the references to them in `root`, when all of them are found, by nodes of their own."""
    last = next((at for at in reversed(range(len(root.kids))) if not root.kids[at].flows), None)
    if last is None or (items := _items(section := root.kids[last])) is None:
        return
    labels = {f"#{item.get('id')}": _PREFIX.sub("", item.get("id"), count=1) for item in items}
    marks = [
        (parent, at) for parent in _parents(root.kids) for at, kid in enumerate(parent.kids) if _target(kid) in labels
    ]
    fit = all(map(_LABEL.fullmatch, labels.values())) and len(set(labels.values())) == len(items)
    if not fit or {_target(parent.kids[at]) for parent, at in marks} != set(labels):
        return
    for parent, at in marks:
        mark = parent.kids[at]
        parent.kids[at] = Node(NOTE, {"label": labels[_target(mark)]}, [mark])
    source = to_source([section])
    notes = [Node("li", {"label": labels[f"#{item.get('id')}"]}, _content(item), flows=False) for item in items]
    root.kids[last] = Node(NOTES, kids=notes, text=source, flows=False)
    # markdown-it rules its footnotes off.
    before = next((kid for kid in reversed(root.kids[:last]) if kid.tag != TEXT or kid.text.strip(WHITE)), None)
    if before is not None and before.get("class") == "footnotes-sep":
        root.kids = [kid for kid in root.kids if kid is not before]


def _items(section: Node) -> list[Node] | None:
    """Return the footnotes in `section`, list items with ids; None when it is no section of footnotes."""
    if "footnotes" not in section.get("class").split() and "data-footnotes" not in section.attrs:
        return None
    kids = [kid for kid in section.kids if kid.tag != TEXT]
    lists = [kid for kid in kids if kid.tag == "ol"]
    if len(lists) != 1 or any(kid.tag not in ("ol", "hr", "h2") for kid in kids):
        return None
    items = [kid for kid in lists[0].kids if kid.tag != TEXT]
    return items if items and all(item.tag == "li" and item.get("id") for item in items) else None


def _parents(nodes: list[Node]) -> Iterator[Node]:
    return (node for node, begins in walk(nodes) if begins and node.kids)


def _target(node: Node) -> str:
    """Return where a superscript link leads; "" for any other node."""
    if node.tag != "sup" or len(node.kids) != 1 or node.kids[0].tag != "a":
        return ""
    return node.kids[0].get("href")


def _content(item: Node) -> list[Node]:
    """Return the blocks of a footnote without the links back to where it is referred to."""
    kids = _without_links_back(item.kids)
    if kids and kids[-1].tag == "p" and not kids[-1].attrs:
        kids[-1] = Node("p", kids=_without_links_back(kids[-1].kids), flows=False)
        kids = kids if kids[-1].kids else kids[:-1]
    return [Node("p", kids=kids, flows=False)] if kids and all(kid.flows for kid in kids) else kids


def _without_links_back(kids: list[Node]) -> list[Node]:
    kids = list(kids)
    while kids and (_leads_back(kids[-1]) or (kids[-1].tag == TEXT and not kids[-1].text.strip(WHITE + "\u00a0"))):
        kids.pop()
    if kids and kids[-1].tag == TEXT:
        kids[-1] = Node(TEXT, text=kids[-1].text.rstrip(WHITE + "\u00a0"))
    return kids


def _leads_back(node: Node) -> bool:
    back = "back" in node.get("class") or node.get("role") == "doc-backlink" or "data-footnote-backref" in node.attrs
    return node.tag == "a" and node.get("href").startswith("#") and back


def standing_alone(text: str, nodes: list[Node]) -> str:
    """Return `text`, the Markdown of `nodes`, with the references or the footnotes that it lacks to be read right."""
    notes = next((node for node in nodes if node.tag == NOTES), None)
    defined = [note.get("label") for note in notes.kids] if notes else []
    used = dict.fromkeys(node.get("label") for node, _ in walk(nodes) if node.tag == NOTE)
    before = [f"[^{label}]" for label in defined if label not in used]
    known = set(defined)
    after = [f"[^{label}]: -" for label in used if label not in known]
    return "\n\n".join([" ".join(before), text, *after]) if before or after else text
