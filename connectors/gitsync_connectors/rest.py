"""Any CMS with a REST interface as a site, declared in gitsync.toml: requests, where the fields are, how pages go on.

Nothing here knows a CMS by name. What a declaration leaves open is read from the answers themselves, and what cannot
be read is an error that names the key to add.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, OutcomeUnknown, Rejected, SiteError, Stale, Unreachable
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors import rest_mapping as mapping
from gitsync_connectors.rest_auth import credentials
from gitsync_connectors.rest_errors import errors
from gitsync_connectors.rest_fields import fields
from gitsync_connectors.rest_hooks import hook, told
from gitsync_connectors.rest_http import Wire
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import shape, steps
from gitsync_connectors.rest_reading import Reading
from gitsync_connectors.rest_requests import Answer, Endpoint, endpoints
from gitsync_connectors.rest_settings import SETTINGS
from gitsync_connectors.rest_upload import uploads

CONDITIONS: Final = {"if-match": ("If-Match", "{etag}"), "if-unmodified-since": ("If-Unmodified-Since", "{modified}")}
TAKEN: Final = re.compile(r"unique|taken|already|exists|duplicate|in use", re.IGNORECASE)
WHO: Final = ("username", "name", "email", "login", "displayName", "display_name", "slug", "id")


class Rest:
    """`[sites.NAME]` with platform = "rest"."""

    settings: ClassVar[Mapping[str, Setting]] = SETTINGS

    capabilities: Capabilities = Capabilities(
        conditional=True,
        uploads=True,
        scheduled=True,
        backdates=True,
        body="Markdown or HTML",
        webhooks=True,
        limits="what is declared",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        options = Options(f"sites.{settings.name}", settings.options)
        self._site = settings.name
        self._now = now
        self._endpoints = endpoints(options)
        self._condition = CONDITIONS.get(options.text("conditional"))
        update = self._endpoints.get("update", ())
        conditional = bool(update) and (bool(self._condition) or update[0].uses("revision", "etag"))
        actions = "publish" in self._endpoints
        by_request = actions or any(
            e.uses("status") for op in ("create", "update") for e in self._endpoints.get(op, ())
        )
        self._hook = hook(settings, options)
        self._uploads = uploads(options)
        self._read_back, self._anonymous = options.flag("read_back"), options.flag("anonymous")
        self._republish = options.flag("republish")
        who = credentials(settings, options)
        names = {
            steps(part)[-1].removesuffix("[]"): name
            for name, field in fields(options).items()
            for part in (field.path, field.write)
            if steps(part)
        }
        self._wire = Wire(
            settings,
            who,
            errors(options),
            form=options.text("sends") == "form",
            conditional=conditional,
            names=names,
            sleep=sleep,
            clock=clock,
        )
        method = update[0].method if update else "PATCH"
        self._shape = mapping.shape(
            options, settings.name, self._wire.origin, by_request=by_request, update_method=method
        )
        self._reading = Reading(options, self._wire, self._shape, self._endpoints, now, clock)
        self._shape = self._reading.named()
        held = frozenset(self._shape.held) - {"body"}
        drafts = "status" in held and "draft" in self._shape.statuses
        unpublish = drafts and self._shape.writes("status") and (not actions or "unpublish" in self._endpoints)
        self.capabilities = replace(
            self.capabilities,
            fields=held,
            unseen=frozenset(name for name in held if self._shape.fields[name].read is None),
            update=bool(update),
            delete="delete" in self._endpoints,
            unpublish=bool(update) and unpublish and options.flag("unpublish", True),
            drafts=drafts,
            conditional=conditional,
            revision_hash=not {"revision", "updated"} & set(self._shape.fields),
            settles_after=float(options.whole("settles_after", 0)),
            bulk_fetch=options.whole("bulk", 50) or 1 if "many" in self._endpoints else 1,
            uploads="upload" in self._endpoints,
            scheduled="date" in held and "scheduled" in self._shape.statuses,
            backdates="date" in held,
            body="HTML" if self._shape.html else "Markdown",
        )

    @classmethod
    def from_openapi(cls, text: str, url: str | None) -> Any:
        """Return the settings that an OpenAPI document (JSON or YAML) proposes. Raises UsageError."""
        from gitsync_connectors.rest_openapi import propose  # noqa: PLC0415  for `site add` only

        return propose(text, url)

    def whoami(self) -> Account:
        """Say whose credentials these are, and try the mapping on a record. Raises Unauthorized, Malformed."""
        name = None
        if "whoami" in self._endpoints:
            value = self._wire.send("whoami", self._endpoints["whoami"][0], {}).value
            inner = value.get("data", value.get("user", value)) if isinstance(value, dict) else None
            found = (where[key] for where in (value, inner) if isinstance(where, dict) for key in WHO if where.get(key))
            name = next((str(text) for text in found if isinstance(text, str | int)), None)
        self._reading.compare()
        return Account(name=name or self._wire.host, url=self._wire.origin if name else None)

    def project(self, post: Post) -> Post:
        return mapping.projected(self._shape, post)

    def problems(self, post: Post) -> Sequence[Problem]:
        return mapping.problems_of(self._shape, post)

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  a whole listing proves absence
        if self._anonymous and "whoami" in self._endpoints:
            # Such a CMS takes wrong credentials for nobody's, and lists what anybody may see.
            self._wire.send("whoami", self._endpoints["whoami"][0], {})
        summary = self._shape.summary
        for found in self._reading.listing():
            if summary and mapping.revision_in(self._shape, found) is None:
                yield self._reading.record(self._reading.id(found))
                continue
            if self._shape.html and not summary:
                # Turning HTML into Markdown costs a millisecond a page: only what has changed is worth it.
                self._reading.keep(found)
            complete = not summary and not self._shape.html
            yield mapping.record_of(self._shape, found, self._now(), complete=complete)

    def fetch(self, id: str) -> Record:
        return self._reading.record(id)

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        return self._reading.many(ids, self.capabilities.bulk_fetch)

    def find(self, post: Post) -> Iterator[Record]:
        """Yield the records that the declared search finds, else those of the listing that share something telling."""
        slots = {name: str(value) for name in ("slug", "title", "canonical_url") if (value := post.get(name))}
        usable = [one for one in self._endpoints.get("find", ()) if any(one.uses(slot) for slot in slots)]
        ids: dict[str, None] = {}
        for endpoint in usable:
            try:
                ids |= dict.fromkeys(map(self._reading.id, self._reading.search(endpoint, slots)))
            except (Rejected, Malformed):
                break  # a title that this search cannot say
        else:
            if usable:
                # Read by themselves: a search may show less of a record, or another version of it.
                yield from self.fetch_many([*ids])
                return
        for found in self._reading.listing():
            there = mapping.post_of(self._shape, found, self._reading.id(found), self._now())
            same = any(there.get(name) == value for name, value in slots.items())
            if same or (there.body and there.body == post.body) or not (slots or there.body):
                yield self._whole(found)

    def _whole(self, found: mapping.Item) -> Record:
        if self._shape.summary:
            return self._reading.record(self._reading.id(found))
        return mapping.record_of(self._shape, found, self._now())

    def create(self, post: Post) -> Record:
        if "create" not in self._endpoints:
            raise Rejected(f"{self._site} has no request to create posts.", "Declare create under its endpoints.")
        slots = self._slots(post, None)
        try:
            answer = self._post(post, slots)
        except Rejected as error:
            if not (post.slug and TAKEN.search(error.message) and error.field == "slug"):
                raise
            # Nothing was stored. Another post of ours has this address, and what is a post here is one there.
            same = hashlib.sha256(f"{post.title}\0{post.body}".encode("utf-8", "replace")).hexdigest()[:6]
            post = post.with_fields({"slug": f"{post.slug}-{same}"})
            answer = self._post(post, {**slots, "slug": post.slug})
        found = self._reading.one(answer.value)
        id = self._reading.id(found) if found is not None else self._located(answer)
        if id is None:
            hint = f"Say where the new record is: [sites.{self._site}.envelope] item. The next sync looks for it."
            raise OutcomeUnknown(f"{self._site} did not say which record it created, with {shape(answer.value)}.", hint)
        return self._stored(id, post, found)

    def _post(self, post: Post, slots: Mapping[str, str | None]) -> Answer:
        body = mapping.body_of(self._shape, post, None, like=self._reading.manners, slots=slots, now=self._now())
        return self._wire.send("create", self._endpoints["create"][0], slots, body=body)

    def _located(self, answer: Answer) -> str | None:
        """Return the id of a new record from the Location header, or from a bare id as the answer."""
        location = answer.headers.get("location", "")
        for endpoint in self._endpoints.get("get", ()):
            query = "&".join(f"{name}={text}" for name, text in endpoint.query if "{id}" in text)
            for pattern in (query, endpoint.path):
                if "{id}" in pattern:
                    before, _, after = pattern.partition("{id}")
                    if found := re.search(re.escape(before) + r"([^/?&#]+)" + re.escape(after), location):
                        return found[1]
        bare = answer.value
        if isinstance(bare, dict) and len(bare) == 1:
            bare = next(iter(bare.values()))
        return str(bare) if isinstance(bare, str | int) and not isinstance(bare, bool) and str(bare) else None

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:
        if "update" not in self._endpoints:
            raise Rejected(f"{self._site} has no request to change posts.", "Declare update under its endpoints.")
        there, etag = self._current(id, expect)
        shown = mapping.post_of(self._shape, there, id, self._now())
        if not mapping.says(self._shape, post, shown):
            return mapping.record_of(self._shape, there, self._now())
        endpoint, slots = self._guarded(self._endpoints["update"][0], self._slots(post, there, etag))
        body = mapping.body_of(self._shape, post, there, like=self._reading.manners, slots=slots, now=self._now())
        self._reading.last = None
        self._reading.forget()
        answer = self._wire.send("update", endpoint, slots, body=body)
        if answer.value == [] and self.capabilities.conditional:
            self._reading.get(id)  # NotFound, where it is gone
            raise Stale(f"Record {id} of {self._site} has changed meanwhile.", "Sync again.")
        found = self._reading.one(answer.value)
        if self._shape.mode == "fields" and found is not None and (lost := mapping.emptied(self._shape, there, found)):
            found = self._restored(endpoint, post, there, lost)
        return self._stored(self._reading.id(found) if found is not None else id, post, found, again=self._republish)

    def _restored(
        self, endpoint: Endpoint, post: Post, there: mapping.Item, lost: Sequence[str]
    ) -> mapping.Item | None:
        """Send a whole record after an update that emptied what it did not name: here PUT means all or nothing."""
        self._shape = replace(self._shape, mode="record")
        now = self._reading.get(self._reading.id(there))
        slots = self._slots(post, now, self._reading.last[2] if self._reading.last else None)
        body = mapping.body_of(self._shape, post, there, like=self._reading.manners, slots=slots, now=self._now())
        try:
            return self._reading.one(self._wire.send("update", endpoint, slots, body=body).value)
        except Rejected as error:
            what = ", ".join(lost)
            hint = 'Restore it there, and say update_body = "record", with omit for what it computes itself.'
            raise Malformed(f"an update of {self._site} emptied {what}: {error.message}", hint) from None

    def _current(self, id: str, expect: Revision) -> tuple[mapping.Item, str | None]:
        """Return the record to be written over. Raises Stale where it is not the one that `expect` is of."""
        if (
            self._reading.last
            and self._reading.last[0] == id
            and mapping.token_of(self._shape, self._reading.last[1]) == expect
        ):
            return self._reading.last[1], self._reading.last[2]
        there = self._reading.get(id)
        if self.capabilities.conditional and mapping.token_of(self._shape, there) != expect:
            raise Stale(f"Record {id} of {self._site} has changed meanwhile.", "Sync again.")
        return there, self._reading.last[2] if self._reading.last else None

    def _slots(self, post: Post, there: mapping.Item | None, etag: str | None = None) -> dict[str, str | None]:
        """Return what the {slots} of a write are filled with."""
        words = self._shape.statuses.get(post.status or "published", ())
        word = words[0] if words else post.status
        own = mapping.revision_in(self._shape, there) if there is not None else None
        return {
            "id": self._reading.id(there) if there is not None else None,
            "status": str(word).lower() if isinstance(word, bool) else None if word is None else str(word),
            "revision": own,
            "etag": etag or (f'"{own}"' if own is not None else None),
            "modified": mapping.http_date(self._shape, there) if there is not None else None,
            "slug": post.slug,
            "title": post.title,
            "canonical_url": post.canonical_url,
            "now": self._now().replace(microsecond=0).isoformat().replace("+00:00", "Z"),
        }

    def _guarded(self, endpoint: Endpoint, slots: dict[str, str | None]) -> tuple[Endpoint, dict[str, str | None]]:
        """Return the request with the condition that the site's `conditional` asks for."""
        if self._condition is None:
            return endpoint, slots
        name, template = self._condition
        slot = template.strip("{}")
        if slots.get(slot) is None:
            hint = "Map revision under its fields, or leave conditional out."
            raise ConfigError(f"{self._site} shows no {slot} to be compared by {name}.", hint)
        guarded = Endpoint(
            method=endpoint.method,
            path=endpoint.path,
            query=endpoint.query,
            headers={**endpoint.headers, name: template},
            body=endpoint.body,
        )
        return guarded, slots

    def _stored(self, id: str, post: Post, found: mapping.Item | None, *, again: bool = False) -> Record:
        """Return what was stored: as the answer shows it, or as the record does where the answer leaves things out."""
        try:
            if found is not None and not self._read_back:
                record = mapping.record_of(self._shape, found, self._now())
                shown = record.post or Post()
                asked = [n for n in self._shape.held if n not in self.capabilities.unseen and self._shape.writes(n)]
                whole = all(shown.get(name) or not post.get(name) for name in asked)
            else:
                whole = False
            if not whole:
                record = self._reading.record(id)
            if record.post is not None and self._published(id, post, record.post, again=again):
                record = self._reading.record(id)
        except (Malformed, NotFound, Unreachable) as error:
            raise OutcomeUnknown(error.message, "The next sync looks whether it arrived.") from None
        self._reading.last = None
        return record

    def _published(self, id: str, post: Post, shown: Post, *, again: bool = False) -> bool:
        """Publish or unpublish by a request of its own, where there is one and the status is not the wanted one.

        `again`: a change of what is public is seen by nobody until it is published once more.
        """
        if post.status is None or (post.status == shown.status and not (again and post.status == "published")):
            return False
        op = "publish" if post.status == "published" else "unpublish" if post.status == "draft" else ""
        for endpoint in self._endpoints.get(op, ()):
            there = self._reading.get(id) if endpoint.uses("revision", "etag", "modified") else None
            etag = self._reading.last[2] if there is not None and self._reading.last else None
            self._wire.send(op, endpoint, {**self._slots(post, there, etag), "id": id})
            return True
        return False

    def delete(self, id: str, *, expect: Revision) -> None:
        if "delete" not in self._endpoints:
            raise Rejected(f"{self._site} has no request to delete posts.", f"Delete {id} there by hand.")
        there, etag = self._current(id, expect)
        endpoint, slots = self._guarded(self._endpoints["delete"][0], self._slots(Post(), there, etag))
        self._reading.last = None
        self._reading.forget()
        try:
            self._wire.send("delete", endpoint, slots)
        except Rejected:
            # Some delete only what is not public.
            shown = mapping.post_of(self._shape, there, id, self._now())
            if not self._published(id, Post(status="draft"), shown):
                raise
            there = self._reading.get(id)
            slots = self._slots(Post(), there, self._reading.last[2] if self._reading.last else None)
            self._wire.send("delete", endpoint, slots)

    def upload(self, asset: Asset) -> str:
        if "upload" not in self._endpoints or self._uploads is None:
            raise Rejected(f"{self._site} takes no files, so {asset.path} needs an address elsewhere.")
        slots = {"name": asset.path.rpartition("/")[2], "sha256": asset.sha256}
        endpoint = self._endpoints["upload"][0]
        answer = self._wire.upload(endpoint, slots, asset, field=self._uploads.field, extra=self._uploads.extra)
        address = self._uploads.address(answer.value, slots, self._wire.origin)
        if address is None:
            hint = f"Say where it is: [sites.{self._site}.upload] url, in JMESPath."
            raise SiteError(f"{self._site} stored {asset.path} and told no address of it.", hint)
        return address

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        return told(self._hook, headers, body, site=self._site)

    def close(self) -> None:
        self._wire.close()
