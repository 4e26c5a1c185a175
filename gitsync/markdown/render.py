"""Markdown to HTML, as CommonMark and GitHub's specification have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitsync.markdown.alerts import with_alerts
from gitsync.markdown.anchors import MAY_LINK
from gitsync.markdown.formats import Loss
from gitsync.markdown.heading_ids import with_names
from gitsync.markdown.parser import environment, new_parser, parsed
from gitsync.markdown.tokens import copied

_TASK = re.compile(r"\[([ \t\nxX])\](?=\s)")


def to_html(body: str, *, named: bool = True) -> str:
    """Return `body` as an HTML fragment; raw HTML in it is passed on, so it is as safe as its author.

    Headings that a link of the body leads to have ids, if they are to be `named`.
    """
    return render_tokens(tokens_of(body, named=named))


def tokens_of(body: str, *, named: bool = True) -> Sequence[Token]:
    """Return the tokens that `to_html` writes, for who writes some of them otherwise; `render_tokens` does the rest.

    To be read only, like those of `parsed`, of which most are.
    """
    tokens = with_tasks(with_alerts(parsed(body)) if "[!" in body else parsed(body))
    return with_names(tokens) if named and MAY_LINK.search(body) else tokens


def render_tokens(tokens: Sequence[Token]) -> str:
    """Return tokens of `tokens_of` as HTML; footnotes keep the numbers that the whole body gives them."""
    md = _renderer()
    return str(md.renderer.render(tokens, md.options, {}))


def unused_notes(body: str) -> list[Loss]:
    """Return a loss for each footnote that nothing refers to: no page shows it."""
    if "[^" not in body:
        return []
    notes = environment(body).get("footnotes", {}).get("refs", {})
    labels = [label[1:] for label, id in notes.items() if id < 0]
    message = "the footnote [^{}] is referred to nowhere, so it is not shown"
    return [
        Loss(code="NOTE_UNUSED", message=message.format(label), offset=max(body.find(f"[^{label}]:"), 0))
        for label in labels
    ]


@cache
def _renderer() -> MarkdownIt:
    md = new_parser()
    for name in ("th_open", "td_open"):
        md.add_render_rule(name, _cell)
    md.add_render_rule("s_open", lambda *_: "<del>")
    md.add_render_rule("s_close", lambda *_: "</del>")
    md.add_render_rule("footnote_ref", _footnote_ref)
    md.add_render_rule("footnote_block_open", lambda *_: '<section class="footnotes">\n<ol>\n')
    md.add_render_rule("footnote_block_close", lambda *_: "</ol>\n</section>\n")
    md.add_render_rule("footnote_open", _footnote_open)
    md.add_render_rule("footnote_anchor", _footnote_anchor)
    return md


def with_tasks(tokens: Sequence[Token]) -> Sequence[Token]:
    """Make `[ ]` and `[x]` checkboxes where they begin a list item. Source: GFM specification, section 5.3."""
    out: list[Token] | None = None
    for at, item in enumerate(tokens):
        if item.type != "list_item_open" or tokens[at + 1].type != "paragraph_open":
            continue
        inline = tokens[at + 2]
        text = inline.children[0] if inline.children else None
        if not inline.children or text is None or text.type != "text":
            continue
        if (mark := _TASK.match(inline.content)) and text.content.startswith(mark[0]):
            checked = ' checked=""' if mark[1] in "xX" else ""
            box = Token("html_inline", "", 0, content=f'<input{checked} disabled="" type="checkbox">')
            text, inline = copied(text), copied(inline)
            text.content = text.content.removeprefix(mark[0])
            inline.children = [box, text, *(inline.children or ())[1:]]
            out = out or list(tokens)
            out[at + 2] = inline
    return tokens if out is None else out


def _cell(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """Open a table cell; GitHub's specification says its alignment in an attribute, not in a style."""
    token = tokens[index]
    style = str(token.attrs.get("style", ""))
    return f'<{token.tag} align="{style.removeprefix("text-align:")}">' if style else f"<{token.tag}>"


def _anchor(meta: Mapping[str, Any]) -> str:
    """Return the name of a footnote in ids: its label where an id may hold it, so that HTML keeps the label."""
    label = str(meta["label"])
    return label if re.fullmatch(r"[\w.-]+", label) else str(meta["id"] + 1)


def _back(meta: Mapping[str, Any]) -> str:
    return f"fnref-{_anchor(meta)}" + (f":{meta['subId'] + 1}" if meta["subId"] else "")


def _footnote_ref(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    meta = tokens[index].meta
    link = f'<a href="#fn-{_anchor(meta)}" id="{_back(meta)}">[{meta["id"] + 1}]</a>'
    return f'<sup class="footnote-ref">{link}</sup>'


def _footnote_open(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return f'<li id="fn-{_anchor(tokens[index].meta)}">'


def _footnote_anchor(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return f' <a href="#{_back(tokens[index].meta)}" class="footnote-backref">↩</a>'
