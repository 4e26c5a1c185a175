"""What GitHub, or a script of a site's own, understands beyond Markdown, and other platforms show as words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import unescape
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import new_parser, parsed, parser
from gitsync.markdown.sources import line_starts

_FORMULA = re.compile(r"(?<!\\)\$\$([^$]+?)\$\$|(?<![\\$])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_ID = re.compile(r"\{#([\w:.-]+)\}\s*$")
_TILDE = re.compile(r"(?<![\w~\\])~(?![\s~])")
_SUBSCRIPTS = frozenset({"Ghost"})
"""Platforms to which a word between tildes is a subscript, which `marks` tells."""
_TEX = re.compile(r"\\[A-Za-z]+|[\^_]|\\\\")


def extensions(body: str, platform: str) -> list[Loss]:
    """Return a loss for each name of a heading in `body`, each formula that Markdown changes, and for text that one
    tilde strikes out on GitHub.
    """
    return [*heading_names(body, platform), *formulas(body), *tildes(body, platform)]


def heading_names(body: str, platform: str) -> list[Loss]:
    """Return a loss for each heading that says its own name, as Hugo, kramdown and Pandoc take it."""
    if "{#" not in body:
        return []
    starts = line_starts(body)
    found = []
    tokens = parsed(body)
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open" and inline.map and (match := _ID.search(inline.content)):
            message = f"{platform} shows {match[0].strip()} as words"
            hint = "Take it out: a heading has its words for a name."
            found.append(Loss(code="ANCHOR_WORDS", message=message, offset=starts[inline.map[0]], hint=hint))
    return found


def formulas(body: str) -> list[Loss]:
    """Return a loss for each formula between dollars that would not be shown as it is written."""
    if body.count("$") < 2 or not _TEX.search(body):
        return []
    starts = line_starts(body)
    found = []
    for token in parsed(body):
        if token.type != "inline" or token.map is None:
            continue
        kids = [kid.meta for kid in token.children or () if kid.type == "formula"]
        if token.content.count("$") < 2 or (kids and kids[0]["end"] - kids[0]["start"] == len(token.content)):
            continue
        text = token.content
        for kid in reversed(kids):
            text = f"{text[: kid['start']]}x{text[kid['end'] :]}"
        for match in _FORMULA.finditer(_CODE.sub("", text)):
            formula = match[1] or match[2]
            if _TEX.search(formula) and _shown(formula) != " ".join(formula.split()):
                message = f"Markdown takes part of the formula {match[0][:60].strip()} for markup"
                hint = "Write it as code, or put a backslash before each of \\ * _ in it."
                found.append(Loss(code="MATH_CHANGED", message=message, offset=starts[token.map[0]], hint=hint))
    return found


def _shown(formula: str) -> str:
    """Return what a page shows of a text that is no formula to it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", parser().renderInline(formula))).split())


def tildes(body: str, platform: str) -> list[Loss]:
    """Return a loss where GitHub strikes text out for one tilde (`~x~`), and no platform does.

    Only tildes at the edges of words count: in "1~5" and "H~2~O" nobody means GitHub's line.
    """
    if not _TILDE.search(body):
        return []
    starts = line_starts(body)
    for token in _github().parse(body):
        kids = token.children or ()
        for at, kid in enumerate(kids):
            if token.map and kid.type == "s_open" and kid.markup == "~" and (words := _between_tildes(kids, at)):
                if platform in _SUBSCRIPTS and not re.search(r"\s", words):
                    continue
                message = f"GitHub strikes out {words[:40]!r}; {platform} does not"
                hint = "Write ~~ on both sides to strike it out, or a backslash before each tilde that is one."
                return [Loss(code="TILDE_WORDS", message=message, offset=starts[token.map[0]], hint=hint)]
    return []


def _between_tildes(kids: Sequence[Token], at: int) -> str:
    """Return the text that the tilde at `at` begins to strike out; "" if a word goes on outside of it."""
    ends = (index for index in range(at, len(kids)) if kids[index].type == "s_close")
    end = next(index for index in ends if kids[index].level == kids[at].level)
    before = kids[at - 1].content[-1:] if at else ""
    after = kids[end + 1].content[:1] if end + 1 < len(kids) else ""
    return "" if before.isalnum() or after.isalnum() else "".join(kid.content for kid in kids[at:end])


@cache
def _github() -> MarkdownIt:
    """Return a parser to which one tilde is a mark, too. Source: cmark-gfm, `extensions/strikethrough.c`."""
    md = new_parser()
    md.options["strikethrough_single_tilde"] = True
    return md
