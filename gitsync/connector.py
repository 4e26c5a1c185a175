"""What the engine asks of a platform. A connector translates; it never decides, sleeps, prints, or sees git."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from gitsync.model import FIELDS, Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync.model import Problem as Problem  # what connectors tell of posts, for those who write them

GROUP = "gitsync.connectors"
"""The entry-point group that connectors register under; the name of the entry point is the platform's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Facts about a platform (and one site's configuration of it) that the engine obeys.

    fields          post fields the platform holds; the others are neither sent nor compared
    unseen          fields that come back in another form than sent, or not at all (dev.to's series): a value other
                    than the projection's proves nothing; one other than before does
    create, update, delete, unpublish   which writes exist; `unpublish` is an update to status draft that hides the post
    drafts          can hold a post that is not public (else a draft is not sent there)
    conditional     `update` and `delete` compare `expect` themselves, atomically; else the engine re-reads first
    revision_hash   the revision is a hash of the content: the same text again has the same revision
    revision_whole  that hash is of all that is stored: another one means that something is different there, if only in
                    what no post holds
    listed          `scan` lists and `fetch` reads what is there; else nothing can be seen, and the ledger alone knows
    searchable      `scan` lists everything, or `find` finds what a lost create made; else never post twice
    settles_after   seconds after which a write is surely visible to `scan`, `fetch` and `find`
    bulk_fetch      how many ids `fetch_many` reads with one request
    uploads         `upload` stores an asset and answers its URL
    upload_types    media types that `upload` takes, None: any; other files need a public address
    finds_files     the connector is a `Library`: it says whether a file is there, so that none is stored twice
    private_fields  raw fields that are never stored anywhere
    scheduled       holds a post that comes out at its `date`
    backdates       a published post can have a `date` in the past
    max_tags        how many tags a post has at most; None: any number
    tag_form        what a tag can be, in words
    body            what a body is stored as
    webhooks        `events` verifies calls of this platform
    pace            the platform's published limits: of "reads", "writes", "writes.create" and "writes.update", each at
                    most so many in so many seconds
    limits          what is bounded, in words
    """

    fields: frozenset[str] = frozenset(FIELDS)
    unseen: frozenset[str] = frozenset()
    create: bool = True
    update: bool = True
    delete: bool = True
    unpublish: bool = True
    drafts: bool = True
    conditional: bool = False
    revision_hash: bool = False
    revision_whole: bool = False
    listed: bool = True
    searchable: bool = True
    settles_after: float = 0.0
    bulk_fetch: int = 1
    uploads: bool = False
    upload_types: frozenset[str] | None = None
    finds_files: bool = False
    private_fields: frozenset[str] = frozenset()
    scheduled: bool = False
    backdates: bool = False
    max_tags: int | None = None
    tag_form: str = "any text"
    body: str = "Markdown"
    webhooks: bool = False
    pace: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    limits: str = ""

    @property
    def telling(self) -> frozenset[str]:
        """The fields whose value, read back, proves what was sent."""
        return self.fields - self.unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key that a connector takes in `[sites.NAME]`: its type, whether it must be there, and what it means.

    `page` is where a person makes such a secret; "{url}" in it is the site's own address.
    """

    type: type[str] | type[bool] | type[int] | type[dict] | type[list]  # type: ignore[type-arg]
    help: str
    required: bool = False
    secret: bool = False
    page: str = ""
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Meter:
    """Counts the requests that one site was sent in one run."""

    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """`[sites.NAME]` as a connector gets it.

    `options` has the connector's own keys, checked against its `settings`. `secret("token")` resolves a reference
    and raises ConfigError. `root` is the folder of gitsync.toml. `timeout` is in seconds; `pace` maps "reads" and
    "writes" to (number, seconds), is empty for no limit, or None for the platform's published limits.
    """

    name: str
    platform: str
    url: str
    root: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    secret: Callable[[str], str] = field(repr=False)
    timeout: float = 30.0
    pace: Mapping[str, tuple[int, float]] | None = None
    meter: Meter = field(default_factory=Meter)


class Connector(Protocol):
    """One site. Made by `Class(settings: SiteSettings)`, which must not touch the network.

    Every method may raise Unauthorized, Unreachable, Throttled and Malformed.
    """

    settings: ClassVar[Mapping[str, Setting]]
    """The keys of `[sites.NAME]` beyond those every site has (platform, url, status, timeout, pace)."""

    capabilities: Capabilities
    """Of the class: the platform at its best. Of a site: narrowed to what its settings leave of that."""

    def whoami(self) -> Account:
        """Say whose credentials these are. Raises Unauthorized."""

    def project(self, post: Post) -> Post:
        """Return what the platform will hold of `post`: pure and idempotent. A field it does not hold is None."""

    def problems(self, post: Post) -> Sequence[Problem]:
        """Say what the platform would refuse or change in `post` (not projected yet); pure."""

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:
        """Yield every record once, drafts too; with `since`, at least those modified at or after it.

        Raises when the listing cannot be finished: a scan that ends is complete.
        """

    def fetch(self, id: str) -> Record:
        """Return the complete record, never from a cache. Raises NotFound.

        Where nothing is `listed`, `id` may be an address, and the record holds what that says of itself: no post.
        """

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        """Yield the complete records of those `ids` that exist, in any order."""

    def find(self, post: Post) -> Iterator[Record]:
        """Yield complete records that may be what a lost `create(post)` made; the engine compares them."""

    def create(self, post: Post) -> Record:
        """Store a projected post and return what was stored. Raises Rejected, OutcomeUnknown."""

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:
        """Store a projected post over `id` and return what was stored; its id may be new.

        Raises Stale, NotFound, Rejected, OutcomeUnknown.
        """

    def delete(self, id: str, *, expect: Revision) -> None:
        """Remove the record for good. Raises Stale, NotFound, Rejected, OutcomeUnknown."""

    def upload(self, asset: Asset) -> str:
        """Store a file and return its absolute URL; called only where `capabilities.uploads`."""

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        """Return what a webhook call tells, after verifying it. Raises Forged."""

    def close(self) -> None:
        """Give back sockets and files."""


@runtime_checkable
class Library(Protocol):
    """What a connector can do beside, where a platform tells which files it has; then it says `finds_files`."""

    def stored(self, asset: Asset) -> str | None:
        """Return the address of a file there with the very content of `asset`; None where there is none.

        It is asked before every `upload`: an earlier one may have arrived though no answer came back.
        """


@runtime_checkable
class Hooked(Protocol):
    """What a connector can do beside, where a platform lets a program ask for webhooks."""

    def register(self, url: str) -> Sequence[str]:
        """Let the platform call `url` for every change, signed; returns what is told from now on.

        What is registered already stays so. Raises ConfigError without a secret, and SiteErrors.
        """


@runtime_checkable
class ByHand(Protocol):
    """What a connector can do beside, where a person has to carry over what it cannot send. Both are pure."""

    def page(self, post: Post) -> str:
        """Return an HTML page with nothing but the projected post, to be copied into the platform's editor."""

    def steps(self, post: Post, url: str | None) -> Sequence[str]:
        """Return what a person does with that page, a sentence each; `url` is where the post is already."""
