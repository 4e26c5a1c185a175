"""What GitHub, or a script of a site's own, understands beyond Markdown, and other platforms show as words."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parser
from gitsync.markdown.sources import line_starts

_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][+-]?(?:[ \t]+[^\n]*)?$", re.IGNORECASE | re.MULTILINE)
_FORMULA = re.compile(r"(?<!\\)\$\$([^$]+?)\$\$|(?<![\\$])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_ID = re.compile(r"\{#([\w:.-]+)\}\s*$")
_TEX = re.compile(r"\\[A-Za-z]+|[\^_]|\\\\")


def extensions(body: str, platform: str) -> list[Loss]:
    """Return a loss for each alert of `body`, each name of a heading, each formula that Markdown changes."""
    return [*alerts(body, platform), *heading_names(body, platform), *formulas(body)]


def heading_names(body: str, platform: str) -> list[Loss]:
    """Return a loss for each heading that says its own name, as Hugo, kramdown and Pandoc take it."""
    if "{#" not in body:
        return []
    starts = line_starts(body)
    found = []
    tokens = parser().parse(body)
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open" and inline.map and (match := _ID.search(inline.content)):
            message = f"{platform} shows {match[0].strip()} as words"
            hint = "Take it out: a heading has its words for a name."
            found.append(Loss(code="ANCHOR_WORDS", message=message, offset=starts[inline.map[0]], hint=hint))
    return found


def alerts(body: str, platform: str) -> list[Loss]:
    """Return a loss for each alert, as GitHub has them."""
    if not _ALERT.search(body):
        return []
    starts = line_starts(body)
    tokens = parser().parse(body)
    found = []
    for quote, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        begins = quote.type == "blockquote_open" and paragraph.type == "paragraph_open" and inline.map
        if begins and (match := _ALERT.match(inline.content)):
            message = f"{platform} has no alerts: [!{match[1].upper()}] is shown as words in a quote"
            found.append(Loss(code="ALERT_WORDS", message=message, offset=starts[begins[0]]))
    return found


def formulas(body: str) -> list[Loss]:
    """Return a loss for each formula between dollars that would not be shown as it is written."""
    if body.count("$") < 2 or not _TEX.search(body):
        return []
    starts = line_starts(body)
    found = []
    for token in parser().parse(body):
        if token.type != "inline" or token.map is None:
            continue
        for match in _FORMULA.finditer(_CODE.sub("", token.content)):
            formula = match[1] or match[2]
            if _TEX.search(formula) and _shown(formula) != " ".join(formula.split()):
                message = f"Markdown takes part of the formula {match[0][:60].strip()} for markup"
                hint = "Write it as code, or put a backslash before each of \\ * _ in it."
                found.append(Loss(code="MATH_CHANGED", message=message, offset=starts[token.map[0]], hint=hint))
    return found


def _shown(formula: str) -> str:
    """Return what a page shows of a text that is no formula to it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", parser().renderInline(formula))).split())
