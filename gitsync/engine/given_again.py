"""Ids that a site gave again: what is gone had them before, and what has them now is another post.

A database that counts its rows gives the id of the last one, once that is deleted, to the next; one that was made anew
gives all of them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitsync.engine.matching import kin
from gitsync.model import Record
from gitsync.state.records import Entry


def sort_out(
    claims: Iterable[tuple[str, str]], entries: Mapping[str, Entry], records: Mapping[str, Record]
) -> tuple[list[tuple[str, Record]], dict[str, list[str]]]:
    """Return the records that may be what had their id before, by its path; and the others' ids, with all such paths.

    `claims` are (id, path) of posts that let go of an id which is listed again; a record that has nothing in common
    with any of them is another post.
    """
    paths: dict[str, list[str]] = {}
    for id, path in claims:
        paths.setdefault(id, []).append(path)
    same: list[tuple[str, Record]] = []
    others: dict[str, list[str]] = {}
    for id, claimants in paths.items():
        record = records.get(id)
        if record is None:  # it went away between the listing and the fetch: the next run sees it gone
            continue
        kept = [path for path in claimants if _may_be(entries[path], record)]
        same += [(path, record) for path in kept]
        if not kept:
            others[id] = claimants
    return same, others


def _may_be(entry: Entry, record: Record) -> bool:
    return entry.remote is None or record.post is None or kin(entry.remote, record.post)
