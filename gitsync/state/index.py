"""A fast copy of what a ledger's records say: derived, in SQLite, and deletable at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from shutil import rmtree

from gitsync.errors import RepositoryError
from gitsync.ledger import Ledger
from gitsync.model import Record
from gitsync.repository import EMPTY_TREE, Repository
from gitsync.state.comparison import Comparison, compare_listing, was_listed
from gitsync.state.layout import load_upload
from gitsync.state.records import Oid, State, load_record

VERSION = 6
"""Raise it with every change of SCHEMA or of what the rows mean: an index of another version is built anew."""

SCHEMA = """
create table tip (site text primary key, oid text not null) without rowid;
create table record (
  site text, path text, id text not null, url text, state text not null, owed integer not null, was text,
  primary key (site, path)) without rowid;
create index record_url on record (site, url) where url is not null;
create index record_owed on record (site, path) where owed;
create index record_was on record (site, path) where was is not null;
create table claim (
  site text, id text, path text, current integer not null, revision text not null, state text not null, seen text,
  primary key (site, id, path)) without rowid;
create index claim_path on claim (site, path);
create table uses (
  site text, path text, used text, url text, post integer not null, open integer not null default 0,
  primary key (site, used, path)) without rowid;
create index uses_path on uses (site, path);
create index uses_open on uses (site, used) where open;
create table asset (
  site text, path text, file text not null, oid text not null, url text not null,
  primary key (site, path, file)) without rowid;
