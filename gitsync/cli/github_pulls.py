"""Pull requests on GitHub: a plan as a comment that is kept up to date, and requests for what sites' editors wrote.

Source: docs.github.com/rest/issues/comments and /rest/pulls/pulls, version 2022-11-28.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gitsync.bounded_json import loads
from gitsync.connector import SiteSettings
from gitsync.errors import Unauthorized
from gitsync.http import Client

PAGE: Final = 100
MARK: Final = "<!-- gitsync: plan of {} -->"


class Pulls:
    """One repository on GitHub. `api` and `name` ("owner/repository") are as a runner's environment has them."""

    def __init__(self, api: str, name: str, token: str) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            raise Unauthorized(f"{name!r} is no repository on GitHub.", "Run this as a GitHub Action.")
        settings = SiteSettings(name="GitHub", platform="github", url=api, root=Path(), secret=lambda _: token)
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": f"Bearer {token}",
        }
        self._owner = name.partition("/")[0]
        self._http = Client(settings, base=f"{api.rstrip('/')}/repos/{name}", headers=headers, pace={})

    def comment(self, number: int, key: str, page: str | None) -> str | None:
        """Let the comment with the plan of `key` on a pull request say `page`; None: only where there is one.

        Returns its address, None where there is none. Raises SiteError.
        """
        mark = MARK.format(key)
        mine = next(
            (it for it in self._all(f"/issues/{number}/comments") if str(it.get("body")).startswith(mark)), None
        )
        if page is None and mine is None:
            return None
        body = f"{mark}\n{page or 'Nothing to do: repository and sites are in step.'}"
        if mine is None:
            said = self._http.request("POST", f"/issues/{number}/comments", json={"body": body}).json()
        elif mine["body"] == body:
            said = mine
        else:
            said = self._http.request("PATCH", f"/issues/comments/{int(mine['id'])}", json={"body": body}).json()
        return str(said.get("html_url") or "")

    def propose(self, branch: str, base: str, title: str, body: str) -> tuple[str, bool]:
        """Open a pull request of `branch` into `base`, or update the one that is open; returns its address, and
        whether it is new. Raises SiteError.
        """
        asked: Mapping[str, str | int] = {"head": f"{self._owner}:{branch}", "base": base, "state": "open"}
        found = self._http.request("GET", "/pulls", params=asked).json()
        if isinstance(found, list) and found:
            number = int(found[0]["number"])
            if (found[0].get("title"), found[0].get("body")) != (title, body):
                self._http.request("PATCH", f"/pulls/{number}", json={"title": title, "body": body})
            return str(found[0].get("html_url") or ""), False
        said = self._http.request(
            "POST", "/pulls", json={"title": title, "head": branch, "base": base, "body": body}
        ).json()
        return str(said.get("html_url") or ""), True

    def _all(self, path: str) -> Iterator[Mapping[str, Any]]:
        page = 1
        while True:
            found = self._http.request("GET", path, params={"per_page": PAGE, "page": page}).json()
            yield from (it for it in found if isinstance(it, dict))
            if len(found) < PAGE:
                return
            page += 1

    def close(self) -> None:
        self._http.close()


def number_of(event_file: str) -> int | None:
    """Return the number of the pull request that a runner's event file is about; None where it is about none."""
    try:
        event = loads(Path(event_file).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
