"""What long work tells while it runs: the command line prints it, a server streams it, a test lists it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Action = Literal["create", "update", "delete", "unpublish", "pull", "import", "merge", "conflict", "adopt", "skip"]
Outcome = Literal["planned", "done", "failed", "unknown"]

ORDER = (130, 2, 5, 1, 3, 6, 4, 0)
"""Exit codes by weight: of several that apply, the first of these is the command's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing done, or planned, for one post on one site. `reason` is one sentence."""

    site: str
    path: str | None
    action: Action
    result: Outcome
    id: str | None = None
    url: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"event": "operation", **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`done` of `total` posts of a site; `total` None while it is not known."""

    site: str
    done: int
    total: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"event": "progress", **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell the user that is no operation: one sentence and a next step. It goes to stderr."""

    level: Literal["info", "warning", "error"]
    message: str

    def to_json(self) -> dict[str, Any]:
        return {"event": "notice", **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The last event of a run. `requests` counts every HTTP request sent; `exit_code` is the command's."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    pulled: int = 0
    merged: int = 0
    conflicts: int = 0
    failed: int = 0
    requests: int = 0
    exit_code: int = 0

    def to_json(self) -> dict[str, Any]:
        counts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "exit_code"}
        return {"event": "summary", **counts}

    @property
    def line(self) -> str:
        """The summary as --json has it."""
        return json.dumps(self.to_json())


Event = Operation | Progress | Notice | Summary


def exit_code(codes: Iterable[int]) -> int:
    """Return the exit code of a command to which all of `codes` apply; 0 when none does."""
    return min(codes, key=ORDER.index, default=0)
