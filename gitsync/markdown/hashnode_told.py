"""What Hashnode shows otherwise than the file, and no other rule tells: said before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gitsync.markdown.alerts import find as alerts_of
from gitsync.markdown.embeds import find as embeds_of
from gitsync.markdown.formats import Loss
from gitsync.markdown.github import as_github
from gitsync.markdown.hashnode_page import Difference
from gitsync.markdown.parser import parsed
from gitsync.markdown.sources import line_starts

_NOTE: Final = re.compile(r"\[\^[^\]\s]+\]")


def shown_otherwise(body: str, found: Sequence[Difference], told: Sequence[Loss]) -> list[Loss]:
    """Return a loss for each difference `found` between `body`, as GitHub has it, and its page on Hashnode; but for
    those that are `told` already.
    """
    if not found:
        return []
    plain = as_github(body)
    codes = {loss.code for loss in told}
    starts = line_starts(plain)
    tokens = parsed(plain)
    taken = [(it.start, it.end) for it in alerts_of(plain, tokens)]
    taken += [(it.start, it.end) for it in embeds_of(plain, tokens)]
    out = []
    for it in found:
        begin, end = starts[it.first], starts[min(it.last, len(starts) - 1)]
        text = plain[begin:end]
        at = begin if plain == body else max(body.find(text.partition("\n")[0]), 0)
        if any(begin <= loss.offset < end for loss in told) if plain == body else told:
            continue
        if any(first < end and begin < last for first, last in taken) or (
            "NOTES_WORDS" in codes and _NOTE.search(text)
        ):
            continue
        if "DEFS_FLAT" in codes and it.here.startswith("<dl"):
            continue
        out.append(_loss(it, at))
    return out


def _loss(it: Difference, at: int) -> Loss:
    message = f"Hashnode shows {_quoted(it.there)} where your text has {_quoted(it.here)}"
    return Loss(code="SHOWN_OTHERWISE", message=message, offset=at, hint="Write it in another way.")


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text}”" if text else "nothing"
