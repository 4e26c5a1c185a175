"""What stands for writes whose notes cannot be read: intents of which only that is known which is left of them.

They hold back the posts that they may be about, and no others, until a look at the site tells what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitsync.engine.projection import selected
from gitsync.engine.survey import Reading
from gitsync.errors import InvalidContent
from gitsync.project import Project
from gitsync.state.intents import Intent, Intents
from gitsync.state.salvage import Remains, remains


def stand_ins(project: Project, reading: Reading, intents: Intents) -> list[Intent]:
    """Return an intent for each post of one site that a damaged note may be about.

    A create of nobody knows what may have been of any post that the site does not have yet. Of another write the site
    itself tells: it shows what was sent, or does not. The same note makes the same intents in every run.
    """
    found = []
    for file in intents.damaged():
        left = remains(file)
        if left.site in (None, reading.name):
            found += list(_of(project, reading, left, run=file.name))
    return found


def _of(project: Project, reading: Reading, left: Remains, *, run: str) -> Iterator[Intent]:
    site, head = reading.name, project.head()
    if left.path is not None and _is_known(project, reading, left.path, head):
        op, id = left.op or "create", left.id if left.op not in (None, "create") else None
        yield Intent(op=op, site=site, path=left.path, id=id, blob=left.blob, at=left.at, run=run)
    elif left.op in (None, "create"):
        for path in _unsent(project, reading):
            yield Intent(op="create", site=site, path=path, at=left.at, run=run)


def _is_known(project: Project, reading: Reading, path: str, head: str) -> bool:
    """Say whether there is or was such a post or file: what damaged the note may have changed a letter of its name."""
    return bool(project.repository.lookup(head, [path])) or reading.entries([path])[path].record is not None


def _unsent(project: Project, reading: Reading) -> Iterator[str]:
    """Yield the posts that this site is to get, and never had."""
    new = {change.path: change.oid for change in reading.local.values() if change.oid is not None}
    entries = reading.entries(list(new))
    contents = dict(project.repository.blobs(dict.fromkeys(new.values()))) if new else {}
    for path, oid in new.items():
        record = entries[path].record
        try:
            meant = selected(project.read(path, contents[oid]), reading.name)
        except InvalidContent:  # told when it is planned; nobody sent it
            continue
        if meant and (record is None or record.state in ("gone", "deleted")):
            yield path
