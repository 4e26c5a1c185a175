"""HTML as custom systems hold it: embeds are frames, and what Markdown cannot say stays HTML."""

from __future__ import annotations

import re
from typing import Final

from gitsync.markdown.embeds import respell
from gitsync.markdown.extensions import formulas
from gitsync.markdown.formats import Format, Written, compared
from gitsync.markdown.html import to_markdown
from gitsync.markdown.render import to_html, unused_notes

_TAG: Final = re.compile(r"<[A-Za-z]+[\s>/]|<[!?]")


def write(body: str) -> Written:
    """Return `body` as an HTML fragment; raw HTML in it is passed on."""
    written = Written(to_html(respell(body, "frame")), (*unused_notes(body), *formulas(body)))
    # Only tags that somebody wrote by hand can be broken.
    return compared(body, written, to_markdown) if _TAG.search(body) else written


FORMAT = Format(name="html", read=to_markdown, write=write)
