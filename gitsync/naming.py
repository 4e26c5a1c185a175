"""Posts as users name them: relative to where they are, or as gitsync's own messages write them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection
from pathlib import Path

from gitsync.config import inside
from gitsync.errors import UsageError
from gitsync.project import Project


def spellings(project: Project, typed: str, start: Path) -> list[str]:
    """Return the repository paths that `typed` in the folder `start` can mean, the likeliest first."""
    top = project.repository.root
    if top is None:
        return [typed.rstrip("/")]
    found = [inside(start / typed, top)]
    if not Path(typed).is_absolute():
        found += [inside(top / project.root / typed, top), inside(top / typed, top)]
    return list(dict.fromkeys(path for path in found if path is not None))


def named_post(project: Project, typed: str, start: Path, known: Collection[str]) -> str:
    """Return the one of the `known` paths that the user means. Raises UsageError with the nearest of them."""
    meant = spellings(project, typed, start)
    if not meant:
        raise UsageError(f"{typed} is not in this repository.", "Name a post of this repository.")
    for path in meant:
        if path in known:
            return path
    raise UsageError(f"There is no post {typed} here.", _nearest(meant[0], known))


def _nearest(path: str, known: Collection[str]) -> str:
    by_name = [other for other in known if os.path.basename(other) == os.path.basename(path)]  # noqa: PTH119
    close = by_name[:1] or difflib.get_close_matches(path, known, n=1)
    return f"Did you mean {close[0]}?" if close else "Name the file of a post, as git status shows it."
