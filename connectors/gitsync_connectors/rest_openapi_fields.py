"""Which member of a described record is which field of a post. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from gitsync.model import LISTS
from gitsync_connectors import sql_cells
from gitsync_connectors.rest_openapi_schema import Document, Property, Schema

MEANINGS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("documentid", "id", "uuid", "guid", "pk", "uid", "key", "ref"),
    "title": ("title", "headline", "subject", "heading", "name"),
    "slug": ("slug", "urlslug", "handle", "urlkey", "permalinkslug", "path"),
    "body": (
        *("bodymarkdown", "contentmarkdown", "markdown", "bodymd", "contentmd", "md", "body", "content", "text"),
        *("bodyhtml", "contenthtml", "html", "bodytext", "articlebody", "fulltext", "richtext", "maintext", "copy"),
    ),
    "description": (
        *("description", "excerpt", "summary", "abstract", "teaser", "intro", "metadescription", "seodescription"),
        *("subtitle", "lead", "dek", "standfirst"),
    ),
    "tags": ("tags", "taglist", "keywords", "labels", "topics", "categories"),
    "series": ("series",),
    "cover": (
        *(
            "cover",
            "coverimage",
            "coverurl",
            "coverimageurl",
            "heroimage",
            "featuredimage",
            "featureimage",
            "mainimage",
        ),
        *("image", "imageurl", "thumbnail", "banner", "picture"),
    ),
    "canonical_url": ("canonicalurl", "canonical", "canonicallink"),
    "status": (
        "status",
        "state",
        "published",
        "ispublished",
        "draft",
        "isdraft",
        "live",
        "islive",
        "public",
        "ispublic",
    ),
    "date": (
        *("publishedat", "publishedon", "publishdate", "publisheddate", "pubdate", "publicationdate", "publishat"),
        *("datepublished", "releasedate", "date", "published"),
    ),
    "updated": (
        *("updatedat", "modifiedat", "lastmodified", "modifiedon", "updatedon", "dateupdated", "datemodified"),
        *("lastedited", "editedat", "modified", "updated", "changedat", "lastmodifiedat", "changed", "edited"),
    ),
    "revision": ("revision", "version", "rev", "etag", "lockversion"),
    "authors": ("authors", "author", "byline", "writer"),
    "lang": ("lang", "language", "locale"),
    "url": ("url", "permalink", "link", "htmlurl", "weburl", "canonicalpath"),
}
INNER: Final = ("raw", "markdown", "text", "value", "rendered", "html", "alias", "current")
TEXTS: Final = ("title", "slug", "body", "description", "canonical_url", "lang", "series")
ADDRESSES: Final = ("url", "self", "href", "links", "atid")
WORDS: Final = {
    "published": ("published", "publish", "live", "public", "active", "online", "visible", "released"),
    "draft": ("draft", "unpublished", "hidden", "offline", "inactive", "pending", "inprogress", "editing"),
    "private": ("private", "internal"),
    "scheduled": ("scheduled", "future"),
}


def resemblance(document: Document, schema: Schema) -> int:
    """Return how much a record resembles a post: 5 for a title and a text, more for more."""
    names = {p.name for p in document.properties(schema, depth=2)}
    has = {field for field, words in MEANINGS.items() if names & set(words)}
    weights = {"title": 2, "body": 3, "slug": 2, "status": 1, "date": 1, "tags": 1, "description": 1, "id": 1}
    return sum(weight for field, weight in weights.items() if field in has)


def likeness(document: Document, schema: Schema) -> int:
    """Return how surely a schema is a record itself, and not what is around one, which has no id or address."""
    names = {p.name for p in document.properties(schema, depth=1)}
    own = bool(names & {*MEANINGS["id"], *ADDRESSES} or names & {"title", "attributes", "fields"})
    return resemblance(document, schema) * 2 + own


def map_fields(
    document: Document,
    record: Schema,
    operations: tuple[Schema | None, Schema | None],
    one: str,
    notes: list[str],
) -> dict[str, Any]:
    """Return fields, statuses, format, limits, and what else the record and the request that creates it tell."""
    shown = [*document.properties(record)]
    create = document.sent(operations[0])[0] if operations[0] else {}
    wrap, sent = _wrapped(document, create)
    taken = {p.path: p for p in document.properties(sent)}
    values: dict[str, Any] = {"fields": {}}
    if wrap:
        values["envelope"] = {"write": wrap}
    slot = re.search(r"\{([^}]+)\}", one)
    fields = values["fields"]
    used: set[str] = set()
    for field, words in MEANINGS.items():
        if field == "id" and slot:
            words = (re.sub(r"[^a-z0-9]", "", slot[1].lower()), *words)
        free = [p for p in shown if not any(p.path == path or p.path.startswith(f"{path}.") for path in used)]
        found = _found(document, field, words, free)
        if found is None:
            continue
        # What else is in an object that has the text of a field belongs to that field.
        above = found.path.rpartition(".")[0]
        inside = field in ("body", "slug") and found.name in INNER and any(p.path == above for p in shown)
        used.add(above if inside else found.path)
        if field in LISTS and "data" in (found.schema.get("properties") or {}):
            if related := _related(document, field, found, notes):
                fields[field] = related
            continue
        fields[field] = _declared(document, field, found, taken, notes)
        if field == "status":
            values |= _statuses(found, notes)
    strapi = {"documentid", "publishedat"} <= {p.name for p in shown}
    if strapi and "status" not in fields and isinstance(fields.get("date"), str | dict):
        date = fields.pop("date")
        path = date if isinstance(date, str) else date["path"]
        values["strapi"] = True
        fields["status"] = {"path": path, "type": "date", "write": False}
    if "revision" in fields and "updated" in fields:
        del fields["revision"]
    address = next((p.path for p in shown if p.name in ("url", "self", "href", "atid") and "." not in p.path), "")
    if "id" not in fields and slot and address:
        fields["id"] = {"path": address, "match": "/([^/]+)/?$"}
        notes.append(f"A record has no id but an address, {address}: its last part is taken for the id.")
        fields.pop("url", None)
    elif "id" not in fields:
        fields["id"] = "id"
        notes.append("No member of a record is clearly its id: look at fields.id.")
    if "body" not in fields:
        said = _found(document, "body", MEANINGS["body"], [*taken.values()])
        fields["body"] = said.path if said else "body"
        notes.append("No member of a record is clearly its text: look at fields.body.")
    values |= _format(fields, shown, notes)
    values |= _limits(fields, taken)
    _demands(document, sent, fields, values, notes)
    if operations[1] and any(str(p.get("name")).lower() == "if-match" for p in operations[1].get("parameters", ())):
        values["conditional"] = "if-match"
    return values


def _wrapped(document: Document, schema: Schema) -> tuple[str, Schema]:
    """Return the key around what is sent, if there is one, and the schema of what is in it."""
    members = schema.get("properties") or {}
    if len(members) == 1:
        (key, value), *_ = members.items()
        inner = document.resolve(value)
        if inner.get("properties"):
            return str(key), inner
    return "", schema


def _found(document: Document, field: str, words: Sequence[str], properties: list[Property]) -> Property | None:
    for word in words:
        for found in properties:
            if found.name not in (word, f"field{word}"):
                continue
            kind = found.schema.get("type")
            if field in TEXTS and kind not in (None, "string"):
                if kind == "object" and (inner := _rendered(document, found)):
                    return inner
                continue
            dated = str(found.schema.get("format", "")).startswith(("date", "timestamp"))
            if field == "status" and (kind not in (None, "string", "boolean") or dated):
                continue
            if field == "date" and kind not in (None, "string", "integer", "number"):
                continue
            if field == "date" and word == "published" and not dated:
                continue
            return found
    return None


def _rendered(document: Document, found: Property) -> Property | None:
    """Return the text in an object such as {raw, rendered}, {value, format} or {alias}."""
    inner = [*document.properties(found.schema, depth=1, above=f"{found.path}.")]
    return next((p for name in INNER for p in inner if p.name == name), None)


def _declared(document: Document, field: str, found: Property, taken: dict[str, Property], notes: list[str]) -> Any:
    """Return how the field is declared: its path alone, or a table."""
    table: dict[str, Any] = {"path": found.path}
    schema = found.schema
    kind = schema.get("type")
    if field in ("id", "url", "revision", "updated"):
        return found.path
    if schema.get("readOnly") or (taken and found.path not in taken):
        key = found.path.rpartition(".")[2]
        outer = found.path.partition(".")[0]
        other = next((p for p in taken if p in (key, outer)), None)
        same = next((p.path for p in taken.values() if p.name in MEANINGS[field]), None) if other is None else other
        table["write"] = False if schema.get("readOnly") or not same else same
    if field in ("date",) and kind in ("integer", "number"):
        table["type"] = "seconds"
        notes.append(f"{found.path} is a number: if it counts milliseconds, set fields.{field}.type to it.")
    elif field == "date" and schema.get("format") == "date":
        table["type"] = "date"
    if field in ("tags", "authors"):
        items = document.resolve(schema.get("items"))
        sent = taken[found.path].schema if found.path in taken else {}
        plain = document.resolve(sent.get("items")).get("type") == "string"
        if kind == "array" and items.get("type") == "object" and plain:
            table["type"] = "list"  # shown as objects, and taken as names
        elif kind == "array" and items.get("type") == "object":
            members = items.get("properties") or {}
            texts = [k for k, v in members.items() if document.resolve(v).get("type") == "string" and k != "id"]
            usual = ("name", "title", "label", "slug", "value", "tag", "text")
            key = next((k for k in usual if k in members), texts[0] if len(texts) == 1 else "")
            table |= {"type": "objects", **({"key": key} if key else {})}
        elif kind == "array" and (items.get("type") in ("integer", "number") or items.get("format") == "uuid"):
            mixed = any(key in (schema.get("items") or {}) for key in ("oneOf", "anyOf"))
            terms = None if mixed else _terms(document, field)
            if terms:
                table["lookup"] = terms
                notes.append(f"{found.path} holds keys of other records, taken for those of {terms['list']}.")
            else:
                table["write"] = False
                notes.append(f"{found.path} holds numbers of other records, so it is only read.")
        elif kind == "string":
            table["type"] = "comma"
        elif kind == "object":
            inner = [*document.properties(schema, depth=1, above=f"{found.path}.")]
            name = next(
                (p.path for n in ("name", "displayname", "username", "title") for p in inner if p.name == n), ""
            )
            table |= {"path": name or found.path, "write": False}
    if field == "cover" and kind == "object":
        table |= {"path": f"{found.path}.url", "write": False}
    return found.path if table == {"path": found.path} else table


def _related(document: Document, field: str, found: Property, notes: list[str]) -> dict[str, Any] | None:
    """Return how a relationship of JSON:API is declared, if it is known of what type and where its records are."""
    items = document.resolve(document.resolve(found.schema["properties"]["data"]).get("items"))
    kind = document.resolve((items.get("properties") or {}).get("type"))
    word = kind.get("const") or next(iter(kind.get("enum") or ()), None)
    terms = _terms(document, field)
    if not (word and terms):
        notes.append(f"{found.path} is a relationship: declare fields.{field} with its lookup, as `help rest` shows.")
        return None
    created = {"data": {"type": word, "attributes": {"name": "{name}"}}}
    made = {"create": {"request": terms["create"], "body": created}} if "create" in terms else {}
    return {
        "path": f"{found.path}.data[].id",
        "write": f"{found.path}.data",
        "as": {"type": word, "id": "{value}"},
        "lookup": {"list": terms["list"], "name": "attributes.name", **made},
    }


def _terms(document: Document, field: str) -> dict[str, str] | None:
    """Return where the records are listed and made whose keys a list of tags or authors holds."""
    for path in document.paths:
        name = re.sub(r"[^a-z]", "", path.rstrip("/").rpartition("/")[2].lower())
        if name in MEANINGS[field] and "{" not in path and document.operation(path, "get"):
            created = {"create": f"POST {path}"} if document.operation(path, "post") else {}
            return {"list": f"GET {path}", **created}
    return None


def _statuses(found: Property, notes: list[str]) -> dict[str, Any]:
    words = [word for word in found.schema.get("enum") or () if isinstance(word, str)]
    if not words:
        if found.schema.get("type") == "boolean" or found.name in sql_cells.FLAGS:
            positive = not found.name.removeprefix("is").startswith(("draft", "hidden"))
            return {"statuses": {"published": positive, "draft": not positive}}
        notes.append(f"The words of {found.path} are not described: set statuses, like statuses.published=live.")
        return {}
    statuses: dict[str, str] = {}
    for status, known in WORDS.items():
        plain = {re.sub(r"[^a-z]", "", word.lower()): word for word in words}
        if word := next((plain[name] for name in known if name in plain), None):
            statuses[status] = word
    if "published" not in statuses:
        notes.append(f"No word of {found.path} clearly means published; it has {', '.join(words)}: set statuses.")
        return {}
    return {"statuses": statuses}


def _format(fields: dict[str, Any], shown: list[Property], notes: list[str]) -> dict[str, str]:
    body = fields["body"]
    path = body if isinstance(body, str) else str(body["path"])
    told = next(
        (f"{p.path} {p.schema.get('description', '')} {p.schema.get('format', '')}" for p in shown if p.path == path),
        "",
    )
    if re.search(r"markdown|\bmd\b", told, re.IGNORECASE):
        return {"format": "markdown"}
    if re.search(r"html", told, re.IGNORECASE):
        return {"format": "html"}
    notes.append(f"Nothing says whether {path} is Markdown or HTML: set format to html if it is.")
    return {"format": "markdown"}


def _limits(fields: dict[str, Any], taken: dict[str, Property]) -> dict[str, Any]:
    limits = {}
    for field, declared in fields.items():
        path = declared if isinstance(declared, str) else declared.get("write") or declared["path"]
        schema = taken[path].schema if path in taken else {}
        most = schema.get("maxItems") if field in ("tags", "authors") else schema.get("maxLength")
        if type(most) is int and most > 0 and field not in ("id", "url", "revision", "updated", "status", "date"):
            limits[field] = most
    return {"limits": limits} if limits else {}


def _demands(
    document: Document, sent: Schema, fields: dict[str, Any], values: dict[str, Any], notes: list[str]
) -> None:
    """Add what a new record must say: fields of ours, constants where there is no choice, a note for the others."""
    by_path = {d if isinstance(d, str) else d.get("write") or d["path"]: name for name, d in fields.items()}
    required = []
    constants: dict[str, Any] = {}
    for key in dict.fromkeys(sent.get("required") or ()):
        schema = document.resolve((sent.get("properties") or {}).get(key))
        options: list[Any] = [schema["const"]] if "const" in schema else list(schema.get("enum") or ())
        if key == fields["id"] and "write" in values.get("envelope", {}):
            constants[key] = "{id}"  # JSON:API wants it again in the body of an update
        elif key in by_path:
            if by_path[key] in ("title", "slug", "description", "cover", "date"):
                required.append(by_path[key])
        elif len(options) == 1:
            constants[key] = options[0]
        elif not any(path.startswith(f"{key}.") for path in by_path) and "default" not in schema:
            notes.append(f"A new record must say {key}: give it with on_create.{key}=….")
    if required:
        values["required"] = required
    if constants:
        values["constants"] = constants
