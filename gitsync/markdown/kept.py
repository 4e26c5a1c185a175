"""What was made of the last few texts: many look at one body, one after the other, for every site."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 8
"""Texts of which anything is kept, however short they are: a body, and what it becomes on its way to one platform."""

ROOM: Final = 1 << 23
"""Characters, of texts and what was made of them together: where that is text, too."""


class Kept(Generic[T]):
    """A function of a text that keeps its last answers, to be read only: `room` of what `weigh` says together.

    An answer that is heavier than that is made each time it is asked for.
    """

    def __init__(self, make: Callable[[str], T], weigh: Callable[[str, T], int], room: int) -> None:
        self._make, self._weigh, self._room = make, weigh, room
        self._known: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._latest: tuple[str, T] | tuple[None, Any] = None, None
        self._held = 0
        self._lock = Lock()

    def __call__(self, text: str) -> T:
        asked, answer = self._latest
        if text is asked:  # to look it up, a text that is another object would be compared, all of it
            return answer
        with self._lock:
            if (known := self._known.get(text)) is not None:
                self._known.move_to_end(text)
                self._latest = text, known[0]
                return known[0]
        made = self._make(text)
        weight = self._weigh(text, made)
        if weight <= self._room:
            with self._lock:
                self._held += weight - self._known.pop(text, (made, 0))[1]
                self._known[text] = made, weight
                self._latest = text, made
                while self._held > self._room or len(self._known) > MOST:
                    self._held -= self._known.popitem(last=False)[1][1]
        return made
