"""A file <-> a post; a file is edited by changing only the lines that the edit is about (law 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gitsync.dialects import Dialect
from gitsync.errors import InvalidContent
from gitsync.model import FIELDS, Value, clean_body
from gitsync.post import frontmatter, line_ends
from gitsync.post.fields import decode, encode, follow, locate, write_status
from gitsync.post.frontmatter import NULL, Items, Node, Plain, find
from gitsync.post.new_file import write
from gitsync.post.reading import Document, parse, place, typed

__all__ = ["Document", "edit", "parse", "place", "write"]

Overrides = Mapping[str, Mapping[str, Value]]


def edit(
    document: Document, changes: Mapping[str, Value], *, body: str | None = None, overrides: Overrides | None = None
) -> bytes:
    """Return the file with the post fields in `changes` set (None removes), and with `body` when given.

    `overrides` are changes too: site -> field -> value; None makes the field absent on that site, other overrides
    stay. What is equal already is left alone. Keeps keys, quotes, lists, dates and flags in the author's style. Raises
    InvalidContent when the result would not read back as wanted, and all else as before.
    """
    layout = document.layout
    front = _Front(document, layout.block.language if layout.block else "yaml", layout.front)
    wanted = dict(changes)
    if "body" in wanted:
        body = str(wanted.pop("body") or "")
    for name, value in wanted.items():
        if name == "status":
            wanted[name] = value = layout.dialect.status(value if isinstance(value, str) else None)
        if document.post.get(name) != value:
            front.set(name, value)
    for site, fields in (overrides or {}).items():
        there = document.overrides.get(site, {})
        for name, value in fields.items():
            if name not in there or there[name] != value:
                front.override(site, name, value)
    text = _assembled(document, front, None if body is None else clean_body(body))
    try:
        data = document.data if text == layout.text else line_ends.encoded(document.data, layout.text, text)
    except UnicodeEncodeError as error:
        raise front.failed("body", f"{error.object[error.start : error.end]!r} cannot be stored as UTF-8.") from None
    if problem := _surprise(document, data, wanted, body, overrides, front.touched):
        raise front.failed(problem, f"{problem!r} cannot be changed in this file without changing something else.")
    return data


class _Front:
    """Front matter under change; `touched` are the keys that changed."""

    def __init__(self, document: Document, language: str, text: str) -> None:
        self.document = document
        self.dialect = document.layout.dialect
        self.language = language
        self.text = text
        self.touched: set[str] = set()

    def root(self, text: str) -> frontmatter.Node | None:
        return frontmatter.read(self.language, text, lenient=self.dialect.lenient)[0]

    def changed(self, path: frontmatter.Path, value: Plain) -> str:
        self.touched.add(str(path[0]))
        return frontmatter.change(self.language, self.text, path, value, lenient=self.dialect.lenient)

    def set(self, name: str, value: Value) -> None:
        root = self.root(self.text)
        if name == "status":
            for path, new in list(
                write_status(root, value if isinstance(value, str) else None, self.dialect, self.text)
            ):
                self.text = self.changed(path, new)
        elif name not in self.dialect.keys:
            raise self.failed(name, f"A {self.dialect.name} file has no key for {name!r}.")
        elif value is None:
            while found := locate(self.root(self.text), name, self.dialect):
                if len(several := _siblings(self.root(self.text), found[0])) > 1:
                    raise self.failed(name, f"{name!r} is the first of {len(several)} here; the next would replace it.")
                self.text = self.changed(found[0], None)
        else:
            found = locate(root, name, self.dialect)
            first = self.dialect.keys[name][0]
            path = found[0] if found else follow(root, first, any_case=self.dialect.any_case)
            self.text = self._first(name, encode(name, value, found[1] if found else None, self.dialect), path, value)

    def _first(
        self, name: str, ways: Iterator[Plain], path: frontmatter.Path, value: Value, dialect: Dialect | None = None
    ) -> str:
        """Return the front matter with the first of `ways` at `path` that reads back as `value`."""
        for way in ways:
            try:
                after = self.changed(path, way)
                node = find(self.root(after), path)
                if node is not None and decode(name, node, dialect or self.dialect, after) == value:
                    return after
            except (InvalidContent, UnicodeEncodeError):
                continue
        raise self.failed(name, f"{name!r} cannot be set to {value!r} here.")

    def override(self, site: str, name: str, value: Value) -> None:
        path = ("overrides", site, name)
        dialect = typed(self.dialect)
        old = find(self.root(self.text), path)
        ways = iter([NULL]) if value is None else encode(name, value, old, dialect)
        self.text = self._first(name, ways, path, value, dialect)

    def failed(self, field: str, message: str) -> InvalidContent:
        line, column = place(self.document, field)
        return InvalidContent(
            message, "Edit the file by hand.", code="not-editable", path=self.document.path, line=line, column=column
        )


def _siblings(root: Node | None, path: frontmatter.Path) -> tuple[Node, ...]:
    """The items of the list that `path` goes into, if it does."""
    holder = find(root, path[:-1])
    return holder.items if isinstance(holder, Items) else ()


def _assembled(document: Document, front: _Front, body: str | None) -> str:
    layout = document.layout
    text, block = layout.text, layout.block
    rest = text[block.body :] if block else text
    if body is not None and body != document.post.body:
        lead = rest[: len(rest) - len(document.post.body)]
        if block and not lead and not document.post.body:
            lead = "\n"
        rest = lead + body
    if block:
        closing = text[block.end : block.body]
        if rest and not closing.endswith("\n"):
            closing += "\n"
        return text[: block.start] + front.text + closing + rest
    if not front.text and not _fronted(rest, document):
        return rest
    return f"---\n{front.text}---\n" + ("\n" if rest and not rest.startswith("\n") else "") + rest


def _fronted(text: str, document: Document) -> bool:
    """Whether `text` would be taken for front matter, though it is a body."""
    try:
        return text != document.layout.text and frontmatter.split(text, document.layout.dialect.languages) is not None
    except InvalidContent:
        return True


def _surprise(
    document: Document,
    data: bytes,
    wanted: Mapping[str, Value],
    body: str | None,
    overrides: Overrides | None,
    touched: Collection[str],
) -> str | None:
    """Return what reads back otherwise than it should, or None."""
    try:
        after = parse(data, path=document.path, dialect=document.layout.dialect)
    except InvalidContent:
        return next(iter(wanted), "body")
    for name in FIELDS:
        if after.post.get(name) != (wanted[name] if name in wanted else document.post.get(name)):
            return name
    if after.post.body != (document.post.body if body is None else clean_body(body)):
        return "body"
    for site in {*document.overrides, *(overrides or {})}:
        if after.overrides.get(site, {}) != {**document.overrides.get(site, {}), **(overrides or {}).get(site, {})}:
            return f"overrides.{site}"
    others = [{k: v for k, v in doc.front.items() if str(k) not in touched} for doc in (document, after)]
    return None if repr(others[0]) == repr(others[1]) else "front matter"
