"""Writes that were begun: on disk before the request leaves, gone when its outcome is recorded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from gitsync.bounded_json import own
from gitsync.durable import sync_folder, write_durably
from gitsync.errors import RepositoryError
from gitsync.model import Post
from gitsync.own_files import NotOurs, check_file
from gitsync.state.records import Oid, Uses, post_from_json, post_to_json

Operation = Literal["create", "update", "delete", "unpublish"]
Begun = Operation | Literal["upload"]
"""What may be begun: an operation on a post, or the upload of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write to one site.

    path        the post, or the file that is uploaded; `id` is the record it goes to, None for a create
    blob        the file that is sent; None for a delete
    projection  what the site is sent, `sent` its hash, `uses` what it was made with, `assets` where its files are there
    at          Unix time just before the request
    run         the run that made it; `ledger` is the tip of the ledger that it was planned with
    heard       whether the site answered that all is well, and showed nothing of it
    """

    op: Begun
    site: str
    path: str
    id: str | None = None
    blob: Oid | None = None
    projection: Post | None = None
    sent: str | None = None
    uses: Uses | None = None
    assets: Mapping[Oid, str] | None = None
    slug: str | None = None
    at: float
    run: str = ""
    ledger: Oid | None = None
    heard: bool | None = None

    @property
    def key(self) -> str:
        """A name for this intent: equal for equal posts, sites, operations and runs, else different."""
        told = json.dumps([self.site, self.path, self.op, self.run, self.at])
        return f"{self.site}-{self.op}-{hashlib.sha256(told.encode('ascii')).hexdigest()[:20]}"


UNTIL_THEN = "Until then every run looks there first for what it may be about; the rest is sent."
"""What is said of a site with a note that cannot be read, after what to do."""


class Unreadable(RepositoryError):
    """An intent cannot be read: what became of a write is not known, nor of which."""


class Intents:
    """The folder `intents` in gitsync's state folder. It cannot be derived from anything."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "intents"

    def begin(self, intent: Intent) -> str:
        """Write `intent` and return its key when it is on the disk."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            sync_folder(self.folder.parent)
        path = self.folder / f"{intent.key}.json"
        # One name, so that what a killed run left is written over.
        write_durably(path, dump_intent(intent), unfinished=check_file(self.folder / "begun.tmp"))
        return intent.key

    def done(self, key: str) -> None:
        """Forget an intent whose outcome is in the journal. A crash before that is on disk only costs a look."""
        self.file(key).unlink(missing_ok=True)

    def heard(self, key: str) -> None:
        """Note that the site answered that all is well, and showed nothing of it."""
        self.begin(replace(load_intent(self.file(key).read_bytes(), name=str(self.file(key))), heard=True))

    def file(self, key: str) -> Path:
        """Return where an intent is written."""
        return self.folder / f"{key}.json"

    def outstanding(self, site: str | None = None) -> list[Intent]:
        """Return the intents (of one site) whose outcome nobody recorded, oldest first.

        Raises Unreadable where one may be of this site and cannot be read, and NotOurs.
        """
        found = [
            load_intent(check_file(path).read_bytes(), name=str(path))
            for path in self.folder.glob("*.json")
            if site is None or named(path.name)[0] in (None, site)
        ]
        return sorted((it for it in found if site in (None, it.site)), key=lambda it: (it.at, it.key))

    def left(self, sites: Iterable[str]) -> dict[str, list[Intent]]:
        """Return what is outstanding on `sites`, but for those where that cannot be read: they wait for doctor."""
        left = {}
        for site in sites:
            with suppress(Unreadable, NotOurs):
                left[site] = self.outstanding(site)
        return left

    def readable(self, site: str | None = None) -> list[Intent]:
        """Return the intents (of one site) that can be read, oldest first, whatever lies between them."""
        found = (it for _, it in self._examined() if it is not None and site in (None, it.site))
        return sorted(found, key=lambda it: (it.at, it.key))

    def damaged(self) -> list[Path]:
        """Return the files that are no intents any more, or never were."""
        return [path for path, it in self._examined() if it is None]

    def is_stand_in(self, intent: Intent) -> bool:
        """Say whether an intent was made of a damaged file, which is its `run`, and which is still there."""
        return intent.run.endswith(".json") and (self.folder / Path(intent.run).name).exists()

    def _examined(self) -> Iterator[tuple[Path, Intent | None]]:
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path, load_intent(check_file(path).read_bytes(), name=str(path))
            except RepositoryError:
                yield path, None


OPERATIONS = (*get_args(Operation), "upload")
_NAME = re.compile(rf"(.+)-({'|'.join(OPERATIONS)})-[0-9a-f]{{20}}\.json")


def named(file: str) -> tuple[str | None, Begun | None]:
    """Return the site and the operation that the name of an intent's file tells; None twice for another name."""
    match = _NAME.fullmatch(file)
    return (match[1], cast(Begun, match[2])) if match is not None else (None, None)


def dump_intent(intent: Intent) -> bytes:
    said = {f.name: value for f in fields(Intent) if (value := getattr(intent, f.name)) is not None}
    if intent.projection is not None:
        said["projection"] = post_to_json(intent.projection)
    if intent.uses is not None:
        said["uses"] = {"posts": dict(intent.uses.posts), "assets": dict(intent.uses.assets)}
    return (json.dumps(said, sort_keys=True, indent=1) + "\n").encode("ascii")


def load_intent(data: bytes, *, name: str) -> Intent:
    """Return the intent that `dump_intent` wrote. Raises Unreadable, naming `name`."""
    try:
        said: Mapping[str, Any] = own(data)
        projection, uses = said.get("projection"), said.get("uses")
        made = {"projection": projection and post_from_json(projection), "uses": uses and Uses(**uses)}
        return Intent(**{**said, **made})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(
            f"{name} cannot be read: {error}.",
            "It tells of a write whose outcome nobody knows. Run gitsync doctor: it sets it aside, and has the site "
            "asked first.",
        ) from error
