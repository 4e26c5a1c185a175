"""The page that a body is, the same for all that show the same embeds, however these are spelled: to compare by."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from gitsync.markdown.embeds import FRAME, respelled
from gitsync.markdown.github import as_github
from gitsync.markdown.providers import Embed, embed_of
from gitsync.markdown.render import to_html

_FRAME: Final = re.compile(FRAME, re.IGNORECASE)
_WRAPPED: Final = re.compile(r"<(p|div|figure)\b[^<>]*>\s*(<\?[^<>]* \?>)\s*</\1>", re.IGNORECASE)
"""What is around a frame alone: that it is gone, `unwrapped` tells."""

_X: Final = re.compile(r"https?://(?:mobile\.|www\.)?(?:x|twitter)\.com/(?=\w+/status/)", re.IGNORECASE)


def page(body: str) -> str:
    """Return `body` as HTML with a sign for each frame, in text too, and an address for each other embed."""
    html = to_html(respelled(as_github(body), _sign, keeping=""))
    return _WRAPPED.sub(r"\2", _X.sub("https://twitter.com/", _FRAME.sub(_framed, html)))


def _sign(embed: Embed) -> str:
    """Return what stands for an embed: a paragraph ends before an instruction, and goes on after it."""
    return f"<?{embed.frame} ?>" if embed.frame else f"<{embed.url}>"


def _framed(frame: re.Match[str]) -> str:
    embed = embed_of(unescape(frame[1] or frame[2]), alone=True)
    return _sign(embed) if embed else frame[0]
