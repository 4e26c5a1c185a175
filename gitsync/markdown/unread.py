"""What GitHub's Markdown says and a platform's own does not, and headings that only the platform sees.

Forem's is Redcarpet, Ghost's markdown-it, Hashnode's an early marked; none has boxes to tick, the
last no footnotes.
Sources: Forem app/lib/constants/redcarpet.rb; TryGhost/Koenig packages/kg-markdown-html-renderer, tried in a Ghost 6;
Hashnode/starter-kit packages/utils/renderer/marked.js.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts

_MAY: Final = re.compile(
    r"\[[ \txX]\]|^[^\n\w]*#[^\s#]|\bwww\.|\[\^|\n[ \t>]*\n[ \t]*>|^[^\n\w]*\d+[.)]", re.MULTILINE | re.IGNORECASE
)
_BOX: Final = re.compile(r"\[[ \txX]\]\s")
_HEADING: Final = re.compile(r"(?:^|\n)(#{1,6}[^\s#][^\n]*)")


def unread(body: str, platform: str, kinds: Collection[str]) -> list[Loss]:
    """Return a loss for each kind of markup in `body` that `platform` takes otherwise.

    `kinds`: "boxes", which it shows as words; "headings", which it takes `#word` for; "hosts", those
    of www., which it makes no links of; "notes", footnotes that it shows as words; "quotes", two in a row, which it
    shows as one; "starts", numbers that a list does not begin with there.
    """
    if not _MAY.search(body):
        return []
    starts = line_starts(body)
    found: dict[str, Loss] = {}
    tokens = parsed(body)
    for at, token in enumerate(tokens):
        for kind, message, hint, line in _in(tokens, at):
            if kind in kinds and token.map:
                code, offset = CODES[kind], starts[token.map[0] + line]
                found.setdefault(kind, Loss(code=code, message=f"{platform} {message}", offset=offset, hint=hint))
    return list(found.values())


CODES: Final = {
    "boxes": "TASKS_FLAT",
    "headings": "HASH_HEADING",
    "hosts": "LINK_WORDS",
    "notes": "NOTES_WORDS",
    "quotes": "QUOTES_JOINED",
    "starts": "LIST_RENUMBERED",
}


def _in(tokens: Sequence[Token], at: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield the kind, what happens to it, what to do and in which line, of what is said at a token."""
    token = tokens[at]
    kids = token.children or []
    if any(kid.type == "footnote_ref" for kid in kids):
        yield "notes", "has no footnotes: they are shown as words", "Write it in brackets, or as a list at the end.", 0
    if at and token.type == "blockquote_open" and _goes_on(tokens, at):
        yield "quotes", "shows quotes that follow each other as one", "Write something between them.", 0
    if token.type == "ordered_list_open" and token.attrs.get("start", 1) != 1:
        yield "starts", "numbers every list from 1", "", 0
    for kid, text in pairwise(kids):
        if kid.type == "link_open" and kid.info == "auto" and text.content.lower().startswith("www."):
            yield "hosts", f"makes no link of {text.content[:60]}", "Write its https://, too.", 0
    if token.type != "inline" or tokens[at - 1].type != "paragraph_open":
        return
    if tokens[at - 2].type == "list_item_open" and _BOX.match(token.content):
        yield "boxes", "has no boxes to tick: they are shown as [ ] and [x]", "", 0
    begins = [0, *(n + 1 for n, kid in enumerate(kids) if kid.type in ("softbreak", "hardbreak"))]
    hashes = (kids[n].content for n in begins if n < len(kids) and kids[n].type == "text")
    if any(re.match("#{1,6}", text) for text in hashes) and (match := _HEADING.search(token.content)):
        hint = "Put a backslash before the #."
        yield "headings", f"takes {match[1][:40]} for a heading", hint, token.content.count("\n", 0, match.start(1))


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the quote that begins at a token follows another one, and neither may be an alert."""
    if tokens[at - 1].type != "blockquote_close":
        return False
    before = next(n for n in reversed(range(at)) if tokens[n].nesting == 1 and tokens[n].level == tokens[at].level)
    return not any(token.content.startswith("[!") for token in (*tokens[before : before + 3], *tokens[at : at + 3]))
