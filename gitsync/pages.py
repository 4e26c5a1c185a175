"""Posts that a person carries over to a site: a page of HTML each; they can be made again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gitsync.connector import ByHand, Connector
from gitsync.model import Post
from gitsync.project import Project


def write_page(
    project: Project, site: str, path: str, connector: Connector, post: Post, out: Path | None = None
) -> str:
    """Write the page of a projected post; returns its name for a message. Raises OSError.

    It goes to `out`, or to `.git/gitsync/pages/SITE/PATH.html`.
    """
    if not isinstance(connector, ByHand):
        raise AssertionError(f"{site} makes no pages")
    file = out if out is not None else _place(project, site, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = connector.page(post)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    top = project.repository.root
    return str(file.relative_to(top)) if top is not None and file.is_relative_to(top) else str(file)


def drop_page(project: Project, site: str, path: str) -> None:
    """Forget the page of a post: it was carried over."""
    with suppress(FileNotFoundError, NotADirectoryError):
        _place(project, site, path).unlink()


def _place(project: Project, site: str, path: str) -> Path:
    return project.repository.state_dir / "pages" / site / f"{path}.html"
