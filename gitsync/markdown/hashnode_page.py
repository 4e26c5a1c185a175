"""The page that Hashnode shows, block by block beside the one that a body is: where the two differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitsync.markdown import marked_blocks
from gitsync.markdown.dom import COMMENT, TEXT, WHITE, Node, walk
from gitsync.markdown.equality import Event, events, read
from gitsync.markdown.formula_spellings import find as formulas_of
from gitsync.markdown.kept import Kept
from gitsync.markdown.pages import with_frames, with_signs
from gitsync.markdown.parser import ROOM, new_parser, weight
from gitsync.markdown.sanitizers import LETS
from gitsync.markdown.stripped import WHOLE

_GONE: Final = re.compile(r"(?!(?:https?|ftp|mailto|tel):)[a-z][a-z0-9+.-]*:|\Z", re.IGNORECASE)
"""An address that Hashnode takes out. Source: sanitize-html 2.11, `allowedSchemes`."""

_LONE: Final = re.compile("(?<![\\s\u00a0])\u00a0(?![\\s\u00a0])")
_PLACE: Final = re.compile(r"@\d+\Z")

LONG: Final = 1 << 16
"""Characters of a body that nobody reads side by side with its page."""


MANY: Final = 1000
"""Blocks that are compared one by one."""

Block = tuple[Event, ...]


class Difference(NamedTuple):
    """The lines of a body (from 0; `last` is the one after) that Hashnode shows otherwise, and what is seen of it."""

    first: int
    last: int
    here: str
    there: str


class Shown(NamedTuple):
    """A block of a page: what there is to see, and the lines that it comes from (0 where nobody knows)."""

    seen: tuple[Event, ...]
    first: int


def differences(body: str, sent: str) -> list[Difference]:
    """Return where the page of `body` and the one that Hashnode makes of `sent` differ; in order; none in a `LONG` one.

    Formulas are taken for equal, and what no page of Hashnode's has (boxes, footnotes, names of headings, the
    elements and attributes that it takes out) is words, or nothing, on both sides.
    """
    if len(body) > LONG:
        return []
    masked = _masked(body)
    page = marked_blocks.as_html(_masked(sent))
    here, there = (None, None) if page is None else (seen(rendered(masked)), seen(page, there=True))
    if here is None or there is None or [it.seen for it in here] == [it.seen for it in there]:
        return []
    lines = _lines(masked, body)
    starts = [*(lines[it.first] for it in here), lines[-1]]
    found = []
    for i, j, k, m in _changed([it.seen for it in here], [it.seen for it in there]):
        first = starts[i] if i < len(here) else starts[i - 1] if i else 0
        ours, theirs = _apart(_flat(here[i:j]), _flat(there[k:m]))
        found.append(Difference(first, max(starts[j], first + 1), ours, theirs))
    return found


def _changed(a: Sequence[Block], b: Sequence[Block]) -> list[tuple[int, int, int, int]]:
    """Return the ranges in which two lists differ; one for all between the ends, where there would be too many."""
    shorter = min(len(a), len(b))
    head = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    tail = next((n for n in range(shorter - head) if a[-1 - n] != b[-1 - n]), shorter - head)
    one, other = a[head : len(a) - tail], b[head : len(b) - tail]
    if max(len(one), len(other)) > MANY:
        return [(head, len(a) - tail, head, len(b) - tail)]
    codes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [(head + i, head + j, head + k, head + m) for kind, i, j, k, m in codes if kind != "equal"]


def _lines(masked: str, body: str) -> Sequence[int]:
    """Return for each line of a masked body, and the end, which one it is of the body itself."""
    rows = body.split("\n")
    if masked == body:
        return range(len(rows) + 1)
    lines: list[int] = []
    for at, place, size in SequenceMatcher(None, masked.split("\n"), rows).get_matching_blocks():
        lines += [lines[-1] if lines else 0] * (at - len(lines))
        lines += range(place, place + size)
    return [*lines, len(rows)]


def _flat(shown: Sequence[Shown]) -> list[Event]:
    return [event for it in shown for event in it.seen]


def _apart(here: list[Event], there: list[Event]) -> tuple[str, str]:
    """Return the words around the first place where two lists differ, or the elements that stand there."""
    at = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there)))
    ours, theirs = here[at : at + 1], there[at : at + 1]
    if ours and theirs and isinstance(ours[0], str) and isinstance(theirs[0], str):
        a, b = ours[0], theirs[0]
        same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        begin = max(same - 8, 0)
        return a[begin : same + 16], b[begin : same + 16]
    return _said(here[at : at + 2]), _said(there[at : at + 2])


def _said(shown: Sequence[Event]) -> str:
    return "".join(
        it[:24] if isinstance(it, str) else f"<{''.join(it[:2]) if it[0] == '/' else it[0]}>" for it in shown
    )


def _masked(body: str) -> str:
    """Return `body` with signs for embeds and words for formulas, the same ones however they are spelled."""
    return with_signs(formula_words(body)[0])


def formula_words(body: str) -> tuple[str, list[str]]:
    """Return `body` with a word for each formula, and what it stands for."""
    out, done = [], 0
    formulas: list[str] = []
    for it in formulas_of(body):
        out += [body[done : it.start], f"\ue000{len(formulas)}\ue001"]
        formulas.append(body[it.start : it.end])
        done = it.end
    return "".join([*out, body[done:]]), formulas


def rendered(body: str) -> str:
    """Return the page of `body` with a comment before each block on the first level that says its line."""
    md = parser()
    out: list[str] = []
    tokens = tokens_of(body)
    begin = 0
    for at, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            first = tokens[begin].map
            out += [f"<!--@{first[0]}-->" if first else "", md.renderer.render(tokens[begin : at + 1], md.options, {})]
            begin = at + 1
    return "".join(out)


def tokens_of(body: str) -> Sequence[Token]:
    """Return the tokens of `body`, to be read only: many look at one body, one after the other."""
    return _parsed(body)[0]


def links_of(body: str) -> dict[str, str]:
    """Return the addresses that `body` defines, by their labels, in small letters."""
    return {label.lower(): str(it["href"]) for label, it in _parsed(body)[1].get("references", {}).items()}


def _parse(body: str) -> tuple[Sequence[Token], Mapping[str, Any]]:
    env: dict[str, Any] = {}
    return parser().parse(body, env), env


_parsed: Final = Kept(_parse, weight, ROOM // 2)


@cache
def parser() -> MarkdownIt:
    """Return a parser that knows nothing of what Hashnode shows as words."""
    md = new_parser().disable(["footnote_def", "footnote_ref", "footnote_tail"])
    md.add_render_rule("s_open", lambda *_: "<del>")
    md.add_render_rule("s_close", lambda *_: "</del>")
    return md


def seen(html: str, *, there: bool = False) -> list[Shown] | None:
    """Return what there is to see of a page, block by block; None for what is too deep to read."""
    root = read(with_frames(html))
    if root is None:
        return None
    for node, begins in walk([root]):
        if not begins:
            _even_out(node, there)
    out: list[Shown] = []
    line = 0
    run: list[Node] = []
    for kid in [*root.kids, Node("#end", flows=False)]:
        if kid.flows and kid.tag != COMMENT:
            run.append(kid)
            continue
        if any(node.tag != TEXT or node.text.strip(WHITE) for node in run):
            out.append(Shown(tuple(events([Node("p", kids=run, flows=False)])), line))
        run = []
        if kid.tag == COMMENT:
            line = int(kid.text[1:]) if _PLACE.match(kid.text) else line
        elif kid.tag != "#end":
            seen = tuple(events([kid]))
            if seen != (("p",), ("/", "p")):
                out.append(Shown(seen, line))
    return out


def _even_out(node: Node, there: bool) -> None:
    """Take out of an element, whose own are done, what Hashnode does and what nobody sees."""
    lets = LETS["Hashnode"]
    kids: list[Node] = []
    for kid in node.kids:
        if kid.tag == COMMENT and not (node.tag == "body" and _PLACE.match(kid.text)):
            continue
        if kid.tag in WHOLE:
            continue
        if kid.tag[0] == "#" or lets.has(kid.tag):
            kids.append(kid)
        else:
            kids += kid.kids
    if node.tag == "li":
        kids = _unwrapped(kids)
    joined: list[Node] = []
    for kid in kids:
        last = next((it for it in reversed(joined) if it.tag != TEXT or it.text.strip(WHITE)), None)
        if kid.tag == "blockquote" and last is not None and last.tag == "blockquote":
            last.kids += kid.kids
        else:
            joined.append(kid)
    node.kids = joined
    if node.tag == "tr":
        while node.kids and (node.kids[-1].tag == TEXT or not node.kids[-1].kids):
            node.kids.pop()
    if node.tag == "em" and len(kids) == 1 and kids[0].tag == "strong":
        node.tag, kids[0].tag = "strong", "em"
    node.attrs = {
        name: value
        for name, value in node.attrs.items()
        if lets.has(node.tag, name) and not (there and name in ("href", "src") and _GONE.match(value or ""))
    }
    if node.tag == "img":
        node.attrs.setdefault("alt", "")
        node.attrs.pop("class", None)
    for kid in node.kids:
        if kid.tag == TEXT:
            kid.text = _in_code(kid.text) if node.tag in ("code", "pre") else _LONE.sub(" ", kid.text)


def _in_code(text: str) -> str:
    """Return code as one sees it: tabs are stops, and nothing is at the end of a line."""
    text = text.expandtabs(4).replace("\u00a0", " ")
    return re.sub(r"[ \t]+(?=\n|\Z)", "", text).rstrip("\n") if "\n" in text else text


def _unwrapped(kids: list[Node]) -> list[Node]:
    """Return what is in an item without its paragraphs: how far lines are apart is the platform's own."""
    out: list[Node] = []
    for kid in kids:
        if kid.tag != "p" or kid.attrs:
            out.append(kid)
            continue
        last = next((it for it in reversed(out) if it.tag != TEXT or it.text.strip(WHITE)), None)
        if last is not None and last.flows:
            out.append(Node("#next", flows=False))
        out += kid.kids
    return out
