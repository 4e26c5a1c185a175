"""An author's HTML that a platform takes out of posts before anybody sees it.

Sources: Forem app/sanitizers/rendered_markdown_scrubber.rb and its allowed tags; Hashnode/starter-kit
packages/utils/renderer/sanitizeHTMLOptions.js; what Medium's editor can hold.
"""

from __future__ import annotations

import re
from typing import Final

from gitsync.markdown.embeds import find
from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts, lines_of

_ACTIVE: Final = frozenset(
    {"applet", "audio", "canvas", "embed", "form", "input", "math", "object", "script", "select", "style", "svg"}
)
TAKEN_OUT: Final = {
    "dev.to": _ACTIVE | {"iframe"},
    "Hashnode": _ACTIVE | {"video"},
    "Medium": _ACTIVE | {"video"},
}
"""Elements of which nothing, or only their words, is left."""

_TAG: Final = re.compile(r"<([a-z]+)(?=[\s>/])", re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def stripped(body: str, platform: str) -> list[Loss]:
    """Return a loss for each kind of element in `body` that `platform`, one of TAKEN_OUT, takes out; not for embeds."""
    taken = TAKEN_OUT[platform]
    if not any(name.lower() in taken for name in _TAG.findall(body)):
        return []
    found: dict[str, Loss] = {}
    starts = line_starts(body)
    tokens = parsed(body)
    embeds = lines_of(((it.start, it.end) for it in find(body, tokens)), starts)
    for token in tokens:
        if token.map is None:
            continue
        offset = starts[token.map[0]]
        html = [token.content] if token.type == "html_block" else []
        html += [kid.content for kid in token.children or () if kid.type == "html_inline"]
        names = {name.lower() for name in _TAG.findall(_COMMENT.sub("", "".join(html)))} & taken
        if names and token.map[0] not in embeds:
            for name in sorted(names):
                message = f"{platform} takes <{name}> out of posts"
                found.setdefault(name, Loss(code="HTML_STRIPPED", message=message, offset=offset))
    return list(found.values())
