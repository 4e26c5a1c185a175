"""What only another platform's tags say, as GitHub spells it."""

from __future__ import annotations

from gitsync.markdown import details
from gitsync.markdown.formula_spellings import from_katex, katex_places


def as_github(body: str) -> str:
    """Return `body` with the details and the formulas that are tags of Liquid as GitHub has them."""
    return details.from_liquid(from_katex(body)) if "{%" in body else body


def tag_places(body: str) -> list[tuple[int, int]]:
    """Return where the tags are that `as_github` spells otherwise."""
    return [*details.tag_places(body), *katex_places(body)] if "{%" in body else []
