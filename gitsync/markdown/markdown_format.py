"""Markdown itself: what gitsync speaks is what it reads and writes."""

from __future__ import annotations

from gitsync.markdown.formats import Format, Written
from gitsync.model import clean_body

FORMAT = Format(name="markdown", read=clean_body, write=Written)
