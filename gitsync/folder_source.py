"""A folder of Markdown files as a source of posts: another blog's, in whatever dialect, or Hashnode's backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitsync.dialects import DIALECTS
from gitsync.discover import discover
from gitsync.document import parse
from gitsync.errors import InvalidContent, UsageError
from gitsync.markdown.formats import named
from gitsync.model import Post, clean_body
from gitsync.source import Found

LARGEST = 16 << 20
"""Bytes of one file."""


class FolderExport:
    """The posts below a folder; its generator and dialect are recognised as `gitsync init` does it."""

    name = "folder"

    def __init__(self, root: Path) -> None:
        self._root = root

    def posts(self) -> Iterator[Found]:
        _, content = discover(self._root)
        dialect = DIALECTS[content.dialect]
        files = sorted({path for pattern in content.paths for path in self._root.glob(pattern) if path.is_file()})
        for path in files:
            place = path.relative_to(self._root).as_posix()
            # A link could lead anywhere on this machine.
            if not path.resolve().is_relative_to(self._root.resolve()) or not dialect.is_post(place):
                continue
            if path.stat().st_size > LARGEST:
                raise UsageError(f"{place} is larger than 16 MiB.", "Take it out of the folder.")
            data = path.read_bytes()
            try:
                post = parse(data, path=place, dialect=dialect).post
            except InvalidContent as error:
                yield _unread(place, data, error)
                continue
            said = {name: value for name, value in dialect.from_path(place).items() if post.get(name) is None}
            post = post.with_fields(said)
            if content.dialect == "hashnode":
                post = post.with_fields({"body": named("hashnode").read(post.body)})
            yield Found(place=place, post=post)


def _unread(place: str, data: bytes, error: InvalidContent) -> Found:
    """Return a file whose front matter nobody can read as a draft that holds all of its text, to be mended by hand.

    Raises InvalidContent for what is no text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise error from None
    post = Post(slug=Path(place).stem, status="draft", body=clean_body(text))
    return Found(place=place, post=post, notes=(f"Its front matter is kept as text: {error.at(place)}",))


def open_folder(path: Path) -> FolderExport | None:
    """Return the folder at `path`; None for a file."""
    return FolderExport(path) if path.is_dir() else None
