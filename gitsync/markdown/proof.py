"""Markdown so plain that it can only mean what it was written from, so that nobody need render it to see that.

Marks, brackets and backticks in text are escaped, and a backslash matches nothing here: where `**` or `](` does match,
an element was written. What does not match is not wrong; it is rendered and compared.
"""

from __future__ import annotations

import re

from gitsync.markdown.dom import TEXT, WHITE, Node

_LETTER = r"(?:[^\W_wW]|[wW](?![wW]{2}\.))"
_PLAIN = rf"(?:{_LETTER}|[ ,.;'\"()?%—–’‘“”…/-]|:(?!//)|!(?!\[))"
_CODE = r"`(?! )[^`\n\\]*[^`\n\\ ]`(?!`)"
_HTTP = r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/#?][A-Za-z0-9\-._~:/?#@$+,;=]*)?"
_RELATIVE = r"[#.]{0,2}/?[A-Za-z0-9][A-Za-z0-9\-._/#]*"
_LINK = rf"\[(?:{_PLAIN}|{_CODE})++\]\((?:{_HTTP}|{_RELATIVE})\)"
_MARKED = rf"(?<!\S)(?P<mark>\*\*?+)(?=[^\W_]){_PLAIN}*?(?<=[^\W_])(?P=mark)(?=[\s.,;:!?)]|\Z)"
_FIRST = r"(?=[^\W\d_]|\[|`|\*)"
_LINE = re.compile(rf"{_FIRST}(?:{_PLAIN}|{_CODE}|{_LINK}|{_MARKED.replace('mark', 'line')}|\n(?=[^\W\d_]))++")
_HEADING = re.compile(rf"#{{1,6}} {_FIRST}(?:{_PLAIN}|{_CODE}|{_LINK}|{_MARKED})++")
_FENCE = re.compile(r"```[\w+#-]*\n")
_BULLET = re.compile(r" *[-*] +")
_NUMBER = re.compile(r"\d{1,9}[.)] ")


def is_plain(run: list[Node], text: str) -> bool:
    """Return whether `text`, written for the block `run`, surely says it."""
    node = run[0]
    if node.attrs:
        return False
    if node.tag == "p":
        return _LINE.fullmatch(text) is not None
    if node.tag[0] == "h":
        return _HEADING.fullmatch(text) is not None
    if node.tag == "pre":
        return _FENCE.match(text) is not None
    return node.tag in ("ul", "ol") and all(map(_is_plain_item, text.split("\n"))) and _is_tight(node)


def _is_tight(node: Node) -> bool:
    return all(
        kid.flows or (kid.tag == "ul" and not kid.attrs and _is_tight(kid)) for item in node.kids for kid in item.kids
    ) and all(item.tag == "li" or not item.text.strip(WHITE) for item in node.kids if item.tag in ("li", TEXT))


def _is_plain_item(row: str) -> bool:
    # Only a list that begins with 1 can follow a line of text, so that nested numbers are not taken on trust.
    mark = _BULLET.match(row) or _NUMBER.match(row)
    return mark is not None and _LINE.fullmatch(row, mark.end()) is not None
