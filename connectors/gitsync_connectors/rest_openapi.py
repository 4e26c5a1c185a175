"""Proposes the settings of a `rest` site from the OpenAPI document of its CMS; a person looks at what it cannot know.

It looks for the collection whose records resemble posts most, and reads off it what the mapping needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from gitsync.errors import UsageError
from gitsync_connectors.rest_openapi_fields import likeness, map_fields, resemblance
from gitsync_connectors.rest_openapi_schema import Document, Property, Schema, load

POSTS: Final = ("articles", "posts", "blogposts", "blog", "stories", "entries", "news", "notes", "documents", "pages")
ME: Final = re.compile(r"(?:/[\w.-]+)*?/(?:users?/me|auth/me|me|whoami|account|profile|user)/?")
PAGES: Final = {
    "page": ("page", "pagenumber", "pagepage", "paginationpage", "pageno", "p"),
    "offset": ("offset", "skip", "start", "pageoffset", "paginationstart", "from"),
    "cursor": ("cursor", "after", "pagetoken", "startingafter", "pagecursor", "pageafter", "continuationtoken"),
}
SIZES: Final = (
    *("perpage", "pagesize", "limit", "size", "paginationpagesize", "pagelimit", "paginationlimit", "pagesizeperpage"),
    *("first", "maxresults", "count", "take", "top", "itemsperpage"),
)
CURSORS: Final = ("nextcursor", "next", "after", "nextpagetoken", "endcursor", "cursor", "continuationtoken")

PREFIX: Final = re.compile(
    r"\b((?:[a-z][\w-]* (?=API-Key))?(?:Bearer|Token|Key|API-Key|Basic))\s+[<{\[\"'$]?\w|prefix[ :]+[\"'`]?([\w-]+)"
)


class Proposal(NamedTuple):
    """Settings for `[sites.NAME]`, and sentences about what a person should look at."""

    values: dict[str, Any]
    notes: list[str]


class Collection(NamedTuple):
    """A collection of records: its path, the path of one record ("" where it is the collection's), and a record."""

    path: str
    one: str
    record: Schema
    score: int


def propose(text: str, url: str | None = None) -> Proposal:
    """Return the proposal for a document; `url` is where it was read from, if anywhere. Raises UsageError."""
    document = Document(load(text))
    found = [*_collections(document)]
    if not found:
        hint = "Declare endpoint and fields by hand; `gitsync site add` writes what you give as KEY=VALUE."
        raise UsageError("no collection in this document has records with a title and a text.", hint)
    best = max(found, key=lambda one: one.score)
    notes: list[str] = []
    others = [one.path for one in sorted(found, key=lambda one: -one.score) if one is not best][:3]
    if others:
        notes.append(f"It syncs {best.path}; there is also {', '.join(others)}.")
    values: dict[str, Any] = {}
    if base := _base(document, url):
        values["url"] = base
    else:
        notes.append("The document does not say where the API is: set url.")
    values |= _auth(document, best, notes)
    values |= _media_types(document, best)
    values["endpoint"] = best.path
    requests = _requests(document, best, bool(values.get("headers")))
    mapped = map_fields(document, best.record, _operations(document, best), best.one, notes)
    if not best.one and isinstance(stamp := mapped["fields"].get("updated"), str):
        # What the filter does not find any more is not written over.
        requests["update"]["request"] += f"&{stamp}=eq.{{revision}}"
        requests["delete"] += f"&{stamp}=eq.{{revision}}"
    if "strapi" in mapped:
        requests |= _versions(best.path)
        values["unpublish"] = False
    if requests:
        values["endpoints"] = requests
    values |= {key: value for key, value in mapped.items() if key != "strapi"}
    if envelope := _envelope(document, best) | values.get("envelope", {}):
        values["envelope"] = envelope
    if paging := _paging(document, best, envelope):
        values["paging"] = paging
    elif "GET" in requests.get("list", "GET"):
        notes.append("No paging is described: if the listing comes in pages, say how under paging.")
    if upload := _upload(document):
        values.setdefault("endpoints", {})["upload"] = upload[0]
        values["upload"] = {"field": upload[1]}
    return Proposal(values, notes)


def _collections(document: Document) -> list[Collection]:
    found = []
    for path in document.paths:
        listing = document.operation(path, "get")
        if listing is None or path.rstrip("/").endswith("}") or "{" in path:
            continue
        ones = [other for other in document.paths if re.fullmatch(re.escape(path.rstrip("/")) + r"/\{[^}]+\}/?", other)]
        same = document.operation(path, "patch") is not None and document.operation(path, "delete") is not None
        one = next((o for o in ones if document.operation(o, "patch") or document.operation(o, "put")), None)
        if one is None:
            one = ones[0] if ones else ""
        if not one and not same:
            continue
        record = _record(document, path, one)
        name = re.sub(r"[^a-z]", "", path.rstrip("/").rpartition("/")[2].lower())
        score = resemblance(document, record)
        score += 4 if name in POSTS[:2] else 3 if name in POSTS else 0
        score += 2 if document.operation(path, "post") else 0
        if resemblance(document, record) >= 5:
            found.append(Collection(path, one, record, score))
    return found


def _record(document: Document, path: str, one: str) -> Schema:
    """Return the schema of a record, from the request that shows most of it."""
    schemas: list[Schema] = []
    for where, method in ((one, "get"), (path, "get"), (path, "post")):
        operation = document.operation(where, method) if where else None
        for answer in (document.answered(operation)[0], document.sent(operation)[0]) if operation else ():
            schemas += [schema for _, _, schema in document.places(answer)]
    return max(schemas, key=lambda schema: likeness(document, schema), default={})


def _operations(document: Document, best: Collection) -> tuple[Schema | None, Schema | None]:
    """Return the operations that create and update a record."""
    where = best.one or best.path
    return document.operation(best.path, "post"), document.operation(where, "patch") or document.operation(where, "put")


def _media_types(document: Document, best: Collection) -> dict[str, Any]:
    """Return the headers of every request, where answers and bodies have a media type of their own."""
    listing, create = document.operation(best.path, "get"), document.operation(best.path, "post")
    shown = document.media_type(listing) if listing else ""
    sent = document.sent(create)[1] if create else ""
    if shown == sent and shown not in ("", "application/json"):
        return {"headers": {"Accept": shown, "Content-Type": shown}}
    return {}


def _requests(document: Document, best: Collection, told: bool) -> dict[str, Any]:
    """Return the requests that are not the usual ones at the collection's path; `told`: media types are headers."""
    requests: dict[str, Any] = {}
    if not best.one:
        # PostgREST: one path for all, and a filter that says which rows.
        wanted = {"Prefer": "return=representation"}
        return {
            "list": f"GET {best.path}?order=id",
            "get": f"GET {best.path}?id=eq.{{id}}",
            "create": {"request": f"POST {best.path}", "headers": wanted},
            "update": {"request": f"PATCH {best.path}?id=eq.{{id}}", "headers": wanted},
            "delete": f"DELETE {best.path}?id=eq.{{id}}",
        }
    one = re.sub(r"\{[^}]+\}", "{id}", best.one)
    usual = one == best.path.rstrip("/") + "/{id}" + ("/" if best.path.endswith("/") else "")
    create, update = _operations(document, best)
    if document.operation(best.one, "get") is None:
        requests["get"] = False
    elif not usual:
        requests["get"] = f"GET {one}"
    if create is None:
        requests["create"] = False
    method = "PATCH" if document.operation(best.one, "patch") else "PUT"
    kind = document.sent(update)[1] if update else ""
    if update is None:
        requests["update"] = False
    elif kind not in ("", "application/json", "*/*") and "json" in kind and not told:
        requests["update"] = {"request": f"{method} {one}", "headers": {"Content-Type": kind}}
    elif method == "PUT" or not usual:
        requests["update"] = f"{method} {one}"
    kind = document.sent(create)[1] if create else ""
    if kind not in ("", "application/json", "*/*") and "json" in kind and not told:
        requests["create"] = {"request": f"POST {best.path}", "headers": {"Content-Type": kind}}
    if document.operation(best.one, "delete") is None:
        requests["delete"] = False
    elif not usual:
        requests["delete"] = f"DELETE {one}"
    listing = document.operation(best.path, "get") or {}
    queries = {str(p.get("name")): p for p in listing.get("parameters", ()) if p.get("in") == "query"}
    slug = next((name for name in queries if re.sub(r"[^a-z]", "", name.lower()) in ("slug", "filterslug")), None)
    if slug:
        requests["find"] = f"GET {best.path}?{slug}={{slug}}"
    me = [p for p in document.paths if ME.fullmatch(p) and not p.startswith(best.path) and document.operation(p, "get")]
    if me:
        requests["whoami"] = f"GET {me[0]}"
    return requests


def _versions(path: str) -> dict[str, Any]:
    """Return the requests of a CMS that keeps a draft beside what it has published (Strapi 5)."""
    return {
        "list": [f"GET {path}?status=published&sort=id", f"GET {path}?status=draft&sort=id"],
        "get": [f"GET {path}/{{id}}?status=published", f"GET {path}/{{id}}?status=draft"],
        "create": f"POST {path}?status={{status}}",
        "update": f"PUT {path}/{{id}}?status={{status}}",
    }


def _base(document: Document, url: str | None) -> str:
    servers = document.whole.get("servers")
    server = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    text = str(server.get("url") or "")
    for name, variable in (server.get("variables") or {}).items():
        text = text.replace(f"{{{name}}}", str(variable.get("default", "")))
    if document.whole.get("host"):
        scheme = (document.whole.get("schemes") or ["https"])[0]
        text = f"{scheme}://{document.whole['host']}{document.whole.get('basePath') or ''}"
    elif document.whole.get("basePath"):
        text = str(document.whole["basePath"])
    if url and urlsplit(url).scheme in ("http", "https"):
        if urlsplit(text).hostname in ("0.0.0.0", "localhost", "127.0.0.1"):  # noqa: S104  where it says it listens
            text = urlsplit(text).path
        text = urljoin(url, text or "/")
    return text.rstrip("/") if urlsplit(text).scheme in ("http", "https") else ""


def _auth(document: Document, best: Collection, notes: list[str]) -> dict[str, Any]:
    components = document.whole.get("components") or {}
    schemes = components.get("securitySchemes") or document.whole.get("securityDefinitions") or {}
    operation = document.operation(best.path, "post") or document.operation(best.path, "get") or {}
    wanted = operation.get("security", document.whole.get("security")) or []
    names = [name for one in wanted if isinstance(one, dict) for name in one] or list(schemes)
    for name in names:
        scheme = document.resolve(schemes.get(name))
        kind, where, key = (str(scheme.get(k, "")) for k in ("type", "in", "name"))
        if kind == "basic" or (kind == "http" and str(scheme.get("scheme")).lower() == "basic"):
            notes.append("It wants a user and a password: set user, and token to the password.")
            return {"auth": "basic", "user": "me"}
        if kind in ("http", "oauth2", "openIdConnect"):
            return {"auth": "bearer"}
        if kind == "apiKey" and where == "query":
            return {"auth": f"?{key}={{token}}"}
        if kind == "apiKey" and where == "header":
            told = PREFIX.search(str(scheme.get("description", "")))
            word = f"{told[1] or told[2]} " if told and key.lower() == "authorization" else ""
            if key.lower() == "authorization" and not word:
                notes.append('Look at auth: many CMSs want a word before the key, like "Authorization: Token {token}".')
            return {"auth": f"{key}: {word}{{token}}"}
    notes.append('The document does not say how to log in: set auth, for example to "bearer".')
    return {}


def _envelope(document: Document, best: Collection) -> dict[str, str]:
    envelope = {}
    listing = document.operation(best.path, "get")
    single = document.operation(best.one, "get") if best.one else None
    for key, operation, kind in (("list", listing, "list"), ("item", single, "one")):
        if operation is None:
            continue
        places = [(p, s) for k, p, s in document.places(document.answered(operation)[0]) if k == kind]
        if places:
            path, schema = max(places, key=lambda place: likeness(document, place[1]))
            if path and resemblance(document, schema) >= 3:
                envelope[key] = path
    if not best.one:
        envelope.pop("item", None)
    return envelope


def _paging(document: Document, best: Collection, envelope: Mapping[str, str]) -> dict[str, Any]:
    operation = document.operation(best.path, "get") or {}
    schema, headers = document.answered(operation)
    queries = {
        re.sub(r"[^a-z0-9]", "", str(p.get("name")).lower()): p
        for p in operation.get("parameters", ())
        if p.get("in") == "query"
    }
    size = next((queries[name] for name in SIZES if name in queries), None)
    paging: dict[str, Any] = {}
    if any(name.lower() == "link" for name in headers):
        paging = {"style": "link"}
    for style in ("cursor", "page", "offset") if not paging else ():
        param = next((queries[name] for name in PAGES[style] if name in queries), None)
        if param is None:
            continue
        paging = {"style": style, "param": str(param.get("name"))}
        inner = document.resolve(param.get("schema")) or param
        if style == "page" and 0 in (inner.get("minimum"), inner.get("default")):
            paging["first"] = 0
        inside = [*document.properties(schema, depth=1)]
        if style == "offset" and inner.get("type") == "string" and (same := _same(inside, str(param.get("name")))):
            # What the answer gives back under the same name is no number but a place to go on from.
            paging = {"style": "cursor", "param": str(param.get("name")), "next": same}
        elif style == "cursor":
            properties = [*document.properties(schema)]
            found = next((p.path for name in CURSORS for p in properties if p.name == name), "")
            paging["next"] = found or f"{envelope.get('list', '')}[-1].id"
        break
    if not best.one and not paging.get("param"):
        paging = {"style": "cursor", "param": "id=gt.{cursor}", "next": "[-1].id"}
    elif not best.one:
        paging = {"style": "offset", "param": "offset"}
    if paging and size is not None:
        inner = document.resolve(size.get("schema")) or size
        most = inner.get("maximum")
        paging |= {"size_param": str(size.get("name")), "size": min(most, 1000) if type(most) is int and most else 100}
    return paging


def _same(properties: list[Property], name: str) -> str:
    return next((p.path for p in properties if p.path == name and p.schema.get("type") == "string"), "")


def _upload(document: Document) -> tuple[str, str] | None:
    for path in document.paths:
        operation = document.operation(path, "post")
        if operation is None or "{" in path:
            continue
        content = document.resolve(operation.get("requestBody")).get("content") or {}
        schema = document.resolve((content.get("multipart/form-data") or {}).get("schema"))
        for key, value in (schema.get("properties") or {}).items():
            inner = document.resolve(value)
            inner = document.resolve(inner.get("items")) if inner.get("type") == "array" else inner
            if inner.get("format") == "binary" or "contentMediaType" in inner:
                return f"POST {path}", str(key)
    return None
