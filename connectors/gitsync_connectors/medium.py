"""Medium, by its API or by hand: a place that posts go to once, and that shows nothing of what it has.

There is no listing, no reading, no change and no removal; without an integration token (new ones are not given out
since 2025) there is no sending either. What cannot be sent becomes a page that a person pastes.

Source: Medium/medium-api-docs README, sections 2 and 3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import quote

from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.errors import Forged, NotFound, OutcomeUnknown, Rejected, SiteError, Unauthorized
from gitsync.http import Client, Response
from gitsync.model import Account, Asset, Cursor, Event, Post, Record, Revision
from gitsync_connectors.media_types import PICTURES
from gitsync_connectors.medium_posts import (
    HELD,
    MAX_TAGS,
    id_in,
    page_of,
    problems_of,
    projected,
    said_of,
    steps_to,
)

ENDPOINT: Final = "https://api.medium.com/v1"
_READABLE: Final = frozenset({400, 401, 403, 404, 422})
LICENSES: Final = (
    "all-rights-reserved",
    *(f"cc-40-{kind}" for kind in ("by", "by-sa", "by-nd", "by-nc", "by-nc-nd", "by-nc-sa", "zero")),
    "public-domain",
)


class Medium:
    """One account on Medium, or one publication that it may write for."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "token": Setting(
            type=str,
            help="integration token, from Settings → Security and apps; none: by hand",
            secret=True,
            page="https://medium.com/me/settings/security",
        ),
        "publication": Setting(type=str, help="id of the publication to post to; none: your own profile"),
        "visibility": Setting(type=str, help="public (if it says nothing) or unlisted", choices=("public", "unlisted")),
        "license": Setting(type=str, help="the licence of new posts", choices=LICENSES),
        "notify": Setting(type=bool, help="tell your followers of new posts; false if it says nothing"),
    }

    capabilities: Capabilities = Capabilities(
        fields=HELD,
        unseen=frozenset({"cover"}),  # becomes the first picture of the text
        update=False,
        delete=False,
        unpublish=False,
        listed=False,
        searchable=False,
        uploads=True,
        upload_types=PICTURES - {"image/webp"} | {"image/tiff"},
        max_tags=MAX_TAGS,
        tag_form="25 characters",
        body="HTML (two levels of headings, no tables)",
        limits="title 100",
    )

    def __init__(
        self,
        settings: SiteSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = settings.name
        self._options = settings.options
        self._author = ""
        self._http: Client | None = None
        if "token" not in settings.options:
            self.capabilities = replace(self.capabilities, create=False, uploads=False)
            return
        token = settings.secret("token").strip().removeprefix("Bearer ").strip()
        self._http = Client(
            settings,
            base=settings.url or ENDPOINT,
            headers={
                "Authorization": f"Bearer {token}" if token else "",
                "Accept": "application/json",
                "Accept-Charset": "utf-8",
            },
            pace={},
            sleep=sleep,
            clock=clock,
        )

    def whoami(self) -> Account:
        if self._http is None:
            return Account(name="Medium, by hand", url=None)
        me = self._asked("GET", "/me")
        name = me.get("username") or me.get("name")
        if not isinstance(name, str) or not isinstance(me.get("id"), str):
            raise Unauthorized("Medium did not say whose token this is.", f"Check the token of [sites.{self._name}].")
        self._author = me["id"]
        url = me.get("url")
        return Account(name=name, url=url if isinstance(url, str) else None)

    def project(self, post: Post) -> Post:
        return projected(post)

    def problems(self, post: Post) -> Sequence[Problem]:
        return problems_of(post)

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  there is no listing
        return iter(())

    def fetch(self, id: str) -> Record:
        """Return what an address, or an id, says of itself: nothing else can be known."""
        found = id_in(id)
        if found is None:
            raise NotFound(f"{id} is not an address of a post on Medium.", "It ends with an id, like -3f2a8c1d9e0b.")
        url = id if id.startswith(("http://", "https://")) else f"https://medium.com/p/{found}"
        return Record(id=found, revision="", url=url.partition("?")[0], complete=False)

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002  nothing can be read
        return iter(())

    def find(self, post: Post) -> Iterator[Record]:  # noqa: ARG002  nothing can be searched
        return iter(())

    def create(self, post: Post) -> Record:
        said = said_of(post, self._options)
        stored = self._asked("POST", self._place(), json=said)
        id = stored.get("id")
        if not isinstance(id, str) or not id:
            raise OutcomeUnknown("Medium answered without the id of the new post.", "Look for it there.")
        url, tags = stored.get("url"), stored.get("tags")
        shown = post.with_fields({"tags": tuple(map(str, tags)) if isinstance(tags, list) and tags else None})
        return Record(
            id=id,
            revision=str(stored.get("publishedAt") or ""),
            url=url if isinstance(url, str) and url.startswith(("http://", "https://")) else None,
            post=shown,
            raw={
                name: stored[name] for name in ("url", "publishStatus", "license", "publicationId") if stored.get(name)
            },
            modified=_instant(stored.get("publishedAt")),
        )

    def _place(self) -> str:
        if publication := str(self._options.get("publication", "")).strip():
            return f"/publications/{quote(publication, safe='')}/posts"
        if not self._author and self._http is not None:
            self.whoami()
        return f"/users/{quote(self._author, safe='')}/posts"

    def update(self, id: str, post: Post, *, expect: Revision) -> Record:  # noqa: ARG002  there is no such call
        raise Rejected(f"Medium cannot change {id} from outside.", "Change it in Medium's editor.")

    def delete(self, id: str, *, expect: Revision) -> None:  # noqa: ARG002  there is no such call
        raise Rejected(f"Medium cannot remove {id} from outside.", "Remove it on Medium.")

    def upload(self, asset: Asset) -> str:
        name = asset.path.rpartition("/")[2]
        stored = self._asked("POST", "/images", files={"image": (name, asset.content, asset.media_type)})
        url = stored.get("url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise Rejected(f"Medium stored {asset.path} without telling its address.", "Try again later.")
        return url

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  there are none
        raise Forged("Medium has no webhooks.")

    def page(self, post: Post) -> str:
        """Return the HTML page to copy into Medium's editor."""
        return page_of(post)

    def steps(self, post: Post, url: str | None) -> Sequence[str]:
        """Return what a person does with the page; `url` is where the post is already."""
        return steps_to(post, url)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def _asked(self, method: str, path: str, **body: Any) -> Mapping[str, Any]:
        if self._http is None:
            message = f"[sites.{self._name}] has no token, so nothing can be sent to Medium."
            raise Rejected(message, "gitsync publish writes a page to paste there.")
        response = self._http.request(method, path, accept=_READABLE, **body)
        if response.status >= 400:
            raise self._error(self._http, response)
        answer = response.json()
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            unsure = method == "POST"
            message = f"{self._name} answered with something that is not Medium's."
            raise (OutcomeUnknown if unsure else Unauthorized)(message, "Check `url` of this site in gitsync.toml.")
        return data

    def _error(self, http: Client, response: Response) -> SiteError:
        try:
            errors = response.json()["errors"]
            sentence = " ".join(str(error["message"]) for error in errors)
        except (SiteError, LookupError, TypeError):
            sentence = ""
        if response.status in (401, 403):
            found = http.refused(Unauthorized, response, sentence)
            hint = "Check the token (Settings → Security and apps)."
            if response.status == 403:
                hint = (
                    'This token may not post there; a publication\'s writers may only send drafts (status = "draft").'
                )
            return Unauthorized(found.message, hint)
        return http.refused(NotFound if response.status == 404 else Rejected, response, sentence)


def _instant(milliseconds: Any) -> datetime | None:
    known = isinstance(milliseconds, int) and 0 < milliseconds < 1 << 45
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if known else None
