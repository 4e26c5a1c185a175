"""Ghost, by its Admin API: posts or pages of one site.

An update names the `updated_at` that it replaces, and Ghost refuses it when that has moved; since it has seconds only,
the engine also compares the content first. Newsletters are never sent from here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar, Final

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import ConfigError, Malformed, NotFound, OutcomeUnknown, Rejected
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors.bodies import left_out
from gitsync_connectors.ghost_api import PAGE, Api
from gitsync_connectors.ghost_hooks import EVENTS, told_by
from gitsync_connectors.ghost_posts import (
    HELD,
    document_of,
    kept,
    post_of,
    problems_of,
    projected,
    revision_of,
    write_body,
)
from gitsync_connectors.instants import whole_second
from gitsync_connectors.line_breaks import JOIN_LINES, with_lines, without_breaks
from gitsync_connectors.media_types import DOCUMENTS, PICTURES

FORMATS: Final = "lexical,mobiledoc"
"""HTML is made from these, and never read: it does not tell a card from what somebody wrote."""


class Ghost:
    """The posts, or the pages, of one Ghost site."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "token": Setting(
            type=str,
            help="Admin API key, from Settings → Integrations",
            required=True,
            secret=True,
            page="{url}/ghost/#/settings/integrations",
        ),
        "type": Setting(type=str, help="posts (if it says nothing) or pages", choices=("posts", "pages")),
        "join_lines": JOIN_LINES,
        "webhook_secret": Setting(type=str, help="the secret that webhooks of this site are signed with", secret=True),
    }

    capabilities: Capabilities = Capabilities(
        fields=HELD,
        unseen=frozenset({"slug"}),  # made unique with a number, and rid of what an address cannot have
        revision_hash=True,
        bulk_fetch=PAGE,
        uploads=True,
        upload_types=PICTURES | DOCUMENTS | {"image/svg+xml"},
        private_fields=frozenset({"uuid", "email", "comment_id", "newsletter"}),
        scheduled=True,
        backdates=True,
        tag_form="191 characters; `#name` is internal",
        body="Lexical (Markdown cards)",
        webhooks=True,
        limits="title 255, description 300",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._type = str(settings.options.get("type", "posts"))
        self._api = Api(settings, sleep=sleep, clock=clock, now=now)
        self._hook = settings.secret("webhook_secret") if "webhook_secret" in settings.options else ""
        self._now = now
        self._join = bool(settings.options.get("join_lines", False))
        self._rows: dict[str, dict[str, Any]] = {}

    def whoami(self) -> Account:
        site = self._api.get("/site/")
        # Anybody may read that; the key is tried on what only it may.
        self._api.get(f"/{self._type}/", limit=1, fields="id")
        said = site.get("site") if isinstance(site, dict) else None
        if not isinstance(said, dict) or not said.get("title"):
            raise Malformed("Ghost did not say which site this is.", "Check `url` in gitsync.toml.")
        url = said.get("url")
        return Account(name=str(said["title"]), url=url if isinstance(url, str) else None)

    def project(self, post: Post) -> Post:
        return projected(with_lines(post, self._join))

    def problems(self, post: Post) -> Sequence[Problem]:
        return without_breaks(problems_of(post), self._join)

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  dates of edits have seconds only
        for page in self._api.pages(f"/{self._type}/", self._type, formats=FORMATS, include="tags"):
            for row in page:
                revision, modified = revision_of(row), whole_second(row.get("updated_at"))
                yield Record(id=self._id(row), revision=revision, complete=False, modified=modified)

    def _id(self, row: Any) -> str:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
            raise Malformed("Ghost listed something that is not a post.", "Check `url` in gitsync.toml.")
        return str(row["id"])

    def fetch(self, id: str) -> Record:
        return self._record(self._one(self._api.get(self._path(id), formats=FORMATS, include="tags")))

    def _path(self, id: str) -> str:
        if not _is_id(id):
            raise NotFound(f"Ghost has no post {id}.")
        return f"/{self._type}/{id}/"

    def _one(self, answer: Any) -> Any:
        rows = answer.get(self._type) if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != 1:
            raise Malformed("Ghost answered with something that is not one post.", "Check `url` in gitsync.toml.")
        return rows[0]

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        wanted = [id for id in dict.fromkeys(ids) if _is_id(id)]
        for start in range(0, len(wanted), PAGE):
            some = f"id:[{','.join(wanted[start : start + PAGE])}]"
            yield from self._found(some)

    def _found(self, filter: str) -> Iterator[Record]:
        for page in self._api.pages(f"/{self._type}/", self._type, formats=FORMATS, include="tags", filter=filter):
            yield from map(self._record, page)

    def find(self, post: Post) -> Iterator[Record]:
        seen: set[str] = set()
        for name, value in (("slug", post.slug), ("title", post.title)):
            for record in self._found(f"{name}:{_quoted(value)}") if value else ():
                if record.id not in seen:
                    seen.add(record.id)
                    yield record

    def create(self, post: Post) -> Record:
        return self._stored("POST", f"/{self._type}/", self._said(post, {}) | {"lexical": write_body(post.body)})

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:  # noqa: ARG002  see `updated_at`
        stored = self._rows.get(id)
        if stored is None:
            stored = self._one(self._api.get(self._path(id), formats=FORMATS, include="tags"))
        if stored.get("mobiledoc") and not stored.get("lexical"):
            stored = self._converted(id, stored)
        from gitsync.markdown.ghost_format import write_like  # noqa: PLC0415  70 ms that only posts cost

        said = self._said(post, stored) | {
            "lexical": write_like(post.body, stored.get("lexical") or ""),
            "updated_at": stored.get("updated_at"),
        }
        return self._stored("PUT", self._path(id), said)

    def _converted(self, id: str, stored: Mapping[str, Any]) -> Any:
        """Let Ghost turn an old post's Mobiledoc into Lexical: as long as it has one, a Lexical document is ignored."""
        said = {self._type: [{"updated_at": stored.get("updated_at")}]}
        return self._one(
            self._api.send("PUT", self._path(id), said, formats=FORMATS, include="tags", convert_to_lexical="true")
        )

    def _said(self, post: Post, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields to send; `stored` is what an update replaces."""
        said: dict[str, Any] = {
            "title": post.title,
            "custom_excerpt": post.description,
            "tags": [{"name": name} for name in post.tags or ()],
            "feature_image": post.cover,
            "canonical_url": post.canonical_url,
        }
        if stored.get("status") != "sent":
            said["status"] = post.status or "published"
        if post.slug and post.slug != stored.get("slug"):
            said["slug"] = post.slug
        if post.date and said.get("status") != "draft":
            said["published_at"] = post.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return said

    def _stored(self, method: str, path: str, said: Mapping[str, Any]) -> Record:
        answer = self._api.send(method, path, {self._type: [said]}, formats=FORMATS, include="tags")
        try:
            return self._record(self._one(answer))
        except Malformed as error:
            raise OutcomeUnknown(error.message, error.hint) from None

    def delete(self, id: str, *, expect: Revision) -> None:  # noqa: ARG002  nothing there compares it
        self._api.send("DELETE", self._path(id))

    def upload(self, asset: Asset) -> str:
        name = asset.path.rpartition("/")[2]
        kind = asset.media_type.partition("/")[0]
        shelf = {"image": "images", "audio": "media", "video": "media"}.get(kind, "files")
        answer = self._api.upload(f"/{shelf}/upload/", asset.path, name, asset.content, asset.media_type)
        files = answer.get(shelf) if isinstance(answer, dict) else None
        url = files[0].get("url") if isinstance(files, list) and files and isinstance(files[0], dict) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise Rejected(f"Ghost stored {asset.path} without telling its address.", "Look at the site's storage.")
        return url

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        return told_by(headers, body, self._hook, self._type.removesuffix("s"), self._now())

    def register(self, url: str) -> Sequence[str]:
        if not self._hook:
            message = "A webhook is believed by its signature only, and no webhook_secret is set for this site."
            raise ConfigError(message, 'Add webhook_secret = "env:NAME".')
        name = self._type.removesuffix("s")
        for event in EVENTS:
            hook = {"event": f"{name}.{event}", "target_url": url, "secret": self._hook, "name": f"gitsync {event}"}
            try:
                self._api.send("POST", "/webhooks/", {"webhooks": [hook]})
            except Rejected as error:
                if "already been used" not in error.message:
                    raise
        return [f"{name}.{event}" for event in EVENTS]

    def close(self) -> None:
        self._api.close()

    def _record(self, row: Any) -> Record:
        id = self._id(row)
        self._rows[id] = {name: row.get(name) for name in ("updated_at", "status", "slug", "lexical", "mobiledoc")}
        post = post_of(row)
        url = row.get("url")
        return Record(
            id=id,
            revision=revision_of(row),
            url=url if post.status == "published" and isinstance(url, str) else None,
            post=post,
            raw=kept(row, post.body),
            modified=whole_second(row.get("updated_at")),
            losses=left_out("ghost", document_of(row)),
        )


def _is_id(id: str) -> bool:
    return len(id) == 24 and all(char in "0123456789abcdef" for char in id)


def _quoted(text: str) -> str:
    """Return text for a filter. Source: TryGhost/NQL packages/nql-lang."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
