"""Ghost's Lexical documents and Markdown.

A body is one Markdown card, byte for byte, but for embeds, which are cards of their own, and for cards that were kept.
Documents of Ghost's own editor are read node by node; Mobiledoc, their predecessor, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from gitsync.bounded_json import loads
from gitsync.markdown.alerts import Alert
from gitsync.markdown.anchors import GHOST, respelled
from gitsync.markdown.callouts import as_quotes, callouts, quoted
from gitsync.markdown.definition_elements import flat, from_elements, to_elements
from gitsync.markdown.dom import WHITE
from gitsync.markdown.embeds import find, may_have
from gitsync.markdown.extensions import extensions
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import Format, Loss, Translation
from gitsync.markdown.formula_spellings import as_tex, from_spans, to_spans
from gitsync.markdown.ghost_mobiledoc import to_nodes
from gitsync.markdown.ghost_nodes import KEPT, Said, callout_card, card, embed_card, kept_in, said
from gitsync.markdown.ghost_pieces import notes, with_definitions, without_definitions
from gitsync.markdown.github import as_github
from gitsync.markdown.html import to_markdown
from gitsync.markdown.lines import broken
from gitsync.markdown.marks import marks
from gitsync.markdown.parser import environment, parsed
from gitsync.markdown.providers import html_of
from gitsync.markdown.sources import line_starts
from gitsync.markdown.stripped import unwrapped
from gitsync.markdown.unread import unread
from gitsync.markdown.wide_spaces import as_entities
from gitsync.model import clean_body

_AS_TEX = "TeX, unless the site loads MathJax or KaTeX (code injection)"


def reading(document: str) -> Translation:
    """Return a Lexical or Mobiledoc document as Markdown; a text that is neither is Markdown.

    A loss is told for each kind of card that Markdown says otherwise.
    """
    text, losses = _reading(document)
    return Translation(respelled(from_elements(from_spans(text), to_markdown), GHOST, back=True), losses)


def _reading(document: str) -> Translation:
    nodes = nodes_of(document)
    if nodes is None:
        return Translation(clean_body(document))
    if len(nodes) == 1 and isinstance(nodes[0], dict) and nodes[0].get("type") == "markdown":
        return Translation(clean_body(str(nodes[0].get("markdown") or "")))
    nodes = without_definitions(nodes)
    parts = [said(node) for node in nodes]
    text = "\n\n".join(part.strip("\n") for part, _ in _chunks(parts, nodes) if part.strip(WHITE))
    losses = dict.fromkeys(part.loss for part in parts if part.loss)
    told = (Loss(code="CARD_PLAIN", message=f"{loss} in Markdown") for loss in losses)
    return Translation(clean_body(f"{text}\n") if text else "", tuple(told))


def read(document: str) -> str:
    """Return a document as Markdown, as `reading` does."""
    return reading(document).text


def nodes_of(document: str) -> list[Any] | None:
    """Return the nodes on the first level; None for what is no document."""
    try:
        parsed = loads(document)
    except ValueError:
        return None
    if isinstance(parsed, dict) and isinstance(parsed.get("sections"), list):
        return to_nodes(parsed)
    root = parsed.get("root") if isinstance(parsed, dict) else None
    children = root.get("children") if isinstance(root, dict) else None
    return children if isinstance(children, list) else None


def chunks(nodes: list[Any]) -> list[tuple[str, list[Any]]]:
    """Return the Markdown of the nodes, in pieces, each with the nodes that say it.

    What Ghost's editor has as nodes of their own is translated together, so that two lists stay two.
    """
    return _chunks(map(said, nodes), nodes)


def _chunks(parts: Iterable[Said], nodes: list[Any]) -> list[tuple[str, list[Any]]]:
    out: list[tuple[str, list[Any]]] = []
    run: list[tuple[Said, Any]] = []

    def flush() -> None:
        if run:
            out.extend((_as_rule(text) if out else text, nodes) for text, nodes in _native(run))
            run.clear()

    for part, node in zip(parts, nodes, strict=True):
        if part.html:
            run.append((part, node))
        elif part.markdown:
            flush()
            out.append((part.markdown, [node]))
    flush()
    return out


def _as_rule(text: str) -> str:
    """Return a rule as people write it: at the very beginning of a file alone it would be front matter."""
    return f"---{text[3:]}" if text.startswith("***\n") else text


def _native(run: list[tuple[Said, Any]]) -> list[tuple[str, list[Any]]]:
    """Return each node of a run as Markdown where they can be told apart, else all as one."""
    whole = to_markdown("\n".join(part.html for part, _ in run))
    single = [to_markdown(part.html) for part, _ in run]
    if "\n\n".join(text.strip("\n") for text in single if text.strip(WHITE)) == whole.strip("\n"):
        return [(text, [node]) for text, (_, node) in zip(single, run, strict=True)]
    return [(whole, [node for _, node in run])]


def write(body: str) -> Translation:
    """Return `body` as a Lexical document."""
    cards = _own_cards(body)
    shown = [(own.start, own.end) for own in cards]
    words = (
        *marks(body),
        *quoted(body, "Ghost", {alert.start for alert, _ in _callouts(body)}),
        *unread(body, "Ghost", ("boxes", "headings", "hosts")),
        *flat(body, "Ghost"),
    )
    told = (
        *broken(body, "Ghost", shown),
        *words,
        *extensions(body, "Ghost"),
        *unwrapped(body, "Ghost"),
        *_among_notes(body, cards),
        *as_tex(body, "Ghost", _AS_TEX),
        *foreign(body, "Ghost", ("ghost",), shown),
    )
    body = _spelled(body)
    return Translation(document(with_definitions(_cards(body), body)), told)


def _among_notes(body: str, cards: list[_Own]) -> list[Loss]:
    """Return a loss for what stands after the first footnote and cannot be in the card that has them."""
    first, last = notes(body)
    found: dict[str, Loss] = {}
    for own in cards if last else ():
        if own.start < first:
            continue
        if own.html and own.node["type"] != "bookmark":
            continue
        if own.html:
            message = f"Ghost shows {own.node['url'][:80]} as a link: no card can stand among footnotes"
            loss = Loss(code="EMBED_LINK", message=message, offset=own.start)
        elif own.start < last:
            message = "Ghost reads the text before and after a card alone: footnotes there are shown as words"
            loss = Loss(code="NOTES_WORDS", message=message, offset=own.start, hint=_MOVE)
        else:
            message = "Ghost lists the footnotes of a text before the card that follows it"
            loss = Loss(code="NOTES_BEFORE", message=message, offset=own.start, hint=_MOVE)
        found.setdefault(loss.code, loss)
    return list(found.values())


_MOVE: Final = "Move the card before the first footnote."


def _spelled(body: str) -> str:
    """Return `body` as Ghost understands it."""
    body = to_elements(as_github(body))
    return as_entities(respelled(to_spans(as_quotes(body, {alert.start for alert, _ in _callouts(body)})), GHOST))


def _callouts(body: str) -> Sequence[tuple[Alert, str]]:
    """Return the alerts that are cards: none in a text that says elsewhere where its links lead, which cards part."""
    found = callouts(body)
    env = environment(body) if found else {}
    return () if env.get("references") or env.get("footnotes", {}).get("refs") else found


def write_like(body: str, stored: str) -> str:
    """Return `body` as a document that keeps the nodes of `stored` that say the same, wherever they stand now."""
    nodes = nodes_of(stored)
    body = _spelled(body)
    if not nodes or all(isinstance(node, dict) and node.get("type") == "markdown" for node in nodes):
        return document(with_definitions(_cards(body), body))
    known: dict[tuple[str, ...], list[list[Any]]] = {}
    for text, said_by in reversed(chunks(nodes)):
        if not any(node.get("type") == "markdown" for node in said_by):
            known.setdefault(tuple(text for _, text in _top_blocks(text)), []).append(said_by)
    lengths = sorted({len(key) for key in known}, reverse=True)
    first, last = notes(body)
    out: list[Any] = []
    pending: list[str] = []
    starts, blocks = zip(*_top_blocks(body), strict=True) if body.strip(WHITE) else ((), ())
    at = 0
    while at < len(blocks):
        # A node among footnotes would part them, unless nothing but the node says what it says.
        alone = [1] if first <= starts[at] < last and kept_in(blocks[at]) else []
        sizes = alone if first <= starts[at] < last else lengths
        kept = next((key for size in sizes if known.get(key := blocks[at : at + size])), None)
        if kept:
            out += _cards("\n\n".join(pending)) if pending else []
            pending = []
            out += known[kept].pop()
        else:
            pending.append(blocks[at])
        at += len(kept or (1,))
    if pending:
        out += _cards("\n\n".join(pending) + "\n")
    return document(with_definitions(out, body))


def document(nodes: list[Any]) -> str:
    root = {"children": nodes, "direction": None, "format": "", "indent": 0, "type": "root", "version": 1}
    return json.dumps({"root": root}, ensure_ascii=False)


def _top_blocks(body: str) -> list[tuple[int, str]]:
    """Return where each block on the first level begins, and its source, without the blank lines between."""
    starts = line_starts(body)
    tokens = [token for token in parsed(body) if token.level == 0 and token.map and token.nesting >= 0]
    bounds = [starts[token.map[0]] for token in tokens if token.map]
    if not bounds:
        return [(0, body.strip("\n"))] if body.strip(WHITE) else []
    bounds[0] = 0
    texts = [(start, body[start:end]) for start, end in zip(bounds, [*bounds[1:], len(body)], strict=True)]
    return [(start, text.strip("\n")) for start, text in texts if text.strip(WHITE)]


def _cards(body: str) -> list[Any]:
    """Return `body` as cards: text, embeds and what was kept; after the first footnote, embeds are HTML in the text."""
    out: list[Any] = []
    text = ""
    position = 0
    first, last = notes(body)
    listed = first if last else len(body)
    for own in sorted(_own_cards(body), key=lambda it: it.start):
        if own.start < position:
            continue
        text += body[position : own.start]
        position = own.end
        if own.html and own.start > listed:
            gap = "" if re.match(r"[ \t]*(?:\n|\Z)", body[position:]) else "\n"
            text += f"{own.html.rstrip()}\n{gap}"
            continue
        if text := text.strip("\n"):
            out.append(card(text))
        out.append(own.node)
        text = ""
    text += body[position:]
    rest = text.lstrip("\n") if out else text
    return [*out, card(rest)] if rest.strip(WHITE) or not out else out


class _Own(NamedTuple):
    """What is a card of its own at `body[start:end]`; as HTML, where a text can have that instead."""

    start: int
    end: int
    node: dict[str, Any]
    html: str = ""


def _own_cards(body: str) -> list[_Own]:
    """Return the embeds and the kept cards that stand alone on the first level."""
    alerts = [_Own(alert.start, alert.end, callout_card(alert.kind, text)) for alert, text in _callouts(body)]
    if not may_have(body) and not KEPT.search(body):
        return alerts
    tokens = parsed(body)
    embeds = {found.start: found for found in find(body, tokens)}
    found = alerts
    starts = line_starts(body)
    for token in tokens:
        if token.level or not token.map or token.type not in ("html_block", "paragraph_open"):
            continue
        start, end = starts[token.map[0]], min(starts[token.map[1]], len(body))
        text = body[start:end]
        if token.type == "html_block" and (node := kept_in(text)):
            found.append(_Own(start, end, node))
            continue
        inner = start + len(text) - len(text.lstrip(" "))
        if (it := embeds.get(inner)) and not re.sub(r"\s", "", body[it.end : end]):
            html = html_of(it.embed)
            found.append(_Own(start, end, embed_card(it.embed, html), text if it.spelling == "frame" else html))
    return found


FORMAT = Format(name="ghost", reading=reading, write=write)
