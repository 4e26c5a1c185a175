"""What an author's own HTML says of how the text looks, and a platform that keeps words and pictures alone does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gitsync.markdown.embeds import find
from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts, lines_of

_ELEMENTS: Final = frozenset({"big", "center", "font", "ins", "kbd", "mark", "small", "sub", "sup", "u"})
_ATTRIBUTES: Final = frozenset({"align", "bgcolor", "color", "height", "size", "style", "width"})
_TAG: Final = re.compile(r"<([a-z][a-z0-9]*)((?:\s[^<>]*)?)>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rf"\s({'|'.join(sorted(_ATTRIBUTES))})\s*=", re.IGNORECASE)


def looks(body: str, platform: str, kept: str) -> list[Loss]:
    """Return a loss for each kind of tag and attribute in `body` that says how text looks, and that `kept`, the HTML
    which `platform` is sent, has nowhere; not for embeds.
    """
    found: dict[str, Loss] = {}
    starts = line_starts(body)
    tokens = parsed(body)
    embeds = lines_of(((it.start, it.end) for it in find(body, tokens)), starts)
    for token in tokens:
        if token.map is None or token.map[0] in embeds:
            continue
        html = [token.content] if token.type == "html_block" else []
        html += [kid.content for kid in token.children or () if kid.type == "html_inline"]
        for said, shown in _said("".join(html)):
            if said not in kept and said not in found:
                found[said] = Loss(
                    code="HTML_STRIPPED", message=f"{platform} takes {shown} out of posts", offset=starts[token.map[0]]
                )
    return list(found.values())


def _said(html: str) -> Iterator[tuple[str, str]]:
    """Yield how each tag or attribute begins in HTML, and how it is called in a message."""
    for match in _TAG.finditer(html):
        if (name := match[1].lower()) in _ELEMENTS:
            yield f"<{name}", f"<{name}>"
        for attribute in _ATTRIBUTE.findall(match[2]):
            yield f" {attribute.lower()}=", f"{attribute.lower()}=…"


def gone(kept: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the elements, and the attributes, that `looks` tells wherever they are, as `kept` has them nowhere."""
    elements = frozenset(name for name in _ELEMENTS if f"<{name}" not in kept)
    return elements, frozenset(name for name in _ATTRIBUTES if f" {name}=" not in kept)
