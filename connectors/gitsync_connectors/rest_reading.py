"""The records of a custom CMS as its declared requests show them: one by one, in listings, by search."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from gitsync.errors import Malformed, NotFound, SiteError
from gitsync.model import Record
from gitsync_connectors.rest_http import Wire
from gitsync_connectors.rest_mapping import Item, Shape, post_of, record_of
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paging import pages, paging
from gitsync_connectors.rest_paths import Json, item, listed, reader, shape
from gitsync_connectors.rest_requests import Answer, Endpoint
from gitsync_connectors.rest_terms import Terms

ROOM: Final = 64 << 20
"""Characters of a listing that are kept until they are asked for."""

A_MINUTE: Final = 60.0
Slots = Mapping[str, str | None]


class Reading:
    """Reads one site. `manners` has a value of each field, `last` the record read last with its ETag."""

    def __init__(
        self,
        options: Options,
        wire: Wire,
        how: Shape,
        endpoints: Mapping[str, tuple[Endpoint, ...]],
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        envelope = options.table("envelope")
        self._paths = {
            key: reader(path, f"[{envelope.place}] {key}") for key in ("list", "item") if (path := envelope.text(key))
        }
        self._filters = not re.fullmatch(r"[\w.$@-]*", envelope.text("list"))
        self._paging = paging(options)
        self._wire, self._shape, self._endpoints, self._now = wire, how, endpoints, now
        self._site = how.site
        self._checked = False
        self._clock = clock
        self._kept: dict[str, tuple[float, Item]] = {}
        self._room = ROOM
        self.manners: dict[str, Json] = {}
        self.last: tuple[str, Item, str | None] | None = None

    def named(self) -> Shape:
        """Return the mapping with the terms of its fields read from this site."""

        def pages_of(endpoint: Endpoint) -> Iterator[Item]:
            def ask(where: Mapping[str, str | int] | str) -> Answer:
                if isinstance(where, str):
                    return self._wire.follow("list", endpoint, where)
                return self._wire.send("list", endpoint, {}, params=where)

            def key(found: Json) -> str:
                return json.dumps(found, sort_keys=True)

            for page in pages(self._paging, ask, lambda value: listed(value, None, self._site), key, whole=True):
                yield from page

        def send(endpoint: Endpoint, body: Json, name: str) -> Json:
            wrap = self._shape.wrap.partition(".")[0].removesuffix("[]")
            return self._wire.send(
                "create", endpoint, {"name": name}, body={wrap: body} if wrap == "data" else body
            ).value

        named = {
            name: replace(field, terms=Terms(field.lookup, self._site, pages_of, send)) if field.lookup else field
            for name, field in self._shape.fields.items()
        }
        self._shape = replace(self._shape, fields=named)
        return self._shape

    def keep(self, found: Item) -> None:
        """Keep a record of the listing for `many`, which is asked right after it; for a minute, and within ROOM."""
        read = self._shape.fields["body"].read
        size = len(str(read(found))) if read else 0
        if not self._kept:
            self._room = ROOM
        if size <= self._room:
            self._room -= size
            self._kept[self.id(found)] = (self._clock(), found)

    def forget(self) -> None:
        """Let go of what a listing showed, because it may have changed."""
        self._kept.clear()

    def listing(self) -> Iterator[Item]:
        """Yield every record of the listings; one that a listing before had is not looked at again."""
        seen: set[str] = set()
        for endpoint in self._endpoints["list"]:
            for found in self._pages("list", endpoint, {}):
                id = self.id(found)
                if id not in seen:
                    seen.add(id)
                    if not self._shape.summary:
                        self._insist_on_a_body(found)
                    yield found

    def _pages(self, op: str, endpoint: Endpoint, slots: Slots) -> Iterator[Item]:
        def ask(where: Mapping[str, str | int] | str) -> Answer:
            if isinstance(where, str):
                return self._wire.follow(op, endpoint, where)
            return self._wire.send(op, endpoint, slots, params=where)

        def records(value: Any) -> list[Any]:
            return listed(value, self._paths.get("list"), self._site)

        for page in pages(self._paging, ask, records, self.id, whole=op == "list" and not self._filters):
            for found in page:
                self._remember(found)
                yield found

    def _insist_on_a_body(self, found: Item) -> None:
        """Raise Malformed when a listing has no bodies: seen where its first record has none, and has one by itself."""
        body = self._shape.fields["body"]
        if self._checked or body.read is None or "get" not in self._endpoints:
            return
        self._checked = True
        if body.read(found) is None and body.read(self.get(self.id(found))) is not None:
            hint = "Say summary = true: then each post that has changed is read by itself."
            raise Malformed(f"the listing of {self._site} leaves out the text, {body.path!r}.", hint)

    def compare(self) -> None:
        """Try the mapping: Malformed where the listing and a record by itself show different things."""
        found = next(self.listing(), None)
        if found is None or "get" not in self._endpoints:
            return
        there = self.get(self.id(found))
        if self._shape.summary:
            return
        one, other = (post_of(self._shape, each, self.id(each), self._now()) for each in (found, there))
        if differing := [name for name in self._shape.held if one.get(name) != other.get(name)]:
            hint = "Let `list` and `get` show the same fields, or say summary = true."
            what = ", ".join(differing)
            raise Malformed(f"{self._site} lists record {self.id(found)} with another {what} than it has.", hint)

    def id(self, found: Json) -> str:
        """Return a record's id. Raises Malformed when it has none."""
        id = self._shape.id_of(found)
        return id if id is not None else record_of(self._shape, found, self._now()).id

    def _remember(self, found: Item) -> None:
        """Keep a value of each field, so that new records can be written in the manner of those that are there."""
        for name in self._shape.held:
            field = self._shape.fields[name]
            if name != "body" and name not in self.manners and field.read and (value := field.read(found)):
                self.manners[name] = value

    def one(self, value: Json) -> Item | None:
        """Return the record in an answer about one, None where there is none."""
        return item(value, self._paths.get("item"), self._shape.id_of)

    def get(self, id: str) -> Item:
        """Return a record as it is now, from the first request that knows it. Raises NotFound."""
        self._kept.pop(id, None)
        missing: SiteError = NotFound(f"{self._site} has no record {id}.")
        if not id or id in (".", ".."):
            raise missing
        if "get" not in self._endpoints:
            found = next((found for found in self.listing() if self.id(found) == id), None)
            if found is None:
                raise missing
            self.last = (id, found, None)
            return found
        for endpoint in self._endpoints["get"]:
            try:
                answer = self._wire.send("get", endpoint, {"id": id})
            except NotFound as error:
                missing = error
                continue
            found = self.one(answer.value)
            if found is None and not self._is_empty(answer.value):
                hint = f"Say where the record is: [sites.{self._site}.envelope] item, in JMESPath."
                raise Malformed(f"{self._site} answered for record {id} with {shape(answer.value)}.", hint)
            if found is None:
                continue
            if self.id(found) == id:
                self._remember(found)
                self.last = (id, found, answer.headers.get("etag"))
                return found
            # That says nothing of the one that was asked for, least of all that it is gone.
            hint = (
                f"Correct the request `get` under [sites.{self._site}.endpoints]: it has to name the record by its id."
            )
            missing = Malformed(f"{self._site} answered for record {id} with record {self.id(found)[:80]}.", hint)
        raise missing

    def _is_empty(self, value: Json) -> bool:
        """Say whether an answer about one record shows that there is none."""
        if not _content(value) or self._wire.says_missing(value):
            return True
        try:
            return not listed(value, self._paths.get("list"), self._site)
        except Malformed:
            return isinstance(value, dict) and value.get("data", value) is None

    def record(self, id: str) -> Record:
        """Return a complete record. Raises NotFound."""
        return record_of(self._shape, self.get(id), self._now())

    def many(self, ids: Sequence[str], size: int) -> Iterator[Record]:
        """Yield those records that exist, `size` a request where the CMS can; what it leaves out is asked for alone."""
        found: set[str] = set()
        for id in dict.fromkeys(ids):
            at, kept = self._kept.pop(id, (0.0, None))
            if kept is not None and self._clock() - at < A_MINUTE:
                found.add(id)
                yield record_of(self._shape, kept, self._now())
        ids = [id for id in ids if id not in found]
        for start in range(0, len(ids), size) if "many" in self._endpoints else ():
            chunk = list(dict.fromkeys(ids[start : start + size]))
            try:
                several = [*self._pages("many", self._endpoints["many"][0], {"ids": ",".join(chunk)})]
            except NotFound:
                continue  # one id that cannot be one spoils the others
            for one in several:
                if (id := self.id(one)) in chunk and id not in found:
                    found.add(id)
                    yield record_of(self._shape, one, self._now())
        for id in dict.fromkeys(ids):
            if id not in found:
                try:
                    yield self.record(id)
                except NotFound:
                    continue

    def search(self, endpoint: Endpoint, slots: Slots) -> Iterator[Item]:
        """Yield what a declared search finds."""
        return self._pages("find", endpoint, slots)


def _content(value: Json) -> bool:
    """Say whether anything is in an answer but empty lists and members."""
    if isinstance(value, dict):
        return any(map(_content, value.values()))
    return any(map(_content, value)) if isinstance(value, list) else value not in (None, "")
