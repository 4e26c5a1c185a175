"""What may stand in an element of a block: HTML that begins and ends there, as a browser writes it.

The block editor reads an element with the browser and compares what it would save with what is there, tag by tag: an
inline tag that nothing closes, or an end tag that closes nothing, is "unexpected content" to it. Source:
WordPress/gutenberg packages/blocks/src/api/validation.
"""

from __future__ import annotations

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from gitsync.markdown.dom import WHITE, is_hopeless
from gitsync.markdown.wordpress_blocks import inert

_AROUND: Final = dict.fromkeys(("td", "th"), ("<table><tbody><tr>", "</tr></tbody></table>"))
_UNSEEN: Final = re.compile(r"<(?!br>|!--|img [^<>]*\bsrc=|a [^<>]*\b(?:href|id)=)[^<>]*>|[ \t\n\f\r]+")
"""What counts for nothing in the editor's rich text: an element with nothing else in it is empty, and saved so."""
_NEVER: Final = re.compile(r"<(?:\?|template\b|figcaption\b)", re.IGNORECASE)
"""Browsers do not agree on processing instructions; a template has no text, and a caption in a table is the table's."""
_AFTER: Final = "\1"  # which no Markdown renders: it is asked for again behind the element


def inside(tag: str, html: str) -> str | None:
    """Return `html` as the editor saves it in an element `tag`; None where it reaches beyond it, or says nothing."""
    html = inert(html).strip(WHITE)
    if not any(mark in html for mark in "<&\u00a0"):
        return html
    written = _written(tag, html)
    if written and not _UNSEEN.sub("", written):
        return None
    # What HTML does not read the same a second time, the editor does not either.
    if not written or not (written == html or _written(tag, written) == written):
        return None
    # An attribute without a value is one whose value is empty, to the editor as well.
    return html if written.replace('=""', "") == html.replace('=""', "") else written


def _written(tag: str, html: str) -> str | None:
    if _NEVER.search(html) or is_hopeless(html):
        return None
    before, after = _AROUND.get(tag, ("", ""))
    body = LexborHTMLParser(f"<!doctype html><body>{before}<{tag}>{html}</{tag}>{after}{_AFTER}").body
    element = body.css_first(tag) if body else None
    if body is None or element is None:
        return None
    written = element.inner_html or ""
    return written if body.inner_html == f"{before}<{tag}>{written}</{tag}>{after}{_AFTER}" else None
