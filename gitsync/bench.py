"""A site to test a connector on, and what its laws say often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from gitsync.connector import Connector
from gitsync.engine.reconcile import same_content
from gitsync.model import Post, Record
from gitsync.samples import SAMPLE

Law = TypeVar("Law", bound=Callable[..., None])


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A site to test a connector on, empty at first.

    connect   a new connector to it
    edit      change fields of a stored post, or its `body`, as somebody does in the platform's own editor
    lose      let the next create be stored and its reply be lost; None: this cannot happen
    intruder  a connector to it with wrong credentials; None: it has none
    refused   a post that the platform refuses though the connector may send it; None: it takes anything
    secret    what no record may show
    exact     bodies come back to the letter, not only with the same words
    """

    connect: Callable[[], Connector]
    edit: Callable[[str, Mapping[str, str]], None]
    lose: Callable[[], None] | None = None
    intruder: Callable[[], Connector] | None = None
    refused: Post | None = None
    secret: str = ""
    exact: bool = True


def reads(law: Law) -> Law:
    """Mark a law that only a site keeps whose posts can be read."""
    law.__dict__["reads"] = True
    return law


@contextmanager
def connected(connect: Callable[[], Connector]) -> Iterator[Connector]:
    """Close the connector afterwards."""
    connector = connect()
    try:
        yield connector
    finally:
        connector.close()


def plain(number: int, status: str = "published") -> Post:
    """Return a small post unlike those with other numbers."""
    return Post(title=f"Post {number}", slug=f"post-{number}", status=status, body=f"Text of post {number}.\n")


def write(site: Connector, post: Post) -> Record:
    """Create the projection of `post`."""
    return site.create(site.project(post))


def content(record: Record) -> Post:
    """Return the post of a complete record."""
    assert record.post is not None
    return record.post


def changed(site: Connector, record: Record, **changes: str) -> Post:
    """Return what to send so that only `changes` change."""
    return site.project(SAMPLE.with_fields({"title": content(record).title, **changes}))


def seen(site: Connector) -> frozenset[str]:
    """Return the fields that come back as they were sent."""
    return site.capabilities.fields - site.capabilities.unseen - {"updated"}


def alike(site: Connector, one: Record, other: Record) -> bool:
    """Say whether two readings of a record agree on what it is, its version and its content."""
    same = (one.id, one.revision, one.url) == (other.id, other.revision, other.url)
    return same and same_content(content(one), content(other), site.capabilities.fields)
