"""Formulas, as GitHub has them: `$x$` in a line, `$$x$$` on its own or in one, a fence called math, and $`x`$.

A price is none: a dollar beside a letter or a digit on its outer side, or beside a space on its inner one, is a dollar.
On a page a formula is what Pandoc makes of it, which MathJax and KaTeX find: a span with a class, and `\\(x\\)` in it.
Sources: docs.github.com, "Writing mathematical expressions"; Pandoc's manual, `tex_math_dollars`.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from markdown_it.token import Token

from gitsync.markdown.dom import TEXT, WHITE, Node, walk

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

_IN_LINE: Final = r"\$(?=\S)(?P<tex>(?:[^\\$`\n]|\\[^\n])+)(?<!\s)\$(?![\w$(\[{<=\\])"
_QUOTED: Final = r"\$`(?P<quoted>[^`\n]+)`\$"
_DISPLAYED: Final = r"\$\$(?P<shown>(?=\s*[^\s$])(?:[^\\$`]|\\.|\$(?!\$))+?)\$\$(?!\$)"
_NOT_AFTER: Final = r"(?<![\w$\\=/&?%#])"
FORMULA: Final = re.compile(rf"{_NOT_AFTER}{_IN_LINE}|(?<![$\\]){_QUOTED}|(?<![$\\]){_DISPLAYED}", re.ASCII | re.DOTALL)
"""A formula in a line; who starts to look at a dollar gets the one that begins there, or none."""

_ALONE: Final = re.compile(rf"{_DISPLAYED}\Z", re.DOTALL)
SPAN: Final = {"math inline": ("\\(", "\\)"), "math display": ("\\[", "\\]")}
"""The class of a formula's element, and the signs around the TeX in it."""


def formulas(md: MarkdownIt) -> None:
    """Let a parser know formulas: tokens `formula`; one on lines of its own is a paragraph with nothing else in it."""
    md.inline.ruler.before("escape", "formula", _inline)
    md.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "reference"]})
    md.core.ruler.push("formulas", _elsewhere)
    md.add_render_rule("formula", lambda _, tokens, at, *__: html(tokens[at].content, shown=tokens[at].meta["display"]))


def html(tex: str, *, shown: bool) -> str:
    """Return the element of a formula; one that is `shown` stands on lines of its own."""
    name = "math display" if shown else "math inline"
    begin, end = SPAN[name]
    return f'<span class="{name}">{begin}{escape(tex.strip(), quote=False)}{end}</span>'


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "$" or (match := FORMULA.match(state.src, state.pos, state.posMax)) is None:
        return False
    if not silent:
        token = state.push("formula", "span", 0)
        token.content = match["tex"] or match["quoted"] or match["shown"]
        token.markup = "$$" if match["shown"] else "$`" if match["quoted"] else "$"
        token.meta = {"display": bool(match["shown"]), "start": match.start(), "end": match.end()}
    state.pos = match.end()
    return True


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take lines for a paragraph that no list, heading or table in them parts."""
    begin, line = state.bMarks[start] + state.tShift[start], start
    if state.is_code_block(start) or not state.src.startswith("$$", begin):
        return False
    if state.sCount[start] < state.blkIndent:  # a line that goes on with a list's item, not indented
        return False
    text = state.src[begin : state.eMarks[start]].rstrip()
    while not (text.endswith("$$") and _ALONE.match(text)):
        line += 1
        if line >= end or "$$" in text[2:] or state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return False
        text += f"\n{state.getLines(line, line + 1, state.blkIndent, False).rstrip()}"
    if not silent:
        state.push("paragraph_open", "p", 1).map = [start, line + 1]
        token = state.push("inline", "", 0)
        token.map, token.content, token.children = [start, line + 1], text, []
        state.push("paragraph_close", "p", -1)
    state.line = line + 1
    return True


def _elsewhere(state: StateCore) -> None:
    """Make formulas of fences called math, and words of formulas in the text that stands for an image."""
    out: list[Token] = []
    for token in state.tokens:
        if token.type == "fence" and token.info.strip() == "math" and token.content.strip():
            kid = Token("formula", "span", 0, content=token.content, markup=token.markup, meta={"display": True})
            out.append(Token("paragraph_open", "p", 1, map=token.map, level=token.level, block=True))
            out.append(Token("inline", "", 0, children=[kid], level=token.level + 1, block=True))
            out.append(Token("paragraph_close", "p", -1, level=token.level, block=True))
            continue
        for kid in token.children or ():
            if kid.type == "image":
                _as_words(kid)
        out.append(token)
    state.tokens = out


def _as_words(token: Token) -> None:
    for kid in token.children or ():
        if kid.type == "formula":
            end = kid.markup[::-1]
            kid.type, kid.content = "text", f"{kid.markup}{kid.content}{end}"
        else:
            _as_words(kid)


def tex_of(node: Node) -> str | None:
    """Return the TeX of a formula's element; None for any other."""
    signs = SPAN.get(node.get("class")) if node.tag == "span" and len(node.attrs) == 1 else None
    if signs is None or len(node.kids) != 1 or node.kids[0].tag != TEXT:
        return None
    text = node.kids[0].text.strip(WHITE)
    is_one = text.startswith(signs[0]) and text.endswith(signs[1]) and len(text) > 4
    return (text[2:-2].strip(WHITE) or None) if is_one else None


def even_out(nodes: list[Node]) -> None:
    """Take white space that nobody sees out of the elements of formulas."""
    for node, begins in walk(nodes):
        if begins and node.tag == "span" and (tex := tex_of(node)):
            begin, end = SPAN[node.get("class")]
            node.kids[0].text = f"{begin}{tex}{end}"


def spelled(tex: str, before: str, after: str) -> str | None:
    """Return a formula for a line, between the characters `before` and `after`; None for what has no spelling."""
    tex = tex.replace("\n", " ")
    for text in (f"${tex}$", f"$`{tex}`$"):
        match = FORMULA.match(f"{before}{text}{after}", len(before))
        if match and match.end() == len(before) + len(text) and tex in (match["tex"], match["quoted"]):
            return text
    return None


def displayed(tex: str, *, alone: bool) -> str | None:
    """Return a formula on lines of its own, as a paragraph or (not `alone`) in one; None for what has no spelling."""
    text = f"$$\n{tex}\n$$" if alone else f"$${' '.join(tex.split())}$$"
    if _ALONE.match(text):
        return text
    return f"```math\n{tex}\n```" if alone and "```" not in tex else None
