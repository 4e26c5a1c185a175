"""The languages that bodies are written in elsewhere, each translated to gitsync's Markdown and from it.

One translation for all: the connectors use these, and `gitsync convert` is these alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final, NamedTuple

from gitsync.connector import Problem

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


class Written(NamedTuple):
    """A body in another language, and what that could not say."""

    text: str
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A language. `read` takes any text of it and never fails; `write` takes any Markdown.

    What `write` made of what `read` returned reads the same again: `read(write(read(x)).text) == read(x)`.
    """

    name: str
    read: Callable[[str], str]
    write: Callable[[str], Written]


def named(name: str) -> Format:
    """Return the format called `name`, one of NAMES; its module is loaded only now."""
    found: Format = import_module(f"gitsync.markdown.{name}_format").FORMAT
    return found


def compared(body: str, written: Written, read: Callable[[str], str]) -> Written:
    """Return `written` with a loss noted where reading it shows another page than `body` does, and none was told.

    Embeds are the same however they are spelled. What is left after all rules is HTML that is broken: tags that nothing
    closes reach further in one page than in another.
    """
    if written.losses:
        return written
    from gitsync.markdown.embeds import neutral  # noqa: PLC0415  whoever only names formats needs no parser
    from gitsync.markdown.equality import same_dom  # noqa: PLC0415  as above
    from gitsync.markdown.render import to_html  # noqa: PLC0415  as above

    again = read(written.text)
    if again == body or same_dom(*(to_html(neutral(text)) for text in (body, again))):
        return written
    message = "some of the HTML in the text comes out otherwise there"
    return Written(written.text, (*written.losses, Loss(code="HTML_CHANGED", message=message, hint="Close every tag.")))
