"""Files that a site has and that no post there shows yet: noted at once, so that none is stored a second time.

The ledger knows an uploaded file by the post that shows it. A post that is refused, or a run that dies between the
two, would forget it, and every later run would store it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from gitsync.bounded_json import own
from gitsync.durable import sync_folder, write_durably
from gitsync.state.records import Oid


class Uploads:
    """`uploads` in gitsync's state folder: a line of JSON for each file. It cannot be derived from anything."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "uploads"

    def note(self, site: str, oid: Oid, url: str) -> None:
        """Return when it is on the disk that `site` has the blob at `url`."""
        new = not self.path.exists()
        with self.path.open("ab") as file:
            file.write(_line(site, oid, url))
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self.path.parent)

    def of(self, site: str) -> dict[Oid, str]:
        """Return where `site` has which blobs."""
        return {oid: url for where, oid, url in self._all() if where == site}

    def placed(self, site: str, oids: Collection[Oid]) -> None:
        """Forget the blobs that posts in the ledger show by now."""
        there = self._all()
        rest = [it for it in there if it[0] != site or it[1] not in oids]
        if len(rest) < len(there):
            write_durably(self.path, b"".join(_line(*it) for it in rest))

    def _all(self) -> list[tuple[str, Oid, str]]:
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                said = own(line)
                found.append((str(said["site"]), str(said["oid"]), str(said["url"])))
            except (ValueError, KeyError, TypeError):
                continue  # the power went while it was written: that file alone is stored again
        return found


def _line(site: str, oid: Oid, url: str) -> bytes:
    # It begins a new line itself: one that was torn off must not take it along.
    said: Mapping[str, str] = {"site": site, "oid": oid, "url": url}
    return f"\n{json.dumps(said)}\n".encode("ascii")
