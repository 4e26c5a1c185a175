"""Hashnode, by its GraphQL API: the posts and drafts of one publication.

A draft and the post that it becomes are two records with two ids; drafts' begin with "draft:". Nothing published can
be deleted or made a draft again: a post that is taken back is delisted. What is read may be 25 s old.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar, Final

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, OutcomeUnknown, Rejected
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors.bodies import left_out
from gitsync_connectors.hashnode_api import DRAFT, POST, Api
from gitsync_connectors.hashnode_hooks import told_by
from gitsync_connectors.hashnode_posts import (
    HELD,
    KEPT,
    MAX_TAGS,
    post_of,
    problems_of,
    projected,
    revision_of,
    slug_of,
    text_of,
    write_body,
)
from gitsync_connectors.instants import whole_second
from gitsync_connectors.media_types import PICTURES

POSTS_PAGE, DRAFTS_PAGE = 100, 50
"""The most in a page; more is cut without a word."""

CDN: Final = "https://cdn.hashnode.com/"
MAX_IMAGE: Final = 8 << 20
_ID = re.compile(r"(?:draft:)?[0-9a-f]{24}")


class Hashnode:
    """One publication on Hashnode."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "token": Setting(
            type=str,
            help="access token, from Account Settings → Developer",
            required=True,
            secret=True,
            page="https://hashnode.com/settings/developer",
        ),
        "publication": Setting(type=str, help="its host, like me.hashnode.dev, or its id; needed if you have several"),
        "webhook_secret": Setting(type=str, help="the secret that webhooks of this site are signed with", secret=True),
    }

    capabilities: Capabilities = Capabilities(
        fields=HELD,
        unseen=frozenset({"slug", "cover"}),  # made unique with a number; moved to a CDN
        delete=False,
        revision_hash=True,
        settles_after=25.0,
        uploads=True,
        upload_types=PICTURES | {"image/avif"},
        backdates=True,
        max_tags=MAX_TAGS,
        tag_form="slugs",
        webhooks=True,
        limits="request 100 KB, image 8 MiB",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._name = settings.name
        self._api = Api(settings, sleep=sleep, clock=clock)
        self._hook = settings.secret("webhook_secret") if "webhook_secret" in settings.options else ""
        self._now = now
        self._wanted = re.sub(r"^https?://|/.*$", "", str(settings.options.get("publication", "")).strip())
        self._publication = ""

    def whoami(self) -> Account:
        me = self._me()
        self._id()
        return Account(name=str(me.get("username") or me.get("name")))

    def _me(self) -> dict[str, Any]:
        query = "query Me { me { id username publications(first: 50) { edges { node { id title url } } } } }"
        me = self._api.ask(query).get("me")
        if not isinstance(me, dict):
            raise Malformed("Hashnode did not say whose token this is.", "Check the token of this site.")
        return me

    def _id(self) -> str:
        """Return the id of the publication, asked for once. Raises ConfigError where it is not clear which."""
        if self._publication:
            return self._publication
        if re.fullmatch(r"[0-9a-f]{24}", self._wanted):
            self._publication = self._wanted
            return self._publication
        if self._wanted:
            query = "query Publication($host: String) { publication(host: $host) { id } }"
            found = self._api.ask(query, host=self._wanted).get("publication")
            if not (id := text_of(found, "id")):
                message = f"Hashnode has no publication at {self._wanted}."
                raise ConfigError(message, f"Check `publication` of [sites.{self._name}]: like me.hashnode.dev.")
            self._publication = id
            return id
        nodes = [edge["node"] for edge in self._me()["publications"]["edges"]]
        if len(nodes) != 1:
            known = ", ".join(str(node.get("url")) for node in nodes) or "none"
            message = f"Which publication [sites.{self._name}] is, is not clear; this account has: {known}."
            raise ConfigError(message, 'Say `publication = "HOST"`.')
        self._publication = str(nodes[0]["id"])
        return self._publication

    def project(self, post: Post) -> Post:
        return projected(post)

    def problems(self, post: Post) -> Sequence[Problem]:
        return problems_of(post)

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  there is no listing by time
        yield from self._listing("posts", POST, POSTS_PAGE)
        yield from self._listing("drafts", DRAFT, DRAFTS_PAGE)

    def _listing(self, name: str, fields: str, size: int, pages: int = 0) -> Iterator[Record]:
        query = (
            "query Listing($id: ObjectId, $first: Int!, $after: String) { publication(id: $id) { id "
            f"{name}(first: $first, after: $after) {{ edges {{ node {{ {fields} }} }} "
            "pageInfo { endCursor hasNextPage } } } }"
        )
        after: str | None = None
        seen: set[str] = set()
        number = 0
        while True:
            publication = self._api.ask(query, id=self._id(), first=size, after=after).get("publication")
            if not isinstance(publication, dict):
                raise Malformed("Hashnode does not show the publication.", "Check `publication` in gitsync.toml.")
            found = publication[name]
            for edge in found["edges"]:
                record = self._record(edge["node"], draft=name == "drafts")
                # A post that is published meanwhile moves the others into the next page.
                if record.id not in seen:
                    seen.add(record.id)
                    yield record
            number += 1
            info = found["pageInfo"]
            if not info.get("hasNextPage") or number == pages:
                return
            if not info.get("endCursor") or info["endCursor"] == after:
                raise Malformed("Hashnode's listing does not go on.", "Try again later.")
            after = info["endCursor"]

    def fetch(self, id: str) -> Record:
        if not _ID.fullmatch(id):
            raise NotFound(f"Hashnode has no post {id}.")
        draft = id.startswith("draft:")
        kind, type, fields = ("draft", "ObjectId", DRAFT) if draft else ("post", "ID", POST)
        query = f"query One($id: {type}!) {{ {kind}(id: $id) {{ {fields} }} }}"
        node = self._api.ask(query, id=id.removeprefix("draft:")).get(kind)
        if node is None:
            raise NotFound(f"Hashnode has no {kind} {id.removeprefix('draft:')}.")
        return self._record(node, draft=draft)

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        for id in dict.fromkeys(ids):
            try:
                yield self.fetch(id)
            except NotFound:
                continue

    def find(self, post: Post) -> Iterator[Record]:
        seen: set[str] = set()
        if post.slug:
            query = (
                "query Named($id: ObjectId, $slug: String!) "
                f"{{ publication(id: $id) {{ id post(slug: $slug) {{ {POST} }} }} }}"
            )
            found = self._api.ask(query, id=self._id(), slug=post.slug).get("publication") or {}
            if found.get("post"):
                record = self._record(found["post"], draft=False)
                seen.add(record.id)
                yield record
        # What was made just now is on the first page of its kind.
        newest = (("posts", POST, POSTS_PAGE), ("drafts", DRAFT, DRAFTS_PAGE))
        for name, fields, size in newest:
            for record in self._listing(name, fields, size, pages=1):
                there = record.post
                if record.id not in seen and there and (there.title == post.title or there.body == post.body):
                    yield record

    def create(self, post: Post) -> Record:
        said = self._said(post)
        if post.status == "draft":
            return self._drafted("createDraft", {"publicationId": self._id(), **_as_draft(said)})
        return self._published("publishPost", {"publicationId": self._id(), **_set(said)})

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:  # noqa: ARG002  nothing there compares it
        said = self._said(post)
        if not _ID.fullmatch(id):
            raise NotFound(f"Hashnode has no post {id}.")
        if not id.startswith("draft:"):
            hidden = post.status == "draft"
            return self._published("updatePost", {"id": id, **said, "isDelisted": hidden})
        draft = id.removeprefix("draft:")
        record = self._drafted("updateDraft", {"draftId": draft, **_as_draft(said)})
        return record if post.status == "draft" else self._published("publishDraft", {"draftId": draft})

    def _said(self, post: Post) -> dict[str, Any]:
        """Return the fields to send, as a post's input has them."""
        said: dict[str, Any] = {
            "title": post.title,
            "subtitle": post.description,
            "contentMarkdown": write_body(post.body),
            "coverImage": post.cover,
            "tags": [{"slug": slug, "name": slug} for slug in post.tags or ()],
            "originalArticleURL": post.canonical_url,
            "seriesId": self._series(post.series) if post.series else None,
        }
        if post.slug:
            said["slug"] = slug_of(post.slug) or post.slug
        if post.date:
            said["publishedAt"] = post.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return said

    def _series(self, slug: str) -> str:
        query = "query Series($id: ObjectId, $slug: String!) { publication(id: $id) { id series(slug: $slug) { id } } }"
        found = (self._api.ask(query, id=self._id(), slug=slug).get("publication") or {}).get("series")
        if not (id := text_of(found, "id")):
            message = f"Hashnode has no series {slug!r}, and none can be made by its API."
            raise Rejected(message, "Make it in the dashboard.", field="series")
        return id

    def _published(self, name: str, given: Mapping[str, Any]) -> Record:
        kind = f"{name[0].upper()}{name[1:]}Input"
        mutation = f"mutation Write($input: {kind}!) {{ {name}(input: $input) {{ post {{ {POST} }} }} }}"
        return self._stored(name, mutation, given, draft=False)

    def _drafted(self, name: str, given: Mapping[str, Any]) -> Record:
        kind = f"{name[0].upper()}{name[1:]}Input"
        mutation = f"mutation Write($input: {kind}!) {{ {name}(input: $input) {{ draft {{ {DRAFT} }} }} }}"
        return self._stored(name, mutation, given, draft=True)

    def _stored(self, name: str, mutation: str, given: Mapping[str, Any], *, draft: bool) -> Record:
        answer = self._api.change(mutation, input=given).get(name)
        try:
            return self._record(answer.get("draft" if draft else "post"), draft=draft)
        except (Malformed, AttributeError):
            raise OutcomeUnknown("Hashnode did not show what it stored.", "The next sync looks.") from None

    def delete(self, id: str, *, expect: Revision) -> None:  # noqa: ARG002  the protocol's names
        raise Rejected("Hashnode deletes no posts by its API.", f"Delete {id} in the dashboard, or unpublish it.")

    def upload(self, asset: Asset) -> str:
        if len(asset.content) > MAX_IMAGE:
            raise Rejected(f"{asset.path} has more than 8 MiB, which Hashnode does not take.", "Make it smaller.")
        mutation = (
            "mutation Upload($input: CreateImageUploadInput!) "
            "{ createImageUploadURL(input: $input) { presignedPost { url fields } } }"
        )
        answer = self._api.change(mutation, input={"contentType": asset.media_type}).get("createImageUploadURL") or {}
        presigned = answer.get("presignedPost")
        key = text_of(presigned, "fields", "key")
        if not isinstance(presigned, dict) or not key:
            raise Malformed("Hashnode named no place to upload an image to.")
        self._api.upload(presigned, asset.path.rpartition("/")[2], asset.content, asset.media_type)
        return f"{CDN}{key.lstrip('/')}"

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        return told_by(headers, body, self._hook, self._now())

    def close(self) -> None:
        self._api.close()

    def _record(self, node: Any, *, draft: bool) -> Record:
        if not isinstance(node, dict) or not (id := text_of(node, "id")):
            raise Malformed("Hashnode listed something that is not a post.", "Check `url` in gitsync.toml.")
        post = post_of(node, draft=draft)
        markdown = text_of(node, "content", "markdown") or ""
        raw = {name: node[name] for name in KEPT if node.get(name)}
        return Record(
            id=f"draft:{id}" if draft else id,
            revision=revision_of(post, markdown),
            url=text_of(node, "url") if post.status == "published" else None,
            post=post,
            raw=raw if markdown == post.body else {**raw, "markdown": markdown},
            modified=whole_second(node.get("updatedAt")),
            author=text_of(node, "author", "name"),
            losses=left_out("hashnode", markdown),
        )


def _set(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _as_draft(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as a draft's input has them, which names some otherwise."""
    renamed = {name: value for name, value in said.items() if name != "coverImage"}
    return {**renamed, "coverImageOptions": {"coverImageURL": said["coverImage"]}}
