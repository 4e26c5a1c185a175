"""Text as YAML scalars that every YAML reader, 1.1 or 1.2, takes for the same text."""

from __future__ import annotations

import re

from gitsync.post.frontmatter.nodes import NULL, Bare, Plain

_SIMPLE = re.compile(r"[^\W\d_](?:[\w .!?()/&;+–’-]*[\w.!?()/;+’-])?").fullmatch
_HIDDEN = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = _HIDDEN.search
_WORDS = frozenset(
    ["y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf", "infinity", "none", "undefined"]
)
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def scalar(value: str | bool, style: str = "plain", *, flow: bool = False) -> str:
    """Return `value` on one line, in `style` where that can hold it, else in double quotes, which hold anything."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is NULL or (isinstance(value, Bare) and style not in ("single", "double")):
        return str(value)
    if style == "single" and not _ESCAPED(value):
        return "'" + value.replace("'", "''") + "'"
    if style != "double" and _bare(value, flow=flow):
        return value
    return double(value)


def _bare(text: str, *, flow: bool) -> bool:
    if _SIMPLE(text):
        return text.lower() not in _WORDS
    if not text or not text[0].isalpha() or text[-1] in ": " or _ESCAPED(text) or text[-1].isspace():
        return False
    return ": " not in text and " #" not in text and not (flow and any(mark in text for mark in ",[]{}:?#"))


def double(text: str) -> str:
    """Return `text` in double quotes, with everything escaped that an editor would not show."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    if _ESCAPED(text):
        text = _HIDDEN.sub(lambda found: _escape(found[0]), text)
    return f'"{text}"'


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or (f"\\x{ord(char):02x}" if char < "\x80" else f"\\u{ord(char):04x}")


def block(text: str, old: str, *, indent: str) -> str | None:
    """Return `text` as a block scalar with the header of the block scalar `old`, or None where that cannot hold it.

    `old` is the source from `|` or `>` on. Lines are indented as they were, and folded ones as wide as they were.
    """
    header, *lines = old.split("\n")
    inner = [line for line in lines if line.strip()]
    first = inner[0] if inner else indent + "  x"
    indent = first[: len(first) - len(first.lstrip(" "))]
    paragraphs = text.split("\n")
    if _ESCAPED(text.replace("\n", "")) or any(p != p.strip() for p in paragraphs) or not paragraphs[0] or not indent:
        return None
    if re.search(r"\d", header.partition("#")[0]) or not paragraphs[-1]:
        return None
    if header.startswith(">"):
        if len(paragraphs) > 1 or "  " in text:
            return None
        paragraphs = _fold(text, max((len(line) for line in inner), default=80) - len(indent))
    return "\n".join([header, *(indent + line if line else "" for line in paragraphs)])


def _fold(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def dump(value: Plain, style: str = "plain") -> str:
    """Return `value` on one line, lists and maps in brackets and braces."""
    if isinstance(value, list):
        return "[" + ", ".join(_inner(item, style) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inner(key)}: {_inner(item, style)}" for key, item in value.items()) + "}"
    return "null" if value is None else scalar(value, style)


def _inner(value: Plain, style: str = "plain") -> str:
    return scalar(value, style, flow=True) if isinstance(value, str | bool) else dump(value, style)


def entry(key: str, value: Plain, indent: str = "") -> str:
    """Return the lines of a map's entry, each ending with "\\n": maps over more lines, all else on one."""
    if isinstance(value, dict) and value:
        inner = "".join(entry(name, item, indent + "  ") for name, item in value.items())
        return f"{indent}{scalar(key)}:\n{inner}"
    return f"{indent}{scalar(key)}: {dump(value)}\n"
