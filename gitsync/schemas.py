"""JSON Schemas of gitsync.toml and of front matter, for editors; made from what is obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gitsync.config import DIALECTS, SITE_NAME
from gitsync.connector import Setting
from gitsync.dialects import Dialect
from gitsync.model import DATES, LISTS, STATUSES
from gitsync.site import connector_class, platforms

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_FLAG: Final = {"type": "boolean"}
_POLL: Final = {"type": "string", "pattern": "^([1-9][0-9]*[smh]|never)$"}
_KINDS: Final[Mapping[type, str]] = {str: "string", bool: "boolean", int: "integer", dict: "object", list: "array"}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


def _table(about: str, **keys: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": about, "properties": keys, "additionalProperties": False}


def config_schema() -> dict[str, Any]:
    """Return the schema of gitsync.toml, with the keys of every platform that has a connector installed."""
    sites = {
        "type": "object",
        "description": "The sites, by name.",
        "propertyNames": {"pattern": f"^{SITE_NAME.pattern}$"},
        "additionalProperties": {
            "type": "object",
            "required": ["platform"],
            "properties": {
                "platform": _one_of(*platforms()),
                "url": {"type": "string", "description": "Where the site is; the platform's own if it says nothing."},
                "status": _one_of("published", "draft", "private"),
                "timeout": {"type": "number", "description": "Seconds that a request may take."},
                "pace": {"description": '"default", "off", or like {writes = "30/30s"}'},
            },
            "allOf": [_platform(name) for name in platforms()],
        },
    }
    return {
        "$schema": DRAFT,
        "title": "gitsync.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "content": _table(
                "Which files are posts.",
                paths=_TEXTS,
                dialect=_one_of(*DIALECTS),
                assets=_TEXTS,
                fetch_assets=_FLAG,
                url=_TEXT,
                timezone=_TEXT,
                schemas={"type": "object", "additionalProperties": _TEXT},
            ),
            "state": _table("Where the ledger is shared.", remote=_TEXT, branch=_TEXT, public=_FLAG),
            "sites": sites,
            "policy": _table(
                "What to do where the right thing is a matter of taste.",
                conflict=_one_of("markers", "ours", "theirs"),
                delete=_one_of("unpublish", "delete", "ignore"),
                gone=_one_of("keep", "recreate", "remove"),
                **{"import": _FLAG},
                max_delete={"type": ["string", "integer"]},
                max_create={"type": "integer", "minimum": 0},
                pull=_one_of("commit", "pull-request"),
                allow_losses=_TEXTS,
            ),
            "watch": _table(
                "What watch mode does.",
                on_save=_one_of("check", "commit", "sync"),
                poll={"anyOf": [_POLL, {"type": "object", "additionalProperties": _POLL}]},
            ),
        },
    }


def _platform(name: str) -> dict[str, Any]:
    make = connector_class(name)
    settings: Mapping[str, Setting] = make.settings if make is not None else {}
    keys = {key: _setting(setting) for key, setting in settings.items()}
    required = [key for key, setting in settings.items() if setting.required]
    then = {"properties": keys, **({"required": required} if required else {})}
    return {"if": {"properties": {"platform": {"const": name}}}, "then": then}


def _setting(setting: Setting) -> dict[str, Any]:
    said: dict[str, Any] = {"type": _KINDS[setting.type], "description": setting.help}
    if setting.choices:
        said["enum"] = list(setting.choices)
    if setting.secret:
        said["pattern"] = "^(env|keyring|file):"
    return said


def post_schema(dialect: Dialect, sites: list[str]) -> dict[str, Any]:
    """Return a starter for front matter: what gitsync knows of `dialect`, with room for the author's own keys."""
    keys: dict[str, Any] = {}
    for field, spellings in dialect.keys.items():
        for spelling in spellings:
            if "." not in spelling:
                keys.setdefault(spelling, _field(field))
    for key, _ in dialect.flags:
        keys.setdefault(key, _FLAG)
    keys["sites"] = {"type": "array", "items": _one_of(*sites) if sites else _TEXT, "uniqueItems": True}
    keys["overrides"] = {"type": "object", "propertyNames": _one_of(*sites) if sites else {}}
    titles = [key for key in dialect.keys.get("title", ("title",)) if "." not in key][:1]
    return {"$schema": DRAFT, "title": "A post", "type": "object", "required": titles, "properties": keys}


def _field(field: str) -> dict[str, Any]:
    if field in LISTS:
        return {"anyOf": [{"type": "array", "items": _TEXT, "uniqueItems": True}, _TEXT]}
    if field in DATES:
        return {"type": "string", "description": "A date, or a date and a time."}
    if field == "status":
        return _one_of(*STATUSES)
    return {"type": ["string", "null"]}
