"""Markdown as dev.to and every other Forem take it: embeds are Liquid tags, other template text is protected."""

from __future__ import annotations

import re

from gitsync.markdown.anchors import FOREM, respelled
from gitsync.markdown.callouts import as_quotes, quoted
from gitsync.markdown.definition_elements import flat, from_elements, to_elements
from gitsync.markdown.details import plain_details, to_liquid
from gitsync.markdown.early import back, for_forem, parted, worded
from gitsync.markdown.embeds import respell
from gitsync.markdown.extensions import extensions
from gitsync.markdown.foreign import foreign
from gitsync.markdown.forem_code import mistaken
from gitsync.markdown.formats import Format, Loss, Translation
from gitsync.markdown.formula_spellings import literal, to_katex
from gitsync.markdown.github import as_github
from gitsync.markdown.html import to_markdown
from gitsync.markdown.lines import broken
from gitsync.markdown.liquid import protect, unknown_tags, unprotect
from gitsync.markdown.stripped import stripped, unwrapped
from gitsync.markdown.unread import unread
from gitsync.model import clean_body


def write(body: str) -> Translation:
    """Return `body` with its embeds in Liquid, and all that only looks like Liquid in raw blocks."""
    plain = for_forem(as_quotes(to_elements(body)))
    said = to_liquid(respelled(respell(to_katex(plain), "liquid"), FOREM))
    losses = (
        Loss(
            code="TAG_UNKNOWN",
            message=f"dev.to has no tag {name!r}: it is shown as text",
            offset=_place(body, name),
            hint="Use {% embed URL %}, or leave it if it is meant as text.",
        )
        for name in unknown_tags(said)
        if name not in ("raw", "endraw")
    )
    words = (*unread(body, "dev.to", ("boxes", "headings", "quotes", "starts")), *flat(body, "dev.to"))
    told = (
        *losses,
        *broken(body, "dev.to"),
        *words,
        *stripped(body, "dev.to"),
        *unwrapped(body, "dev.to"),
        *plain_details(body),
        *quoted(body, "dev.to"),
        *parted(body),
        *worded(body, "dev.to"),
        *mistaken(body, plain),
        *extensions(body, "dev.to"),
        *foreign(body, "dev.to", ("liquid",)),
    )
    return Translation(protect(said), told)


def _place(body: str, name: str) -> int:
    found = re.search(rf"\{{%-?\s*{re.escape(name)}\b", body)
    return found.start() if found else 0


def read(text: str) -> str:
    """Return an article's text as gitsync's Markdown: raw blocks that only protected something are gone."""
    said = from_elements(as_github(literal(unprotect(clean_body(text)))), to_markdown)
    return respelled(back(said), FOREM, back=True)


FORMAT = Format(name="devto", reading=lambda text: Translation(read(text)), write=write)
