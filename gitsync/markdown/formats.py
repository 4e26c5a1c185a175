"""The languages that bodies are written in elsewhere, each translated to gitsync's Markdown and from it.

One translation for all: the connectors use these, and `gitsync convert` is these alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final, NamedTuple

from gitsync.model import Problem

NAMES: Final = ("markdown", "html", "wordpress", "ghost", "medium", "hashnode", "devto")
"""Every format; the one called x is `FORMAT` in gitsync.markdown.x_format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a translation drops or changes: a stable CODE, one sentence, where in the Markdown (characters)."""

    code: str
    message: str
    offset: int = 0
    hint: str = ""

    def as_problem(self) -> Problem:
        """Return it as a connector tells it, of the body."""
        return Problem(
            code=self.code, message=self.message, hint=self.hint, field="body", offset=self.offset, severity="loss"
        )


class Translation(NamedTuple):
    """A body in another language, and what of it that could not say."""

    text: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A language. `reading` takes any text of it and never fails; `write` takes any Markdown.

    What `write` made of what `read` returned reads the same again, `read(write(read(x)).text) == read(x)`, but for
    what `write` told as a loss, and for embeds, which come back as this language spells them.
    """

    name: str
    reading: Callable[[str], Translation]
    write: Callable[[str], Translation]

    def read(self, text: str) -> str:
        """Return `text` as Markdown."""
        return self.reading(text).text


def named(name: str) -> Format:
    """Return the format called `name`, one of NAMES; its module is loaded only now."""
    found: Format = import_module(f"gitsync.markdown.{name}_format").FORMAT
    return found


TAG: Final = re.compile(r"<[A-Za-z]+[\s>/]|<[!?]")
"""A tag or a comment, which only somebody's own HTML brings into Markdown."""

HTML_CHANGED: Final = Loss(
    code="HTML_CHANGED",
    message="some of the HTML in the text comes out otherwise there",
    hint="Close every tag.",
)
"""What is left after all rules: broken HTML. Tags that nothing closes reach further in one page than in another."""

HTML_UNSAID: Final = Loss(
    code="HTML_CHANGED", message="some of the HTML comes out otherwise in Markdown", hint="Close every tag there."
)
"""The same, in reading."""


def compared(body: str, text: str, read: Callable[[str], str]) -> tuple[Loss, ...]:
    """Return a loss where reading `text` shows another page than `body` does; embeds are the same however spelled."""
    from gitsync.markdown.equality import same_dom  # noqa: PLC0415  whoever only names formats needs no parser
    from gitsync.markdown.pages import page  # noqa: PLC0415  as above

    again = read(text)
    return () if again == body or same_dom(page(body), page(again)) else (HTML_CHANGED,)
