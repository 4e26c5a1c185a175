"""A plan as a page of Markdown, for a pull request or a mail: what each site would get and give, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from gitsync.difference import Difference
from gitsync.events import Operation
from gitsync.forecast import Forecast
from gitsync.model import Value
from gitsync.wording import changed_words

LONGEST = 60_000
"""Characters of a page; GitHub takes 65,536 in a comment."""

TITLES: Mapping[str, str] = {
    "create": "would be created there",
    "update": "would be updated there",
    "unpublish": "would be hidden there",
    "delete": "would be deleted there",
    "pull": "would be brought in",
    "import": "would become files here",
    "merge": "would be merged",
    "adopt": "would be linked",
    "conflict": "in conflict",
    "skip": "left alone",
}


def markdown(
    operations: Iterable[Operation],
    differences: Sequence[Difference],
    forecasts: Sequence[Forecast],
    notes: Sequence[str],
) -> str:
    """Return the page. What would make it too long for a comment is left out, and that is said."""
    by_site: dict[str, list[Operation]] = {}
    for operation in operations:
        by_site.setdefault(operation.site, []).append(operation)
    costs = {forecast.site: forecast for forecast in forecasts}
    lines = [f"> {cell(note)}" for note in notes]
    if not by_site:
        lines.append("Nothing to do: repository and sites are in step.")
    for site, found in by_site.items():
        lines += ["", f"### {site}", ""]
        if site in costs:
            lines += [f"{cell(str(costs[site]).partition(': ')[2])}.", ""]
        lines += ["| post | what | note |", "|---|---|---|"]
        lines += [f"| {' | '.join(map(cell, _row(it)))} |" for it in found]
    page = "\n".join(lines).lstrip("\n")
    for difference in differences:
        part = "\n".join(_details(difference))
        if len(page) + len(part) > LONGEST:
            return f"{page}\n\nThe words of the rest are left out here; `gitsync diff` shows them.\n"
        page += part
    return f"{page}\n"


def _row(operation: Operation) -> tuple[str, str, str]:
    what = "could not be read" if operation.result == "failed" else TITLES[operation.action]
    if operation.result == "unknown":
        what = "may be there already"
    return operation.path or operation.id or "a post", what, operation.reason or ""


def _details(difference: Difference) -> Iterator[str]:
    before = difference.before.body if difference.before else ""
    after = difference.after.body if difference.after else before
    shown = [_line(pieces) for pieces in changed_words(before, after)]
    fields = [f"{name}: {_changed(*pair)}" for name, pair in difference.fields.items()]
    if not shown and not fields:
        return
    where = "here" if difference.direction == "pull" else f"on {difference.site}"
    longest = max((len(run) for line in (*fields, *shown) for run in re.findall("`+", line)), default=0)
    fence = "`" * max(longest + 1, 3)
    yield f"\n\n<details><summary>{cell(difference.path)} {where}</summary>\n"
    yield f"{fence}text"
    yield from fields
    yield from shown
    yield f"{fence}\n\n</details>"


def _line(pieces: Iterable[tuple[str, str]]) -> str:
    marks = {"gone": "[-{}-]", "new": "{{+{}+}}", "cut": "…"}
    return "".join(marks.get(kind, "{}").format(text) for kind, text in pieces)


def _changed(old: Value, new: Value) -> str:
    gone = f"[-{_shown(old)}-]" if old is not None else ""
    return f"{gone}{f'{{+{_shown(new)}+}}' if new is not None else ''}"


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if isinstance(value, datetime) else " ".join(str(value).split())


def cell(text: str) -> str:
    """Return text that cannot leave its cell, nor be HTML, a mention or code."""
    plain = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return plain.replace("@", "&#64;").replace("`", "'")