create index asset_oid on asset (site, oid);
create index asset_url on asset (site, url);
create table upload (site text, oid text, url text not null, primary key (site, oid)) without rowid;
create index upload_url on upload (site, url);
create table looked (site text primary key, at real not null) without rowid;
create table quiet (site text, number integer, listed blob not null, primary key (site, number));
"""
TABLES = ("record", "claim", "uses", "asset", "upload", "looked", "quiet")
CHUNK = 5000


class Index:
    """What one site's newest ledger says of ids, paths and URLs. Made by `Index.at`."""

    def __init__(self, db: sqlite3.Connection, site: str) -> None:
        self._db = db
        self._site = site

    @classmethod
    @contextmanager
    def at(cls, ledger: Ledger) -> Iterator[Index]:
        """Give the index of `ledger`'s site, brought up to the ledger's tip; it is built when there is none."""
        path = ledger.repository.state_dir / "index.db"
        try:
            with closing(_open(path)) as db:
                try:
                    _refresh(db, ledger)
                except sqlite3.DatabaseError as error:
                    if isinstance(error, sqlite3.OperationalError):  # locked or a full disk: not the file's fault
                        raise
                    db.close()
                    _remove(path)
                    with closing(_open(path)) as fresh:
                        _refresh(fresh, ledger)
                        yield cls(fresh, ledger.site)
                    return
                yield cls(db, ledger.site)
        except sqlite3.OperationalError as error:
            raise RepositoryError(f"{path}: {error}.", "Check permissions and free space.") from error

    def compare(self, listing: Iterable[Record]) -> Comparison:
        """Say in what a complete scan of the site differs from the ledger. Memory does not grow with the scan."""
        with self._db:
            return compare_listing(self._db, self._site, listing)

    def was_listed(self, id: str) -> bool:
        """Say whether the listing that was compared last had `id`."""
        return was_listed(self._db, self._site, id)

    def note_revision(self, id: str, revision: str) -> None:
        """Remember that the site's version `revision` was read and has the recorded content.

        Kept here only: a moved token alone makes no ledger commit.
        """
        with self._db:
            self._db.execute("update claim set seen = ? where site = ? and id = ?", (revision, self._site, id))
            self._db.execute("delete from quiet where site = ?", (self._site,))

    def looked(self) -> float | None:
        """Return the Unix time of the last whole look at the site from here; None when there was none."""
        row = self._db.execute("select at from looked where site = ?", (self._site,)).fetchone()
        return float(row[0]) if row is not None else None

    def look(self, at: float) -> None:
        """Remember that the site was looked at as a whole, and what it shows was taken in as of `at`."""
        with self._db:
            self._db.execute("insert or replace into looked values (?, ?)", (self._site, at))

    def owed(self) -> list[str]:
        """Return the paths of live posts whose last push is owed."""
        return self._column("select path from record where site = ? and owed order by path")

    def left(self) -> dict[str, Oid]:
        """Return the live posts without a base, and the blobs that were agreed on in a history the branch has left."""
        return dict(self._db.execute("select path, was from record where site = ? and was is not null", (self._site,)))

    def paths_in(self, *states: State) -> list[str]:
        """Return the paths of posts that are in one of `states`."""
        marks = ", ".join("?" * len(states))
        return self._column(f"select path from record where site = ? and state in ({marks}) order by path", *states)  # noqa: S608

    def relinked(self) -> list[str]:
        """Return the live posts that were sent with a link to a post which has another address now, or none.

        A post that was let go of and stays on the site, by policy, has the address that it had.
        """
        return self._column(
            "select distinct u.path from uses u join record it on it.site = u.site and it.path = u.path"
            " where u.site = ? and u.open and it.state = 'live' order by u.path"
        )

    def using(self, paths: Iterable[str]) -> set[str]:
        """Return the posts whose last projection was made with one of `paths` (posts or files)."""
        return {
            post for path in paths for post in self._column("select path from uses where site = ? and used = ?", path)
        }

    def url_of(self, path: str) -> str | None:
        """Return where readers find the live post `path`, if it is known."""
        return next(iter(self._column("select url from record where site=? and path=? and state='live'", path)), None)

    def path_of_url(self, url: str) -> str | None:
        """Return the live post that readers find at exactly `url`."""
        query = "select path from record where site=? and url=? and state='live' order by path"
        return next(iter(self._column(query, url)), None)

    def urls(self) -> Iterator[str]:
        """Yield every address that the site has for posts and uploaded files."""
        yield from self._column("select url from record where site = ? and url is not null")
        yield from self._column("select url from asset where site = ?")
        yield from self._column("select url from upload where site = ?")

    def asset_url(self, oid: Oid) -> str | None:
        """Return where the site serves an uploaded file with this content."""
        shown = self._column("select url from asset where site = ? and oid = ? order by path", oid)
        return next(iter(shown or self._column("select url from upload where site = ? and oid = ?", oid)), None)

    def asset_path(self, url: str) -> str | None:
        """Return the file of the repository that was uploaded to `url`."""
        return next(iter(self._column("select file from asset where site = ? and url = ? order by file", url)), None)

    def uploaded(self, url: str) -> Oid | None:
        """Return the blob that was uploaded to `url`, whether or not a post shows it."""
        return next(iter(self._column("select oid from upload where site = ? and url = ? order by oid", url)), None)

    def assets(self) -> list[tuple[str, Oid]]:
        """Return every (file, blob) that this site's posts show, as uploaded."""
        query = "select distinct file, oid from asset where site = ? order by file"
        return [(file, oid) for file, oid in self._db.execute(query, (self._site,))]

    def path_of_id(self, id: str, *, now: bool = False) -> tuple[str, State] | None:
        """Return which post claims `id`, now or formerly, and in what state; None: the id is unclaimed."""
        query = (
            "select path, state from claim where site = ? and id = ? and current >= ?"
            " order by current desc, state <> 'live', path limit 1"
        )
        row: tuple[str, State] | None = self._db.execute(query, (self._site, id, now)).fetchone()
        return row

    def revision_of(self, id: str) -> str | None:
        """Return the newest token read of the live record `id`, whether or not it came with an edit."""
        query = "select coalesce(seen, revision) from claim where site = ? and id = ? and current and state = 'live'"
        return next(iter(self._column(query, id)), None)

    def ids(self) -> set[str]:
        """Return the present ids of all live posts."""
        return set(self._column("select id from record where site = ? and state = 'live'"))

    def live_count(self) -> int:
        """Return how many posts the site should show."""
        query = "select count(*) from record where site = ? and state = 'live'"
        return int(self._db.execute(query, (self._site,)).fetchone()[0])

    def _column(self, query: str, *values: str) -> list[str]:
        return [row[0] for row in self._db.execute(query, (self._site, *values))]


