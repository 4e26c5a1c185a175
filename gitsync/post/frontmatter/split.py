"""Find front matter at the start of a file, and hand it to the reader of its language."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import frontmatter
from frontmatter.default_handlers import BaseHandler

from gitsync.errors import InvalidContent
from gitsync.post.frontmatter import json_text, yaml_edit, yaml_read, yaml_scalar
from gitsync.post.frontmatter.nodes import Entries, Node, Path, Plain, plain

MAX_SIZE = 64 * 1024
"""Characters of front matter; more is an accident or an attack."""

_Read = Callable[[str], Node | None]
_Change = Callable[[str, Path, Plain], str]

_OPEN = re.compile(r"(---|\+\+\+)[ \t]*(\w*)[ \t]*(?:\n|\Z)")
_CLOSE = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\n|\Z)", re.M),
}
_JSON = re.compile(r'\{\s*["}]')
_KEY = re.compile(r"\s*(?:#[^\n]*\n\s*)*[\"']?[A-Za-z_][\w.-]*[\"']?\s*[:=]")


@dataclass(frozen=True, slots=True)
class Block:
    """Where front matter starts and ends in a text with "\\n" line ends, its language, and where the body starts."""

    language: str
    start: int
    end: int
    body: int


def split(text: str, languages: Collection[str] = ("yaml", "toml", "json")) -> Block | None:
    """Return where the front matter of `text` is, or None. Delimiters are whole lines; the first line counts only.

    Raises InvalidContent when it has no end, or is longer than MAX_SIZE.
    """
    if opening := _OPEN.match(text):
        return _fenced(text, opening, languages)
    if "json" in languages and _JSON.match(text):
        end = json_text.end(text)
        if end is None:
            return None
        if end > MAX_SIZE:
            raise _too_long()
        line = text.find("\n", end)
        return Block("json", 0, end, len(text) if line < 0 else line + 1)
    return None


def _fenced(text: str, opening: re.Match[str], languages: Collection[str]) -> Block | None:
    fence, language = opening[1], opening[2].lower()
    default = "yaml" if fence == "---" else "toml"
    if default not in languages or (fence == "+++" and language):
        return None
    if language in ("js", "javascript"):
        raise InvalidContent(
            "Front matter written in JavaScript cannot be read.", "Use YAML.", code="front-matter-language"
        )
    if language and language not in languages:
        return None
    closing = _CLOSE[fence].search(text, opening.end())
    if closing is None:
        # A body may well start with a rule; a key in the next line tells a forgotten delimiter from it.
        if not _KEY.match(text, opening.end()):
            return None
        raise InvalidContent("The front matter has no end.", f"Add a line {fence} below it.", code="front-matter-open")
    if closing.start() - opening.end() > MAX_SIZE:
        raise _too_long()
    return Block(language or default, opening.end(), closing.start(), closing.end())


def _too_long() -> InvalidContent:
    return InvalidContent(f"The front matter is longer than {MAX_SIZE // 1024} KiB.", code="front-matter-size")


def _language(name: str) -> tuple[_Read, _Change]:
    if name == "yaml":
        return yaml_read.read, yaml_edit.change
    if name == "json":
        return json_text.read, json_text.change
    from gitsync.post.frontmatter import toml_text  # noqa: PLC0415  tomlkit takes long to import, and few files need it

    return toml_text.read, toml_text.change


class _Reader(BaseHandler):
    """python-frontmatter with our splitter before it and our readers behind it.

    Its own would strip the body, miss a BOM, take two rules for front matter and follow aliases.
    """

    FM_BOUNDARY = re.compile("")

    def __init__(self, language: str, text: str) -> None:
        super().__init__()
        self.language = language
        self.text = text
        self.root: Node | None = None

    def split(self, text: str) -> tuple[str, str]:  # noqa: ARG002  it is split already
        return self.text, ""

    def load(self, fm: str) -> dict[str, Any]:
        self.root = _language(self.language)[0](fm)
        return plain(self.root) if isinstance(self.root, Entries) else {}


def read(language: str, text: str, *, lenient: bool = False) -> tuple[Node | None, dict[str, Any]]:
    """Return the nodes of front matter (None when empty) and its values. Raises InvalidContent, placed in `text`.

    With `lenient`, lines that are no YAML are read as Hashnode means them.
    """
    reader = _Reader(language, repaired(text)[0] if lenient else text)
    values, _ = frontmatter.parse("", handler=reader)
    return reader.root, values


def change(language: str, text: str, path: Path, value: Plain, *, lenient: bool = False) -> str:
    """Return front matter `text` with the value at `path` changed, or removed where it is None."""
    fixed, originals = repaired(text) if lenient else (text, {})
    after = _language(language)[1](fixed, path, value)
    if originals:
        after = "\n".join(originals.get(line, line) for line in after.split("\n"))
    return after


_COLON = re.compile(r"""([A-Za-z_]\w*: )([^\s"'\[\]{}&*!|>%@`#?-](?:(?! #).)*: (?:(?! #).)*?)[ \t]*""")
_UNESCAPED = re.compile(r'([A-Za-z_]\w*: )"(.*)"[ \t]*')


def repaired(text: str) -> tuple[str, dict[str, str]]:
    """Return `text` with quotes escaped that Hashnode's files leave bare, and each such line with its original.

    Neither `title: "a "b" c"` nor `title: a: b` is YAML; Hashnode writes the one, and people the other.
    """
    originals: dict[str, str] = {}
    lines = text.split("\n")
    for n, line in enumerate(lines):
        found = _UNESCAPED.fullmatch(line)
        if (found and re.search(r'(?<!\\)"', found[2])) or (found := _COLON.fullmatch(line)):
            lines[n] = found[1] + yaml_scalar.double(found[2])
            originals[lines[n]] = line
    return "\n".join(lines), originals
