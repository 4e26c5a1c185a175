"""A site in this process's memory: for tests of the engine, and the smallest example of a connector.

Its `Behaviour` can be as awkward as any platform: it forgets fields, cuts tags, rewrites text, answers late, fails
after it stored, compares revisions or does not. Sites with the same url share one `Store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar, NamedTuple

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import Forged, NotFound, Rejected, Stale, Unauthorized
from gitsync.model import FIELDS, Account, Asset, Cursor, Event, Post, Record, Revision, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the site is like; every member is also a key of `[sites.NAME]`.

    `holds` are the fields it keeps, `max_tags` how many tags (0: any). `normalise` trims text in a way that
    `project` foretells; `surprise` rewrites and adds in ways it does not. `ids_only` lists without content. `lag`
    is in seconds: a write is seen by readers only that much later, and `settles_after` says so. `ignores` are fields
    that an update is told to change, and that stay as they are. `echoes` answers an update as if it were stored, with
    a token of its own or the one before (`same_token`), and stores nothing.
    """

    holds: tuple[str, ...] = FIELDS
    max_tags: int = 0
    normalise: bool = False
    surprise: bool = False
    ids_only: bool = False
    conditional: bool = True
    hashes: bool = False
    can_update: bool = True
    can_delete: bool = True
    can_unpublish: bool = True
    drafts: bool = True
    searchable: bool = True
    uploads: bool = False
    finds_files: bool = True
    bulk: int = 1
    lag: int = 0
    ignores: tuple[str, ...] = ()
    echoes: bool = False
    same_token: bool = False


@dataclass(slots=True, kw_only=True)
class Fault:
    """An accident waiting for the call `on` ("create", "scan"...), after `skip` calls that go well.

    `stored` lets a write happen before `error` is raised; `records` is how many a scan yields before it.
    """

    on: str
    error: BaseException
    stored: bool = False
    records: int = 0
    skip: int = 0


class Version(NamedTuple):
    """One state of a post from `at` on; `post` None means deleted."""

    number: int
    at: datetime
    post: Post | None


