"""A text in several cards of Ghost's, each of which its renderer reads alone: what a card needs must be in it.

A link that is defined in another card has its definition once more at the head of its own, three spaces from the
margin, by which reading knows it. Footnotes are numbered by card and listed at its end, so that all that follows the
first stays in one.
Source: TryGhost/Koenig packages/kg-default-nodes, nodes/markdown, which renders each card by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from markdown_it.common.utils import normalizeReference

from gitsync.markdown.escapes import escape_title
from gitsync.markdown.links import destination
from gitsync.markdown.parser import environment, parsed
from gitsync.markdown.sources import line_starts

_LABEL: Final = re.compile(r"\[((?:[^\[\]\\]|\\.)+)\]", re.DOTALL)
_DEFINITION: Final = r" {3}\[(?:[^\[\]\\\n]|\\.)+\]: [^\n]+\n"
_COPIES: Final = re.compile(rf"((?:{_DEFINITION})+)\n")


def notes(body: str) -> tuple[int, int]:
    """Return from where to where footnotes and what refers to them reach in `body`; (0, 0) where there are none."""
    if "[^" not in body:
        return 0, 0
    lines: list[int] = []
    listed = False
    for token in parsed(body):
        listed = (listed or token.type == "footnote_block_open") and token.type != "footnote_block_close"
        if token.map and (listed or any(kid.type == "footnote_ref" for kid in token.children or ())):
            lines += token.map
    starts = line_starts(body)
    return (starts[min(lines)], starts[max(lines)]) if lines else (0, 0)


def with_definitions(nodes: list[Any], body: str) -> list[Any]:
    """Return the nodes of `body` with the definitions that a card needs, and another has, at its head."""
    if len(nodes) < 2 or "]:" not in body:
        return nodes
    defined = _definitions(body)
    return [_completed(node, defined) if _is_text(node) and defined else node for node in nodes]


def _completed(node: Mapping[str, Any], defined: Mapping[str, tuple[str, str]]) -> Mapping[str, Any]:
    text = node["markdown"]
    labels = {normalizeReference(label): " ".join(label.split()) for label in _LABEL.findall(text)}
    own = _definitions(text)
    lacking = [name for name in labels if name in defined and own.get(name) != defined[name]]
    head = "".join(f"   {_definition(labels[name], *defined[name])}\n" for name in lacking)
    return {**node, "markdown": f"{head}\n{text}"} if head else node


def _definition(label: str, url: str, title: str) -> str:
    said = f' "{escape_title(title)}"' if title else ""
    return f"[{label}]: {destination(url)}{said}".replace("\n", " ")


def without_definitions(nodes: list[Any]) -> list[Any]:
    """Undo `with_definitions`: a definition that only repeats another card's is gone."""
    heads = {at: _COPIES.match(str(node.get("markdown") or "")) for at, node in enumerate(nodes) if _is_text(node)}
    found = {at: head for at, head in heads.items() if head}
    if not found or len(nodes) < 2:
        return nodes
    texts = {at: nodes[at]["markdown"][found[at].end() if at in found else 0 :] for at in heads}
    known = _definitions("\n\n".join(texts.values()))
    for at, head in found.items():
        kept = []
        for line in head[1].splitlines():
            said = _definitions(line)
            if not said or said.items() - known.items():
                kept.append(line.strip())
                known = {**said, **known}
        texts[at] = "\n".join([*kept, "", texts[at]]) if kept else texts[at]
    return [{**node, "markdown": texts[at]} if at in texts else node for at, node in enumerate(nodes)]


def _is_text(node: Any) -> bool:
    return isinstance(node, dict) and node.get("type") == "markdown" and isinstance(node.get("markdown"), str)


def _definitions(text: str) -> dict[str, tuple[str, str]]:
    """Return where each label of `text` leads, and the title it gives."""
    defined = environment(text).get("references", {}) if "]:" in text else {}
    return {name: (it["href"], it.get("title") or "") for name, it in defined.items()}
