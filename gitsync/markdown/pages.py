"""The page that a body is, the same for all that show the same embeds, however these are spelled: to compare by."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from gitsync.markdown.embeds import in_html, respelled
from gitsync.markdown.github import as_github
from gitsync.markdown.kept import ROOM, Kept
from gitsync.markdown.providers import Embed
from gitsync.markdown.render import to_html

_WRAPPED: Final = re.compile(r"<(p|div|figure)\b[^<>]*>\s*(<\?[^<>]* \?>)\s*</\1>", re.IGNORECASE)
"""What is around a frame alone: that it is gone, `unwrapped` tells."""

_X: Final = re.compile(r"https?://(?:mobile\.|www\.)?(?:x|twitter)\.com/(?=\w+/status/)", re.IGNORECASE)


def page(body: str) -> str:
    """Return `body` as HTML with a sign for each frame, in text too, and an address for each other embed."""
    return _last(body)


def _page(body: str) -> str:
    return with_frames(to_html(with_signs(as_github(body))))


def with_signs(body: str) -> str:
    """Return `body` with a sign for each frame, and an address for each other embed."""
    return respelled(body, _sign, keeping="")


def with_frames(html: str) -> str:
    """Return `html` with the same for what shows embeds in it."""
    return _WRAPPED.sub(r"\2", _X.sub("https://twitter.com/", in_html(html, _in_html)))


_last: Final = Kept(_page, lambda body, made: len(body) + len(made), ROOM)


def _sign(embed: Embed) -> str:
    """Return what stands for an embed: a paragraph ends before an instruction, and goes on after it."""
    return f"<?{embed.frame or embed.url} ?>" if embed.frame or embed.provider == "gist" else f"<{embed.url}>"


def _in_html(embed: Embed) -> str:
    return sign if (sign := _sign(embed))[1] == "?" else f'<p><a href="{escape(embed.url)}">{escape(embed.url)}</a></p>'