@dataclass(slots=True)
class Store:
    """The site itself, as a test looks at it: `posts()`, `edit`, `remove`, `log`, `faults`, a settable `now`."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    token: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    rows: dict[str, list[Version]] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def posts(self) -> dict[str, Post]:
        """Return what is stored right now, by id, whatever the lag."""
        return {id: rows[-1].post for id, rows in self.rows.items() if rows[-1].post is not None}

    def put(self, id: str, post: Post | None) -> str:
        """Store `post` under `id` (new when empty) as an author does in the web editor; None deletes it."""
        number = next(self.numbers)
        id = id or str(number)
        self.rows.setdefault(id, []).append(Version(number, self.now(), post))
        return id

    def edit(self, id: str, **changes: object) -> None:
        """Change fields of a stored post from outside."""
        self.put(id, self.posts()[id].with_fields(changes))

    def remove(self, id: str) -> None:
        """Delete a stored post from outside."""
        self.put(id, None)

    def seen(self, id: str) -> Version:
        """Return what a reader is shown of `id`. Raises NotFound."""
        horizon = self.now() - timedelta(seconds=self.behaviour.lag)
        shown = next((version for version in reversed(self.rows.get(id, ())) if version.at <= horizon), None)
        if shown is None or shown.post is None:
            raise NotFound(f"there is no post {id}")
        return shown


STORES: dict[str, Store] = {}


def store(url: str) -> Store:
    """Return the store that every memory site with this `url` shares; a test removes it from STORES when done."""
    return STORES.setdefault(url, Store())


KINDS: Mapping[type, Setting] = {
    bool: Setting(type=bool, help="a behaviour of the site; see Behaviour"),
    int: Setting(type=int, help="a behaviour of the site; see Behaviour"),
    tuple: Setting(type=list, help="post fields that the site keeps, or ignores"),
}


class Memory:
    """A site whose posts live in a `Store`; its behaviour is looked at when the connector is made, and when it acts."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "token": Setting(type=str, help="compared with Store.token", secret=True),
        **{f.name: KINDS[type(getattr(Behaviour(), f.name))] for f in fields(Behaviour)},
    }

    def __init__(self, settings: SiteSettings) -> None:
        self._settings = settings
        self._store = store(settings.url)
        chosen: dict[str, Any] = {name: value for name, value in settings.options.items() if name != "token"}
        if chosen:
            chosen |= {name: tuple(value) for name, value in chosen.items() if isinstance(value, list)}
            self._store.behaviour = replace(self._store.behaviour, **chosen)
        has = self._store.behaviour
        self.capabilities = Capabilities(
            fields=frozenset(has.holds),
            update=has.can_update,
            delete=has.can_delete,
            unpublish=has.can_unpublish,
            drafts=has.drafts,
            conditional=has.conditional,
            revision_hash=has.hashes,
            searchable=has.searchable,
            settles_after=float(has.lag),
            bulk_fetch=has.bulk,
            uploads=has.uploads,
            finds_files=has.uploads and has.finds_files,
            scheduled={"status", "date"} <= set(has.holds),
            backdates="date" in has.holds,
            max_tags=has.max_tags or None,
        )

    def whoami(self) -> Account:
        self._request("whoami")
        return Account(name=self._settings.name, url=self._settings.url)

    def project(self, post: Post) -> Post:
        has = self._store.behaviour
        gone: dict[str, object] = {name: None for name in FIELDS if name not in has.holds}
        held = post.with_fields(gone)
        if "status" in has.holds and held.status is None:
            held = replace(held, status="published")
        if held.tags is not None:
            held = replace(held, tags=held.tags[: has.max_tags or None] or None)
        if has.normalise:
            lines = "\n".join(line.rstrip() for line in held.body.split("\n")).strip("\n")
            held = replace(held, body=lines and lines + "\n", title=held.title and " ".join(held.title.split()))
        return held

    def problems(self, post: Post) -> Sequence[Problem]:
        has = self._store.behaviour
        found = []
        if not post.title and "title" in has.holds:
            found.append(Problem(code="TITLE_MISSING", message="the post has no title", field="title"))
        if has.max_tags and len(post.tags or ()) > has.max_tags:
            message = f"only the first {has.max_tags} tags are kept"
            found.append(Problem(code="TAGS_CUT", message=message, field="tags", severity="loss"))
        return found

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:
        fault = self._request("scan")
        limit = fault.records if fault else None
        for done, record in enumerate(self._listed(since)):
            if done == limit:
                break
            yield record._replace(complete=False, post=None, raw={}) if self._store.behaviour.ids_only else record
        if fault:
            raise fault.error

    def _listed(self, since: Cursor | None) -> Iterator[Record]:
        for id in list(self._store.rows):
            try:
                record = self._record(id, self._store.seen(id))
            except NotFound:
                continue
            if since is None or record.modified is None or record.modified >= since:
                yield record

    def fetch(self, id: str) -> Record:
        self._request("fetch", id)
        return self._record(id, self._store.seen(id))

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        size = self._store.behaviour.bulk
        for start in range(0, len(ids), size):
            self._request("fetch_many")
            wanted = set(ids[start : start + size])
            yield from (record for record in self._listed(None) if record.id in wanted)

    def find(self, post: Post) -> Iterator[Record]:
        self._request("find")
        if self._store.behaviour.searchable:
            yield from (record for record in self._listed(None) if record.post and record.post.title == post.title)

    def create(self, post: Post) -> Record:
        return self._write("create", "", post)

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:
        return self._write("update", id, post, expect)

    def delete(self, id: str, *, expect: Revision) -> None:
        fault = self._request("delete", id, writes=True)
        if not self._store.behaviour.can_delete:
            raise Rejected("nothing can be deleted here.")
        self._current(id, expect)
        self._store.remove(id)
        if fault:
            raise fault.error

    def upload(self, asset: Asset) -> str:
        fault = self._request("upload", asset.path, writes=True)
        if not self._store.behaviour.uploads:
            raise Rejected(f"files such as {asset.path} cannot be stored here.")
        copies = sum(it.sha256 == asset.sha256 for it in self._store.assets.values())
        name = f"{asset.sha256}-{copies}" if copies else asset.sha256
        self._store.assets[name] = asset
        if fault:
            raise fault.error
        return f"https://memory.example/assets/{name}"

    def stored(self, asset: Asset) -> str | None:
        self._request("stored", asset.path)
        found = next((name for name, it in self._store.assets.items() if it.sha256 == asset.sha256), None)
        return None if found is None else f"https://memory.example/assets/{found}"

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  the protocol's names
        raise Forged("a memory site sends no webhooks.")

    def close(self) -> None:
        pass

    def _request(self, name: str, id: str = "", *, writes: bool = False) -> Fault | None:
        """Count a call; raise its fault, or return it when the call itself has to."""
        self._settings.meter.requests += 1
        self._store.log.append((name, id))
        if self._store.token is not None and self._settings.secret("token") != self._store.token:
            raise Unauthorized(f"the site {self._settings.name} refuses this token.", "Check `token` in gitsync.toml.")
        fault = next((fault for fault in self._store.faults if fault.on == name), None)
        if fault is None:
            return None
        if fault.skip:
            fault.skip -= 1
            return None
        self._store.faults.remove(fault)
        if name == "scan" or (writes and fault.stored):
            return fault
        raise fault.error

    def _write(self, name: str, id: str, post: Post, expect: Revision | None = None) -> Record:
        fault = self._request(name, id, writes=True)
        has = self._store.behaviour
        before = None
        if expect is not None:
            if not has.can_update:
                raise Rejected("nothing can be changed here.")
            before = self._current(id, expect)
        if not post.title and "title" in has.holds:
            raise Rejected("the title can't be blank.", field="title")
        if post.status != "published" and not has.drafts:
            raise Rejected("drafts are not possible here.", field="status")
        stored = surprised(self.project(post)) if has.surprise else self.project(post)
        if before is not None:
            stored = stored.with_fields({name: before.get(name) for name in has.ignores})
        if before is not None and has.echoes:
            number = self._store.rows[id][-1].number if has.same_token else next(self._store.numbers)
            return self._record(id, Version(number, self._store.now(), stored))
        if stored != before or not has.ignores:
            id = self._store.put(id, stored)
        if fault:
            raise fault.error
        return self._record(id, self._store.rows[id][-1])

    def _current(self, id: str, expect: Revision) -> Post:
        """Return what is stored. Raises NotFound, or Stale where the site compares revisions itself."""
        now = self._store.rows.get(id, [Version(0, self._store.now(), None)])[-1]
        if now.post is None:
            raise NotFound(f"there is no post {id}")
        if self._store.behaviour.conditional and self._record(id, now).revision != expect:
            raise Stale(f"the post {id} was changed on the site since it was read.")
        return now.post

    def _record(self, id: str, version: Version) -> Record:
        post = version.post or Post()
        revision = digest(post) if self._store.behaviour.hashes else str(version.number)
        url = f"https://memory.example/{post.slug or 'post'}-{id}" if post.status != "draft" else None
        return Record(id, revision, url=url, post=post, modified=version.at, author=(post.authors or (None,))[0])


def surprised(post: Post) -> Post:
    """Return `post` as a platform that improves texts stores it: what no `project` can foretell."""
    body = post.body.replace("...", "…").replace("\t", "    ")
    return replace(post, body=body, description=post.description or body[:40].strip() or None)
