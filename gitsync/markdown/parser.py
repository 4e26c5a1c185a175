"""The Markdown that gitsync speaks: CommonMark, GitHub's extensions, formulas, footnotes and definition lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from gitsync.markdown.autolinks import autolinks
from gitsync.markdown.edges import edges
from gitsync.markdown.formulas import formulas
from gitsync.markdown.kept import Kept
from gitsync.markdown.rules import wrap

_BlockRule = Callable[[StateBlock, int, int, bool], bool]
_BREAK = re.compile(r"-[-\s]*|\*[*\s]*|_[_\s]*")
_LAST_BRACKET = -1  # a key in a cache whose other keys are positions
NESTING = 100
"""How deep blocks may nest; what is deeper, markdown-it drops, so nothing that gitsync writes is."""


def new_parser() -> MarkdownIt:
    """Return a parser that nobody else has."""
    md = MarkdownIt("commonmark", {"maxNesting": NESTING, "xhtmlOut": False})
    md.enable(["table", "strikethrough"])
    # Inline footnotes are no GFM: "^[" is text there.
    md.use(footnote_plugin, inline=False)
    md.use(deflist_plugin)
    md.use(autolinks)
    md.use(formulas)
    md.use(edges)
    for name in ("link", "image"):
        wrap(md.inline.ruler, name, _only_before_a_bracket)
    wrap(md.block.ruler, "hr", _only_on_a_line_of_marks)
    return md


def _only_on_a_line_of_marks(rule: _BlockRule) -> _BlockRule:
    """Return the rule of thematic breaks, which walks "- - - … a" sign by sign again for each list that it opens."""

    def guarded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        begin = state.bMarks[start] + state.tShift[start]
        return bool(_BREAK.fullmatch(state.src, begin, state.eMarks[start])) and rule(state, start, end, silent)

    return guarded


def _only_before_a_bracket(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return a link rule that does not search a megabyte after each of a million "[" that nothing closes."""

    def guarded(state: StateInline, silent: bool) -> bool:
        if state.src[state.pos] not in "[!":
            return False
        last = state.cache.get(_LAST_BRACKET)
        if last is None:
            last = state.cache[_LAST_BRACKET] = _last_bracket(state.src)
        return state.pos < last and rule(state, silent)

    return guarded


def _last_bracket(text: str) -> int:
    """Return where the last "]" is that no backslash escapes, and so can close something; -1 for nowhere."""
    at = text.rfind("]")
    while at > 0:
        first = at
        while first and text[first - 1] == "\\":
            first -= 1
        if (at - first) % 2 == 0:
            break
        at = text.rfind("]", 0, at)
    return at


ROOM: Final = 600_000
"""Tokens that are kept, of all bodies together: some 370 bytes each."""


def parsed(body: str) -> Sequence[Token]:
    """Return the tokens of `body`, to be read only: many look at one body, one after the other, and share them."""
    return _parsed(body)[0]


def environment(body: str) -> Mapping[str, Any]:
    """Return what the parser noted beside the tokens: "references", and "footnotes" with their "refs"."""
    return _parsed(body)[1]


def _parse(body: str) -> tuple[Sequence[Token], Mapping[str, Any]]:
    env: dict[str, Any] = {}
    return parser().parse(body, env), env


def weight(_: str, made: tuple[Sequence[Token], Mapping[str, Any]]) -> int:
    """Return how many tokens a parsed body has."""
    return sum(1 + len(token.children or ()) for token in made[0]) + len(made[1].get("references", ()))


_parsed: Final = Kept(_parse, weight, ROOM)


@cache
def parser() -> MarkdownIt:
    """Return the parser that every reader shares; parsing leaves no state in it."""
    return new_parser()
