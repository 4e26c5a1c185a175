"""White space that is a character to CommonMark stays at the edges of paragraphs, headings and cells.

CommonMark and GitHub strip spaces and tabs there and nothing else (0.31.2, sections 4.2, 4.8), so that the ideographic
space which begins a paragraph in Chinese or Japanese, or a no-break space, is shown. markdown-it strips all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from markdown_it import MarkdownIt
from markdown_it.common.utils import MD_TRIM_CHARS, mdTrim
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

from gitsync.markdown.rules import wrap

Rule = Callable[[StateBlock, int, int, bool], bool]

SPACE = " \t\n\r\f\v"
WIDE = "".join(sorted(set(MD_TRIM_CHARS) - set(SPACE)))
"""White space that markdown-it strips and CommonMark does not."""
_WIDE = re.compile(f"[{WIDE}]")
_CLOSING = re.compile(r"(?:\A|[ \t]+)#+\Z")


def edges(md: MarkdownIt) -> None:
    """Teach `md` which white space is stripped."""
    for name, again in (("paragraph", _lines), ("lheading", _lines), ("heading", _title), ("table", _cells)):
        wrap(md.block.ruler, name, partial(_rereading, again))


def _rereading(again: Callable[[StateBlock, list[Token]], None], rule: Rule) -> Rule:
    """Return `rule`, after which `again` reads once more what it made of lines with such white space."""

    def kept(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        first = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        if not silent and _WIDE.search(state.src, state.bMarks[start], state.eMarks[state.line - 1]):
            again(state, state.tokens[first:])
        return True

    return kept


def _lines(state: StateBlock, made: list[Token]) -> None:
    start, end = made[1].map or (0, 0)
    made[1].content = state.getLines(start, end, state.blkIndent, False).strip(SPACE)


def _title(state: StateBlock, made: list[Token]) -> None:
    line = (made[1].map or (0, 0))[0]
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    made[1].content = _CLOSING.sub("", text[len(made[0].markup) :].strip(SPACE)).strip(SPACE)


def _cells(state: StateBlock, made: list[Token]) -> None:
    cells: Iterator[str] = iter(())
    for token in made:
        if token.type == "tr_open" and token.map:
            line = state.getLines(token.map[0], token.map[0] + 1, state.blkIndent, False)
            read, again = _columns(mdTrim(line)), _columns(line.strip(SPACE))
            cells = iter(again if len(again) == len(read) else read)
        elif token.type == "inline":
            token.content = next(cells, "").strip(SPACE)


def _columns(line: str) -> list[str]:
    cells = escapedSplit(line)
    return cells[not cells[0] : len(cells) - (not cells[-1])]
