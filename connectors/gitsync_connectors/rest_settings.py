"""The keys of a `rest` site, with what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gitsync.connector import Setting

SETTINGS: Final[Mapping[str, Setting]] = {
    "endpoint": Setting(type=str, help='the collection of posts, like "/articles"; the usual requests follow from it'),
    "endpoints": Setting(
        type=dict,
        help='requests of its own, like update = "PUT /articles/{id}": list, get, many, find, create, update, delete, '
        "publish, unpublish, upload, whoami; with headers and a body as a table; false where there is none",
    ),
    "fields": Setting(
        type=dict, required=True, help="post field = where it is in a record, in JMESPath; id and body are required"
    ),
    "envelope": Setting(
        type=dict, help="list and item: where the records are in an answer; write: the key that wraps what is sent"
    ),
    "statuses": Setting(type=dict, help='what the CMS calls a status, like {published = "live", draft = "new"}'),
    "format": Setting(type=str, choices=("markdown", "html"), help="what the body field holds"),
    "auth": Setting(
        type=str, help='bearer, basic, hmac, none, a header "X-API-Key: {token}" or a parameter "?key={token}"'
    ),
    "token": Setting(type=str, secret=True, help="the key, the token or the password"),
    "secret": Setting(type=str, secret=True, help="a second secret: the key of an HMAC signature"),
    "user": Setting(type=str, help="the user's name, for basic, a login or a signature"),
    "headers": Setting(type=dict, help='headers of every request, like {apikey = "{token}"}'),
    "hmac": Setting(
        type=dict, help="a signature: header, message, algorithm, encoding, key, timestamp, and further headers"
    ),
    "login": Setting(type=dict, help="a request that answers a token: request, body, form, token, header"),
    "paging": Setting(
        type=dict,
        help="style (page, offset, cursor, link, range, none), param, size_param, size, first, and next, more and "
        "total in JMESPath",
    ),
    "sends": Setting(type=str, choices=("json", "form"), help="how the body of a write is encoded"),
    "update_body": Setting(
        type=str,
        choices=("changed", "fields", "record"),
        help="what an update sends: the changed fields (usual with PATCH), all mapped fields (usual with PUT), or the "
        "whole record with the changes in it",
    ),
    "constants": Setting(type=dict, help='what every write says besides, like {type = "articles", id = "{id}"}'),
    "on_create": Setting(type=dict, help="what a new record says besides, like {author = 1}"),
    "omit": Setting(type=list, help='keys that a write must not have, for update_body = "record"'),
    "conditional": Setting(
        type=str, choices=("if-match", "if-unmodified-since"), help="the condition that updates are made under"
    ),
    "summary": Setting(type=bool, help="the listing shows ids and revisions, not whole records"),
    "read_back": Setting(type=bool, help="read each record after it was written: the answer shows something else"),
    "anonymous": Setting(type=bool, help="it lists public posts to anybody: ask `whoami` before each listing"),
    "republish": Setting(type=bool, help="a change of a public post is seen only when `publish` is asked for again"),
    "unpublish": Setting(type=bool, help="false where a published post cannot become a draft again"),
    "errors": Setting(
        type=dict,
        help="message, field, failed, missing: JMESPath into an answer; rejected, stale, not_found, unauthorized: "
        "statuses",
    ),
    "limits": Setting(type=dict, help="the most characters of a text field, or entries of a list, like {tags = 4}"),
    "required": Setting(type=list, help='post fields that the CMS insists on, like ["title", "slug"]'),
    "settles_after": Setting(type=int, help="seconds until a write is surely seen in the listing"),
    "bulk": Setting(type=int, help="how many ids the request `many` takes at once"),
    "permalink": Setting(type=str, help="where a post is seen on the web, with {slug} or {id} in it"),
    "upload": Setting(type=dict, help="field, extra and url: the form of the request `upload` and its answer"),
    "webhook": Setting(
        type=dict,
        help="style (hmac, token), header, prefix, message, algorithm, encoding, timestamp, tolerance, id, kind",
    ),
    "webhook_secret": Setting(type=str, secret=True, help="what the CMS signs its webhooks with"),
}
