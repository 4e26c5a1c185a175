"""What carrying out a plan will cost on each site: calls, and the least time that the site's own limits leave. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitsync.engine.planning import Plan
from gitsync.engine.pushing import Outgoing
from gitsync.pace import Limit, limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`calls` to one site, and `seconds` that they take at least; 0 where the site has no limits that are known."""

    site: str
    calls: int
    seconds: float

    def __str__(self) -> str:
        least = f", {spoken(self.seconds)} at least" if self.seconds else ""
        return f"{self.site}: {self.calls} call{'s' * (self.calls != 1)}{least}"


def forecasts(plan: Plan) -> list[Forecast]:
    """Return a forecast for each site that is to be sent something."""
    return [_forecast(outgoing) for outgoing in plan.outgoings if outgoing.writes]


def _forecast(outgoing: Outgoing) -> Forecast:
    reading = outgoing.incoming.reading
    capabilities = reading.capabilities
    creates = sum(write.op == "create" for write in outgoing.writes)
    others = len(outgoing.writes) - creates
    # Where the platform compares nothing itself, a post is read again before it is written over.
    reads = 0 if capabilities.conditional else others
    counts = {
        "reads": reads,
        "writes": creates + others,
        "writes.create": creates,
        "writes.update": others,
    }
    kept: Mapping[str, Sequence[Limit]] = limits(capabilities.pace, reading.site.pace)
    seconds = max((_least(counts.get(kind, 0), windows) for kind, windows in kept.items()), default=0.0)
    return Forecast(site=reading.name, calls=reads + creates + others, seconds=seconds)


def _least(count: int, windows: Sequence[Limit]) -> float:
    return max(((count - 1) // number * seconds for number, seconds in windows if count > number), default=0.0)


def spoken(seconds: float) -> str:
    """Return a time as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min{f' {rest} s' if rest else ''}"
    return f"{minutes // 60} h {minutes % 60} min"
