"""GitHub's workflow commands: what is shown beside a line. Source: docs.github.com, "Workflow commands"."""

from __future__ import annotations


def annotation(level: str, message: str, *, path: str = "", line: int = 0, column: int = 0, title: str = "") -> str:
    """Return the command for `message`: `level` is error, warning or notice; what is 0 or "" is left out."""
    given = {"file": path, "line": line, "col": column, "title": title}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in given.items() if value)
    return f"::{level}{' ' if told else ''}{told}::{_escaped(message)}"


def _escaped(text: str) -> str:
    """Return text that stays one line of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
