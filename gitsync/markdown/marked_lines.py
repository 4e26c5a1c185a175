"""What Hashnode's early marked makes of the text in a line, as HTML: enough of it to know which page it shows.

Written from what it does. Source: Hashnode/starter-kit packages/utils/renderer/marked.js, which was run beside it.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from typing import Final

_PLAIN: Final = re.compile(r".+?(?=[\\<!\[_*`~]|https?://| {2,}\n|\Z)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\([\\`*{}\[\]()#+\-.!_>~|])")
_TEX: Final = re.compile(r"\\\\\(([^$]+?)\\\\\)(?!\\\\\()")
_ADDRESS: Final = re.compile(r"<([^ >]+)>")
_OF_MAIL: Final = re.compile(r".+(@|:/).", re.DOTALL)
_TAG: Final = re.compile(r"<!--.*?-->|</?[A-Za-z0-9_]+(?:\"[^\"]*\"|'[^']*'|[^'\">])*?>", re.DOTALL)
_INSIDE: Final = r"(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*"
_HREF: Final = r"<(?:\\[<>]?|[^\s<>\\])*>|(?:\\[()]?|\([^\s\x00-\x1f()\\]*\)|[^\s\x00-\x1f()\\])*?"
_LINK: Final = re.compile(rf"!?\[({_INSIDE})\]\(\s*({_HREF})\s*(align=\"(?:center|left|right)\")?\s*\)")
_REFERENCE: Final = re.compile(rf"!?\[({_INSIDE})\]\s*\[([^\]]*)\]")
_SHORT: Final = re.compile(r"!?\[((?:\[[^\]]*\]|[^\[\]])*)\]")
_STRONG: Final = re.compile(r"(\*\*|__)(.+?)\1(?!(?<=_)_|(?<=\*)\*)", re.DOTALL)
_UNDERSCORES: Final = re.compile(r"_((?:[^_]|__)+?)_(?![A-Za-z0-9_])")
_TICKS: Final = re.compile("`+")
_BREAK: Final = re.compile(r" {2,}\n(?!\s*\Z)")
_STRUCK: Final = re.compile(r"~~(?=\S)(.*?\S)~~", re.DOTALL)
_ENTITY: Final = re.compile(r"&(?!#?[A-Za-z0-9_]+;)")

Links = Mapping[str, str]
"""The address that each label stands for, the label in small letters."""


def line_as_html(text: str, links: Links) -> str:
    """Return the text of a paragraph, a heading or a cell as marked shows it, before HTML is taken out."""
    out: list[str] = []
    at = 0
    while at < len(text):
        for rule in _RULES.get(text[at], ()):
            if found := rule(text, at, links):
                shown, at = found
                out.append(shown)
                break
        else:
            match = _PLAIN.match(text, at)
            at, piece = (match.end(), match[0]) if match else (at + 1, text[at])
            out.append(_text(piece))
    return "".join(out)


def _text(text: str) -> str:
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


Rule = Callable[[str, int, Links], tuple[str, int] | None]


def _tex(text: str, at: int, _: Links) -> tuple[str, int] | None:
    match = _TEX.match(text, at)
    return (f"\\({match[1]}\\)", match.end()) if match else None


def _escaped(text: str, at: int, _: Links) -> tuple[str, int] | None:
    match = _ESCAPE.match(text, at)
    return (match[1], match.end()) if match else None


def _address(text: str, at: int, _: Links) -> tuple[str, int] | None:
    match = _ADDRESS.match(text, at) if text.find(">", at) >= 0 else None
    kind = _OF_MAIL.match(match[1]) if match else None
    if match is None or kind is None:
        return None
    is_mail = kind[1] == "@"
    shown = match[1][7:] if is_mail and match[1][6:7] == ":" else match[1]
    href = f"mailto:{shown}" if is_mail else shown
    return f'<a href="{escape(href)}">{_text(shown)}</a>', match.end()


def _tag(text: str, at: int, _: Links) -> tuple[str, int] | None:
    match = _TAG.match(text, at) if text.find(">", at) >= 0 else None
    return (match[0], match.end()) if match else None


def _link(text: str, at: int, links: Links) -> tuple[str, int] | None:
    if match := _LINK.match(text, at) if text.find("](", at) >= 0 else None:
        return _linked(match[0], match[1], _quoted(match[2]), links), match.end()
    # Without an end there is none, and both patterns would look for it from every bracket, once for each in it.
    match = (_REFERENCE.match(text, at) or _SHORT.match(text, at)) if text.find("]", at) >= 0 else None
    if match is None:
        return None
    label = (match.groups()[-1] or match[1]).lower()
    if href := links.get(re.sub(r"\s+", " ", label)):
        return _linked(match[0], match[1], _quoted(href), links), match.end()
    return text[at], at + 1


def _quoted(href: str) -> str:
    return _text(href).replace('"', "&quot;")


def _linked(whole: str, inside: str, href: str, links: Links) -> str:
    if whole[0] == "!":
        return f'<img src="{href}" alt="{_text(inside).replace(chr(34), "&quot;")}">'
    return f'<a href="{href}">{line_as_html(inside, links)}</a>'


def _strong(text: str, at: int, links: Links) -> tuple[str, int] | None:
    match = _STRONG.match(text, at)
    return (f"<strong>{line_as_html(match[2], links)}</strong>", match.end()) if match else None


def _underscored(text: str, at: int, links: Links) -> tuple[str, int] | None:
    match = _UNDERSCORES.match(text, at)
    return (f"<em>{line_as_html(match[1], links)}</em>", match.end()) if match else None


def _starred(text: str, at: int, links: Links) -> tuple[str, int] | None:
    end = _closing_star(text, at + 1)
    return (f"<em>{line_as_html(text[at + 1 : end], links)}</em>", end + 1) if end >= 0 else None


def _closing_star(text: str, begin: int) -> int:
    """Return where the star is that ends what begins after one; pairs are passed over, unless nothing else is left."""
    at = text.find("*", begin)
    last = -1
    while at >= 0:
        end = at
        while text.startswith("*", end):
            end += 1
        if (end - at) % 2 and (at > begin or end - at > 2):
            return end - 1
        if end - begin > 1:
            last = end - 1
        at = text.find("*", end)
    return last


def _coded(text: str, at: int, _: Links) -> tuple[str, int] | None:
    """Read code up to as many backticks as it begins with, or to fewer, of which the others are code then."""
    ticks, end = _ticks(text), at
    while text.startswith("`", end):
        end += 1
    for many in sorted((it for it in ticks if it <= end - at), reverse=True):
        places = ticks[many]
        first = bisect(places, end)
        closes = places[first : first + 2]
        begin = at + many
        while begin < len(text) and text[begin].isspace():
            begin += 1
        if closes[:1] == [begin]:  # nothing is between them: the next ones, if there are any
            if len(closes) == 1 and begin > at + many:
                return f"<code>{escape(text[begin - 1])}</code>", begin + many
            del closes[0]
        if closes:
            code = text[begin : closes[0]]
            bare = code.rstrip()
            return f"<code>{escape(code[: len(bare) + bare.endswith('`')])}</code>", closes[0] + many
    return None


@lru_cache(4)
def _ticks(text: str) -> dict[int, list[int]]:
    """Return where runs of backticks begin, by their length."""
    runs: dict[int, list[int]] = {}
    for match in _TICKS.finditer(text):
        runs.setdefault(len(match[0]), []).append(match.start())
    return runs


def _broken(text: str, at: int, _: Links) -> tuple[str, int] | None:
    match = _BREAK.match(text, at)
    return ("<br>", match.end()) if match else None


def _struck(text: str, at: int, links: Links) -> tuple[str, int] | None:
    match = _STRUCK.match(text, at)
    return (f"<del>{line_as_html(match[1], links)}</del>", match.end()) if match else None


_RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "\\": (_tex, _escaped),
    "<": (_address, _tag),
    "!": (_link,),
    "[": (_link,),
    "_": (_strong, _underscored),
    "*": (_strong, _starred),
    "`": (_coded,),
    " ": (_broken,),
    "~": (_struck,),
}
"""What may begin with each sign, in marked's order."""
