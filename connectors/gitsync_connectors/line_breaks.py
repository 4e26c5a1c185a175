"""Platforms that break the line at every line end of a paragraph can be sent each paragraph on one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gitsync.connector import Problem, Setting
from gitsync.model import Post

JOIN_LINES: Final = Setting(
    type=bool, help="send every paragraph on one line, since this platform breaks the line wherever the file does"
)


def with_lines(post: Post, join: bool) -> Post:
    """Return `post` as it is to be sent: its paragraphs on one line each, if the site is set to `join`."""
    from gitsync.markdown.lines import joined  # noqa: PLC0415  70 ms that only posts cost

    return post.with_fields({"body": joined(post.body)}) if join else post


def without_breaks(problems: Iterable[Problem], join: bool) -> list[Problem]:
    """Return `problems` without those that joining lines mends."""
    return [problem for problem in problems if problem.code != "LINES_BROKEN" or not join]
