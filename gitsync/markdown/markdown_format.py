"""Markdown itself: what gitsync speaks is what it reads and writes."""

from __future__ import annotations

from gitsync.markdown.formats import Format, Translation
from gitsync.model import clean_body

FORMAT = Format(name="markdown", reading=lambda text: Translation(clean_body(text)), write=Translation)
