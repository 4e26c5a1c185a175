"""Stores the files that posts show on one site: each once, whatever becomes of the post or of an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gitsync.connector import Library
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import media_type
from gitsync.engine.recovery import settled_at
from gitsync.engine.surroundings import Addresses
from gitsync.engine.unsure import Unsure
from gitsync.errors import Error, InvalidContent, Malformed, OutcomeUnknown, Rejected, SiteError, Throttled, Unreachable
from gitsync.git import lfs
from gitsync.model import Asset, clean_address
from gitsync.repository import Oid
from gitsync.state.intents import Intent, Intents

LATER: Final = (Unreachable, Throttled)
"""Errors that are about the site, and not about the file."""

LOST: Final = 3
"""After so many lost replies in a row the site is not sent anything more in this run."""

LARGEST: Final = 256 << 20
"""Bytes of a file that is uploaded: it is in memory while it is sent."""


@dataclass(slots=True)
class Doubts:
    """Files of which nobody knows whether a site has them: uploads without an answer, and those lost in this run."""

    intents: list[Intent] = field(default_factory=list)
    lost: set[Oid] = field(default_factory=set)

    def renew(self, unfinished: Iterable[Intent], intents: Intents, *, run: str) -> None:
        """Take in what is `unfinished`; what the run called `run` announced itself, only if it was begun too."""
        begun = {intent.key for intent in intents.readable()}
        self.intents = [intent for intent in unfinished if intent.run != run or intent.key in begun]


class Uploading:
    """Uploads to one site, in the run called `run`.

    `before_write` raises when the lock that allows it is lost; `note` returns when it is on the disk where the site
    has a blob. `doubts` outlives this: a site is asked again in the next round of the same run.
    """

    def __init__(
        self,
        addresses: Addresses,
        overlay: Overlay,
        *,
        intents: Intents,
        doubts: Doubts,
        run: str,
        note: Callable[[str, Oid, str], None],
        before_write: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._reading = addresses.reading
        self._connector = addresses.reading.online
        self._addresses = addresses
        self._overlay = overlay
        self._intents = intents
        self._doubts = doubts
        self._run = run
        self._note = note
        self._before_write = before_write
        self._clock = clock
        self._refused: dict[Oid, Rejected] = {}
        self._answerless = 0

    def store(self, files: Mapping[str, Oid]) -> tuple[bool, str]:
        """Store those of `files` (path -> blob) that the site does not have.

        Returns whether there were any, and what a person should know of it. Raises Unsure, InvalidContent, and Rejected
        for a file that the site did not take, or did not say that it took: the post that shows it waits, and others
        do not.
        """
        missing = {path: oid for path, oid in files.items() if self._addresses.asset_url(path) is None}
        twice = []
        for path, oid in missing.items():
            if oid in self._refused:
                raise self._refused[oid]
            self._before_write()
            content = self._file(path, oid)
            sha256 = hashlib.sha256(content).hexdigest()
            asset = Asset(path=path, content=content, media_type=media_type(path), sha256=sha256)
            earlier = [intent for intent in self._doubts.intents if intent.blob == oid]
            try:
                url = self._there(asset, earlier)
                if url is None:
                    url = self._sent(asset, oid)
                    twice += [path] if earlier else []
            except LATER:
                raise
            except SiteError as error:
                hint = "Make it a file that the site takes, or link to where it is served."
                self._refused[oid] = Rejected(f"{path} could not be uploaded. {error.message}", hint)
                raise self._refused[oid] from None
            self._note(self._reading.name, oid, url)
            self._addresses.uploaded[oid] = url
            for intent in [it for it in self._doubts.intents if it.blob == oid]:
                self._intents.done(intent.key)
                self._doubts.intents.remove(intent)
        return bool(missing), self._perhaps_twice(twice)

    def _there(self, asset: Asset, earlier: Sequence[Intent]) -> str | None:
        """Return where the site has the file already. Raises Unsure while an earlier request may still be at work."""
        if not self._reading.capabilities.finds_files or not isinstance(self._connector, Library):
            return None
        url = self._connector.stored(asset)
        until = max((settled_at(self._reading, intent) for intent in earlier), default=0.0)
        if url is None and self._clock() < until:
            raise Unsure(_unheard(asset.path), until)
        return url

    def _sent(self, asset: Asset, oid: Oid) -> str:
        """Send the file, and return where it is. Raises SiteErrors, and Unsure the first time that no answer comes."""
        site, at = self._reading.name, self._clock()
        intent = Intent(op="upload", site=site, path=asset.path, blob=oid, at=at, run=self._run)
        self._intents.begin(intent)
        self._doubts.intents.append(intent)
        try:
            url = self._connector.upload(asset)
        except OutcomeUnknown as error:
            self._answerless += 1
            if self._answerless == LOST:
                raise Unreachable(error.message, "Try again later.") from None
            if oid in self._doubts.lost or not self._reading.capabilities.finds_files:
                raise
            self._doubts.lost.add(oid)
            raise Unsure(_unheard(asset.path)) from None
        except Error:
            self._intents.done(intent.key)
            self._doubts.intents.remove(intent)
            raise
        self._answerless = 0
        if (address := clean_address(url)) is None:
            raise Malformed(f"{site} says of {asset.path} that it is at {url!r}, which is no address.", "Look there.")
        return address

    def _perhaps_twice(self, paths: Sequence[str]) -> str:
        if not paths or self._reading.capabilities.finds_files:
            return ""
        return (
            f"{', '.join(paths)} may be in the library of {self._reading.name} twice: no answer came to an earlier "
            "upload, and that site cannot be asked for its files."
        )

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


def _unheard(path: str) -> str:
    return f"{path} was sent, and no answer came: whether the site has it is not sure yet."
