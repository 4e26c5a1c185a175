"""Code as Forem finds it: by pairs of backticks, before any Markdown is read, wherever they stand.

Source: forem/forem app/services/markdown_processor/parser.rb, `escape_liquid_tags_in_codeblock`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from gitsync.markdown.edits import Edit
from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import contents, line_starts

_PAIRS: Final = re.compile(r"\s*~{3}.*?~{3}|\s*`{3}.*?`{3}|`{2}.+?`{2}|`.+?`", re.DOTALL)
_PIECE: Final = re.compile(
    r"(?P<escaped>\\`)|\\\\|(?<!`)(?P<mark>`+)(?!`)(?P<code>.*?)(?<!`)(?P=mark)(?!`)|<[A-Za-z/!?][^<>]*>|(?P<lone>`+)",
    re.DOTALL,
)
_DEFINES: Final = re.compile(r"^ {0,3}\[(?=[^\]\n]+\]:[ \t]*\S+[ \t]*(?:[\"'(].*[\"')][ \t]*)?$)", re.MULTILINE)
"""A line that defines a link: Redcarpet takes it out of code, too."""

_ESCAPED: Final = re.compile(r"[\\*_\[\]~{}|]")


def ticks(body: str) -> Iterator[Edit]:
    """Yield what is no pair of backticks, or holds one, in a spelling without any, where Forem does not find all code.

    Code with a space at an edge is an element, too: Redcarpet takes that away.
    """
    if "`" not in body and "~~~" not in body:
        return
    is_astray = _astray(body) is not None
    yield from _fences(body, is_astray=is_astray)
    for token, places in contents(body, parsed(body)):
        if token.type != "inline" or "`" not in token.content:
            continue
        codes = [kid.content for kid in token.children or () if kid.type == "code_inline"]
        found = [match for match in _PIECE.finditer(token.content) if match.lastgroup]
        if sum(bool(match["mark"]) for match in found) != len(codes) or any(
            kid.type == "formula" for kid in token.children or ()
        ):
            continue
        for match in found:
            start, end = places.at(match.start()), places.at(match.end() - 1) + 1
            if match["mark"]:
                code = codes.pop(0)
                has_space = code != code.strip() and "\n" not in match[0]
                if has_space or (is_astray and (len(match["mark"]) > 1 or "`" in code)):
                    yield start, end, f"<code>{_words(code)}</code>"
            elif is_astray:
                yield start, end, "&#96;" * match[0].count("`")


def _words(code: str) -> str:
    return _ESCAPED.sub(r"\\\g<0>", escape(code, quote=False)).replace("`", "&#96;")


def _fences(body: str, *, is_astray: bool) -> Iterator[Edit]:
    """Yield the lines that begin and end a fence of another kind than three backticks; as HTML, if it has these in it.

    Forem writes before one of tildes on its line, so that it is none. Code that defines a link to Redcarpet is HTML.
    """
    starts = line_starts(body)
    for token in parsed(body):
        if token.type != "fence" or not token.map:
            continue
        first, last = starts[token.map[0]], starts[token.map[1] - 1]
        defines = _DEFINES.search(token.content) is not None
        if not defines and (not is_astray or (token.markup == "```" and "```" not in token.content)):
            continue
        if not defines and "```" not in token.content and last > first:
            for line in (first, last):
                at = body.find(token.markup[0] * 3, line)
                end = at + len(body[at:]) - len(body[at:].lstrip(token.markup[0]))
                yield at, end, "```"
        elif not token.level and last > first:
            name = token.info.split()[:1]
            kind = f' class="language-{escape(name[0])}"' if name else ""
            code = escape(token.content, quote=False).replace("`", "&#96;").rstrip("\n")
            code = _DEFINES.sub(lambda it: it[0].replace("[", "&#91;"), code)
            yield first, starts[token.map[1]] - 1, f"<pre><code{kind}>{code}\n</code></pre>"


def mistaken(body: str, sent: str) -> list[Loss]:
    """Return a loss where Forem takes other pieces of what is `sent` for code than a parser of Markdown does."""
    if _astray(sent) is None:
        return []
    at = _astray(body)
    message = "dev.to takes the text between two backticks for code, which begins or ends elsewhere"
    hint = "Write &#96; for a backtick that begins no code."
    return [Loss(code="CODE_MISTAKEN", message=message, offset=at or 0, hint=hint)]


def _astray(body: str) -> int | None:
    """Return where the first code of Forem's begins that is none, or not the same; None if there is no such."""
    if "`" not in body and "~~~" not in body:
        return None
    real = set(_codes(body))
    for match in _PAIRS.finditer(body):
        start = match.end() - len(match[0].lstrip())
        if (start, match.end()) not in real:
            return start
    return None


def _codes(body: str) -> Iterator[tuple[int, int]]:
    """Yield where code is, with its marks."""
    starts = line_starts(body)
    tokens = parsed(body)
    for token in tokens:
        if token.type == "fence" and token.map and token.markup == "```":
            yield body.find("```", starts[token.map[0]]), body.find("```", starts[token.map[1] - 1]) + 3
    for token, places in contents(body, tokens):
        if token.type == "inline" and "`" in token.content:
            for match in _PIECE.finditer(token.content):
                if match["mark"] and len(match["mark"]) < 3 and not match["code"].startswith("`"):
                    yield places.at(match.start()), places.at(match.end() - 1) + 1
