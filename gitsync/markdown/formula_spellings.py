"""Formulas in each platform's own words, so that the TeX that it sees is the author's, whatever its Markdown does.

dev.to has tags of Liquid, in which Markdown comes first; Hashnode's pages run MathJax over what Markdown left; Ghost's
have formulas where the site loads MathJax or KaTeX itself, which look for `\\(x\\)`. Sources: forem/forem
`app/liquid_tags/katex_tag.rb`, `app/services/markdown_processor/parser.rb` and Redcarpet's `char_escape`;
Hashnode/support docs/markdown-guidelines.md, Hashnode/starter-kit `handle-math-jax.js`; KaTeX's auto-render extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from itertools import pairwise
from typing import Final, NamedTuple

from gitsync.markdown.escapes import escape_all
from gitsync.markdown.formats import Loss
from gitsync.markdown.formulas import SPAN, displayed, spelled
from gitsync.markdown.liquid import tag_blocks
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import bounds, contents, line_of, line_starts, within

_CODE: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_REDCARPET: Final = r"\\`*_{}\[\]()#+\-.!:|&<>^~="
_PUNCTUATION: Final = r"!-/:-@\[-`{-~"
_SPANS: Final = re.compile(rf'<span class="(math (?:inline|display))">((?:\\[{_PUNCTUATION}]|&#10;|[^\\<&\n])+)</span>')
_IN_LINE: Final = re.compile(r"(?<!\\)\\\\\((?P<tex>(?:(?!\\\\[()])[^\n`])+)\\\\\)")
_ESCAPED: Final = re.compile(r"(?<!\\)(?:\\\\)*(\\)\$")
_ENTITIES: Final = re.compile("&#(?:61|123|125);")
"""What stands for signs that neither Redcarpet nor Liquid may see."""

_REST: Final = re.compile(r"[ \t]*$", re.MULTILINE)
_ROW: Final = re.compile(r"[ \t>]*\|")
_ALONE: Final = re.compile(r"(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t]+)*+\Z")


class Formula(NamedTuple):
    """A formula at `body[start:end]`; whether it has lines of its own, is a whole paragraph; how its lines begin."""

    start: int
    end: int
    tex: str
    display: bool
    alone: bool
    prefix: str


def find(body: str) -> list[Formula]:
    """Return the formulas of `body`, in order."""
    if "$" not in body and "math" not in body:
        return []
    tokens = parsed(body)
    found = []
    for token, places in contents(body, tokens):
        kids = [kid for kid in token.children or () if kid.type == "formula"]
        for kid in kids:
            start, end = places.at(kid.meta["start"]), places.at(kid.meta["end"] - 1) + 1
            alone = kid.meta["display"] and len(token.children or ()) == 1 and _has_lines(body, start, end)
            found.append(
                Formula(start, end, kid.content, kid.meta["display"], alone, _prefix(body, start) if alone else "")
            )
    starts = line_starts(body)
    for opened, token in pairwise(tokens):
        if token.type == "inline" and token.map is None and opened.map and token.children:
            first, end = bounds(body, starts, opened.map)
            start = min(at for mark in ("```", "~~~") if (at := body.find(mark, first, end)) >= 0)
            found.append(Formula(start, end, token.children[0].content, True, True, _prefix(body, start)))
    return sorted(found)


def _prefix(body: str, start: int) -> str:
    """Return what the lines of a paragraph begin with that begins at `start`."""
    return re.sub(r"[^>\s]", " ", body[line_of(body, start) : start])


def _respelled(body: str, spell: Callable[[Formula], str]) -> str:
    return _replaced(body, [(it.start, it.end, spell(it)) for it in find(body)])


def _replaced(body: str, edits: list[tuple[int, int, str]]) -> str:
    """Return `body` with other words in some places; what dollars mean inside the tags of dev.to is TeX."""
    out, done = [], 0
    in_tag = within((start, end) for start, end, _, _ in (tag_blocks(body, "katex") if "endkatex" in body else ()))
    for start, end, text in sorted(edits):
        if not in_tag(start):
            out += [body[done:start], text]
            done = end
    return "".join([*out, body[done:]])


def _lines(formula: Formula, first: str, tex: str, last: str) -> str:
    rows = [row.strip() for row in tex.strip().split("\n") if row.strip()]
    return f"\n{formula.prefix}".join([first, *rows, last])


def to_katex(body: str) -> str:
    """Return `body` with formulas as tags of Liquid, and dollars without an escape, of which Redcarpet knows none."""
    found = find(body)
    edits = [(it.start, it.end, _katex(it)) for it in found]
    in_formula = within((it.start, it.end) for it in found)
    edits += [(at, at + 1, "") for at in _escapes(body) if not in_formula(at)]
    return _replaced(body, edits)


def _katex(formula: Formula) -> str:
    tex = _for_redcarpet(formula.tex.strip())
    if formula.alone:
        tex = re.sub(r"^([ \t]*)([-+#>])", r"\1\\\2", tex, flags=re.MULTILINE)
        tex = re.sub(r"^([ \t]*)=(?==*[ \t]*$)", r"\1&#61;", tex, flags=re.MULTILINE)
        return _lines(formula, "{% katex %}", tex, "{% endkatex %}")
    kind = "katex" if formula.display else "katex inline"
    return f"{{% {kind} %}}{' '.join(tex.split())}{{% endkatex %}}"


def _for_redcarpet(tex: str) -> str:
    tex = re.sub(rf"\\+(?=([{_REDCARPET}]?))", _doubled, tex)
    tex = re.sub(r"[*_`~<|\[]|&(?=#?\w+;)", r"\\\g<0>", tex)
    return re.sub(r"\{(?=[{%]|\Z)", "&#123;", tex).replace("%}", "%&#125;")


def _doubled(run: re.Match[str]) -> str:
    return run[0] * 2 if run[1] or len(run[0]) > 1 else run[0]


def _escapes(body: str) -> list[int]:
    """Return where backslashes are that escape a dollar."""
    if "\\$" not in body:
        return []
    return [
        there.at(match.start(1))
        for token, there in contents(body, parsed(body))
        for match in _ESCAPED.finditer(_CODE.sub(lambda it: "x" * len(it[0]), token.content))
        if token.type == "inline"
    ]


def from_katex(body: str) -> str:
    """Return `body` with formulas that are tags of Liquid as GitHub spells them, all but those that it cannot spell."""
    return _edited(body, _in_katex(body))


def _in_katex(body: str) -> Iterator[tuple[int, int, str, bool]]:
    for start, end, markup, inner in tag_blocks(body, "katex") if "endkatex" in body else ():
        tex = re.sub(rf"\\([{_REDCARPET}])", r"\1", _ENTITIES.sub(lambda it: unescape(it[0]), inner))
        if "\n" in tex and (quotes := body.count(">", line_of(body, start), start)):
            tex = re.sub(rf"\n(?:[ \t]*>){{1,{quotes}}}", "\n", tex)
        rows = [row.strip() for row in tex.split("\n") if row.strip()]
        if "|" not in tex or not _is_row(body, start):
            yield start, end, "\n".join(rows), markup != "inline"


def katex_places(body: str) -> list[tuple[int, int]]:
    """Return where the tags of formulas are that GitHub can spell."""
    return [(start, end) for start, end, _, _ in _spellable(body)]


def _spellable(body: str) -> Iterator[tuple[int, int, str, bool]]:
    return (it for it in _in_katex(body) if _said(body, *it))


def to_hashnode(body: str) -> str:
    """Return `body` with formulas as Hashnode has them: `$$` on lines of their own, `\\\\(x\\\\)` in a line."""
    return _respelled(body, lambda it: _hashnode(it, in_row=_is_row(body, it.start)))


def _hashnode(formula: Formula, *, in_row: bool) -> str:
    tex = re.sub(rf"\\+(?=([{_PUNCTUATION}]?))", _doubled, formula.tex.strip())
    tex = re.sub(r"&(?=#?\w+;)", "&amp;", tex)
    tex = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", tex)
    if formula.display or in_row or "$" in tex:  # what is between \\( and \\), marked leaves alone, but for HTML
        tex = re.sub(r"(?<![A-Za-z0-9])[*_](?!\s)|[`|]", r"\\\g<0>", tex)
    if formula.alone:
        return _lines(formula, "$$", tex, "$$")
    tex = " ".join(tex.split()) + " " * tex.endswith("$")
    return f"$${tex}$$" if formula.display else f"\\\\({tex}\\\\)"


def from_hashnode(body: str) -> str:
    """Return `body`, as Hashnode has it, with formulas as GitHub spells them; dollars that are none there stay so."""
    body = literal(body, but_displayed=True)
    body = _respelled(body, lambda it: _of_hashnode(body, it))
    return _edited(body, _in_hashnode(body))


def _in_hashnode(body: str) -> Iterator[tuple[int, int, str, bool]]:
    for token, places in contents(body, parsed(body)) if "\\\\(" in body else ():
        held = _CODE.sub(lambda it: "`" * len(it[0]), token.content)
        for match in _IN_LINE.finditer(held) if token.type == "inline" else ():
            yield places.at(match.start()), places.at(match.end() - 1) + 1, _plain(match["tex"]), False


def _of_hashnode(body: str, formula: Formula) -> str:
    text = body[formula.start : formula.end]
    return _said(body, formula.start, formula.end, _plain(formula.tex), formula.display) or text


def _plain(tex: str) -> str:
    return re.sub(rf"\\([{_PUNCTUATION}])", r"\1", tex).replace("&lt;", "<").replace("&amp;", "&")


def to_spans(body: str) -> str:
    """Return `body` with formulas as the elements that they are on a page, every sign in them escaped."""
    return _respelled(body, _span)


def _span(formula: Formula) -> str:
    name = "math display" if formula.display else "math inline"
    begin, end = SPAN[name]
    tex = escape_all(f"{begin}{formula.tex.strip()}{end}")
    tex = re.sub(r" *\n *", "&#10;" if "%" in tex else " ", tex)
    return f'<span class="{name}">{tex}</span>'


def from_spans(body: str) -> str:
    """Return `body` with the elements of `to_spans` as GitHub spells formulas; dollars that are none there stay so."""
    body = literal(body)
    return _edited(body, _in_spans(body))


def literal(body: str, *, but_displayed: bool = False) -> str:
    """Return `body`, of a platform to which dollars mean nothing, with an escape where GitHub would see a formula.

    `but_displayed`: two dollars do mean something.
    """

    def escaped(formula: Formula) -> str:
        text = body[formula.start : formula.end]
        if text[0] != "$" or (but_displayed and formula.display):
            return text
        return re.sub(r"(?<!\\)\$", r"\\$", text, count=0 if again else 1)

    # A dollar that begins no formula any more can end one; then all that are in it get an escape.
    again = False
    while (said := _respelled(body, escaped)) != body:
        body, again = said, True
    return body


def _in_spans(body: str) -> Iterator[tuple[int, int, str, bool]]:
    for token, places in contents(body, parsed(body)) if 'class="math ' in body else ():
        held = _CODE.sub(lambda it: "`" * len(it[0]), token.content)
        for match in _SPANS.finditer(held) if token.type == "inline" else ():
            text = _plain(match[2].replace("&#10;", "\n"))
            begin, end = SPAN[match[1]]
            if text.startswith(begin) and text.endswith(end):
                yield places.at(match.start()), places.at(match.end() - 1) + 1, text[2:-2], match[1] == "math display"


def _edited(body: str, edits: Iterator[tuple[int, int, str, bool]]) -> str:
    """Return `body` with formulas, each with its TeX and whether it is displayed, where GitHub can spell them."""
    out, done = [], 0
    for start, end, tex, display in sorted(edits):
        if (text := _said(body, start, end, tex, display)) is not None:
            out += [body[done:start], text.replace("|", "\\|") if _is_row(body, start) else text]
            done = end
    return "".join([*out, body[done:]])


def _said(body: str, start: int, end: int, tex: str, display: bool) -> str | None:
    """Return a formula as GitHub spells it at `body[start:end]`; None where it cannot."""
    if not display:
        return spelled(tex.strip(), body[max(start - 1, 0) : start], body[end : end + 1])
    if not _has_lines(body, start, end):
        return displayed(tex.strip(), alone=False)
    said = displayed(tex.strip(), alone=True)
    return said.replace("\n", f"\n{_prefix(body, start)}") if said else None


def _has_lines(body: str, start: int, end: int) -> bool:
    """Return whether nothing but what begins a line is beside `body[start:end]`."""
    return _ALONE.match(body, line_of(body, start), start) is not None and _REST.match(body, end) is not None


def _is_row(body: str, start: int) -> bool:
    """Return whether the line at `start` is the row of a table."""
    return _ROW.match(body, line_of(body, start), start) is not None


def as_tex(body: str, platform: str, shown: str, kinds: tuple[bool, ...] = (True, False)) -> list[Loss]:
    """Return a loss where `platform` shows formulas as `shown`: those on their own (True), those in a line (False)."""
    places = [it.start for it in find(body) if it.display in kinds]
    places += [start for start, _, _, display in _spellable(body) if display in kinds]
    message = f"{platform} shows formulas as {shown}"
    return [Loss(code="MATH_TEX", message=message, offset=min(places))] if places else []
