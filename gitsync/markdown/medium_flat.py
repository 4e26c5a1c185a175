"""What Medium has no place for, in the HTML of a page: each flattened into something that it has, and told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import groupby, zip_longest
from typing import Final

from gitsync.markdown.dom import WHITE, Node, parse, to_source, walk
from gitsync.markdown.formats import Loss

_TABLE: Final = re.compile(r"<table\b[^<>]*>[^<]*(?:<(?!/?table\b)[^<]*)*</table>\n?", re.IGNORECASE)
_DEFINITIONS: Final = re.compile(r"<dl\b[^<>]*>[^<]*(?:<(?!/?dl\b)[^<]*)*</dl>\n?", re.IGNORECASE)
_DETAILS: Final = re.compile(
    r"<details\b[^<>]*>\s*(?:<summary\b[^<>]*>([^<]*(?:<(?!/?(?:summary|details)\b)[^<]*)*)</summary>)?|</details>\n?",
    re.DOTALL | re.IGNORECASE,
)
_FORMULA: Final = re.compile(
    r'<p><span class="math display">\\\[([^<]*)\\\]</span></p>|<span class="math \w+">\\[(\[]([^<]*)\\[)\]]</span>'
)
_NOTES: Final = re.compile(
    r'<section class="footnotes">\n<ol>\n([^<]*(?:<(?!/?section\b)[^<]*)*)</ol>\n</section>\n?', re.DOTALL
)
_REFERENCE: Final = re.compile(r'<sup class="footnote-ref"><a href="#[^"]*" id="[^"]*">(\[\d+\])</a></sup>')
_BACK: Final = re.compile(r'(?<=<li) id="fn-[^"]*"| <a href="#[^"]*" class="footnote-backref">↩</a>')
_BOX: Final = re.compile(r'<input( checked="")? disabled="" type="checkbox">')
_STRUCK: Final = re.compile(r"</?(?:del|s|strike)\b[^<>]*>", re.IGNORECASE)


def flat_rendered(html: str, losses: list[Loss]) -> str:
    """Return `html`, as Markdown was rendered, without what only that rendering tells apart; note what is lost."""
    html = _FORMULA.sub(_as_formula, html) if '<span class="math ' in html else html
    html = _lost(losses, "DETAILS_FLAT", "details: they are shown under their summary", html, _unfolded)
    if re.search(r"<h[1456]\b", html, re.IGNORECASE):
        losses.append(Loss(code="HEADING_FLAT", message="Medium has no more than two levels of headings"))
    html = _lost(losses, "TASKS_FLAT", "boxes to tick: they are signs", html, _signed)
    return _lost(losses, "NOTES_LISTED", "footnotes: they are a list at the end", html, _listed)


def flat(html: str, losses: list[Loss]) -> str:
    """Return `html` without tables, definition lists and strokes; note what is lost."""
    html = _lost(losses, "TABLE_FLAT", "tables: their words are shown as code", html, _coded)
    html = _lost(losses, "DEFS_FLAT", "definition lists: the terms are paragraphs in bold", html, _defined)
    if '<a href="#' in html:
        losses.append(
            Loss(code="ANCHOR_LOST", message="Medium has no names for headings: links within the post lead nowhere")
        )
    return _lost(losses, "STRIKE_LOST", "text struck through", html, lambda it: _STRUCK.sub("", it))


def _lost(losses: list[Loss], code: str, what: str, html: str, flatten: Callable[[str], str]) -> str:
    """Return `html` flattened, with the loss noted if that changes it."""
    if (changed := flatten(html)) != html:
        losses.append(Loss(code=code, message=f"Medium has no {what}"))
    return changed


def _as_formula(match: re.Match[str]) -> str:
    """Return a formula as code: Medium has no other place in which signs stay what they are."""
    return f"<pre><code>{match[1]}\n</code></pre>" if match[1] else f"<code>{match[2]}</code>"


def _unfolded(html: str) -> str:
    """Return `html` with what folds away shown: the summary as a paragraph in bold, and what is under it."""
    return _DETAILS.sub(lambda it: f"<p><strong>{it[1]}</strong></p>" if it[1] else "", html)


def _signed(html: str) -> str:
    return _BOX.sub(lambda it: "☑" if it[1] else "☐", html)


def _listed(html: str) -> str:
    if not _NOTES.search(html):
        return html
    return _NOTES.sub(lambda it: f"<hr>\n<ol>\n{_BACK.sub('', it[1])}</ol>\n", _REFERENCE.sub(r"\1", html))


def _coded(html: str) -> str:
    return _TABLE.sub(_as_code, html)


def _as_code(match: re.Match[str]) -> str:
    """Return a table as lines of code, its columns under each other; before it, what is in no cell of it."""
    root = parse(match[0])
    nodes = list(_all(root.kids)) if root else []
    outside = to_source([node for node in root.kids if node.tag != "table"]).strip(WHITE) if root else ""
    rows = [
        [" ".join(_words(cell.kids).split()) for cell in row.kids if cell.tag in ("th", "td")]
        for row in nodes
        if row.tag == "tr"
    ]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = [" | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=False)).rstrip() for row in rows]
    captions = [text for node in nodes if node.tag == "caption" and (text := to_source(node.kids).strip(WHITE))]
    said = "".join(f"<p>{text}</p>\n" for text in captions)
    return f"{outside}{said}<pre><code>{escape(chr(10).join(lines), quote=False)}\n</code></pre>\n"


def _all(nodes: list[Node]) -> Iterator[Node]:
    return (it for it, begins in walk(nodes) if begins)


def _words(nodes: Iterable[Node]) -> str:
    return "".join(" " if it.tag == "br" or not it.flows else it.text for it in _all([*nodes]))


def _defined(html: str) -> str:
    return _DEFINITIONS.sub(_as_paragraphs, html)


def _as_paragraphs(match: re.Match[str]) -> str:
    """Return a definition list as paragraphs, its terms in bold."""
    root = parse(match[0])
    out: list[str] = []
    for item in _all(root.kids) if root else ():
        if item.tag == "dt":
            out.append(f"<p><strong>{to_source(item.kids).strip(WHITE)}</strong></p>")
        elif item.tag == "dd":
            for flows, run in groupby(item.kids, key=lambda kid: kid.flows):
                if text := to_source(list(run)).strip(WHITE):
                    out.append(f"<p>{text}</p>" if flows else text)
    return "".join(f"{block}\n" for block in out)
