"""Markdown so plain that it can only mean what it was written from, so that nobody need render it to see that.

What means something in Markdown is escaped in text, so that where `**`, `](` or a backtick matches here, an element was
written. What does not match is not wrong; it is rendered and compared. Why each part can mean nothing else stands
beside it; the rules are CommonMark's and those of `parser`.
"""

from __future__ import annotations

import re

from gitsync.markdown.blocks import Piece
from gitsync.markdown.dom import TEXT, WHITE, Node
from gitsync.markdown.escapes import BEGINS, CONTROL, PLAIN

_PUNCTUATION = r"!-/:-@\[-`{-~"
_TEXT = rf"{PLAIN}|(?<!~)~(?!~)"
_ESCAPE = rf"\\(?:[{_PUNCTUATION}]|(?=[\w ]))"
_CODE = r"`(?! )[^`\n]*[^`\n ]`(?!`)"
_ESCAPED = r"%[0-9A-Fa-f]{2}|&(?!#?\w+;)"  # in a URL, where "&copy;" would be a sign
_HTTP = rf"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*+(?::\d+)?(?:[/#?](?:[A-Za-z0-9\-._~:/?#@$+,;=!*']|{_ESCAPED})*+)?"
_RELATIVE = rf"(?:/|[#?]?(?:(?:\.{{1,2}}/)*+|/)[A-Za-z0-9_](?:[A-Za-z0-9\-._~/#?=+,]|{_ESCAPED})*+)"
_TARGET = rf"\]\((?:{_HTTP}|{_RELATIVE})(?: \"[^\"\\&{CONTROL}]+\")?\)"
_IMAGE = rf"!\[(?:(?! )(?:{_TEXT})++(?<! ))?{_TARGET}"

_BEFORE = r" \n([（「『《【“‘—，。：；、"
_AFTER = r" \n.,;:?!)\]）」』》】”’—，。：；、！？…"


def _marked(inside: str) -> str:
    """Return what matches emphasis around `inside`.

    Its marks are never beside others, so that each closes the one before it; they are left- and right-flanking for the
    letter inside, or for the space or the sign outside. Source: CommonMark 0.31, 6.2.
    """
    return "|".join(
        rf"(?<!\*){mark}(?![\* ])(?:(?=[^\W_])|(?<![^{_BEFORE}]{mark}))(?:{inside})++(?<! )"
        rf"{mark}(?!\*)(?:(?<=[^\W_]{mark})|(?=[{_AFTER}]|\Z))"
        for mark in (r"\*\*", r"\*")
    )


_SPAN = rf"{_TEXT}|{_ESCAPE}|{_CODE}"
_LABEL = rf"\[(?!\^)(?:{_SPAN})++{_TARGET}"
_LINK = rf"\[(?!\^)(?:{_SPAN}|{_IMAGE}|{_marked(_SPAN)})++{_TARGET}|<{_HTTP}>"
# Brackets are no link: nothing defines a target for one. "[^" may be a footnote, "[!" an alert.
_BRACKET = r"\[(?![\^!])|\](?![(:])"
_INLINE = rf"(?:{_SPAN}|{_LINK}|{_IMAGE}|{_marked(rf'{_SPAN}|{_LABEL}')}|{_BRACKET})++"
_ROW = rf"{BEGINS}{_INLINE}"
_BREAK = r"(?:\\|(?<! ))\n"
_MARK = r"(?:[-*]|\d{1,9}[.)]) "
_LINE = re.compile(_INLINE)
_PARAGRAPH = re.compile(rf"{_ROW}(?:{_BREAK}{_ROW})*+")
_HEADING = re.compile(rf"#{{1,6}} {_INLINE}(?<!#)")
_ITEMS = re.compile(rf" *+{_MARK}{_ROW}(?:{_BREAK} *+(?:{_MARK})?{_ROW})*+")
_PART = re.compile(rf" *+(?:{_MARK})?{_ROW}(?:{_BREAK} *+{_ROW})*+")
_FENCE = re.compile(r"`{3,}+(?!math\n)[\w+#-]*+\n")  # a fence called math is a formula

_SOMETHING: Piece = ([Node("p", kids=[Node(TEXT, text="x")], flows=False)], "x")


