"""The Place of one site: what links lead to there, from the index, from this run's own creates, and from HEAD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import Place, host_of
from gitsync.engine.survey import Reading
from gitsync.repository import Oid
from gitsync.state.uploads import Uploads


@dataclass(slots=True)
class Addresses:
    """Where posts and files are on one site; `created` (by path) and `uploaded` (by blob) are what this run added."""

    reading: Reading
    overlay: Overlay
    created: dict[str, str | None] = field(default_factory=dict)
    uploaded: dict[str, str] = field(default_factory=dict)
    _arrived: dict[str, str] = field(default_factory=dict)
    """URL -> path, of the posts that are imported in this run."""
    _hosts: set[str] | None = None
    _noted: dict[str, Oid] = field(init=False)
    """URL -> blob, of files that are there and that the ledger does not name yet."""
    renamed: dict[str, str | None] = field(init=False)
    """Path now -> path in the ledger (None: not there), where they differ."""
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        changes = self.reading.local.values()
        self.renamed = {it.path: it.old_path for it in changes if it.old_path != it.path}
        noted = Uploads(self.overlay.project.repository.state_dir).of(self.reading.name)
        self.uploaded = {**noted, **self.uploaded}
        self._noted = {url: oid for oid, url in noted.items()}
        self.place = self._place()

    def url_of(self, path: str) -> str | None:
        if path in self.created:
            return self.created[path]
        known = self.renamed.get(path, path)
        if known is not None and (settled := self.reading.settled.get(known)) is not None and settled.record:
            return settled.record.url if settled.record.state == "live" else None
        return self.reading.index.url_of(known) if known is not None else None

    def path_of(self, url: str) -> str | None:
        index = self.reading.index
        found = index.path_of_url(url) or index.path_of_url(_other_slash(url))
        if found is None:
            found = self._arrived.get(url) or self._arrived.get(_other_slash(url)) or index.asset_path(url)
            if found is None and (oid := self._noted.get(url) or index.uploaded(url)) is not None:
                found = self.overlay.path_of(oid)
            return found
        found = self.reading.relocated.get(found, found)
        change = self.reading.local.get(found)
        return change.path if change is not None else found

    def arrive(self, url: str, path: str) -> None:
        """Note where a post of the site will be, for the links of others."""
        self._arrived[url] = path
        self.hosts().add(host_of(url))

    def hosts(self) -> set[str]:
        """Return the hosts of all addresses that `path_of` knows."""
        if self._hosts is None:
            self._hosts = set(map(host_of, (*self.reading.index.urls(), *self._noted)))
        return self._hosts

    def asset_url(self, path: str) -> str | None:
        oid = self.overlay.oid(path)
        return None if oid is None else self.uploaded.get(oid) or self.reading.index.asset_url(oid)

    def asset_urls(self, files: Mapping[str, Oid]) -> dict[Oid, str]:
        """Return where the site has these files (path -> blob), by blob; those that it does not have are left out."""
        return {oid: url for path, oid in files.items() if (url := self.asset_url(path)) is not None}

    def _place(self) -> Place:
        project = self.overlay.project
        return Place(
            site=self.reading.name,
            default_status=self.reading.site.status,
            exists=self.overlay.kind,
            url_of=self.url_of,
            path_of=self.path_of,
            hosts=self.hosts,
            asset_url=self.asset_url,
            blob=self.overlay.oid,
            uploads=self.reading.connector is not None and self.reading.capabilities.uploads,
            upload_types=self.reading.capabilities.upload_types if self.reading.connector else None,
            home=project.config.content.url,
            raw=project.raw_base,
            root=project.root,
        )


def _other_slash(url: str) -> str:
    return url.removesuffix("/") if url.endswith("/") else url + "/"
