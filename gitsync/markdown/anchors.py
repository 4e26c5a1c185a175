"""Names of headings, for links within a post: files have those of GitHub, each platform has its own.

Where the platform renders, links are spelled with the names that it gives.
Sources: GitHub/cmark-gfm's pages; Forem app/lib/redcarpet/render/html_rouge.rb; Hashnode/starter-kit
packages/utils/renderer/headingSlugger.ts; TryGhost/Koenig packages/kg-utils.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from unicodedata import category, normalize
from urllib.parse import unquote

from gitsync.markdown.links import Link, rewrite

if TYPE_CHECKING:
    from markdown_it.token import Token

MAY_LINK: Final = re.compile(r"\]\(\s*<?#|\]:\s*<?#|href\s*=\s*[\"']?#", re.IGNORECASE)
_OWN = re.compile(r"<[^<>]+\b(?:id|name)\s*=\s*[\"']?([^\s\"'<>]+)", re.IGNORECASE)
_SHOWN: Final = frozenset({"text", "text_special", "code_inline", "formula"})
_SAID: Final = _SHOWN | {"softbreak", "hardbreak"}


def of_github(text: str) -> str:
    """Return the name of a heading that says `text`, as GitHub makes it."""
    kept = (c for c in text.lower() if c in "-_ " or c.isalnum() or category(c)[0] == "M" or category(c) == "Pc")
    return "".join(kept).replace(" ", "-")


def of_forem(text: str) -> str:
    kept = (c for c in text.lower() if category(c)[0] != "P" and c not in "$+<=>^`|~" and not _is_emoji(c))
    return re.sub(r"\s+", "-", "".join(kept).strip())


def of_hashnode(text: str) -> str | None:
    """Return Hashnode's name of a heading; None for letters that it spells in Latin by a table of its own."""
    plain = "".join(c for c in normalize("NFKD", text) if category(c)[0] != "M")
    if any(c.isalpha() and not c.isascii() for c in plain):
        return None
    return "heading-" + re.sub(r"\s+", "-", re.sub(r"[^a-z0-9\s]", "", plain.lower()).strip())


def of_ghost(text: str) -> str:
    words = re.sub(r"\s+", "-", re.sub(r"[\]\[!\"#$%&'()*+,./:;<=>?@\\^_{|}~]", "", text.strip().lower()))
    return re.sub(r"^-|-{2,}|-$", "", words)


def _is_emoji(char: str) -> bool:
    return category(char) == "So" or char in "\u200d\ufe0f" or "\U0001f3fb" <= char <= "\U0001f3ff"


class Style(NamedTuple):
    """How a platform names headings: `of` one (None: nobody knows); `numbered` if a second of a name gets a number."""

    of: Callable[[str], str | None]
    numbered: bool


GITHUB: Final = Style(of_github, numbered=True)
FOREM: Final = Style(of_forem, numbered=False)
HASHNODE: Final = Style(of_hashnode, numbered=True)
GHOST: Final = Style(of_ghost, numbered=False)


def names(texts: Iterable[str], style: Style = GITHUB) -> list[str | None]:
    """Return the name of each heading of a post, given what all of them say, in order."""
    count: dict[str, int] = {}
    out: list[str | None] = []
    for text in texts:
        name = style.of(" ".join(text.split()))
        if name is not None and style.numbered:
            plain, number = name, count.get(name, -1) + 1
            while number and name in count:
                name, number = f"{plain}-{number}", number + 1
            count[plain] = max(number - 1, count.get(plain, 0))
            count.setdefault(name, 0)
        out.append(name)
    return out


def headings(tokens: Sequence[Token]) -> list[str]:
    """Return what each heading of a parsed body says."""
    return [
        "".join(kid.content if kid.type in _SHOWN else " " for kid in inline.children or () if kid.type in _SAID)
        for opened, inline in pairwise(tokens)
        if opened.type == "heading_open"
    ]


def own_names(tokens: Sequence[Token]) -> set[str]:
    """Return the names that the author's own HTML has."""
    html = (token.content for token in all_tokens(tokens) if token.type in ("html_inline", "html_block"))
    return {unescape(name) for text in html for name in _OWN.findall(text)}


def all_tokens(tokens: Sequence[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def respelled(body: str, style: Style, *, back: bool = False) -> str:
    """Return `body` with its links to its own headings as a platform names them; `back`: as GitHub does."""
    if not MAY_LINK.search(body):
        return body
    from gitsync.markdown.parser import parsed  # noqa: PLC0415  70 ms that most runs do not need

    tokens = parsed(body)
    texts = headings(tokens)
    here, there = names(texts), names(texts, style)
    own, times = own_names(tokens), Counter(there)
    pairs = [(a, b) for a, b in zip(here, there, strict=True) if a and b and times[b] == 1 and a not in own]
    new = {b: a for a, b in pairs} if back else dict(pairs)

    def moved(link: Link) -> str | None:
        name = new.get(unquote(link.url[1:])) if link.url.startswith("#") else None
        return None if name is None or name == unquote(link.url[1:]) else f"#{name}"

    return rewrite(body, moved)
