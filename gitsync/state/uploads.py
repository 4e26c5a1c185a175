"""Files that a site has taken and that its ledger does not name yet: noted at once, so that none is stored twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from gitsync.bounded_json import own
from gitsync.durable import sync_folder
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
        return self.all().get(site, {})

    def all(self) -> dict[str, dict[Oid, str]]:
        """Return, by site, where it has which blobs."""
        found: dict[str, dict[Oid, str]] = {}
        for site, oid, url in self._lines():
            found.setdefault(site, {})[oid] = url
        return found

    def clear(self) -> None:
        """Forget every note, after all of them went into ledger commits."""
        if self.path.exists() and self.path.stat().st_size:
            with self.path.open("r+b") as file:
                file.truncate(0)
                os.fsync(file.fileno())

    def _lines(self) -> list[tuple[str, Oid, str]]:
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
