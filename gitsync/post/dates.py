"""Dates as front matter has them: read in every form in use, and written again in the form they had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_ISO = re.compile(
    r"(?P<day>\d{4}-\d{1,2}-\d{1,2})"
    r"(?:(?P<sep>[Tt]|[ \t]+)(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d+))?)?"
    r"(?P<gap>[ \t]*)(?P<zone>Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?(?::\d{2})?)?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = (
    r"(?:[ ,]+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?)?"
    r"(?: *(?P<zone>Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|UTC|GMT))?(?: *\([^)]*\))?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? +)?"
_WORDED = (
    # 15 Oct 2023; Mon, 02 Jan 2006 15:04:05 -0700
    re.compile(_WEEKDAY + r"(?P<d>\d{1,2})[ -](?P<mon>[a-z]{3})[a-z]*[ -](?P<y>\d{4})" + _CLOCK, re.I),
    # Oct 15, 2023; Mon Dec 22 2025 16:52:32 GMT+0000 (Coordinated Universal Time): JavaScript's, in Hashnode's backups
    re.compile(_WEEKDAY + r"(?P<mon>[a-z]{3})[a-z]* (?P<d>\d{1,2}),? +(?P<y>\d{4})" + _CLOCK, re.I),
)


def parse_date(text: str, zone: tzinfo = UTC) -> datetime | None:
    """Return the instant that `text` names, aware, or None when it is no date. Without a zone it is in `zone`."""
    text = text.strip()
    try:
        if found := _ISO.fullmatch(text):
            year, month, date = (int(part) for part in found["day"].split("-"))
            day = datetime(year, month, date)
            fraction = int((found["f"] or "")[:6].ljust(6, "0"))
        else:
            found = next((m for m in (form.fullmatch(text) for form in _WORDED) if m), None)
            if found is None:
                return None
            day, fraction = datetime(int(found["y"]), _MONTHS.index(found["mon"].lower()) + 1, int(found["d"])), 0
        hour, minute, second = (int(found[part] or 0) for part in "hms")
        # A leap second is the last of its minute: datetime has no room for it.
        moment = day.replace(hour=hour, minute=minute, second=59 if second == 60 else second, microsecond=fraction)
        moment = moment.replace(tzinfo=_zone(found["zone"]) if found["zone"] else zone)
        moment.astimezone(UTC)  # the last hours of the year 9999 may be beyond what any platform can be told
        return moment
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> tzinfo:
    digits = re.sub(r"[^0-9+-]", "", text)
    if not digits:
        return UTC
    digits = digits[0] + (digits[1:] if len(digits) > 2 else "0" + digits[1:])
    hours, minutes, seconds = (int(digits[n : n + 2] or 0) for n in (1, 3, 5))
    shift = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-shift if digits[0] == "-" else shift) if shift else UTC


def write_date(moment: datetime) -> str:
    """Return `moment` as new files have it: ISO 8601 in its own zone, UTC as Z."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def restyled(moment: datetime, old: str, zone: tzinfo = UTC) -> Iterator[str]:
    """Yield ways to write `moment` that are ever less like `old`, a date in the author's own style.

    The zone of `old` is kept, and a date without a time stays one where it can. The first that reads back as
    `moment` is the one to take; the last always does.
    """
    found = _ISO.fullmatch(old.strip())
    before = parse_date(old, zone)
    if found and before is not None and before.tzinfo is not None:
        there = moment.astimezone(before.tzinfo)
        if not found["h"]:
            yield f"{there:%Y-%m-%d}".rjust(10, "0")
            yield f"{there.replace(tzinfo=None).isoformat()}"
        else:
            local = there.replace(tzinfo=None)
            for precision in (["minutes"] if not found["s"] else []) + ["seconds", "microseconds"]:
                width = len(found["f"] or "")
                if precision == "seconds" and width in (3, 6):
                    precision = {3: "milliseconds", 6: "microseconds"}[width]
                text = local.isoformat(found["sep"][0], precision)
                yield text + (found["gap"] + found["zone"] if found["zone"] else "")
            yield write_date(there)
    yield write_date(moment)
