"""Posts that a site lost and whose files are still meant for it: by policy nothing is done, and it stays told."""

from __future__ import annotations

from collections.abc import Collection

from gitsync.engine.projection import selected
from gitsync.errors import InvalidContent
from gitsync.project import Project
from gitsync.repository import Oid


def still_meant(project: Project, head: Oid, site: str, paths: Collection[str]) -> list[str]:
    """Return those of `paths` that have a file at `head` which names `site`, or no site at all."""
    oids = project.repository.lookup(head, paths) if paths else {}
    contents = dict(project.repository.blobs(dict.fromkeys(oids.values()))) if oids else {}
    found = []
    for path, oid in sorted(oids.items()):
        try:
            found += [path] if selected(project.read(path, contents[oid]), site) else []
        except InvalidContent:  # told by a check
            continue
    return found


def advice(path: str, site: str) -> str:
    """Return what is said of such a post, after its path."""
    return (
        f"is not on {site} any more; its file was kept. To publish it again: gitsync resolve {path} --ours; "
        f"to let go of it: gitsync detach {path} {site}."
    )
