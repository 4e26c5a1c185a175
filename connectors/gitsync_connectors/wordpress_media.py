"""The media library: covers are files in it, known by number there and by address here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from gitsync.errors import Malformed, OutcomeUnknown, Rejected
from gitsync_connectors.wordpress_api import PAGE, Api

MOST_WORDS: Final = 9
"""WordPress looks for more words than these only as a sentence. Source: WP_Query::parse_search."""


class Media:
    """Files that were asked for or uploaded, remembered."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._urls: dict[int, str | None] = {}
        self._ids: dict[str, int] = {}

    def load(self, ids: Collection[int]) -> None:
        """Ask for the addresses of those `ids` that are not known yet, a hundred at a time."""
        wanted = sorted({id for id in ids if isinstance(id, int)} - self._urls.keys())
        for start in range(0, len(wanted), PAGE):
            some = ",".join(map(str, wanted[start : start + PAGE]))
            for item in self._api.get("/media", include=some, per_page=PAGE, _fields="id,source_url"):
                self._remember(item)
        for id in wanted:
            self._urls.setdefault(id, None)

    def url(self, id: int) -> str | None:
        """Return the address of the file `id`; None for one that is gone."""
        self.load([id])
        return self._urls.get(id)

    def id(self, url: str) -> int:
        """Return the id of the file at `url`. Raises Rejected where the library has none."""
        if url not in self._ids:
            stem = posixpath.splitext(posixpath.basename(unquote(urlsplit(url).path)))[0]
            for item in self._api.get("/media", search=stem, per_page=PAGE, _fields="id,source_url"):
                self._remember(item)
        if url not in self._ids:
            message = "The cover is not in the media library of the site."
            raise Rejected(message, "Put the image into the repository: it is then uploaded.", field="cover")
        return self._ids[url]

    def stored(self, name: str, content: bytes) -> str | None:
        """Return the address of a file with just this `content`, uploaded as `name`; None where there is none.

        A search finds titles and the names of files, the newest first. WordPress makes names unique with a number, and
        keeps a large image beside the smaller one that it shows. Source: WP_REST_Attachments_Controller, wp_crop_image.
        """
        stem = posixpath.splitext(name)[0]
        # Single letters are looked for by nobody: a name of nothing else is one word, as its title has it.
        words = sorted(re.findall("[A-Za-z0-9]{2,}", stem), key=len)[-MOST_WORDS:] or [stem]
        fields = "id,source_url,media_details"
        for item in self._api.get("/media", search=" ".join(words), per_page=PAGE, _fields=fields):
            url = self._remember(item)
            details = item.get("media_details")
            details = details if isinstance(details, dict) else {}
            original = details.get("original_image")
            if not original and details.get("filesize", len(content)) != len(content):
                continue
            path = urlsplit(url).path
            if original:
                path = posixpath.join(posixpath.dirname(path), quote(str(original)))
            if self._api.file(path, like=content):
                return url
        return None

    def upload(self, name: str, content: bytes, media_type: str) -> str:
        """Store a file and return its address."""
        item = self._api.upload("/media", name, content, media_type)
        try:
            return self._remember(item)
        except Malformed as error:
            raise OutcomeUnknown(error.message, error.hint) from None

    def _remember(self, item: Any) -> str:
        url = item.get("source_url") if isinstance(item, dict) else None
        if not isinstance(url, str) or not isinstance(item.get("id"), int):
            raise Malformed("WordPress answered with something that is not a file of its library.")
        self._urls[item["id"]] = url
        self._ids[url] = item["id"]
        return url
