"""A body that Hashnode shows as another page, spelled so that it shows the same one, as far as that can be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from gitsync.markdown.dom import TEXT, VERBATIM, to_source, walk
from gitsync.markdown.early_items import margins, tables
from gitsync.markdown.edits import Edit, kept
from gitsync.markdown.equality import Event, read
from gitsync.markdown.hashnode_blocks import gaps, numbers, stops, underlined
from gitsync.markdown.hashnode_lines import lines
from gitsync.markdown.hashnode_page import differences, formula_words, links_of, rendered, seen
from gitsync.markdown.html import to_markdown
from gitsync.markdown.pages import with_signs
from gitsync.markdown.sources import line_starts

_WORD: Final = re.compile("\ue000(\\d+)\ue001")
_PLACE: Final = re.compile(r"<!--@\d+-->")
_SIGNS: Final = re.compile(r"[\\*_`~\[\]!]")
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
        edits = [*rule(text)]
        text = kept(text, edits, [edit[0] for edit in sorted(edits)], partial(_is, page))
    return _WORD.sub(lambda it: formulas[int(it[1])], text)


def _is(page: Page, body: str) -> bool:
    return _page(body) == page


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
