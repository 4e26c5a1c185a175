"""Bodies in a platform's language and Markdown, both ways, with what is lost on the way.

A body is wanted several times on its way: for what it loses, for what the platform will show, and to be sent. The last
few translations are kept, so that they are made once; of long texts the last one alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gitsync.markdown.formats import Translation, named
from gitsync.model import Problem, clean_body

KEPT: Final = 32
LONG: Final = 1 << 17
"""Characters of a text of which no second one is kept."""


def write(language: str, body: str) -> Translation:
    """Return Markdown in a language of `gitsync.markdown.formats.NAMES`."""
    return (_kept_write if len(body) < LONG else _last_write)(language, body)


def read(language: str, stored: str) -> Translation:
    """Return a stored body as Markdown, as `Post.body` has it."""
    return (_kept_read if len(stored) < LONG else _last_read)(language, stored)


def losses(language: str, body: str) -> list[Problem]:
    """Return what a platform that holds that language will not show of `body`."""
    return [loss.as_problem() for loss in write(language, body).losses]


def left_out(language: str, stored: str | None) -> tuple[Problem, ...]:
    """Return what the Markdown of a stored body does not say."""
    return tuple(loss.as_problem() for loss in read(language, stored).losses) if stored else ()


def _read(language: str, stored: str) -> Translation:
    said = named(language).reading(stored)
    return said._replace(text=clean_body(said.text))


def _write(language: str, body: str) -> Translation:
    return named(language).write(body)


_kept_write, _last_write = lru_cache(KEPT)(_write), lru_cache(1)(_write)
_kept_read, _last_read = lru_cache(KEPT)(_read), lru_cache(1)(_read)
