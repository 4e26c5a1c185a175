"""Template text, shortcodes and kept cards that one platform alone understands: told for every other one.

They are sent as they are. Nothing inside code or comments counts. Sources: forem/forem `app/liquid_tags`; gohugo.io
shortcodes; wordpress-develop `wp-includes/media.php` and `shortcodes.php` for the ones WordPress itself has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.embeds import find
from gitsync.markdown.formats import Loss
from gitsync.markdown.ghost_nodes import KEPT
from gitsync.markdown.parser import parser
from gitsync.markdown.sources import line_starts

_TAGS: Final = {
    "liquid": re.compile(r"(?<!\{)\{%-?\s*(?!end|raw\b)(?P<name>\w+)[^\n]{0,300}?%\}"),
    "hugo": re.compile(r"\{\{[<%]\s*(?P<name>[\w./-]+)[^\n]{0,300}?[%>]\}\}"),
    "wordpress": re.compile(
        r"(?<![\\\]!\w])\[(?P<name>gallery|(?:caption|audio|video|playlist)(?=\s+\w+=)|embed(?=\]https?:|\s+\w+=))"
        r"(?:\s[^\]\n]{0,300})?\](?![(\[:])"
    ),
}
"""How a tag of each language begins; end tags are told with those that they end."""

_DYNAMIC: Final = re.compile(r"<!--\s+wp:(?P<name>[\w/-]+)\s(?:\{.{0,2000}?\}\s)?/-->")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def foreign(body: str, platform: str, own: Collection[str] = ()) -> list[Loss]:
    """Return a loss for each kind of tag in `body` that `platform` shows as words, and each card that it cannot show.

    `own` are the languages that the platform itself runs: "liquid", "hugo", "wordpress", "ghost".
    """
    if not re.search(r"\{%|\{\{[<%]|<!--|\[(?:gallery|caption|audio|video|playlist|embed)\b", body):
        return []
    found: dict[str, Loss] = {}
    starts = line_starts(body)
    tokens = parser().parse(body)
    embeds = [(it.start, it.end) for it in find(body, tokens)]
    for token in tokens:
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        offset = starts[token.map[0]]
        for language, name, shown in _in(token, own):
            if not any(start <= offset < end for start, end in embeds):
                found.setdefault(f"{language} {name}", _loss(language, name, shown, platform, offset))
    return list(found.values())


def _in(token: Token, own: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the language, the name and the first words of each tag, and each card, of a piece of the text."""
    text = token.content
    parts = [kid.content or "\n" for kid in token.children or () if kid.type != "code_inline"] or [text]
    words = _COMMENT.sub("", "".join(parts))
    for language, pattern in _TAGS.items():
        if language not in own:
            yield from ((language, it["name"], it[0]) for it in pattern.finditer(text) if it[0] in words)
    if "ghost" not in own:
        yield from (("ghost", it[1], it[1]) for it in KEPT.finditer(text))
    if "wordpress" not in own:
        yield from (("block", it["name"], it["name"]) for it in _DYNAMIC.finditer(text))


def _loss(language: str, name: str, shown: str, platform: str, offset: int) -> Loss:
    if language in ("ghost", "block"):
        kind = "a card of Ghost's" if language == "ghost" else "a block of WordPress'"
        return Loss(code="CARD_UNSEEN", message=f"{platform} does not show {name}, {kind}", offset=offset)
    shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
    message = f"{platform} has no {shown}: it is shown as words"
    hint = "Write it as Markdown, or as code if it is meant as words."
    return Loss(code="TAG_WORDS", message=message, offset=offset, hint=hint)
