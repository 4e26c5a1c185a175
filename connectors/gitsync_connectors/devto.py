"""dev.to, and every other Forem: the example that the other connectors follow.

Everything is read from `/articles/me/all`: the only listing that has drafts, and that no CDN keeps stale copies of.
There is no conditional update, no deletion, no upload and no webhook in this API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import Forged, Malformed, NotFound, OutcomeUnknown, Rejected
from gitsync.http import Client
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors.devto_articles import HELD, MAX_TAGS, article_of, problems_of, projected, record_of
from gitsync_connectors.line_breaks import JOIN_LINES, with_lines, without_breaks

LIMITS: Final = {
    "reads": [(3, 1.0), (30, 60.0)],
    "writes": [(1, 1.0)],
    "writes.create": [(9, 30.0)],
    "writes.update": [(30, 30.0)],
}
"""Forem's defaults: config/initializers/rack_attack.rb, Settings::RateLimit. New accounts have less, and are told."""

PAGE: Final = 1000
"""Articles in a page; the most that API_PER_PAGE_MAX allows by default."""

SMALL: Final = 100
"""Up to so many articles, reading one of them reads all: one request for certain."""


class DevTo:
    """One account on a Forem."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "token": Setting(
            type=str,
            help="API key, from Settings → Extensions",
            required=True,
            secret=True,
            page="https://dev.to/settings/extensions",
        ),
        "join_lines": JOIN_LINES,
        "organization_id": Setting(type=int, help="publish new posts under this organization"),
        "ai_disclosure_level": Setting(
            type=str,
            help="what to say of the use of AI in the posts, where the site asks for it",
            choices=("not_disclosed", "no_ai", "some_ai", "fully_autonomous"),
        ),
    }

    capabilities: Capabilities = Capabilities(
        pace=LIMITS,
        fields=HELD,
        unseen=frozenset({"series", "cover", "description"}),
        delete=False,
        revision_hash=True,
        settles_after=2.0,
        bulk_fetch=PAGE,
        scheduled=True,
        max_tags=MAX_TAGS,
        tag_form="small letters and digits, 30 at most",
        limits="title 128, text 800 KiB, 9 new posts in 30 s",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        headers = {
            "api-key": settings.secret("token").strip(),
            "Accept": "application/vnd.forem.api-v1+json",  # without it Forem answers with its deprecated V0
        }
        self._http = Client(
            settings, base=settings.url, headers=headers, pace=self.capabilities.pace, sleep=sleep, clock=clock
        )
        self._now = now
        self._join = bool(settings.options.get("join_lines", False))
        extras = ("organization_id", "ai_disclosure_level")
        self._extras = {name: settings.options[name] for name in extras if name in settings.options}
        self._shown: dict[str, Post] = {}
        self._places: dict[str, int] = {}

    def whoami(self) -> Account:
        user = self._http.request("GET", "/users/me").json()
        if not isinstance(user, dict) or not isinstance(user.get("username"), str):
            raise Malformed("dev.to did not say whose key this is.", "Check `url` in gitsync.toml.")
        return Account(name=user["username"])

    def project(self, post: Post) -> Post:
        return projected(with_lines(post, self._join))

    def problems(self, post: Post) -> Sequence[Problem]:
        return without_breaks(problems_of(post, self._now()), self._join)

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  there is no listing by time
        places: dict[str, int] = {}
        for record in self._pages():
            # A post that is published between two pages moves the others down, into the next page once more.
            if record.id not in places:
                places[record.id] = len(places)
                yield record
        self._places = places

    def _pages(self) -> Iterator[Record]:
        page, size = 1, PAGE
        while True:
            records = self._page(page, PAGE)
            yield from records
            if page == 1:
                # An instance may cap pages lower (API_PER_PAGE_MAX) without a word: a round number may be such a cap.
                size = len(records) if len(records) >= 30 and len(records) % 10 == 0 else PAGE
            if len(records) < size:
                return
            page += 1

    def _page(self, page: int, size: int) -> list[Record]:
        try:
            articles = self._http.request("GET", "/articles/me/all", params={"page": page, "per_page": size}).json()
        except NotFound as error:
            raise Malformed(error.message, "Check `url` in gitsync.toml: it ends in /api.") from None
        if not isinstance(articles, list):
            raise Malformed("dev.to answered with something that is not a list of articles.")
        records = [record_of(article, self._now()) for article in articles]
        for record in records:
            self._remember(record)
        return records

    def _remember(self, record: Record) -> None:
        """Keep what an update has to know of what it replaces; no text, since a site may have many posts."""
        if record.post is not None:
            self._shown[record.id] = replace(record.post, body="")

    def fetch(self, id: str) -> Record:
        place = self._places.get(id)
        if place is not None and len(self._places) > SMALL:
            # Bodies are long, and this is asked before every update: a page that has the place in its middle, so
            # that a few posts more or fewer above it do not matter.
            size = min(range(SMALL // 2, 2 * SMALL), key=lambda size: abs(place % size - size // 2))
            near = self._page(place // size + 1, size)
            if found := next((record for record in near if record.id == id), None):
                return found
        for record in self._pages():
            if record.id == id:
                return record
        raise NotFound(f"dev.to has no article {id}.")

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        wanted = set(ids)
        for record in self._pages() if wanted else ():
            if record.id in wanted:
                wanted.remove(record.id)
                yield record

    def find(self, post: Post) -> Iterator[Record]:
        for record in self.scan():
            there = record.post
            if there and (
                there.title == post.title
                or there.body == post.body
                or (post.canonical_url and there.canonical_url == post.canonical_url)
            ):
                yield record

    def create(self, post: Post) -> Record:
        article = article_of(post, self._now()) | self._extras
        record = self._write("POST", "/articles", article, "writes.create" if article["published"] else "")
        # It is above the others now, or just below the drafts.
        self._places = {record.id: 0} | {id: place + 1 for id, place in self._places.items()} if self._places else {}
        return record

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:  # noqa: ARG002  nothing here compares it
        if not id.isdecimal():
            raise NotFound(f"dev.to has no article {id}.")
        shown = self._shown.get(id, Post())
        record = self._write("PUT", f"/articles/{id}", article_of(post, self._now(), shown=shown), "writes.update")
        if record.id != id:
            message = f"dev.to answered for article {id} with {record.id}."
            raise OutcomeUnknown(message, "The next sync looks whether it arrived.")
        return record

    def _write(self, method: str, path: str, article: dict[str, Any], kind: str) -> Record:
        try:
            answer = self._http.request(method, path, json={"article": article}, kind=kind).json()
            record = record_of(answer, self._now(), published=article["published"])
        except Rejected as error:
            raise explained(error) from None
        except Malformed as error:
            if "moved to" in error.message:
                raise
            raise OutcomeUnknown(error.message, error.hint) from None
        self._remember(record)
        return record

    def delete(self, id: str, *, expect: Revision) -> None:  # noqa: ARG002  the protocol's names
        raise Rejected("dev.to cannot delete an article by its API.", f"Delete {id} in the dashboard, or unpublish it.")

    def upload(self, asset: Asset) -> str:
        raise Rejected(f"dev.to takes no files by its API, so {asset.path} needs an address elsewhere.")

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  the protocol's names
        raise Forged("dev.to sends no webhooks.")

    def close(self) -> None:
        self._http.close()


FIELDS_IN_SENTENCES: Final = {
    "canonical": "canonical_url",
    "main image": "cover",
    "published at": "date",
    "title": "title",
    "tag": "tags",
    "body": "body",
    "liquid": "body",
}
"""The word in Forem's sentence about a post, and the field that it is about; the first that is there counts."""


def explained(error: Rejected) -> Rejected:
    """Return Forem's refusal with the field it is about and what to do."""
    sentence = error.message.lower()
    field = next((field for word, field in FIELDS_IN_SENTENCES.items() if word in sentence), "")
    hint = error.hint
    if "ai_disclosure" in sentence or "ai disclosure" in sentence:
        hint = "Set `ai_disclosure_level` for this site in gitsync.toml."
    elif "last five minutes" in sentence:
        field, hint = "title", "Sync again in five minutes, or give the post another title."
    return Rejected(error.message, hint, field=field)
