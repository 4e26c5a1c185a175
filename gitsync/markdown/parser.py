"""The Markdown that gitsync speaks: CommonMark, GitHub's extensions, footnotes and definition lists."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from gitsync.markdown.autolinks import autolinks

NESTING = 100
"""How deep blocks may nest; what is deeper, markdown-it drops, so nothing that gitsync writes is."""


def new_parser() -> MarkdownIt:
    """Return a parser that nobody else has."""
    md = MarkdownIt("commonmark", {"maxNesting": NESTING, "xhtmlOut": False})
    md.enable(["table", "strikethrough"])
    # Inline footnotes are no GFM: "^[" is text there.
    md.use(footnote_plugin, inline=False)
    md.use(deflist_plugin)
    md.use(autolinks)
    return md


@cache
def parser() -> MarkdownIt:
    """Return the parser that every reader shares; parsing leaves no state in it."""
    return new_parser()