def in_doubt(said: list[Piece]) -> list[Piece]:
    """Return those of `said` that must be rendered to see whether they are right; none, if all are plain.

    What a plain block says hangs on nothing around it; beside one in doubt that could take in more than its own, or be
    taken in, something stands for it. A list stays itself there, for lists go on with each other.
    """
    plain = [is_plain(run, text) for run, text in said]
    if all(plain):
        return []
    reach = [not (sure or _stands_alone(run, text)) for sure, (run, text) in zip(plain, said, strict=True)]
    shown: list[Piece] = []
    for at, piece in enumerate(said):
        if not plain[at]:
            shown.append(piece)
        elif any(reach[max(at - 1, 0) : at + 2]):
            shown.append(piece if _is_list(piece) else _SOMETHING)
        elif shown and _is_list(shown[-1]):
            shown.append(_SOMETHING)  # or the next list would go on with it
    return shown


def _is_list(piece: Piece) -> bool:
    return piece[0][0].tag in ("ul", "ol")


def _stands_alone(run: list[Node], text: str) -> bool:
    """Return whether `text` surely ends with its block: lists and definitions go on after a blank line, as HTML may."""
    tag = run[0].tag
    return (tag in ("p", "table", "blockquote") or tag[0] == "h") and text[0] not in ":~" and "<" not in text


def is_plain(run: list[Node], text: str) -> bool:
    """Return whether `text`, written for the block `run`, surely says it."""
    node = run[0]
    return len(run) == 1 and _is_plain(node, text) and (node.tag == "pre" or _has_plain_kinds(node.kids))


def _is_plain(node: Node, text: str) -> bool:
    tag = node.tag
    if tag == "ol" and [*node.attrs] == ["start"] and text.startswith(f"{node.get('start') or None}"):
        return _is_plain_list(node, text)
    if node.attrs:
        return False
    if tag == "p":
        return _PARAGRAPH.fullmatch(text) is not None
    if tag == "pre":
        return _FENCE.match(text) is not None
    if tag in ("ul", "ol"):
        return _is_plain_list(node, text)
    if tag == "table":
        return _is_plain_table(text)
    if tag == "blockquote":
        inner = "\n".join(row[2:] for row in text.split("\n"))
        return _are_plain_paragraphs(node.kids, inner)
    return tag[0] == "h" and (_HEADING.fullmatch(text) is not None or text in ("---", "***"))


_KINDS = frozenset("a br code em img li ol p strong tbody td th thead tr ul".split()) | {TEXT}  # noqa: SIM905  as words


def _has_plain_kinds(nodes: list[Node]) -> bool:
    """Return whether all nodes are of kinds for which something above stands: a footnote, say, is not."""
    return all(node.tag in _KINDS and (not node.kids or _has_plain_kinds(node.kids)) for node in nodes)


def _is_plain_list(node: Node, text: str) -> bool:
    if _ITEMS.fullmatch(text):
        return _is_tight(node)
    items = [kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    parts = text.split("\n\n")
    said = [kid for item in items for kid in item.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    # Of a single paragraph, nothing would say that the list is a loose one.
    return (
        1 < len(said) == len(parts)
        and all(item.tag == "li" and not item.attrs and any(kid.tag == "p" for kid in item.kids) for item in items)
        and all(map(_is_plain_part, said, parts))
    )


def _is_plain_part(node: Node, text: str) -> bool:
    if node.attrs:
        return False
    if node.tag == "p":
        return _PART.fullmatch(text) is not None
    return node.tag in ("ul", "ol") and _ITEMS.fullmatch(text) is not None and _is_tight(node)


def _is_tight(node: Node) -> bool:
    # A list within one has no attributes: it begins with 1, so that it can follow a line of text.
    return all(
        kid.flows or (kid.tag in ("ul", "ol") and not kid.attrs and _is_tight(kid))
        for item in node.kids
        for kid in item.kids
    ) and all(item.tag == "li" or not item.text.strip(WHITE) for item in node.kids if item.tag in ("li", TEXT))


def _are_plain_paragraphs(nodes: list[Node], text: str) -> bool:
    shown = [node for node in nodes if node.tag != TEXT or node.text.strip(WHITE)]
    parts = text.split("\n\n")
    return (
        len(parts) == len(shown)
        and all(node.tag == "p" and not node.attrs for node in shown)
        and all(map(_PARAGRAPH.fullmatch, parts))
    )


def _is_plain_table(text: str) -> bool:
    rows = text.split("\n")
    columns = rows[1].count("|") if len(rows) > 1 else 0
    return all(
        # Where a cell has a "|" of its own, there are more than those around cells.
        row.count("|") == columns and all(not cell or _LINE.fullmatch(cell) for cell in row[2:-2].split(" | "))
        for at, row in enumerate(rows)
        if at != 1
    )
