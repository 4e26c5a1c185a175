"""Definition lists: lines in files, `<dl>` where a platform's Markdown has none but leaves HTML alone.

Sources: Forem `app/services/markdown_processor/allowed_tags.rb`; Hashnode/starter-kit `sanitizeHTMLOptions.js`;
TryGhost/Koenig packages/kg-markdown-html-renderer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.render import render_tokens, tokens_of
from gitsync.markdown.sources import bounds, line_starts

_MAY: Final = re.compile(r"^[ \t>]*[:~][ \t]", re.MULTILINE)
_APART: Final = re.compile(r"[ \t]*(?:\n[ \t]*\n|\n?\Z)")
_ELEMENT: Final = re.compile(r"<dl>\n.*</dl>\s*", re.DOTALL)


def to_elements(body: str) -> str:
    """Return `body` with its definition lists as HTML, those on the first level that a piece of HTML can hold."""
    out, done = [], 0
    for start, end, html in _lists(body):
        if html is not None:
            gap = "" if _APART.match(body, end) else "\n"
            out += [body[done:start], html, gap]
            done = end
    return "".join([*out, body[done:]])


def flat(body: str, platform: str) -> list[Loss]:
    """Return a loss where a definition list is words on a platform to which the others are sent as HTML."""
    for start, _, html in _lists(body):
        if html is None:
            message = f"{platform} has no definition lists like this one: it is shown as words"
            hint = "Write it as a list or a table."
            return [Loss(code="DEFS_FLAT", message=message, offset=start, hint=hint)]
    return []


def _lists(body: str) -> Iterator[tuple[int, int, str | None]]:
    """Yield where each definition list is, and it as HTML: None in others, with blank lines, footnotes or formulas."""
    if not _MAY.search(body):
        return
    starts = line_starts(body)
    tokens = tokens_of(body)
    for at, token in enumerate(tokens):
        if token.type != "dl_open" or token.map is None:
            continue
        end = next(n for n in range(at, len(tokens)) if tokens[n].type == "dl_close" and tokens[n].level == token.level)
        html = render_tokens(tokens[at : end + 1]).strip()
        fits = not token.level and "\n\n" not in html and not re.search('footnote-ref|class="math', html)
        yield *bounds(body, starts, token.map), html if fits else None


def from_elements(body: str, to_markdown: Callable[[str], str]) -> str:
    """Return `body` with the definition lists that are HTML as lines, where these say all of them."""
    if "<dl>" not in body:
        return body
    starts = line_starts(body)
    out, done = [], 0
    for token in parsed(body):
        if token.type == "html_block" and token.level == 0 and token.map and _ELEMENT.fullmatch(token.content):
            said = to_markdown(token.content).rstrip("\n")
            if not said.startswith("<"):
                start, end = bounds(body, starts, token.map)
                out += [body[done:start], said]
                done = end
    return "".join([*out, body[done:]])
