"""A body that Hashnode shows as another page, spelled so that it shows the same one, as far as that can be done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gitsync.markdown.dom import TEXT, VERBATIM, to_source, walk
from gitsync.markdown.early_lists import Edit
from gitsync.markdown.equality import Event, read
from gitsync.markdown.hashnode_blocks import gaps, margins, numbers, stops, tables, underlined
from gitsync.markdown.hashnode_lines import lines
from gitsync.markdown.hashnode_page import differences, formula_words, links_of, rendered, seen
from gitsync.markdown.html import to_markdown
from gitsync.markdown.pages import with_signs
from gitsync.markdown.sources import line_starts

_WORD: Final = re.compile("\ue000(\\d+)\ue001")
_PLACE: Final = re.compile(r"<!--@\d+-->")
_SIGNS: Final = re.compile(r"[\\*_`~\[\]!]")
CHECKS: Final = 16
"""How often a page is made again to see which of a rule's edits leave it the same."""

LONG: Final = 1 << 16
"""Characters of a body in which nothing is mended."""

Page = Sequence[tuple[Event, ...]] | None


def mended(body: str) -> str:
    """Return `body` spelled so that marked makes its own page of it, as far as it can; a `LONG` one as it is."""
    if len(body) > LONG:
        return body
    text, formulas = formula_words(body)
    page = _page(text)
    for rule in (gaps, numbers, underlined, margins, stops, tables, lines, _anew):
        text = _kept(text, rule(text), page)
    return _WORD.sub(lambda it: formulas[int(it[1])], text)


def _kept(body: str, edits: Iterable[Edit], page: Page) -> str:
    """Return `body`, of which the page is `page`, with those `edits` that leave it so, unless many do not."""
    apart: list[Edit] = []
    for edit in sorted(edits):
        if not apart or edit[0] >= apart[-1][1]:
            apart.append(edit)
    left = CHECKS

    def good(some: Sequence[Edit]) -> Sequence[Edit]:
        nonlocal left
        if not some or left <= 0:
            return ()
        left -= 1
        if _page(_edited(body, some)) == page:
            return some
        half = len(some) // 2
        return [*good(some[:half]), *good(some[half:])] if half else ()

    kept = good(apart)
    said = _edited(body, kept)
    return said if len(kept) in (0, len(apart)) or _page(said) == page else body


def _edited(body: str, edits: Sequence[Edit]) -> str:
    out, done = [], 0
    for start, end, text in edits:
        out += [body[done:start], text]
        done = end
    return "".join([*out, body[done:]])


def _page(body: str) -> Page:
    shown = seen(rendered(body))
    return None if shown is None else [it.seen for it in shown]


def _anew(body: str) -> Iterator[Edit]:
    """Yield what is still shown otherwise, written as one writes it, or as HTML."""
    links = "".join(f"[{label}]: {href}\n" for label, href in links_of(body).items())
    starts = line_starts(body)
    for it in differences(body, body):
        begin = starts[it.first]
        text = body[begin : starts[it.last]].rstrip()
        end = begin + len(text)
        if with_signs(text) == text and (said := _said(text, links)):
            before = "" if not begin or body[:begin].endswith("\n\n") else "\n"
            behind = "" if re.match(r"\s*(?:\n\s*\n|\Z)", body[end:]) else "\n"
            yield begin, end, f"{before}{said}{behind}"


def _said(text: str, links: str) -> str | None:
    """Return blocks in the first spelling of which marked makes the page that they are."""
    whole = f"{text}\n\n{links}"
    html = _PLACE.sub("", rendered(whole))
    for spell in (to_markdown, _as_html):
        said = spell(html).strip("\n")
        if said and not differences(whole, said) and not differences(said, said):
            return said
    return None


def _as_html(html: str) -> str:
    """Return HTML in which marked finds nothing to read."""
    root = read(html)
    if root is None:
        return ""
    depth = 0
    for node, begins in walk(root.kids):
        if node.tag == TEXT:
            node.text = _SIGNS.sub(lambda it: chr(0xE100 + ord(it[0])), node.text)
            node.text = node.text.replace("\n", "\ue10a") if depth else node.text
        elif node.tag in VERBATIM:
            depth += 1 if begins else -1
    source = to_source(root.kids).strip()
    return re.sub("[\ue100-\ue1ff]", lambda it: f"&#{ord(it[0]) - 0xE100};", source)