def problem(repository: Repository, ledgers: Iterable[Ledger]) -> str | None:
    """Say, after "an index that", what is wrong with the index; None when it is as the ledgers say, or only behind.

    Nothing is written.
    """
    ledgers = [ledger for ledger in ledgers if ledger.tip is not None]
    path = repository.state_dir / "index.db"
    if any(_foreign(file) for file in _files(path)):
        return "is no file"
    if not path.exists():
        return "is missing" if ledgers else None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            if db.execute("pragma user_version").fetchone()[0] != VERSION:
                return None  # another gitsync's: built anew when it is used
            if db.execute("pragma integrity_check").fetchone()[0] != "ok":
                return "is damaged"
            return next((f"is not what the ledger of {it.site} says" for it in ledgers if not _agrees(db, it)), None)
    except sqlite3.DatabaseError:
        return "is damaged"


def _agrees(db: sqlite3.Connection, ledger: Ledger) -> bool:
    """Say whether every row is as in an index made just now; what was only seen (`quiet`) is not compared."""
    if _tip(db, ledger.site) != ledger.tip:
        return True
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        _refresh(fresh, ledger)
        return all(_rows(db, query, ledger.site) == _rows(fresh, query, ledger.site) for query in _COMPARED)


_COMPARED = (
    "select path, id, url, state, owed, was from record where site = ?",
    "select id, path, current, revision, state from claim where site = ?",
    "select path, used, url, post, open from uses where site = ?",
    "select path, file, oid, url from asset where site = ?",
    "select oid, url from upload where site = ?",
)


def _rows(db: sqlite3.Connection, query: str, site: str) -> set[tuple[object, ...]]:
    return set(db.execute(query, (site,)))


def discard(repository: Repository) -> None:
    """Remove the index; it is built anew when it is next used."""
    _remove(repository.state_dir / "index.db")


def _open(path: Path) -> sqlite3.Connection:
    if any(_foreign(file) for file in _files(path)):
        _remove(path)
    for _ in range(2):
        db = sqlite3.connect(path, timeout=30)
        try:
            # Locked, another process sets it just now, for both; where more is wrong, the next statement says so.
            with suppress(sqlite3.OperationalError):
                db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")  # a crash may cost the newest rows, never the file
            if _whole(db):
                return db
            db.execute("begin immediate")  # another process may make it at the same time: whoever is second looks again
            version, tables = _made(db)
            if version == 0 and not tables:
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"pragma user_version = {VERSION}")
            db.commit()
            if _whole(db):
                return db
            db.close()
        except sqlite3.OperationalError:
            db.close()
            raise
        except sqlite3.DatabaseError:
            db.close()
        _remove(path)
    raise sqlite3.DatabaseError(f"{path} cannot be made")


def _made(db: sqlite3.Connection) -> tuple[int, set[str]]:
    tables = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    return db.execute("pragma user_version").fetchone()[0], tables


def _whole(db: sqlite3.Connection) -> bool:
    version, tables = _made(db)
    return version == VERSION and tables >= {"tip", *TABLES}


def _files(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]


def _foreign(file: Path) -> bool:
    """Say whether something that is no file, which SQLite would not open or follow elsewhere, is in a file's place."""
    return file.is_symlink() or (file.exists() and not file.is_file())


def _remove(path: Path) -> None:
    for file in _files(path):
        if file.is_dir() and not file.is_symlink():
            rmtree(file)
        else:
            file.unlink(missing_ok=True)


