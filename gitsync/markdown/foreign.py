"""Template text, shortcodes and kept cards that one platform alone understands: told for every other one.

They are sent as they are. Nothing inside code or comments counts. Sources: forem/forem `app/liquid_tags`; gohugo.io
shortcodes; kramdown's syntax; help.obsidian.md, "Internal links" and "Embed files"; wordpress-develop
`wp-includes/media.php` and `shortcodes.php` for WordPress' own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.embeds import find
from gitsync.markdown.formats import Loss
from gitsync.markdown.ghost_nodes import KEPT
from gitsync.markdown.github import tag_places
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts, lines_of

_TAGS: Final = {
    "liquid": re.compile(r"(?<!\{)\{%-?\s*(?!end)(?P<name>\w+)[^\n]{0,300}?%\}"),
    "jekyll": re.compile(
        r"\{\{-?\s*(?P<name>(?:site|page|layout)\.\w+|[\"'][^\"'\n{}]{1,300}[\"']\s*\|\s*(?:relative|absolute)_url)"
        r"[^\n{}]{0,300}\}\}"
    ),
    "hugo": re.compile(r"\{\{[<%]\s*(?P<name>[\w./-]+)[^\n]{0,300}?[%>]\}\}"),
    "hashnode": re.compile(r"(?<![\w%])(?P<name>%\[)https?://[^\s\]]+\]"),
    "kramdown": re.compile(
        r"(?P<name>\{:)(?:\s*(?:[.#][\w-]+|[\w-]+=(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'|\w+)|toc)){1,9}\s*\}"
    ),
    "wordpress": re.compile(
        r"(?<![\\\]!\w])\[(?P<name>gallery|(?:caption|audio|video|playlist)(?=\s+\w+=)|embed(?=\]https?:|\s+\w+=))"
        r"(?:\s[^\]\n]{0,300})?\](?![(\[:])"
    ),
}
"""How a tag of each language begins; end tags are told with those that they end."""

_NOTES: Final = re.compile(r"(?<![\w\]!\\])(?P<name>!?\[\[)(?=[^\s\[\]])[^\[\]\n\0]{1,300}(?<!\s)\]\](?![(\[:\]])")
"""Obsidian's links to notes, and what it shows of them in place."""

_CARDS: Final = {
    "ghost": KEPT,
    "wordpress block": re.compile(r"<!--\s+wp:(?P<name>[\w/-]+)\s(?:\{.{0,2000}?\}\s)?/-->"),
}
"""Cards that one platform alone has; they are comments everywhere else."""

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def foreign(
    body: str, platform: str, own: Collection[str] = (), shown: Sequence[tuple[int, int]] | None = None
) -> list[Loss]:
    """Return a loss for each kind of tag in `body` that `platform` shows as words, and each card that it cannot show.

    `own` are languages that the platform itself runs: "liquid", "hugo", "hashnode", "wordpress", "ghost". `shown` is
    where tags are that it shows as what they mean; every embed if nobody says.
    """
    if not re.search(r"\{%|\{\{|\{:|%\[|<!--|\[\[|\[(?:gallery|caption|audio|video|playlist|embed)\b", body):
        return []
    found: dict[str, Loss] = {}
    starts = line_starts(body)
    tokens = parsed(body)
    understood = [(it.start, it.end) for it in find(body, tokens)] if shown is None else [*shown]
    plain = lines_of((*understood, *tag_places(body)), starts)
    for token in tokens:
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        for language, name, words, line in _in(token, own):
            if token.map[0] + line not in plain:
                offset = starts[token.map[0] + line]
                found.setdefault(f"{language} {name}", _loss(language, name, words, platform, offset))
    return list(found.values())


def _in(token: Token, own: Collection[str]) -> Iterator[tuple[str, str, str, int]]:
    """Yield the language, the name, the words and the line of each tag, and each card, of a piece of the text."""
    text = _without_code(token)
    words = _COMMENT.sub(lambda it: _blank(it[0]), text)
    kinds = [(name, pattern, words) for name, pattern in _TAGS.items() if name not in own]
    kinds += [(name, pattern, text) for name, pattern in _CARDS.items() if name.split()[0] not in own]
    plain = _plain(token)
    for match, line in _with_lines(_NOTES, words):
        if match[0] in plain:
            yield "obsidian", match[1], match[0], line
    for name, pattern, source in kinds:
        for match, line in _with_lines(pattern, source):
            yield name, match[1], match[1] if name in _CARDS else match[0], line


def _with_lines(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each match and its line, counted on from the last one: a paragraph may hold thousands of tags."""
    line = at = 0
    for match in pattern.finditer(text):
        line, at = line + text.count("\n", at, match.start()), match.start()
        yield match, line


def _plain(token: Token) -> str:
    """Return the words of a piece of the text, with a sign that no word has for all that is not words."""
    return "".join(kid.content if kid.type == "text" else "\0" for kid in token.children or ())


def _without_code(token: Token) -> str:
    """Return the source of a piece of the text with blanks where it has code."""
    text, out, at = token.content, "", 0
    for kid in token.children or ():
        if kid.type != "code_inline":
            continue
        mark = re.compile(f"(?<!`){kid.markup}(?!`)")
        begin = mark.search(text, at)
        while begin and (end := mark.search(text, begin.end())):
            if text[begin.end() : end.start()].replace("\n", " ").strip() == kid.content.strip():
                out += text[at : begin.start()] + _blank(text[begin.start() : end.end()])
                at = end.end()
                break
            begin = end
    return out + text[at:]


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _loss(language: str, name: str, shown: str, platform: str, offset: int) -> Loss:
    if language in _CARDS:
        kind = "a card of Ghost's" if language == "ghost" else "a block of WordPress'"
        return Loss(code="CARD_UNSEEN", message=f"{platform} does not show {name}, {kind}", offset=offset)
    shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
    message = f"{platform} has no {shown}: it is shown as words"
    hint = "Write it as Markdown, or as code if it is meant as words."
    return Loss(code="TAG_WORDS", message=message, offset=offset, hint=hint)
