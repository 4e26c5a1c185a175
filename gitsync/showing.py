"""Shows new conflicts in the work tree, and does it in the next run where this one was stopped: a disk may be full.

What is to be shown is on the disk before the ledger has the conflict. Once it was shown, taking it back is the user's
right: it is not shown again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from gitsync.bounded_json import own
from gitsync.durable import write_durably
from gitsync.engine.incoming import Incoming
from gitsync.errors import Refused
from gitsync.events import Event, Notice
from gitsync.git import worktree
from gitsync.ledger import Ledger
from gitsync.own_files import check_file
from gitsync.repository import Repository

SIDES = ("base", "ours", "theirs")


class Showing:
    """The conflicts of one repository that have no markers in their files yet."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._file = repository.state_dir / "unshown.json"

    def expect(self, incomings: Sequence[Incoming]) -> None:
        """Return when it is on the disk that the conflicts of `incomings` are to be shown."""
        new = {
            (incoming.reading.name, pending.path): {
                "site": incoming.reading.name,
                "path": pending.path,
                "marked": pending.marked.decode(),
                **{side: getattr(pending.conflict, side) for side in SIDES},
            }
            for incoming in incomings
            for pending in incoming.markers
            if pending.marked is not None and pending.conflict.ours is not None
        }
        if new:
            self._keep([*(it for it in self._left() if (it["site"], it["path"]) not in new), *new.values()])

    def show(self) -> Iterator[Event]:
        """Show what is expected and still open. Raises RepositoryError, OSError; the rest is shown by the next run."""
        left = self._left()
        try:
            while left:
                if self._is_open(left[0]):
                    yield from self._one(left[0])
                left.pop(0)
        finally:
            if self._file.exists():
                with suppress(OSError):  # it would only be shown once more
                    self._keep(left)

    def _one(self, said: dict[str, Any]) -> Iterator[Event]:
        sides = {side: said[side] for side in SIDES}
        try:
            worktree.materialise(self._repository, said["path"], **sides, merged=said["marked"].encode())
        except Refused as error:
            yield Notice(level="info", message=str(error))

    def _is_open(self, said: dict[str, Any]) -> bool:
        conflict = Ledger(self._repository, said["site"]).entries([said["path"]])[said["path"]].conflict
        return conflict is not None and all(getattr(conflict, side) == said[side] for side in SIDES)

    def _left(self) -> list[dict[str, Any]]:
        try:
            return list(own(check_file(self._file).read_bytes())["conflicts"])
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError):  # damaged: gitsync resolve decides without markers
            return []

    def _keep(self, left: Sequence[dict[str, Any]]) -> None:
        if not left:
            self._file.unlink(missing_ok=True)
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._file, json.dumps({"conflicts": left}).encode("ascii"))
