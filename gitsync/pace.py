"""How fast a site may be spoken to: limits as values, and the clock that keeps them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

Limit = tuple[int, float]
"""At most so many requests in any window of so many seconds."""


class Pace:
    """Keeps requests of each kind within their limits.

    A request is stamped when its answer is in, which is never before the server counted it: so the limit holds on
    the server's clock too, however long requests are under way.
    """

    def __init__(
        self, limits: Mapping[str, Sequence[Limit]], sleep: Callable[[float], None], clock: Callable[[], float]
    ) -> None:
        self._sleep, self._clock = sleep, clock
        self._stamps: dict[str, list[tuple[float, deque[float]]]] = {
            kind: [(seconds, deque(maxlen=number)) for number, seconds in windows] for kind, windows in limits.items()
        }

    def wait(self, kinds: Iterable[str]) -> None:
        """Sleep until one more request of these kinds is within every limit."""
        now = self._clock()
        full = [
            stamps[0] + seconds
            for kind in kinds
            for seconds, stamps in self._stamps.get(kind, ())
            if len(stamps) == stamps.maxlen
        ]
        if full and max(full) > now:
            self._sleep(max(full) - now)

    def stamp(self, kinds: Iterable[str]) -> None:
        """Count a request that was answered, or given up, just now."""
        now = self._clock()
        for kind in kinds:
            for _, stamps in self._stamps.get(kind, ()):
                stamps.append(now)


def limits(
    published: Mapping[str, Sequence[Limit]], chosen: Mapping[str, Limit] | None
) -> Mapping[str, Sequence[Limit]]:
    """Return the limits to keep: the platform's own, but for the kinds that the user chose; {} means none.

    A kind may be a special case of another ("writes.publish"): choosing "writes" replaces it as well.
    """
    if chosen is None:
        return published
    if not chosen:
        return {}
    kept = {kind: windows for kind, windows in published.items() if kind.partition(".")[0] not in chosen}
    return kept | {kind: (limit,) for kind, limit in chosen.items()}
