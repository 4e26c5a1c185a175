"""The memory site: what its faults and moods do, beyond what the conformance suite asks of every connector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from gitsync_connectors.memory import STORES, Behaviour, Fault, Memory, Store, store

from gitsync.connector import Connector, SiteSettings
from gitsync.errors import NotFound, OutcomeUnknown, Stale, Unauthorized
from gitsync.model import Post

POST = Post(title="Ça: a “title”", status="published", tags=("a", "b", "c"), body="Eins...\n\tzwei\n")


def connect(url: str, **options: object) -> Memory:
    settings = SiteSettings(
        name="m", platform="memory", url=url, root=Path(), options=options, secret=lambda key: f"right {key}"
    )
    return Memory(settings)


@pytest.fixture
def url() -> Iterator[str]:
    url = f"memory:{uuid4()}"
    yield url
    STORES.pop(url, None)


@pytest.fixture
def site(url: str) -> Store:
    return store(url)


def test_memory_is_a_connector(url: str) -> None:
    connector: Connector = connect(url)
    assert connector.whoami().name == "m"


def test_two_connectors_with_one_url_share_a_site(url: str) -> None:
    written = connect(url).create(POST)
    assert connect(url).fetch(written.id) == written


def test_options_are_behaviours(url: str, site: Store) -> None:
    connector = connect(url, max_tags=2, holds=["title", "tags"], conditional=False)
    assert connector.project(POST) == Post(title=POST.title, tags=("a", "b"), body=POST.body)
    assert not connector.capabilities.conditional
    assert site.behaviour.max_tags == 2


def test_a_fault_before_the_write_leaves_nothing(url: str, site: Store) -> None:
    site.faults.append(Fault(on="create", error=OutcomeUnknown("cut")))
    with pytest.raises(OutcomeUnknown):
        connect(url).create(POST)
    assert site.posts() == {}


def test_a_fault_after_the_write_leaves_one_copy(url: str, site: Store) -> None:
    site.faults.append(Fault(on="create", error=OutcomeUnknown("cut"), stored=True, skip=1))
    connect(url).create(POST)
    with pytest.raises(OutcomeUnknown):
        connect(url).create(POST)
    assert list(site.posts().values()) == [POST, POST]


def test_a_cut_listing_raises_and_does_not_end(url: str, site: Store) -> None:
    connector = connect(url)
    for _ in range(3):
        connector.create(POST)
    site.faults.append(Fault(on="scan", error=ConnectionError("cut"), records=2))
    seen: list[object] = []
    with pytest.raises(ConnectionError):
        seen.extend(connector.scan())
    assert len(list(connector.scan())) == 3


def test_a_lagging_site_shows_the_former_version(url: str, site: Store) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    site.now = lambda: clock[0]
    site.behaviour = Behaviour(lag=25)
    connector = connect(url)
    id = connector.create(POST).id
    with pytest.raises(NotFound):
        connector.fetch(id)
    clock[0] += timedelta(seconds=25)
    old = connector.fetch(id)
    new = connector.update(id, POST.with_fields({"title": "new"}), expect=old.revision)
    assert connector.fetch(id) == old
    clock[0] += timedelta(seconds=connector.capabilities.settles_after)
    assert connector.fetch(id) == new


def test_the_revision_is_compared_only_where_conditional(url: str, site: Store) -> None:
    connector = connect(url)
    record = connector.create(POST)
    site.edit(record.id, title="outside")
    with pytest.raises(Stale):
        connector.update(record.id, POST, expect=record.revision)
    site.behaviour = Behaviour(conditional=False)
    connector.update(record.id, POST, expect=record.revision)
    assert site.posts()[record.id] == POST


def test_a_surprising_site_stores_more_than_it_foretells(url: str, site: Store) -> None:
    site.behaviour = Behaviour(surprise=True)
    connector = connect(url)
    stored = connector.create(POST).post
    assert stored is not None
    assert stored.body == "Eins…\n    zwei\n"
    assert stored.description
    assert connector.project(POST) == POST


def test_a_wrong_token_is_refused(url: str, site: Store) -> None:
    site.token = "another"
    with pytest.raises(Unauthorized):
        connect(url).create(POST)
    assert site.posts() == {}
