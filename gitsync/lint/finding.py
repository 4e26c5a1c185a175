"""One thing that is wrong in a file, with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gitsync.connector import Problem
from gitsync.document import Document, place


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong at `path:line:column` (from 1); `sites` are those that mind, () for all.

    An "error" keeps the post from being sent, a "warning" is something that a site would drop or change, or that
    readers would stumble over. `fixable`: `gitsync check --fix` mends it.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    hint: str
    severity: Literal["error", "warning"]
    sites: tuple[str, ...] = ()
    fixable: bool = False

    @property
    def told(self) -> str:
        """What is wrong and what to do, without the place."""
        who = f"{', '.join(self.sites)}: " if self.sites else ""
        return f"{who}{self.message.rstrip('.')}. {self.hint}".rstrip()

    def __str__(self) -> str:
        kind = "warning: " if self.severity == "warning" else ""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {kind}{self.told}"


def finding_of(file: Document, problem: Problem, *, fixable: bool = False) -> Finding:
    """Return the finding that a problem is in `file`."""
    line, column = place(file, problem.field or "body", problem.offset)
    return Finding(
        path=file.path,
        line=line,
        column=column,
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        severity="error" if problem.severity == "error" else "warning",
        fixable=fixable,
    )
