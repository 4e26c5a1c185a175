"""Markdown to HTML, as CommonMark and GitHub's specification have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from gitsync.markdown.alerts import mark_alerts
from gitsync.markdown.formats import Loss
from gitsync.markdown.heading_ids import name_headings
from gitsync.markdown.parser import new_parser

_TASK = re.compile(r"\[([ \t\nxX])\](?=\s)")


def to_html(body: str, *, named: bool = True) -> str:
    """Return `body` as an HTML fragment; raw HTML in it is passed on, so it is as safe as its author.

    Headings that a link of the body leads to have ids, if they are to be `named`.
    """
    return str(_renderer().render(body, {"unnamed": not named}))


def tokens_of(body: str) -> list[Token]:
    """Return the tokens that `to_html` writes, for who writes some of them otherwise; `render_tokens` does the rest."""
    return _renderer().parse(body, {})


def render_tokens(tokens: Sequence[Token]) -> str:
    """Return tokens of `tokens_of` as HTML; footnotes keep the numbers that the whole body gives them."""
    md = _renderer()
    return str(md.renderer.render(tokens, md.options, {}))


def unused_notes(body: str) -> list[Loss]:
    """Return a loss for each footnote that nothing refers to: no page shows it."""
    if "[^" not in body:
        return []
    env: dict[str, Any] = {}
    _renderer().parse(body, env)
    labels = [label[1:] for label, id in env.get("footnotes", {}).get("refs", {}).items() if id < 0]
    message = "the footnote [^{}] is referred to nowhere, so it is not shown"
    return [
        Loss(code="NOTE_UNUSED", message=message.format(label), offset=max(body.find(f"[^{label}]:"), 0))
        for label in labels
    ]


@cache
def _renderer() -> MarkdownIt:
    md = new_parser()
    md.core.ruler.push("alerts", mark_alerts)
    md.core.ruler.push("gfm_tasks", _tasks)
    md.core.ruler.push("named_headings", name_headings)
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


def _tasks(state: StateCore) -> None:
    """Make `[ ]` and `[x]` checkboxes where they begin a list item. Source: GFM specification, section 5.3."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not inline.children:
            continue
        text = inline.children[0]
        if text.type == "text" and (mark := _TASK.match(inline.content)) and text.content.startswith(mark[0]):
            checked = ' checked=""' if mark[1] in "xX" else ""
            text.content = text.content.removeprefix(mark[0])
            box = Token("html_inline", "", 0, content=f'<input{checked} disabled="" type="checkbox">')
            inline.children.insert(0, box)


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
