"""Lines of a paragraph, on platforms that break the line wherever its source has a line end: dev.to and Ghost.

Sources: Forem app/services/markdown_processor/parser.rb (`hard_wrap`); TryGhost/Koenig
packages/kg-markdown-html-renderer (`breaks`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gitsync.markdown.alerts import MARK
from gitsync.markdown.formats import Loss
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_places, line_starts, within

_MAY_WRAP = re.compile(r"[^\s][ \t]?\n[ \t>]*[^\s]")
_SOFT = re.compile(r"(?<!  |%\})(?<!\\)\n(?!\{%)")
"""Not beside a Liquid tag, which may have to stand alone."""
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|<[A-Za-z/][^<>]*>", re.DOTALL)


def broken(body: str, platform: str, but: Sequence[tuple[int, int]] = ()) -> list[Loss]:
    """Return a loss where `body` has a paragraph of several lines, which `platform` shows as such; not in `but`."""
    ends = (at for at, _ in _ends(body))
    is_told = within(but)
    at = next((at for at in ends if not is_told(at)), None)
    if at is None:
        return []
    message = f"{platform} breaks the line at every line end of a paragraph"
    hint = "Write a paragraph on one line, or set `join_lines = true` for the site."
    return [Loss(code="LINES_BROKEN", message=message, offset=at, hint=hint)]


def joined(body: str) -> str:
    """Return `body` with every paragraph on one line, but for the breaks that its author made."""
    out: list[str] = []
    position = 0
    for end, begin in _ends(body):
        out += [body[position:end].rstrip(" \t"), " "]
        position = begin
    return "".join([*out, body[position:]])


def _ends(body: str) -> Iterator[tuple[int, int]]:
    """Yield where each line of a paragraph ends that the next one goes on, and where that begins."""
    if not _MAY_WRAP.search(body):
        return
    starts = line_starts(body)
    tokens = parsed(body)
    for opened, inline in pairwise(tokens):
        if opened.type != "paragraph_open" or inline.map is None or "\n" not in inline.content:
            continue
        places = line_places(body, inline.content, starts, inline.map[0])
        mark = MARK.match(inline.content) if "[!" in inline.content else None
        held = _CODE.sub(lambda it: "x" * len(it[0]), inline.content)
        for kid in inline.children or ():
            if kid.type == "formula":
                begin, end = kid.meta["start"], kid.meta["end"]
                held = f"{held[:begin]}{'x' * (end - begin)}{held[end:]}"
        for it in _SOFT.finditer(held, mark.end() + 1 if mark else 0):
            yield places.at(it.start()), places.at(it.end())
