"""What a person needs to bring one post to a site by hand: a page to copy, and what to do with it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gitsync import document
from gitsync.by_hand import opened
from gitsync.connector import ByHand
from gitsync.engine.projection import project as projection_of
from gitsync.engine.projection import view
from gitsync.errors import InvalidContent, Refused, UsageError
from gitsync.ledger import Ledger
from gitsync.pages import write_page
from gitsync.project import Project
from gitsync.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The page of a post, what to do with it, where the post is already, and what the site will not show of it."""

    page: str
    steps: tuple[str, ...]
    url: str | None
    losses: tuple[str, ...]


def publish(project: Project, site: Site, path: str, *, out: Path | None = None) -> Sheet:
    """Write the page of the post at `path` as it is in HEAD. Sends nothing. Raises InvalidContent, Refused, OSError."""
    connector = site.connect()
    with ExitStack() as stack:
        stack.callback(connector.close)
        if not isinstance(connector, ByHand):
            raise Refused(f"{site.name} takes posts from gitsync itself.", f"Run gitsync push {site.name}.")
        at = opened(project, site, Ledger(project.repository, site.name), project.head(), stack, connector)
        post = at.post(path)
        file = at.file(post.path, post.oid)
        if file is None:
            raise UsageError(f"{path} is not committed.", "Commit the file first.")
        place = at.incoming.addresses.place
        projection = projection_of(view(file, site.name, place.default_status), post.path, place, connector)
        if (refused := projection.refused) is not None:
            line, column = document.place(file, refused.field or "body", refused.offset)
            raise InvalidContent(
                f"{refused.message}.", refused.hint, code=refused.code, path=post.path, line=line, column=column
            )
        record = post.entry.record
        url = (record.url or record.id) if record is not None and record.state == "live" else None
        return Sheet(
            page=write_page(project, site.name, post.path, connector, projection.post, out),
            steps=tuple(connector.steps(projection.post, url)),
            url=url,
            losses=tuple(f"{it.code} {it.message}." for it in projection.problems),
        )
