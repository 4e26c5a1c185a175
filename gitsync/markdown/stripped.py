"""What a platform takes out of posts before anybody sees it: an author's HTML, and what its own Markdown would be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.embeds import find
from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sanitizers import LETS, Lets
from gitsync.markdown.sources import line_starts, lines_of

_TAG: Final = re.compile(r"<([a-z][a-z0-9-]*)((?:[\s/](?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?)>", re.IGNORECASE)
_VALUE: Final = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_NAME: Final = re.compile(r"[a-z_:][\w:.-]*", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
WHOLE: Final = ("svg", "math", "script", "style", "object", "select", "template")
"""Elements that are gone with all that is in them."""

_WHOLE: Final = re.compile(rf"(<(?P<of>{'|'.join(WHOLE)})\b[^<>]*>).*?</(?P=of)\s*>", re.S | re.I)

WRAPPER: Final = re.compile(r"<(\w+)\s[^<>]*>\s*(?=<iframe\b)", re.IGNORECASE)
"""An element around a frame that says how it looks."""


def stripped(body: str, platform: str) -> list[Loss]:
    """Return a loss for each kind of element and attribute in the HTML of `body` that `platform`, one of LETS, takes
    out; and for each kind that its Markdown would be. Not for embeds, which are its own.
    """
    lets = LETS[platform]
    found: dict[str, Loss] = {}
    starts = line_starts(body)
    tokens = parsed(body)
    embeds = lines_of(((it.start, it.end) for it in find(body, tokens)), starts) if "<" in body else set()
    offset = 0
    for token in tokens:
        offset = starts[token.map[0]] if token.map else offset
        for code, message in _of_markdown(token, lets, platform):
            found.setdefault(message, Loss(code=code, message=message, offset=offset))
        html = [token.content] if token.type == "html_block" else []
        html += [kid.content for kid in token.children or () if kid.type == "html_inline"]
        if html and token.map and token.map[0] not in embeds:
            for said in _taken("".join(html), lets):
                message = f"{platform} takes {said} out of posts"
                found.setdefault(said, Loss(code="HTML_STRIPPED", message=message, offset=offset))
    return list(found.values())


def _taken(html: str, lets: Lets) -> Iterator[str]:
    """Yield what `lets` takes out of a piece of HTML, as a message calls it; elements in the order of their names."""
    html = _WHOLE.sub(r"\1", _UNSEEN.sub("", html))
    tags = [(match[1].lower(), match[2]) for match in _TAG.finditer(html)]
    yield from (f"<{name}>" for name in sorted({name for name, _ in tags if not lets.has(name)}))
    for element, rest in tags:
        if lets.has(element):
            for name in _NAME.findall(_VALUE.sub(" ", rest)):
                if not lets.has(element, name.lower()):
                    yield f"{name.lower()}=… of <{element}>"


def _of_markdown(token: Token, lets: Lets, platform: str) -> Iterator[tuple[str, str]]:
    """Yield the code and the message of what a token would be that the platform takes out."""
    if lets.attributes is None:
        return
    kids = token.children or ()
    if not lets.has("del") and any(kid.type == "s_open" for kid in kids):
        yield "STRIKE_LOST", f"{platform} has no text struck through"
    titled = {kid.tag for kid in kids if kid.type in ("link_open", "image") and kid.attrs.get("title")}
    if any(not lets.has(element, "title") for element in titled):
        yield (
            "TITLE_LOST",
            f'{platform} has no titles of links and pictures: the one in [words](address "title") is gone',
        )
    if token.type == "ordered_list_open" and token.attrs.get("start", 1) != 1 and not lets.has("ol", "start"):
        yield "LIST_RENUMBERED", f"{platform} numbers every list from 1"
    if token.type == "th_open" and token.attrs.get("style") and not lets.has("th", "align"):
        yield "CELLS_UNALIGNED", f"{platform} has no alignment of columns"


def unwrapped(body: str, platform: str) -> list[Loss]:
    """Return a loss where `platform` shows an embed without the element around its frame, which says how it looks."""
    if "<iframe" not in body.lower():
        return []
    for start, end, _, spelling in find(body, parsed(body)):
        if spelling == "frame" and (match := WRAPPER.match(body, start, end)):
            message = f"{platform} shows an embed without the <{match[1].lower()}> around its frame"
            return [Loss(code="HTML_STRIPPED", message=message, offset=start)]
    return []
