"""WordPress, by its REST API and an application password: posts, pages or a custom type.

There is no conditional update, no webhook and no place for ids of ours. What a record was last is found by a hash of
its raw fields, since `modified` has seconds and is not moved by everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import ConfigError, Forged, Malformed, NotFound, OutcomeUnknown, Rejected, SiteError
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors.bodies import left_out
from gitsync_connectors.media_types import DOCUMENTS, PICTURES
from gitsync_connectors.wordpress_api import PAGE, Api
from gitsync_connectors.wordpress_media import Media
from gitsync_connectors.wordpress_posts import (
    LISTED,
    WRITTEN,
    Markup,
    file_name,
    kept,
    moment,
    post_of,
    problems_of,
    projected,
    raw_text,
    revision_of,
    slug_of,
    write_body,
)
from gitsync_connectors.wordpress_terms import Terms

SHOWN: Final = "publish,future,draft,pending,private"
"""The statuses of posts that are there; those in the trash are not."""

PUBLIC: Final = ("publish", "future", "private")
"""What an editor has made of a post that waited for review."""


class WordPress:
    """One type of posts of one WordPress site."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "user": Setting(type=str, help="the login name that the application password belongs to", required=True),
        "token": Setting(
            type=str,
            help="application password, from Users → Profile → Application Passwords",
            required=True,
            secret=True,
            page="{url}/wp-admin/profile.php#application-passwords-section",
        ),
        "type": Setting(type=str, help="posts (if it says nothing), pages, or the REST base of a custom post type"),
        "tags": Setting(type=str, help="the REST base of the taxonomy that tags are, where it is not tags"),
        "format": Setting(type=str, help="what new posts are written as", choices=("blocks", "html")),
        "categories": Setting(type=list, help='categories of every post, by name; "Parent/Child" for one in another'),
        "review": Setting(type=bool, help="posts wait for review, because the user may not publish (a Contributor)"),
        "canonical_meta": Setting(
            type=str, help="the meta key, shown in REST, in which a plugin keeps the canonical URL"
        ),
        "trash": Setting(type=bool, help="whether deleting moves a post to the trash (true) or is for good"),
    }

    capabilities: Capabilities = Capabilities(
        fields=frozenset({"title", "slug", "description", "tags", "cover", "canonical_url", "status", "date"}),
        unseen=frozenset({"slug"}),  # made unique with a number, and rid of what an address cannot have
        revision_hash=True,
        bulk_fetch=PAGE,
        uploads=True,
        upload_types=PICTURES | DOCUMENTS | {"image/avif", "image/heic"},
        finds_files=True,
        private_fields=frozenset({"password"}),
        scheduled=True,
        backdates=True,
        tag_form="200 characters",
        body="blocks or HTML",
        limits="what the host takes",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        options = settings.options
        self._type = str(options.get("type", "posts")).strip("/")
        if not self._type.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"{self._type!r} is no type of posts.", "Give its REST base, like posts, pages or books.")
        self._markup: Markup = "html" if options.get("format") == "html" else "blocks"
        self._meta = str(options.get("canonical_meta", ""))
        self._review = bool(options.get("review", False))
        self._trash = bool(options.get("trash", True))
        self._api = Api(settings, str(options["user"]), sleep=sleep, clock=clock)
        self._host = urlsplit(settings.url).netloc
        self._taxonomy = str(options.get("tags", "tags")).strip("/")
        if not self._taxonomy.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"{self._taxonomy!r} is no taxonomy.", "Give its REST base, like tags or genres.")
        self._tags = Terms(self._api, f"/{self._taxonomy}")
        self._categories = Terms(self._api, "/categories")
        self._always = [str(name) for name in options.get("categories", ())]
        self._media = Media(self._api)
        self._may: dict[str, Any] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        fields = {"title", "slug", "description", "cover", "status", "date"}
        fields |= ({"tags"} if self._type != "pages" else set()) | ({"canonical_url"} if self._meta else set())
        body = "blocks" if self._markup == "blocks" else "HTML"
        unseen = self.capabilities.unseen
        if self._review:
            # Whether and when a post comes out is for an editor there to say.
            fields, unseen = fields - {"date"}, unseen | {"status"}
        self.capabilities = replace(
            self.capabilities,
            fields=frozenset(fields),
            unseen=unseen,
            body=body,
            scheduled=not self._review,
            backdates=not self._review,
        )

    def whoami(self) -> Account:
        user = self._me()
        if not isinstance(user, dict) or not (user.get("name") or user.get("slug")):
            raise Malformed("WordPress did not say whose password this is.", "Check `url` in gitsync.toml.")
        link = user.get("link")
        return Account(name=str(user.get("name") or user["slug"]), url=link if isinstance(link, str) else None)

    def _me(self) -> Any:
        """Return the user, and remember what it may do.

        A wrong password is no error on a public listing: WordPress answers as if nobody had asked.
        """
        user = self._api.get("/users/me", context="edit", _fields="id,name,slug,link,capabilities")
        may = user.get("capabilities") if isinstance(user, dict) else None
        self._may = may if isinstance(may, dict) else {"unfiltered_html": True, "edit_others_posts": True}
        return user

    def _own(self) -> int | None:
        """Return the user's number, where it may edit no posts but its own."""
        user = self._me()
        number = user.get("id") if isinstance(user, dict) else None
        return number if isinstance(number, int) and not self._may.get("edit_others_posts") else None

    def _strips(self) -> bool:
        """Say whether WordPress takes out of this user's posts what could run there; asked once, when it matters."""
        if not self._may:
            with suppress(SiteError):
                self._me()
        return bool(self._may) and not self._may.get("unfiltered_html")

    def project(self, post: Post) -> Post:
        return projected(post, self.capabilities.fields, self._markup, self._host)

    def problems(self, post: Post) -> Sequence[Problem]:
        return problems_of(
            post, self.capabilities.fields, self._markup, self._host, review=self._review, strips=self._strips
        )

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  back-dated posts have old dates
        listed: dict[str, str | int] = {"context": "edit", "status": SHOWN, "_fields": self._listed()}
        for page in self._api.pages(f"/{self._type}", own=self._own if self._type == "posts" else None, **listed):
            for row in page:
                yield Record(
                    id=self._id(row),
                    revision=revision_of(self._tagged(row)),
                    complete=False,
                    modified=moment(row.get("modified_gmt")),
                )

    def _listed(self) -> str:
        more = ["featured_media", *([self._taxonomy] if "tags" in self.capabilities.fields else [])]
        return ",".join([*LISTED, *more, *([f"meta.{self._meta}"] if self._meta else [])])

    def _tagged(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row whose tags are called so, whatever its taxonomy is."""
        return row if self._taxonomy == "tags" else {**row, "tags": row.get(self._taxonomy)}

    def _id(self, row: Any) -> str:
        if not isinstance(row, dict) or not isinstance(row.get("id"), int):
            raise Malformed("WordPress listed something that is not a post.", "Check `url` and `type` in gitsync.toml.")
        return str(row["id"])

    def fetch(self, id: str) -> Record:
        row = self._api.get(self._path(id), context="edit")
        if row.get("status") in ("trash", "auto-draft"):
            raise NotFound(f"WordPress has post {id} in its trash.")
        return self._record(row)

    def _path(self, id: str) -> str:
        if not id.isdecimal() or len(id) > 18:
            raise NotFound(f"WordPress has no post {id}.")
        return f"/{self._type}/{id}"

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        wanted = [id for id in dict.fromkeys(ids) if id.isdecimal() and len(id) <= 18]
        for start in range(0, len(wanted), PAGE):
            some = ",".join(wanted[start : start + PAGE])
            for page in self._api.pages(f"/{self._type}", context="edit", status=SHOWN, include=some):
                self._prepare(page)
                yield from map(self._record, page)

    def _prepare(self, rows: Sequence[Any]) -> None:
        """Ask for the names of all their tags and the addresses of all their covers at once."""
        rows = [row for row in rows if isinstance(row, dict)]
        self._tags.load({id for row in rows for id in row.get(self._taxonomy) or ()})
        self._media.load({row["featured_media"] for row in rows if row.get("featured_media")})

    def find(self, post: Post) -> Iterator[Record]:
        seen: set[str] = set()
        asked: list[dict[str, str | int]] = []
        if post.slug:
            asked.append({"slug": slug_of(post.slug)})
        if post.title:
            asked.append({"search": post.title})
        if not asked:
            asked.append({})
        for params in asked:
            given: dict[str, str | int] = {
                **params, "context": "edit", "status": SHOWN, "per_page": 20, "orderby": "id", "order": "desc"
            }  # fmt: skip
            for row in self._api.get(f"/{self._type}", **given):
                if self._id(row) not in seen:
                    seen.add(self._id(row))
                    yield self._record(row)

    def create(self, post: Post) -> Record:
        row = self._said(post, None) | {"content": write_body(post.body, self._markup)}
        if self._always:
            row["categories"] = [self._categories.id(name) for name in self._always]
        return self._stored("POST", f"/{self._type}", row)

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:  # noqa: ARG002  nothing there compares it
        stored = self._rows.get(id)
        if stored is None:
            stored = self._api.get(self._path(id), context="edit")
        from gitsync.markdown.wordpress_format import write_like  # noqa: PLC0415  70 ms that only posts cost

        content = stored["content"]["raw"]
        row = self._said(post, stored) | {"content": write_like(post.body, content, self._markup)}
        there = stored.get("categories")
        if self._always and isinstance(there, list):
            wanted = [self._categories.id(name) for name in self._always]
            if missing := [id for id in wanted if id not in there]:
                row["categories"] = [*there, *missing]
        return self._stored("POST", self._path(id), row)

    def _said(self, post: Post, stored: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the fields to send; `stored` is what an update replaces."""
        status = WRITTEN[post.status or "published"]
        if self._review and status != "draft":
            status = str(stored["status"]) if stored and stored.get("status") in PUBLIC else "pending"
        row: dict[str, Any] = {"title": post.title or "", "excerpt": post.description or ""}
        if not (stored and stored.get("status") == "pending" and status == "draft"):
            row["status"] = status
        if post.slug:
            row["slug"] = post.slug
        if post.date and status != "draft":
            row["date_gmt"] = post.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        if "tags" in self.capabilities.fields:
            row[self._taxonomy] = [self._tags.id(name) for name in post.tags or ()]
        if post.cover or (stored and stored.get("featured_media")):
            row["featured_media"] = self._media.id(post.cover) if post.cover else 0
        if self._meta:
            row["meta"] = {self._meta: post.canonical_url or ""}
        return row

    def _stored(self, method: str, path: str, row: Mapping[str, Any]) -> Record:
        answer = self._api.send(method, path, row, context="edit")
        try:
            return self._record(answer)
        except Malformed as error:
            raise OutcomeUnknown(error.message, error.hint) from None

    def delete(self, id: str, *, expect: Revision) -> None:  # noqa: ARG002  as for `update`
        if self._trash:
            self._api.send("DELETE", self._path(id))
        else:
            self._api.send("DELETE", self._path(id), force="true")

    def upload(self, asset: Asset) -> str:
        if asset.media_type not in (self.capabilities.upload_types or ()):
            raise Rejected(
                f"WordPress does not take {asset.path}: a file of type {asset.media_type}.", "Make it a PNG."
            )
        return self._media.upload(file_name(asset.path), asset.content, asset.media_type)

    def stored(self, asset: Asset) -> str | None:
        return self._media.stored(file_name(asset.path), asset.content)

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  the protocol's names
        raise Forged("WordPress sends no webhooks.")

    def close(self) -> None:
        self._api.close()

    def _record(self, row: Any) -> Record:
        id = self._id(row)
        row = self._tagged(row)
        self._rows[id] = {name: row.get(name) for name in ("status", "featured_media", "content", "categories")}
        fields = self.capabilities.fields
        names = [self._tags.name(tag) for tag in row.get("tags") or ()] if "tags" in fields else []
        cover = self._media.url(row["featured_media"]) if row.get("featured_media") else None
        post = post_of(row, names, cover, fields, self._meta)
        link = row.get("link")
        public = row.get("status") in ("publish", "private") and isinstance(link, str)
        return Record(
            id=id,
            revision=revision_of({**row, "meta": _only(row, self._meta)}),
            url=link if public else None,
            post=post,
            raw=kept(row, post.body),
            modified=moment(row.get("modified_gmt")),
            losses=left_out("wordpress", raw_text(row, "content")),
        )


def _only(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    meta = row.get("meta")
    return {key: meta[key]} if isinstance(meta, dict) and key in meta else {}
