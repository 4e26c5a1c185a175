"""What is imported once, from a file that another system exported: `gitsync import FILE`.

A source is found by the entry-point group `gitsync.sources`: a function that looks at a path and returns a Source, or
None where the file is not of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, Protocol

from gitsync.errors import UsageError
from gitsync.model import Post

GROUP: Final = "gitsync.sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One post of an export: `place` is where it stood in it, `url` where it is seen, `notes` what was not carried."""

    place: str
    post: Post
    url: str | None = None
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """An export. It is read as it is asked for; a broken post in it raises InvalidContent, and nothing is imported."""

    name: str

    def posts(self) -> Iterator[Found]:
        """Yield every post, in the order of the export."""


Open = Callable[[Path], Source | None]


def open_source(path: Path) -> Source:
    """Return what can read `path`, a file or a folder. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"There is no {path}.", "Name the export of another system, or a site.")
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        opened: Open = entry.load()
        if (source := opened(path)) is not None:
            return source
    known = "a WordPress export (.xml), a Medium export (.zip), an RSS feed, a folder of Markdown files"
    raise UsageError(f"{path} is no export that can be imported.", f"What can be: {known}.")
