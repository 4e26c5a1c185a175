"""Stores the files that posts show on one site: each once, whatever becomes of the post."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from gitsync.connector import Connector
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import media_type
from gitsync.engine.surroundings import Addresses
from gitsync.errors import InvalidContent, OutcomeUnknown, Rejected, SiteError, Throttled, Unreachable
from gitsync.git import lfs
from gitsync.model import Asset
from gitsync.repository import Oid
from gitsync.state.uploads import Uploads

LATER: Final = (Unreachable, Throttled)
"""Errors that are about the site, and not about the file."""

LOST: Final = 3
"""After so many lost replies in a row the site is not sent anything more in this run."""

LARGEST: Final = 256 << 20
"""Bytes of a file that is uploaded: it is in memory while it is sent."""


class Uploading:
    """Uploads to one site. `before_write` raises when the lock that allows it is lost."""

    def __init__(
        self, connector: Connector, addresses: Addresses, overlay: Overlay, before_write: Callable[[], None]
    ) -> None:
        self._connector = connector
        self._addresses = addresses
        self._overlay = overlay
        self._before_write = before_write
        self._site = addresses.reading.name
        self._noted = Uploads(overlay.project.repository.state_dir)
        self._refused: dict[Oid, Rejected] = {}
        self._placed = {oid for oid in addresses.uploaded if addresses.reading.index.asset_url(oid)}
        self._lost = 0

    def store(self, files: Mapping[str, Oid]) -> bool:
        """Store those of `files` (path -> blob) that the site does not have. Returns whether there were any.

        Raises InvalidContent, and Rejected for a file that the site did not take, or did not say that it took: the
        post that shows it waits, and others do not.
        """
        missing = {path: oid for path, oid in files.items() if self._addresses.asset_url(path) is None}
        for path, oid in missing.items():
            if oid in self._refused:
                raise self._refused[oid]
            self._before_write()
            content = self._file(path, oid)
            sha256 = hashlib.sha256(content).hexdigest()
            try:
                url = self._connector.upload(
                    Asset(path=path, content=content, media_type=media_type(path), sha256=sha256)
                )
                self._lost = 0
            except LATER:
                raise
            except SiteError as error:
                self._lost += isinstance(error, OutcomeUnknown)
                if self._lost == LOST:
                    raise SiteError(error.message, "Try again later.") from None
                hint = "Make it a file that the site takes, or link to where it is served."
                self._refused[oid] = Rejected(f"{path} could not be uploaded. {error.message}", hint)
                raise self._refused[oid] from None
            self._noted.note(self._site, oid, url)
            self._addresses.uploaded[oid] = url
        return bool(missing)

    def shown(self, blobs: Mapping[Oid, str]) -> None:
        """Note that a post which is recorded shows these blobs."""
        self._placed.update(blobs)

    def end(self) -> None:
        """Forget what the ledger knows by now."""
        if self._placed:
            self._noted.placed(self._site, self._placed)

    def _file(self, path: str, oid: Oid) -> bytes:
        """Return a file's bytes, also where git holds a pointer of Git LFS only. Raises InvalidContent."""
        repository = self._overlay.project.repository
        size = 0 if self._overlay.is_new(oid) else int(repository.git.text("cat-file", "-s", oid))
        data = self._overlay.read(oid) if size <= LARGEST else b""
        if max(size, lfs.size(data)) > LARGEST:
            raise InvalidContent(
                f"{path} has more than {LARGEST >> 20} MiB.",
                "Make it smaller, or put it where files of that size are served and link to that.",
                code="FILE_LARGE",
                path=path,
            )
        content = lfs.content(repository, data)
        if content is None:
            raise InvalidContent(
                f"{path} is a pointer of Git LFS, and its content is not here.",
                "Run git lfs pull; on GitHub, check out with lfs: true.",
                code="LFS001",
                path=path,
            )
        return content
