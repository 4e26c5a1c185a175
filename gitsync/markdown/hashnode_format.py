"""Markdown as Hashnode writes and shows it: embeds are `%[…]`, images may say how they are aligned.

Sources: Hashnode/support docs/embeds.md and markdown-guidelines.md; backup repositories.
"""

from __future__ import annotations

import re
from typing import Final

from gitsync.markdown import formula_spellings
from gitsync.markdown.anchors import HASHNODE, respelled
from gitsync.markdown.callouts import callouts, from_hashnode, quoted, to_hashnode
from gitsync.markdown.definition_elements import flat, from_elements, to_elements
from gitsync.markdown.early import back, for_hashnode, worded
from gitsync.markdown.embeds import respell
from gitsync.markdown.extensions import heading_names, tildes
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import Format, Loss, Translation
from gitsync.markdown.github import as_github
from gitsync.markdown.hashnode_mended import mended
from gitsync.markdown.hashnode_page import differences
from gitsync.markdown.hashnode_told import shown_otherwise
from gitsync.markdown.html import to_markdown
from gitsync.markdown.stripped import stripped, unwrapped
from gitsync.markdown.unread import unread
from gitsync.model import clean_body

_FENCED: Final = re.compile(r"^( {0,3})(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\2[`~]*[ \t]*$|\Z)|`+[^`\n]+`+", re.M | re.S)
_ALIGNED: Final = re.compile(r"(!\[[^\]\n]*\]\([^()\s]+) align=\"(?:center|left|right)\"\)")


def read(text: str) -> str:
    """Return a post's text as Markdown: `![](url align="center")` is no image anywhere else."""
    return respelled(back(_read(_unaligned(clean_body(text)))), HASHNODE, back=True)


def _read(text: str) -> str:
    return from_hashnode(from_elements(formula_spellings.from_hashnode(text), to_markdown), to_markdown)


def _unaligned(text: str) -> str:
    if " align=" not in text:
        return text
    out: list[str] = []
    position = 0
    for code in _FENCED.finditer(text):
        out += [_ALIGNED.sub(r"\1)", text[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*out, _ALIGNED.sub(r"\1)", text[position:])])


def write(body: str) -> Translation:
    """Return `body` with its embeds as Hashnode spells them."""
    github = as_github(body)
    plain = to_hashnode(for_hashnode(to_elements(github)))
    if found := differences(github, plain):
        plain = mended(plain)
        found = differences(github, plain)
    told = (
        *quoted(body, "Hashnode", {alert.start for alert, _ in callouts(body)}),
        *heading_names(body, "Hashnode"),
        *tildes(body, "Hashnode"),
        *worded(body, "Hashnode"),
        *_formulas(body),
        *_aligned(body),
        *unread(body, "Hashnode", ("boxes", "notes", "quotes", "hosts")),
        *flat(body, "Hashnode"),
        *stripped(body, "Hashnode"),
        *unwrapped(body, "Hashnode"),
        *foreign(body, "Hashnode", ("hashnode",)),
    )
    said = respelled(respell(formula_spellings.to_hashnode(plain), "hashnode"), HASHNODE)
    return Translation(said, (*told, *shown_otherwise(body, found, told)))


def _formulas(body: str) -> list[Loss]:
    """Return a loss where all formulas are within lines: nothing says that Hashnode looks for those alone."""
    if formula_spellings.as_tex(body, "Hashnode", "", (True,)):
        return []
    return formula_spellings.as_tex(body, "Hashnode", "TeX where a post has none on lines of its own", (False,))


def _aligned(body: str) -> list[Loss]:
    """Return a loss where words of `body` are a picture to Hashnode."""
    if _unaligned(body) == body:
        return []
    message = "Hashnode takes ![](… align=…) for a picture, which is words elsewhere"
    at = match.start() if (match := _ALIGNED.search(body)) else 0
    hint = "Take the align=… out, or write it as code."
    return [Loss(code="IMAGE_ALIGNED", message=message, offset=at, hint=hint)]


def reading(text: str) -> Translation:
    """Return a post's text as Markdown; how images stand is Hashnode's alone."""
    plain = clean_body(text)
    loss = Loss(code="IMAGE_PLAIN", message="an image is where the text has it, not aligned, in Markdown")
    return Translation(read(text), () if _unaligned(plain) == plain else (loss,))


FORMAT = Format(name="hashnode", reading=reading, write=write)
