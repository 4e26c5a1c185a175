"""A whole scan of a site against what the ledger knows, in bounded memory and mostly in C."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter

from gitsync.model import Record

CHUNK = 2000


@dataclass(slots=True, kw_only=True)
class Comparison:
    """In what a scan differs from the ledger.

    changed   (id, path, revision) whose revision is neither the recorded one nor one noted as the same content;
              of live and unpublished posts
    new       ids that nobody claims
    missing   (id, path) of live posts that were not listed
    revived   (id, path) of deleted or gone posts that were listed, but for ids that another post has now
    former    (id, path) of posts that have another id now, where nobody has the listed one
    displaced (id, path) of live posts whose id another one has now, as that one was agreed on
    known     how many live posts the ledger has; `listed` is how many records the scan had
    records   id -> record of the changed, new and revived ones, where the scan had them complete
    """

    changed: list[tuple[str, str, str]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    revived: list[tuple[str, str]] = field(default_factory=list)
    former: list[tuple[str, str]] = field(default_factory=list)
    displaced: list[tuple[str, str]] = field(default_factory=list)
    known: int = 0
    listed: int = 0
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def quiet(self) -> bool:
        """Whether there is no difference at all."""
        return not (self.changed or self.new or self.missing or self.revived or self.former or self.displaced)


def compare_listing(db: sqlite3.Connection, site: str, listing: Iterable[Record]) -> Comparison:
    """Compare `listing` with the rows of `site` in the index.

    The text of the last scan that showed nothing is kept in `quiet`, in chunks. While a scan repeats it, nothing
    else needs to be looked at; from the first difference on, every record goes through a table and is joined.
    Whoever changes rows of `claim` removes the site's rows of `quiet`.
    """
    comparison = Comparison()
    remembered = db.execute("select count(*) from quiet where site = ?", (site,)).fetchone()[0]
    records, number, repeating = iter(listing), 0, remembered > 0
    db.execute("create temp table if not exists listed (id text, revision text)")
    db.execute("create temp table if not exists heard (number integer, listed blob)")
    db.execute("begin")
    db.execute("delete from listed")
    db.execute("delete from heard")
    while chunk := list(islice(records, CHUNK)):
        comparison.listed += len(chunk)
        text = _text(chunk)
        if repeating:
            row = db.execute("select listed from quiet where site = ? and number = ?", (site, number)).fetchone()
            if row is not None and row[0] == text:
                number += 1
                continue
            repeating = False
            _replay(db, site, number)
        _look(db, site, chunk, comparison)
        db.execute("insert into heard values (?, ?)", (number, text))
        number += 1
    if repeating and number < remembered:
        repeating = False
        _replay(db, site, number)
    comparison.new = list(dict.fromkeys(comparison.new))
    comparison.known = db.execute("select count(*) from record where site = ? and state = 'live'", (site,)).fetchone()[
        0
    ]
    if not repeating:
        comparison.missing = db.execute(
            "select id, path from record where site = ? and state = 'live' and id not in (select id from temp.listed)"
            " order by path",
            (site,),
        ).fetchall()
        _remember(db, site, comparison)
    return comparison


def was_listed(db: sqlite3.Connection, site: str, id: str) -> bool:
    """Say whether the last scan that was compared by `db` had the record `id`."""
    db.execute("create temp table if not exists listed (id text, revision text)")
    if db.execute("select 1 from temp.listed limit 1").fetchone() is not None:
        return db.execute("select 1 from temp.listed where id = ? limit 1", (id,)).fetchone() is not None
    chunks = db.execute("select listed from quiet where site = ?", (site,))
    return any(id in chunk.decode("utf-8", "surrogatepass").split("\0")[::2] for (chunk,) in chunks)


def _remember(db: sqlite3.Connection, site: str, comparison: Comparison) -> None:
    """Keep what was heard, only now: a scan lasts minutes, and nobody else may write while this transaction did."""
    try:
        db.execute("delete from quiet where site = ?", (site,))
        if comparison.quiet:
            db.execute("insert into quiet select ?, number, listed from heard", (site,))
    except sqlite3.OperationalError:
        # Another process brought the index up to date meanwhile. The memory is a saving of time, no more.
        db.rollback()


def _text(chunk: list[Record]) -> bytes:
    return "\0".join(chain.from_iterable(map(itemgetter(0, 1), chunk))).encode("utf-8", "surrogatepass")


def _replay(db: sqlite3.Connection, site: str, number: int) -> None:
    """Put the chunks before `number`, which were skipped, into the table: it is needed after all."""
    for before in range(number):
        row = db.execute("select listed from quiet where site = ? and number = ?", (site, before)).fetchone()
        db.execute("insert into heard values (?, ?)", (before, row[0]))
        parts = row[0].decode("utf-8", "surrogatepass").split("\0")
        db.executemany("insert into listed values (?, ?)", zip(parts[::2], parts[1::2], strict=True))


def _look(db: sqlite3.Connection, site: str, chunk: list[Record], comparison: Comparison) -> None:
    last = db.execute("select coalesce(max(rowid), 0) from listed").fetchone()[0]
    db.executemany("insert into listed values (?, ?)", map(itemgetter(0, 1), chunk))
    others = "select 1 from claim o where o.site = c.site and o.id = c.id and o.path <> c.path and o.current"
    kept = f"exists ({others} and o.state not in ('deleted', 'gone'))"
    agreed = f"exists ({others} and o.state = 'live' and (o.revision = l.revision or o.seen = l.revision))"
    found = db.execute(
        f"select l.id, l.revision, c.path, c.state, c.current, c.state = 'live' and {agreed}"  # noqa: S608  our own words
        " from listed l left join claim c on c.site = ? and c.id = l.id"
        f" where l.rowid > ? and (c.id is null or (not c.current and not exists ({others})) or"
        f" (c.current and ((c.state in ('deleted', 'gone') and not {kept}) or"
        f"  ((c.state = 'live' or (c.state = 'unpublished' and not exists ({others} and o.state = 'live')))"
        "   and l.revision <> c.revision and l.revision is not c.seen))))"
        " order by l.rowid, c.path",
        (site, last),
    ).fetchall()
    if not found:
        return
    for id, revision, path, state, current, displaced in found:
        if path is None:
            comparison.new.append(id)
        elif not current:
            comparison.former.append((id, path))
        elif state in ("deleted", "gone"):
            comparison.revived.append((id, path))
        elif displaced:
            comparison.displaced.append((id, path))
        else:
            comparison.changed.append((id, path, revision))
    wanted = {row[0] for row in found}
    comparison.records.update((record.id, record) for record in chunk if record.complete and record.id in wanted)
