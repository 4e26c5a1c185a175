"""What one site brings into the repository in one run: commits to make, results to record, and what is left to send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gitsync.config import Policy
from gitsync.engine.bringing import Bringing, Fetch
from gitsync.engine.overlay import Overlay
from gitsync.engine.recovery import Recovery
from gitsync.engine.subject import Subject
from gitsync.engine.surroundings import Addresses
from gitsync.engine.survey import Reading
from gitsync.events import Action, Operation, Outcome, Progress
from gitsync.model import Record
from gitsync.repository import Oid
from gitsync.state.records import Conflict, Entry, LedgerRecord
from gitsync.state.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A conflict that waits for a decision.

    `marked` is the file with markers, for those who want it in their tree; `offered` has the site's words in their
    place, and all else merged.
    """

    path: str
    conflict: Conflict
    marked: bytes | None = None
    offered: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One commit to be made: the files it changes (None: removed), whose edit it was, and when.

    `is_new` says that there were no such files before.
    """

    site: str
    subject: str
    ids: tuple[str, ...]
    files: Mapping[str, Oid | None]
    is_new: bool = False
    author: str | None = None
    when: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is the same for every site of one round. `busy` tells of files that must not be touched now, and why.

    `progress` is told, now and then, how many of how many unknown records of a site were read. `bring` gives what
    fetches a site's pictures, where they are wanted.
    """

    overlay: Overlay
    policy: Policy
    busy: Mapping[str, str]
    pulls: bool
    recoveries: Mapping[str, Recovery]
    progress: Callable[[Progress], None] = lambda _: None
    bring: Callable[[Reading], Fetch] | None = None
    decided: set[str] = field(default_factory=set)
    """Posts of which a conflict with some site turned out to be decided."""


@dataclass(slots=True)
class Incoming:
    """What one site brings, and what it is owed.

    proposed   edits that wait on a branch of their own, by policy; `waiting` is what they would agree on of new files
    held       paths for which nothing is sent in this run
    codes      exit codes that the run has to account for
    settings   the hash of the configuration that this plan is made with
    pushed     whether writes were planned too
    unasked    posts that are looked at only because the configuration changed; `withheld` would be sent differently
    pictures   brings the pictures of what is pulled into the repository, where that is wanted
    strays     live records without a file or an agreement in this history, and their entries: a new file may be one
    awaited    posts without an address to which posts lead that turned out to be on the site already
    linking    posts that were merged in this run and lead to others, whose addresses may move after that
    """

    reading: Reading
    addresses: Addresses
    edits: list[Edit] = field(default_factory=list)
    proposed: list[Edit] = field(default_factory=list)
    waiting: Results | None = None
    results: Results = field(default_factory=Results)
    blobs: dict[Oid, bytes] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    events: list[Operation] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    markers: list[Pending] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)
    settings: str = ""
    pushed: bool = False
    unasked: set[str] = field(default_factory=set)
    withheld: int = 0
    strays: list[tuple[Record, Entry]] = field(default_factory=list)
    awaited: set[str] = field(default_factory=set)
    linking: set[str] = field(default_factory=set)
    pictures: Bringing | None = None

    @property
    def is_reconfigured(self) -> bool:
        """Whether the posts were last looked at with another configuration or translator."""
        return self.reading.ledger.settings not in (None, self.settings)

    @property
    def trailers(self) -> dict[str, str]:
        """What the ledger is told of the configuration: that all was looked at with it, if so."""
        looked = not self.is_reconfigured or (self.pushed and not self.withheld)
        return {"Settings": self.settings} if looked else {}

    def tell(
        self,
        action: Action,
        path: str | None,
        result: Outcome,
        *,
        record: Record | LedgerRecord | None = None,
        reason: str = "",
    ) -> None:
        id, url = (record.id, record.url) if record is not None else (None, None)
        self.events.append(
            Operation(
                site=self.reading.name, path=path, action=action, result=result, id=id, url=url, reason=reason or None
            )
        )

    def hold(self, path: str, code: int) -> None:
        """Let nothing be sent for `path` in this run."""
        self.held.add(path)
        self.codes.add(code)
