"""Files for a custom CMS: in which form they are sent, and where the answer tells their address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Reader, reader
from gitsync_connectors.rest_requests import fill

GUESSES = (
    *("url", "[0].url", "data.url", "data[0].url", "data.attributes.url", "location", "source_url", "link", "src"),
    *("file.url", "images[0].url", "doc.url", "files[0].url", "data.link", "href", "path"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """`field` is the form's for the file ("" sends the bytes alone); `template` makes an address that is not told."""

    field: str
    extra: Mapping[str, str]
    url: Reader | None
    template: str

    def address(self, value: Any, slots: Mapping[str, str], origin: str) -> str | None:
        """Return the absolute address of what was stored, None where the answer has none."""
        if self.template:
            found: Any = fill(self.template, {name: quote(text, safe="") for name, text in slots.items()})
        elif self.url:
            found = self.url(value)
        else:
            found = next((v for path in GUESSES if isinstance(v := reader(path, "")(value), str) and v), None)
        if not isinstance(found, str) or not found:
            return None
        if urlsplit(found).scheme in ("http", "https"):
            return found
        return f"https:{found}" if found.startswith("//") else f"{origin}/{found.lstrip('/')}"


def uploads(options: Options) -> Uploads | None:
    """Return what `[upload]` says of the `upload` request. Raises ConfigError."""
    table = options.table("upload")
    url = table.text("url")
    made = "{" in url and ("://" in url or url.startswith("/"))
    found = Uploads(
        field="" if table.flag("raw") else table.text("field", "file"),
        extra=table.texts("extra"),
        url=reader(url, f"[{table.place}] url") if url and not made else None,
        template=url if made else "",
    )
    table.end()
    return found
