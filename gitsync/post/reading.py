"""A file, read: the post in it, and where everything stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from gitsync.dialects import GITSYNC, Dialect
from gitsync.errors import InvalidContent
from gitsync.model import FIELDS, Post, Value, clean_body
from gitsync.post import frontmatter, line_ends
from gitsync.post.fields import decode, flags, locate, read_status, split_list
from gitsync.post.frontmatter import Block, Entries, Items, Node, Scalar, find, label


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand: the file's text (no BOM, "\\n" line ends), its front matter and the nodes of that."""

    text: str
    block: Block | None
    root: Node | None
    dialect: Dialect

    @property
    def front(self) -> str:
        return self.text[self.block.start : self.block.end] if self.block else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file and what it says.

    `sites` is None for all sites, and () for none. `overrides` maps a site to fields with other values there (None:
    absent there). `front` is all front matter as its language has it, the author's own keys too.
    """

    data: bytes
    path: str
    post: Post
    sites: tuple[str, ...] | None
    overrides: Mapping[str, Mapping[str, Value]]
    front: Mapping[str, Any]
    layout: Layout = field(repr=False, compare=False)


def parse(data: bytes, *, path: str = "", dialect: Dialect = GITSYNC) -> Document:
    """Read a file. A file without front matter is a post that has a body only.

    Raises InvalidContent with a code and a 1-based line and column of the file.
    """
    block: Block | None = None
    try:
        text = _decoded(data)
        block = frontmatter.split(text, dialect.languages)
        return _parsed(data, path, text, block, dialect)
    except InvalidContent as error:
        above = text.count("\n", 0, block.start) if block else 0
        raise InvalidContent(
            error.message, error.hint, code=error.code, path=path, line=error.line + above, column=error.column
        ) from None


def _decoded(data: bytes) -> str:
    data = data.removeprefix(line_ends.BOM)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _misplaced(data, error.start, "not-utf-8", "The file is not UTF-8.", "Save it as UTF-8.") from None
    if (at := data.find(b"\0")) >= 0:
        raise _misplaced(data, at, "nul", "The file has a NUL character.", "Is it text?")
    return line_ends.normalised(text)


def _misplaced(data: bytes, at: int, code: str, message: str, hint: str) -> InvalidContent:
    before = line_ends.normalised(data[:at].decode())
    line, column = frontmatter.place(before, len(before))
    return InvalidContent(message, hint, code=code, line=line, column=column)


def _parsed(data: bytes, path: str, text: str, block: Block | None, dialect: Dialect) -> Document:
    root: Node | None = None
    front: dict[str, Any] = {}
    if block:
        root, front = frontmatter.read(block.language, text[block.start : block.end], lenient=dialect.lenient)
        if root is not None and not isinstance(root, Entries):
            # Two rules with words between them: a body, which other readers lose.
            block, root = None, None
    layout = Layout(text, block, root, dialect)
    said: dict[str, Value] = dict(dialect.from_path(path))
    for name in dialect.keys:
        if name != "status" and (found := locate(root, name, dialect)):
            value = decode(name, found[1], dialect, layout.front)
            if value is not None:
                said[name] = value
    status = read_status(root, dialect, layout.front)
    if status is not None and said.get("status") != "draft":
        said["status"] = status
    body = text[block.body :] if block else text
    post = Post(body=clean_body(body) if body[:1] in "\n \t" else body, **said)  # type: ignore[arg-type]
    return Document(
        data=data, path=path, post=post, sites=_sites(layout), overrides=_overrides(layout), front=front, layout=layout
    )


def _sites(layout: Layout) -> tuple[str, ...] | None:
    node = find(layout.root, ("sites",))
    if isinstance(node, Scalar):
        return None if node.absent else split_list("tags", node.text, GITSYNC)
    if isinstance(node, Items) and all(isinstance(item, Scalar) for item in node.items):
        return tuple(label(item) for item in node.items)
    if node is None:
        return None
    raise frontmatter.broken(layout.front, node.start, "wrong-type", "'sites' must be a list of site names.")


def _overrides(layout: Layout) -> dict[str, dict[str, Value]]:
    found: dict[str, dict[str, Value]] = {}
    for site, node in _map(layout, find(layout.root, ("overrides",)), "overrides").items():
        found[site] = {}
        for name, value in _map(layout, node, f"overrides.{site}").items():
            if name not in FIELDS:
                raise frontmatter.broken(
                    layout.front,
                    value.start,
                    "unknown-field",
                    f"{name!r} is no field of a post.",
                    f"Known: {', '.join(FIELDS)}.",
                )
            found[site][name] = decode(name, value, typed(layout.dialect), layout.front)
    return found


def typed(dialect: Dialect) -> Dialect:
    """Overrides are gitsync's own words in every dialect."""
    return GITSYNC if dialect.timezone is GITSYNC.timezone else replace(GITSYNC, timezone=dialect.timezone)


def _map(layout: Layout, node: Node | None, name: str) -> Mapping[str, Node]:
    if node is None or (isinstance(node, Scalar) and node.absent):
        return {}
    if isinstance(node, Entries):
        return node.values
    raise frontmatter.broken(layout.front, node.start, "wrong-type", f"{name!r} must be a map.")


@lru_cache(1)
def _lines(text: str) -> Sequence[int]:
    """Return where each line of `text` begins: a text may have as many problems as lines."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def place(document: Document, field: str, offset: int = 0) -> tuple[int, int]:
    """Return the 1-based line and column of `field` (also "body", "sites", "overrides.SITE.FIELD") in the file.

    `offset` is in characters of the body. A field that is not there stands where the file starts.
    """
    layout = document.layout
    start = layout.block.start if layout.block else 0
    if field == "body":
        at = layout.block.body if layout.block else 0
        lead = len(layout.text) - at - len(document.post.body)
        begins = _lines(layout.text)
        offset += at + max(lead, 0)
        line = bisect_right(begins, offset)
        return line, offset - begins[line - 1] + 1
    found = locate(layout.root, field, layout.dialect)
    path = found[0] if found else tuple(field.split("."))
    if field == "status" and not found:
        path = next((p for p, _, _ in flags(layout.root, layout.dialect, layout.front)), path)
    above = find(layout.root, path[:-1])
    if isinstance(above, Entries) and (key := above.keys.get(str(path[-1]))):
        node = above.values[str(path[-1])]
        inline = isinstance(node, Scalar) and node.end > node.start
        return frontmatter.place(layout.text, start + (node.start if inline else key.start))
    return 1, 1
