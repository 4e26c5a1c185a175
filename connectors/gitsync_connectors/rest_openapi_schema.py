"""The parts of an OpenAPI document that a mapping needs: schemas with their references resolved, and what is in them.

Sources: OpenAPI 3.0 and 3.1, Swagger 2.0. Pure; a document that leads in circles ends at a depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from gitsync.bounded_json import TooMuch, loads
from gitsync.errors import UsageError
from gitsync_connectors.rest_paths import PLAIN

Schema = Mapping[str, Any]
DEEPEST: Final = 12


class Property(NamedTuple):
    """A member of a record: its dotted path, its last key without signs and case, and its schema."""

    path: str
    name: str
    schema: Schema


def load(text: str) -> Mapping[str, Any]:
    """Return the document. Raises UsageError for what is no OpenAPI."""
    try:
        document = loads(text)
    except TooMuch as error:
        raise UsageError(f"this is no OpenAPI document: it has {error}.", HINT) from None
    except ValueError:
        import yaml  # noqa: PLC0415  most are JSON

        try:
            document = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError) as error:
            raise UsageError(f"this is neither JSON nor YAML: {str(error).splitlines()[0]}.", HINT) from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise UsageError("this is no OpenAPI document: it has no paths.", HINT)
    return document


HINT: Final = "Give the file or the address of an OpenAPI document, often at /openapi.json."


class Document:
    """An OpenAPI document that answers questions."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.whole = document
        self.paths: Mapping[str, Any] = {
            path: item for path, item in document["paths"].items() if isinstance(item, dict) and isinstance(path, str)
        }

    def resolve(self, value: Any, depth: int = 0) -> Schema:
        """Return a schema (or a parameter, a response…) without $ref, allOf, and alternatives that are null."""
        if not isinstance(value, dict) or depth > DEEPEST:
            return {}
        if isinstance(ref := value.get("$ref"), str):
            return self.resolve(self._at(ref), depth + 1)
        merged: dict[str, Any] = {key: inner for key, inner in value.items() if key not in ("allOf", "oneOf", "anyOf")}
        parts = list(value.get("allOf") or ())
        for key in ("oneOf", "anyOf"):
            choices = [c for c in value.get(key) or () if isinstance(c, dict) and c.get("type") != "null"]
            parts += choices[:1]
        for part in parts:
            found = self.resolve(part, depth + 1)
            properties = {**merged.get("properties", {}), **found.get("properties", {})}
            required = [*merged.get("required", []), *found.get("required", [])]
            merged = {**found, **merged}
            if properties:
                merged["properties"] = properties
            if required:
                merged["required"] = required
        if isinstance(kinds := merged.get("type"), list):
            merged["type"] = next((kind for kind in kinds if kind != "null"), None)
            merged["nullable"] = "null" in kinds
        if "type" not in merged and "properties" in merged:
            merged["type"] = "object"
        return merged

    def _at(self, ref: str) -> Any:
        found: Any = self.whole
        for key in ref.removeprefix("#/").split("/") if ref.startswith("#/") else ():
            key = key.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        return found if found is not self.whole else None

    def operation(self, path: str, method: str) -> Schema | None:
        """Return the operation, its parameters with those of the path, or None where there is none."""
        item = self.paths.get(path, {})
        operation = item.get(method)
        if not isinstance(operation, dict):
            return None
        both = [*(item.get("parameters") or ()), *(operation.get("parameters") or ())]
        return {**operation, "parameters": [self.resolve(one) for one in both]}

    def sent(self, operation: Schema) -> tuple[Schema, str]:
        """Return the schema of a request's body and its media type; ({}, "") for none."""
        body = self.resolve(operation.get("requestBody"))
        if content := body.get("content"):
            kind = next((kind for kind in content if "json" in kind), next(iter(content)))
            return self.resolve((content[kind] or {}).get("schema")), str(kind)
        for parameter in operation.get("parameters", ()):
            if parameter.get("in") == "body":
                return self.resolve(parameter.get("schema")), "application/json"
        return {}, ""

    def media_type(self, operation: Schema) -> str:
        """Return the media type of the good answer, "" where it is not told."""
        responses = operation.get("responses")
        for status, response in responses.items() if isinstance(responses, dict) else ():
            if str(status).startswith("2"):
                content = self.resolve(response).get("content") or {}
                return next((str(kind) for kind in content if "json" in kind), "")
        return ""

    def answered(self, operation: Schema) -> tuple[Schema, Mapping[str, Any]]:
        """Return the schema of the good answer and its headers."""
        responses = operation.get("responses")
        for status, response in responses.items() if isinstance(responses, dict) else ():
            if str(status).startswith("2") or status == "default":
                found = self.resolve(response)
                content = found.get("content") or {}
                kind = next((kind for kind in content if "json" in kind), next(iter(content), None))
                schema = (content[kind] or {}).get("schema") if kind else found.get("schema")
                return self.resolve(schema), found.get("headers") or {}
        return {}, {}

    def properties(self, schema: Schema, *, depth: int = 3, above: str = "") -> Iterator[Property]:
        """Yield the members of an object, those of objects inside it after its own."""
        inner = []
        members = schema.get("properties")
        for key, value in members.items() if isinstance(members, dict) else ():
            found = self.resolve(value)
            # A key that is no plain word is quoted, as in every other path.
            path = f"{above}{key}" if PLAIN.fullmatch(str(key)) else f'{above}"{key}"'
            yield Property(path, re.sub(r"[^a-z0-9]", "", str(key).lower()), found)
            if found.get("type") == "object":
                inner.append((f"{path}.", found))
        for prefix, found in inner if depth > 1 else ():
            yield from self.properties(found, depth=depth - 1, above=prefix)

    def places(self, schema: Schema, *, depth: int = 4, path: str = "") -> Iterator[tuple[str, str, Schema]]:
        """Yield (kind, path, schema) of every record, "one" or in a "list", that an answer may hold."""
        if schema.get("type") == "array" or "items" in schema:
            yield "list", path, self.resolve(schema.get("items"))
        elif schema.get("properties"):
            yield "one", path, schema
            for key, value in schema["properties"].items() if depth > 1 else ():
                yield from self.places(self.resolve(value), depth=depth - 1, path=f"{path}.{key}" if path else str(key))
