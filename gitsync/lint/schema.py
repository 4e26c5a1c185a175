"""Front matter against a JSON Schema of the author's own. Source: json-schema.org, draft 2020-12."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gitsync.bounded_json import loads
from gitsync.connector import Problem
from gitsync.document import Document
from gitsync.errors import ConfigError
from gitsync.lint.finding import Finding, finding_of

LARGEST = 1 << 20


class Schema:
    """One schema. Raises ConfigError when it cannot be read or is none, or the extra for schemas is not installed."""

    def __init__(self, path: Path, shown: str) -> None:
        try:
            from jsonschema import Draft202012Validator  # noqa: PLC0415  an extra
            from jsonschema.exceptions import SchemaError  # noqa: PLC0415
        except ImportError:
            raise ConfigError(
                "[content] schemas needs a library that is not installed.",
                "Install gitsync-content with the extra: schema.",
            ) from None
        try:
            data = path.read_bytes()
            if len(data) > LARGEST:
                raise ConfigError(f"{shown} is larger than {LARGEST >> 20} MiB.", "Is it a JSON Schema?")
            said = loads(data)
        except OSError as error:
            raise ConfigError(f"{shown} cannot be read: {error.strerror}.", "Check [content] schemas.") from None
        except ValueError as error:
            raise ConfigError(f"{shown} is not JSON: {error}.", "Correct it.") from None
        try:
            Draft202012Validator.check_schema(said)
        except SchemaError as error:
            raise ConfigError(f"{shown} is no JSON Schema: {error.message}.", "Correct it.") from None
        self._validator = Draft202012Validator(said)

    def findings(self, file: Document) -> Iterator[Finding]:
        """Yield where the front matter of a post is not as the schema wants it."""
        for error in self._validator.iter_errors(_plain(file.front)):
            field = ".".join(str(step) for step in error.absolute_path)
            place = f"{field}: " if field else ""
            problem = Problem(
                code="SCHEMA",
                message=f"{place}{_short(error.message)}",
                hint="See the schema in [content] schemas.",
                field=str(error.absolute_path[0]) if error.absolute_path else "title",
            )
            yield finding_of(file, problem)


def _short(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= 200 else f"{text[:199]}…"


def _plain(value: Any) -> Any:
    """Return front matter as JSON has it: YAML and TOML know dates."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime | date) else value
