"""Literal template text on platforms that run Liquid over a post (dev.to and every other Forem).

Forem leaves code alone, as one regular expression sees it, and runs Liquid over all the rest: `{{ x }}` in prose
vanishes and `{% if %}` makes the save fail. Source: forem/forem, MarkdownProcessor::Parser
`escape_liquid_tags_in_codeblock`. Indented code is not code in that sense, so template text there is protected too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

EMBEDS = frozenset(
    """
    agent_session asciinema bandcamp blogcast bluesky bolt claude_artifact codepen codesandbox comment descript
    devcomment dotnetfiddle embed forem gist github gitpitch glitch huggingface instagram jsfiddle jsitor kotlin link
    livecodes loom lovable medium mux next_tech nexttech org organization parler podcast poll post reddit replit
    slideshare soundcloud speakerdeck spotify stackblitz stackery stackexchange stackoverflow tag tweet twitch twitter
    twitter_timeline user vimeo warpcast wikipedia youtube
    """.split()  # noqa: SIM905  sixty words read better as words
)
BLOCKS = frozenset(
    {"details", "spoiler", "collapsible", "katex", "runkit", "cta", "row", "col", "quote", "slides", "slide", "card"}
)
KNOWN = EMBEDS | BLOCKS | {f"end{name}" for name in BLOCKS}
"""The tags that an author of a dev.to post means; every other one is text. Source: forem/forem `app/liquid_tags`."""

_OPENER = re.compile(r"~{3}|`|\{\{|\{%")
_CODE = re.compile(r"~{3}.*?~{3}|`{3}.*?`{3}|`{2}.+?`{2}|`.+?`", re.DOTALL)
_VARIABLE = re.compile(r"\{\{(?:[^\n{}]|\{(?![{%])|\}(?!\}))*\}\}")
_TAG = re.compile(r"\{%(?:[^\n{%]|\{(?![{%])|%(?!\}))*%\}")
_NAME = re.compile(r"\{%-?\s*(\w+)")
_SAYS = re.compile(r"\s*(?!-?%\})\S")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_OURS = re.compile(r"\{%( +)raw %\}(.*)\{% endraw %\}", re.DOTALL)


_KEEPS = re.compile(
    r"\{%-?\s*(?P<liquid>raw|comment|highlight|katex)\b[^\n%]*%\}|\{\{(?P<open>[<%])\s*(?P<hugo>highlight)\b[^\n{}]*\}\}"
)


class _Piece(NamedTuple):
    """A part of a body: "text" (code and prose), a "raw" block, or template text that is "known" or "literal"."""

    kind: str
    text: str


def protect(body: str) -> str:
    """Return `body` with literal template text in raw blocks, so that a platform's Liquid prints it as it is."""
    if "{{" not in body and "{%" not in body:
        return body
    return "".join(_guarded(piece) for piece in _pieces(body))


def _guarded(piece: _Piece) -> str:
    if piece.kind == "literal":
        return f"{{% raw %}}{piece.text}{{% endraw %}}"
    if piece.kind == "raw" and (spaces := _wrap_of_literal(piece.text)):
        # The author wrote what we would have written: one more space keeps the two apart.
        return "{%" + " " * (spaces + 1) + piece.text[2 + spaces :]
    return piece.text


def unprotect(body: str) -> str:
    """Undo `protect`: `unprotect(protect(body)) == body` for every body."""
    if "{%" not in body:
        return body
    return "".join(_bared(piece) for piece in _pieces(body))


def _bared(piece: _Piece) -> str:
    spaces = _wrap_of_literal(piece.text) if piece.kind == "raw" else 0
    if spaces == 1:
        return piece.text.removeprefix("{% raw %}").removesuffix("{% endraw %}")
    if spaces > 1:
        return "{%" + " " * (spaces - 1) + piece.text[2 + spaces :]
    return piece.text


def verbatim(body: str) -> list[tuple[int, int]]:
    """Return where blocks stand whose text is not run but kept: raw, comments, highlighted code, formulas.

    Of Liquid, and Hugo's `highlight`; a block that has no end is none, and code around a tag makes it words.
    """
    if not _KEEPS.search(body):
        return []
    found: list[tuple[int, int]] = []
    endless: set[str] = set()
    pos = 0
    while match := _OPENER.search(body, pos):
        pos = match.start()
        if match[0][0] in "~`":
            code = _CODE.match(body, pos)
            pos = code.end() if code else match.end()
            continue
        opened = _KEEPS.match(body, pos)
        pos = opened.end() if opened else match.end()
        name = opened["liquid"] or opened["hugo"] if opened else ""
        if opened and name not in endless:
            last = rf"\{{%-?\s*end{name}\s*-?%\}}" if opened["liquid"] else rf"\{{\{{[<%]\s*/\s*{name}\s*[%>]\}}\}}"
            if end := re.compile(last).search(body, pos):
                found.append((opened.start(), end.end()))
                pos = end.end()
            else:
                endless.add(name)
    return found


def unknown_tags(body: str) -> list[str]:
    """Return the names of the template tags that `protect` takes for text, in order, each once."""
    names = (match[1] for p in _pieces(body) if p.kind == "literal" and (match := _NAME.match(p.text)))
    return list(dict.fromkeys(names))


def tag_blocks(body: str, name: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield where each block of the tag `name` is, from its tag to its end tag; what its tag says; what is in it."""
    at = 0
    opened: tuple[int, int, str] | None = None
    for piece in _pieces(body):
        start, at = at, at + len(piece.text)
        found = _NAME.match(piece.text) if piece.kind == "known" else None
        if found and found[1] == name:
            opened = start, at, piece.text[found.end() :].rstrip("%}-").strip()
        elif found and found[1] == f"end{name}" and opened:
            yield opened[0], at, opened[2], body[opened[1] : start]
            opened = None


def _wrap_of_literal(raw: str) -> int:
    """Return how many spaces precede "raw" in a raw block around one piece of literal text; 0: another raw block."""
    match = _OURS.fullmatch(raw)
    if match is None or [p.kind for p in _pieces(match[2])] != ["literal"]:
        return 0
    return len(match[1])


def _pieces(body: str) -> Iterator[_Piece]:
    """Cut `body` into pieces that together are `body`, in time linear in its length."""
    start = pos = 0
    open_raw = True  # a raw block that has no end makes the search for later ones pointless
    while match := _OPENER.search(body, pos):
        pos = match.start()
        if match[0][0] in "~`":
            code = _CODE.match(body, pos)
            pos = code.end() if code else match.end()
            continue
        kind, end = "literal", pos + 2
        if match[0] == "{{":
            # A raw block around the end of one would end there: then the braces alone are kept from being run.
            if (variable := _VARIABLE.match(body, pos)) and not _END_RAW.search(variable[0]):
                end = variable.end()
        elif open_raw and (raw := _RAW.match(body, pos)):
            if close := _END_RAW.search(body, raw.end()):
                kind, end = "raw", close.end()
            else:
                open_raw, end = False, raw.end()
        elif tag := _TAG.match(body, pos):
            end = tag.end()
            name = _NAME.match(tag[0])
            # A raw block cannot hold its own end, so a stray one stays what it is; an embed says of what, or it is
            # Jekyll's: {% comment %}.
            known = name and (name[1] in KNOWN or name[1] == "endraw")
            kind = (
                "known" if name and known and (name[1] not in EMBEDS or _SAYS.match(tag[0], name.end())) else "literal"
            )
        if start < pos:
            yield _Piece("text", body[start:pos])
        yield _Piece(kind, body[pos:end])
        start = pos = end
    if start < len(body):
        yield _Piece("text", body[start:])
