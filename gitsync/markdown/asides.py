"""Pieces set aside while the text around them is translated: a stand-in takes their place, and gives it back."""

from __future__ import annotations

import re
from itertools import count


class Asides:
    """Pieces of one text. No stand-in is in that text already, whatever somebody wrote in it.

    `form` is how a stand-in is written, with {} for its name: an element, a comment.
    """

    def __init__(self, text: str, form: str) -> None:
        self._mark = next(mark for number in count() if (mark := f"kept{number or ''}-") not in text)
        self._form = form
        self._kept: list[str] = []
        name = rf"{self._mark}(\d+)"
        self._pattern = re.compile(name.join(map(re.escape, form.split("{}"))))

    def put(self, piece: str) -> str:
        """Keep a piece and return what stands for it."""
        self._kept.append(piece)
        return self._form.format(f"{self._mark}{len(self._kept) - 1}")

    def piece(self, text: str) -> str | None:
        """Return what `text`, a stand-in and nothing else, stands for; None for any other text."""
        match = self._pattern.fullmatch(text)
        return self._kept[int(match[1])] if match else None

    def restored(self, text: str) -> str:
        """Return `text` with every piece in its place again."""
        return self._pattern.sub(lambda it: self._kept[int(it[1])], text) if self._kept else text
