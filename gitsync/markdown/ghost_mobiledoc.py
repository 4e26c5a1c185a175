"""Mobiledoc, what Ghost held before Lexical, as nodes of Lexical.

Source: bustle/mobiledoc-kit MOBILEDOC.md (version 0.3.1); TryGhost/Koenig packages/kg-converters.
"""

from __future__ import annotations

from typing import Any, Final

_TEXT, _IMAGE, _LIST, _CARD = 1, 2, 3, 10
_BITS: Final = {"strong": 1, "b": 1, "em": 2, "i": 2, "s": 4, "strike": 4, "u": 8, "code": 16, "sub": 32, "sup": 64}
_LINES: Final = {"blockquote": "quote", "aside": "aside", "pull-quote": "aside"}
_CARDS: Final = {"card-markdown": "markdown", "hr": "horizontalrule", "code": "codeblock"}


def to_nodes(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections of a Mobiledoc as Lexical nodes; what is broken in it is left out of no other section."""
    nodes = []
    for section in document["sections"]:
        try:
            nodes.append(_section(section, document))
        except (KeyError, IndexError, TypeError):
            nodes.append({"type": "mobiledoc", "section": section})
    return nodes


def _section(section: Any, document: dict[str, Any]) -> dict[str, Any]:
    kind = section[0]
    if kind == _TEXT:
        tag, children = section[1].lower(), _markers(section[2], document)
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return {"type": "extended-heading", "tag": tag, "children": children}
        return {"type": _LINES.get(tag, "paragraph"), "children": children}
    if kind == _IMAGE:
        return {"type": "image", "src": section[1]}
    if kind == _LIST:
        items = [{"type": "listitem", "children": _markers(item, document)} for item in section[2]]
        return {"type": "list", "listType": "number" if section[1] == "ol" else "bullet", "children": items}
    name, payload = document["cards"][section[1]]
    return {**payload, "type": _CARDS.get(name, name)}


def _markers(markers: Any, document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return inline nodes; a marker is [kind, markups opened, how many close after it, text or atom]."""
    out: list[dict[str, Any]] = []
    opened: list[tuple[str, str]] = []
    link: tuple[str, str] | None = None  # the markup that the last node is a link by
    node: dict[str, Any]
    for kind, opens, closes, value in markers:
        for index in opens:
            markup = document["markups"][index]
            attributes = markup[1] if len(markup) > 1 else []
            pairs = dict(zip(attributes[::2], attributes[1::2], strict=False))
            opened.append((markup[0].lower(), str(pairs.get("href", ""))))
        if kind == 1:
            atom = document["atoms"][value]
            node = {"type": "linebreak"} if atom[0] == "soft-return" else {"type": "text", "text": str(atom[1])}
        else:
            bits = 0
            for tag, _ in opened:
                bits |= _BITS.get(tag, 0)
            node = {"type": "text", "text": value, "format": bits}
        before, link = link, next((it for it in reversed(opened) if it[0] == "a" and it[1]), None)
        if link and link is before:
            out[-1]["children"].append(node)
        else:
            out.append({"type": "link", "url": link[1], "children": [node]} if link else node)
        for _ in range(closes):
            opened.pop()
    return out