def _refresh(db: sqlite3.Connection, ledger: Ledger) -> None:
    repository, site = ledger.repository, ledger.site
    new = ledger.tip
    if _tip(db, site) == new:
        return
    with db:
        db.execute("begin immediate")  # another process may bring it up to date at the same time
        if (old := _tip(db, site)) == new:
            return
        if old is not None and repository.resolve(f"{old}^{{commit}}") is None:
            old = None
        if old is None:
            for table in TABLES:
                db.execute(f"delete from {table} where site = ?", (site,))  # noqa: S608  names of our own tables
        changed, gone = _changed(repository, old, new, "records")
        left = [file.removesuffix(".json") for file in gone]
        for table in ("record", "claim", "uses", "asset"):
            db.executemany(f"delete from {table} where site = ? and path = ?", ((site, path) for path in left))  # noqa: S608
        if gone:
            db.execute("delete from quiet where site = ?", (site,))
        _insert(db, repository, site, changed)
        _open_links(db, site, None if old is None else left)
        changed, gone = _changed(repository, old, new, "uploads")
        db.executemany("delete from upload where site = ? and oid = ?", ((site, it.replace("/", "")) for it in gone))
        _insert_uploads(db, repository, site, changed)
        db.execute("delete from tip where site = ?", (site,))
        if new:
            db.execute("insert into tip values (?, ?)", (site, new))


def _changed(
    repository: Repository, old: Oid | None, new: Oid | None, area: str
) -> tuple[Iterator[tuple[str, Oid]], list[str]]:
    """Return the (file, blob) pairs to put into the index for one folder of the ledger, and the files to take out."""
    after = f"{new}:{area}" if new else EMPTY_TREE
    if old is None:
        return ((entry.path, entry.oid) for entry in repository.tree(after)), []
    changes = repository.diff(f"{old}:{area}", after, renames=False)
    changed = ((change.path, change.oid) for change in changes if change.oid is not None)
    return changed, [change.path for change in changes]


def _tip(db: sqlite3.Connection, site: str) -> str | None:
    row = db.execute("select oid from tip where site = ?", (site,)).fetchone()
    return row[0] if row else None


def _insert(db: sqlite3.Connection, repository: Repository, site: str, files: Iterator[tuple[str, str]]) -> None:
    while chunk := list(islice(files, CHUNK)):
        records, claims, uses, assets = [], [], [], []
        blobs = repository.blobs(oid for _, oid in chunk)
        for (name, _), (_, data) in zip(chunk, blobs, strict=True):
            path = name.removesuffix(".json")
            record = load_record(data, path=path)
            live = record.state == "live"
            owed, was = live and record.sent is None, record.was if live else None
            records.append((site, path, record.id, record.url, record.state, owed, was))
            for id in dict.fromkeys(record.ids):
                claims.append((site, id, path, id == record.id, record.revision, record.state))
            posts = record.uses.posts
            for used in posts.keys() | record.uses.assets.keys():
                uses.append((site, path, used, posts.get(used), used in posts))
            for file, oid in record.uses.assets.items():
                if url := record.assets.get(oid):
                    assets.append((site, path, file, oid, url))
        db.executemany("insert into record values (?, ?, ?, ?, ?, ?, ?)", records)
        db.executemany("insert into claim values (?, ?, ?, ?, ?, ?, null)", claims)
        db.executemany("insert into uses (site, path, used, url, post) values (?, ?, ?, ?, ?)", uses)
        db.executemany("insert into asset values (?, ?, ?, ?, ?)", assets)


def _open_links(db: sqlite3.Connection, site: str, paths: list[str] | None) -> None:
    """Note of every link to or from `paths` (None: all) whether the post has another address than it was sent with."""
    query = (
        "update uses set open = post and exists (select 1 from record r where r.site = uses.site and r.path = uses.used"
        " and r.state != 'ignored' and (case r.state when 'live' then r.url end) is not uses.url) where site = ?"
    )
    if paths is None:
        db.execute(query, (site,))
    else:
        db.executemany(f"{query} and (path = ? or used = ?)", [(site, path, path) for path in paths])


def _insert_uploads(
    db: sqlite3.Connection, repository: Repository, site: str, files: Iterator[tuple[str, Oid]]
) -> None:
    while chunk := list(islice(files, CHUNK)):
        blobs = repository.blobs(oid for _, oid in chunk)
        found = [(name.replace("/", ""), data) for (name, _), (_, data) in zip(chunk, blobs, strict=True)]
        db.executemany(
            "insert into upload values (?, ?, ?)", [(site, oid, load_upload(data, oid=oid)) for oid, data in found]
        )
