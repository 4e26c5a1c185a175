"""What a declaration of a custom CMS can say, each word tried on answers as CMSs give them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from gitsync_connectors.rest import Rest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gitsync.connector import SiteSettings
from gitsync.errors import (
    ConfigError,
    Error,
    Forged,
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SiteError,
    Stale,
    Unauthorized,
)
from gitsync.model import Asset, Post, Record
from tests.connectors.test_rest import settings
from tests.fakes.server import Stage, serving

FIELDS = {"id": "id", "title": "title", "body": "body"}
PLAIN = {"endpoint": "/posts", "auth": "none", "fields": FIELDS}
Answer = Any | Callable[[Request, bytes], Any]


class Scripted:
    """An ASGI app with one answer, or a function, for each "METHOD /path"; the rest is 404. `calls` are what came."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        path = request.url.path.removeprefix("/api")
        self.calls.append((f"{request.method} {path}?{request.url.query}".rstrip("?"), dict(request.headers), body))
        answer = self.answers.get(f"{request.method} {path}", JSONResponse({"detail": "Not found."}, 404))
        answer = answer(request, body) if callable(answer) and not isinstance(answer, Response) else answer
        response = answer if isinstance(answer, Response) else JSONResponse(answer)
        await response(scope, receive, send)

    @property
    def sent(self) -> Any:
        return json.loads(self.calls[-1][2])


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


Connect = Callable[..., tuple[Rest, Scripted]]


@pytest.fixture
def connect(stage: Stage) -> Iterator[Connect]:
    made: list[Rest] = []

    def connect(answers: dict[str, Answer], **options: Any) -> tuple[Rest, Scripted]:
        app = stage.app = Scripted(answers)
        site = settings(stage.host, {**PLAIN, **options})
        made.append(Rest(site, sleep=lambda seconds: None))
        return made[-1], app

    yield connect
    for one in made:
        one.close()


def shown(record: Record) -> Post:
    assert record.post is not None
    return record.post


def row(id: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": f"Post {id}", "body": "Text.\n", **more}


POST = Post(title="New", body="Text.\n")

# What is wrong in a declaration is told with what is meant.


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"endpoint": "posts"}, "is no request below url"),
        ({"endpoint": ""}, "endpoint is missing"),
        ({"fields": {"title": "title", "body": "body"}}, "lacks id"),
        ({"fields": {"id": "id"}}, "lacks body"),
        ({"fields": {**FIELDS, "tag": "tags"}}, "Did you mean 'tags'?"),
        ({"fields": {**FIELDS, "tags": {"path": "tags", "type": "commas"}}}, "Did you mean 'comma'?"),
        ({"fields": {**FIELDS, "tags": {"pth": "tags"}}}, "Did you mean 'path'?"),
        ({"fields": {**FIELDS, "slug": "a[?"}}, "is no path"),
        ({"fields": {**FIELDS, "slug": 3}}, "slug must name a key"),
        ({"endpoints": {"updte": "PUT /posts/{id}"}}, "Did you mean 'update'?"),
        ({"endpoints": {"update": "PUT /posts/{ID}"}}, "Did you mean 'id'?"),
        ({"endpoints": {"update": "PUT /posts"}}, "does not say which record"),
        ({"endpoints": {"list": "POST /search"}}, "cannot be a POST request"),
        ({"endpoints": {"update": {"request": "POST /x", "body": "{record}"}}}, "must be a table"),
        ({"endpoints": {"update": {"request": "POST /x", "body": {"set": "{record}"}}}}, "does not say which record"),
        ({"fields": {**FIELDS, "slug": {"path": "url", "match": "/(["}}}, "match is no regular expression"),
        ({"fields": {**FIELDS, "slug": {"path": "a[0]", "write": "a b"}}}, "keys with dots"),
        ({"paging": {"style": "range", "param": "Range"}}, "is no header"),
        ({"paging": {"style": "pages"}}, "Did you mean 'page'?"),
        ({"paging": {"style": "page", "sise": 5}}, "Did you mean"),
        ({"auth": "barer"}, "It is one of"),
        ({"auth": "X-Key: {tokn}"}, "Did you mean 'token'?"),
        ({"auth": "basic"}, "needs user"),
        ({"headers": {"X-Api-Key": "abc"}}, "must not be written here in clear"),
        ({"hmac": {"algoritm": "sha1"}, "auth": "hmac"}, "Did you mean 'algorithm'?"),
        ({"statuses": {"draft": "d"}}, "lacks published"),
        ({"statuses": {"publish": "d"}}, "Did you mean 'published'?"),
        ({"envelope": {"lists": "data"}}, "Did you mean 'list'?"),
        ({"errors": {"not_found": [200]}}, "from 400 to 499"),
        ({"limits": {"titel": 3}}, "Did you mean 'title'?"),
        ({"webhook": {"header": "X-Sig"}}, "needs webhook_secret"),
        ({"login": {"request": "GET /login"}}, "must be a POST"),
    ],
)
def test_a_wrong_declaration_says_what_is_meant(connect: Connect, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        connect({}, **options)
    assert told in str(caught.value)
    assert "sites.cms" in str(caught.value)
    assert caught.value.hint


# Answers that do not fit the declaration.


def test_a_listing_without_bodies_asks_for_a_word(connect: Connect) -> None:
    answers = {"GET /posts": [{"id": 1, "title": "A"}], "GET /posts/1": row()}
    site, _ = connect(answers)
    with pytest.raises(Malformed, match="summary = true"):
        list(site.scan())
    site, _ = connect(answers, summary=True)
    [record] = site.scan()  # and without a revision each is read by itself
    assert shown(record).body == "Text.\n"


def test_a_session_that_was_given_out_is_no_more_shown_than_the_password(connect: Connect) -> None:
    answers = {
        "POST /login": {"token": "s3ss1on-of-today"},
        "GET /posts": lambda request, _: JSONResponse({"error": f"no {request.headers['authorization']}"}, 400),
    }
    site, _ = connect(answers, user="me", login={"request": "POST /login"})
    with pytest.raises(Error, match="no •••") as caught:
        list(site.scan())
    assert "s3ss1on" not in str(caught.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_id(connect: Connect, number: float) -> None:
    site, _ = connect({"GET /posts": Response(json.dumps([row(id=number)]))})
    with pytest.raises(Malformed, match="without an id"):
        list(site.scan())


@pytest.mark.parametrize("id", ["x" * 4000, 1e300, 1e308])
def test_an_id_that_would_fill_a_page_is_none(connect: Connect, id: str | float) -> None:
    site, _ = connect({"GET /posts": [row(id=id)]})
    with pytest.raises(Malformed, match=r"whose id has \d+ characters"):
        list(site.scan())


def test_another_record_than_the_one_asked_for_does_not_prove_that_it_is_gone(connect: Connect) -> None:
    site, _ = connect({"GET /posts/1": row(id=2)})
    with pytest.raises(Malformed, match="for record 1 with record 2"):
        site.fetch("1")
    with pytest.raises(Malformed, match="for record 1 with record 2"):
        list(site.fetch_many(["1"]))


def test_a_listing_that_tells_of_more_than_it_shows_is_not_the_whole(connect: Connect) -> None:
    site, _ = connect({"GET /posts": {"data": [row()], "meta": {"total": 2}}})
    with pytest.raises(Malformed, match="tells of 2 records and shows 1"):
        list(site.scan())


def test_an_answer_of_another_shape_is_described(connect: Connect) -> None:
    site, _ = connect({"GET /posts": {"one": [], "two": [], "ok": True}})
    with pytest.raises(Malformed, match=r"'one', 'two', 'ok'.*envelope\] list"):
        list(site.scan())
    site, _ = connect({"GET /posts/1": {"meta": {"id": "x"}, "thing": {"key": 2}}})
    with pytest.raises(Malformed, match=r"envelope\] item"):
        site.fetch("1")
    site, _ = connect({"GET /posts": [{"key": 1}]})
    with pytest.raises(Malformed, match="without an id at 'id'"):
        list(site.scan())
    site, _ = connect({"GET /posts": Response("<!doctype html><p>Login", media_type="text/html")})
    with pytest.raises(Malformed, match="an HTML page"):
        list(site.scan())
    site, _ = connect({"GET /posts": [row(body={"root": {"children": []}})]})
    with pytest.raises(Malformed, match="blocks"):
        list(site.scan())


def test_the_wrong_address_is_no_empty_site(connect: Connect) -> None:
    site, _ = connect({})
    with pytest.raises(Malformed, match="endpoints"):
        list(site.scan())


def test_trying_a_site_compares_the_listing_with_a_record(connect: Connect) -> None:
    fields = {**FIELDS, "tags": "tags"}
    site, _ = connect({"GET /posts": [row(tags=["a"])], "GET /posts/1": row()}, fields=fields)
    with pytest.raises(Malformed, match="another tags"):
        site.whoami()


# Envelopes.


@pytest.mark.parametrize(
    ("envelope", "listing", "one", "sent"),
    [
        ({}, {"docs": [row()]}, {"doc": row(), "message": "ok"}, row),
        ({"write": "posts[]"}, {"posts": [row()], "meta": {}}, {"posts": [row()]}, lambda: {"posts": [row()]}),
        ({"write": "data.attributes"}, {"data": {"items": [row()]}}, {"data": row()}, None),
        ({"list": "_embedded.posts", "item": "@"}, {"_embedded": {"posts": [row()]}}, row(), row),
        ({"list": "rows[].doc"}, {"total_rows": 9, "rows": [{"doc": row()}]}, row(), row),
    ],
)
def test_envelopes_are_found_or_declared(
    connect: Connect, envelope: dict[str, str], listing: Any, one: Any, sent: Callable[[], Any] | None
) -> None:
    site, app = connect({"GET /posts": listing, "GET /posts/1": one, "POST /posts": one}, envelope=envelope)
    assert [record.id for record in site.scan()] == ["1"]
    assert shown(site.fetch("1")).title == "Post 1"
    site.create(Post(title="Post 1", body="Text.\n"))
    if sent:
        wanted = json.loads(json.dumps(sent()).replace('"id": 1, ', ""))
        assert app.sent == wanted


# Paging.


def test_pages_end_where_the_cms_says_there_are_no_more(connect: Connect) -> None:
    def page(request: Request, body: bytes) -> Any:
        number = int(request.query_params["paged"])
        if number > 3:
            return JSONResponse({"code": "rest_post_invalid_page_number"}, 400)
        return [row(3 * number + n) for n in range(3)]

    site, app = connect({"GET /posts": page}, paging={"style": "page", "param": "paged"})
    assert len(list(site.scan())) == 9
    assert len(app.calls) == 4


def test_a_cms_that_knows_no_pages_is_asked_twice_and_not_for_ever(connect: Connect) -> None:
    site, app = connect({"GET /posts": [row(1), row(2)]}, paging={"style": "page"})
    assert len(list(site.scan())) == 2
    assert len(app.calls) == 2


def test_a_cms_that_counts_its_pages_is_asked_for_each_once(connect: Connect) -> None:
    def page(request: Request, body: bytes) -> Any:
        number = int(request.query_params["p"])
        return {"stories": [row(2 * number), row(2 * number + 1)], "pages": 3}

    site, app = connect({"GET /posts": page}, paging={"style": "page", "param": "p", "first": 0})
    assert len(list(site.scan())) == 6
    assert len(app.calls) == 3


def test_a_short_page_is_the_last(connect: Connect) -> None:
    site, app = connect({"GET /posts": [row(n) for n in range(7)]}, paging={"style": "page", "size_param": "n"})
    assert len(list(site.scan())) == 7
    assert len(app.calls) == 1


def test_records_that_moved_while_the_listing_was_read_are_found(connect: Connect) -> None:
    order = [[1, 2], [2, 3], [1, 2], [3, 4]]
    asked = iter(range(9))

    def page(request: Request, body: bytes) -> Any:
        return {"total": 4, "items": [row(id) for id in order[next(asked)]]}

    site, _ = connect({"GET /posts": page}, paging={"style": "page", "size_param": "n", "size": 2})
    assert sorted(record.id for record in site.scan()) == ["1", "2", "3", "4"]


def test_a_circle_of_pages_ends(connect: Connect) -> None:
    site, _ = connect({"GET /posts": {"items": [row()], "next": "/api/posts?p=2"}})
    with pytest.raises(Malformed, match="circle"):
        list(site.scan())


def test_a_next_page_elsewhere_gets_no_credentials(connect: Connect, stage: Stage) -> None:
    def page(request: Request, body: bytes) -> Any:
        if request.query_params.get("page") == "2":
            return [row(2)]
        return JSONResponse([row(1)], headers={"Link": '<https://evil.example/x?page=2>; rel="prev next"'})

    site, app = connect({"GET /posts": page}, auth="?key={token}")
    assert [record.id for record in site.scan()] == ["1", "2"]
    assert app.calls[1][0] == "GET /posts?page=2&key=s3cret-key"


def test_a_cursor_may_be_in_a_header(connect: Connect) -> None:
    def page(request: Request, body: bytes) -> Any:
        more = request.query_params.get("cursor") is None
        return JSONResponse([row(1 if more else 2)], headers={"X-Next": "ü=&"[1:]} if more else {})

    site, _ = connect({"GET /posts": page}, paging={"style": "cursor", "next": "header:X-Next"})
    assert [record.id for record in site.scan()] == ["1", "2"]


# Who it is.


def test_credentials_go_where_they_are_declared(connect: Connect) -> None:
    for options, name, value in (
        ({"auth": "bearer"}, "authorization", "Bearer s3cret-key"),
        (
            {"auth": "basic", "user": "mé"},
            "authorization",
            "Basic " + base64.b64encode("mé:s3cret-key".encode()).decode(),
        ),
        ({"auth": "Authorization: users API-Key {token}"}, "authorization", "users API-Key s3cret-key"),
        ({"headers": {"apikey": "{token}"}}, "apikey", "s3cret-key"),
    ):
        site, app = connect({"GET /posts": []}, **options)
        list(site.scan())
        assert app.calls[0][1][name] == value


def test_a_session_that_ended_is_begun_again_once(connect: Connect) -> None:
    tokens = iter(["one", "two"])
    login = {"request": "POST /login", "body": {"username": "{user}", "password": "{token}"}, "token": "data.jwt"}

    def listing(request: Request, body: bytes) -> Any:
        return [row()] if request.headers["authorization"] == "Bearer two" else JSONResponse({}, 401)

    answers = {"POST /login": lambda request, body: {"data": {"jwt": next(tokens)}}, "GET /posts": listing}
    site, app = connect(answers, auth="none", user="me", login=login)
    assert len(list(site.scan())) == 1
    assert [call[0] for call in app.calls] == ["POST /login", "GET /posts"] * 2
    site, app = connect({"POST /login": JSONResponse({"error": "no s3cret-key"}, 401)}, user="me", login=login)
    with pytest.raises(Unauthorized) as caught:
        list(site.scan())
    assert "s3cret-key" not in str(caught.value)


def test_a_cms_that_serves_anybody_is_asked_who_we_are_first(connect: Connect) -> None:
    answers = {"GET /posts": [], "GET /me": JSONResponse({}, 401)}
    site, _ = connect(answers, endpoints={"whoami": "/me"}, anonymous=True, auth="bearer")
    with pytest.raises(Unauthorized):
        list(site.scan())


# Refusals.


@pytest.mark.parametrize(
    ("status", "value", "kind", "field", "words"),
    [
        (400, {"message": "Failed.", "data": {"title": {"message": "Too short."}}}, Rejected, "title", "Too short"),
        (422, {"errors": [{"detail": "is taken", "source": {"pointer": "/data/slug"}}]}, Rejected, "slug", "is taken"),
        (422, {"detail": [{"loc": ["body", "title"], "msg": "too long"}]}, Rejected, "title", ""),
        (400, {"title": ["This field may not be blank."]}, Rejected, "title", "may not be blank"),
        (409, {"error": "slug is taken"}, Rejected, "", "slug is taken"),
        (401, {"error": "no"}, Unauthorized, "", "no"),
        (402, {"error": "Upgrade your plan"}, Unauthorized, "", "Upgrade your plan"),
        (403, "denied", Unauthorized, "", "denied"),
        (404, {}, Malformed, "", "endpoints"),
        (405, {}, Malformed, "", "knows no POST"),
        (413, {}, Rejected, "", ""),
        (428, {}, Malformed, "", "conditional"),
        (500, {"error": "oops"}, OutcomeUnknown, "", "oops"),
    ],
)
def test_refusals_say_what_is_wrong_with_which_field(
    connect: Connect, status: int, value: Any, kind: type[SiteError], field: str, words: str
) -> None:
    fields = {**FIELDS, "slug": "slug"}
    site, _ = connect({"POST /posts": JSONResponse(value, status)}, fields=fields)
    with pytest.raises(kind) as caught:
        site.create(POST)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert getattr(caught.value, "field", "") == field


def test_errors_are_read_where_they_are_declared(connect: Connect) -> None:
    value = {"ok": False, "why": {"text": "No umlauts.", "in": "post/heading"}}
    errors = {"message": "why.text", "field": "why.in", "failed": "ok == `false`"}
    fields = {**FIELDS, "title": "heading"}
    for status in (200, 418):
        site, _ = connect(
            {"POST /posts": JSONResponse(value, status)}, fields=fields, errors=errors | {"rejected": [418]}
        )
        with pytest.raises(Rejected, match="No umlauts") as caught:
            site.create(POST)
        assert caught.value.field == "title"


def test_forbidden_may_mean_that_there_is_none(connect: Connect) -> None:
    site, _ = connect({"GET /posts/1": JSONResponse({}, 403)}, errors={"not_found": [403]})
    with pytest.raises(NotFound):
        site.fetch("1")
    site, _ = connect({"GET /posts": JSONResponse({}, 403)}, errors={"not_found": [403]})
    with pytest.raises(Unauthorized):
        list(site.scan())


@pytest.mark.parametrize("id", ["", ".", "..", "a/../b", "ü?x=1", "1 2", "%2e"])
def test_an_id_never_leads_elsewhere(connect: Connect, id: str) -> None:
    site, app = connect({"GET /posts/": [row()]})
    with pytest.raises(NotFound):
        site.fetch(id)
    assert all(call[0].startswith("GET /posts/") and "?" not in call[0] for call in app.calls)


# Writes.


def test_a_patch_sends_what_differs_and_nothing_else(connect: Connect) -> None:
    there = row(tags=["a"], summary="kept", slug="mine")
    fields = {**FIELDS, "tags": "tags", "description": "summary", "slug": "slug"}
    site, app = connect(
        {"GET /posts/1": there, "PATCH /posts/1": lambda r, b: {**there, **json.loads(b)}}, fields=fields
    )
    before = site.fetch("1")
    site.update("1", shown(before).with_fields({"title": "Other", "description": None}), expect=before.revision)
    assert app.sent == {"title": "Other", "summary": None}
    count = len(app.calls)
    before = site.fetch("1")
    assert site.update("1", shown(before).with_fields({"slug": None}), expect=before.revision) == before
    assert len(app.calls) == count + 1, "an update that changes nothing is not sent"


def test_a_put_may_send_the_whole_record_back(connect: Connect) -> None:
    there = row(tags=[{"id": 7, "name": "a"}], author=3, createdAt="x", seo={"robots": "noindex"})
    site, app = connect(
        {"GET /posts/1": there, "PUT /posts/1": lambda r, b: {"id": 1, **json.loads(b)}},
        endpoints={"update": "PUT /posts/{id}"},
        fields={**FIELDS, "tags": "tags"},
        update_body="record",
        omit=["id", "createdAt", "seo.none"],
    )
    before = site.fetch("1")
    site.update("1", shown(before).with_fields({"tags": ("a", "b")}), expect=before.revision)
    tags = [{"id": 7, "name": "a"}, {"name": "b"}]
    assert app.sent == {"title": "Post 1", "body": "Text.\n", "tags": tags, "author": 3, "seo": {"robots": "noindex"}}


def test_a_put_that_emptied_what_it_did_not_name_is_made_good(connect: Connect) -> None:
    there = row(author=3, seo={"x": 1}, views=0)
    state = dict(there)

    def put(request: Request, body: bytes) -> Any:
        state.update({"author": None, "seo": {}} | json.loads(body))
        return state

    site, app = connect(
        {"GET /posts/1": lambda r, b: state, "PUT /posts/1": put}, endpoints={"update": "PUT /posts/{id}"}
    )
    for title in ("Other", "Third"):
        before = site.fetch("1")
        site.update("1", shown(before).with_fields({"title": title}), expect=before.revision)
        assert state == {**there, "title": title}
    assert [call[0] for call in app.calls].count("PUT /posts/1") == 3


def test_an_update_may_be_bound_to_a_date(connect: Connect) -> None:
    there = row(at="2024-02-29T23:59:58Z")
    site, app = connect(
        {"GET /posts/1": there, "PATCH /posts/1": there},
        conditional="if-unmodified-since",
        fields={**FIELDS, "updated": "at"},
    )
    site.update("1", POST, expect=site.fetch("1").revision)
    sent = next(call for call in app.calls if call[0].startswith("PATCH"))
    assert sent[1]["if-unmodified-since"] == "Thu, 29 Feb 2024 23:59:58 GMT"


def test_a_number_that_is_no_total_can_be_told_so(connect: Connect) -> None:
    site, _ = connect({"GET /posts": {"count": 99, "items": [row()]}}, paging={"style": "none", "total": False})
    assert len(list(site.scan())) == 1


def test_reading_and_writing_may_be_at_different_places(connect: Connect) -> None:
    there = {"id": 1, "title": {"raw": "A", "rendered": "<b>A</b>"}, "content": {"raw": "Text"}, "sticky": False}
    fields = {
        "id": "id",
        "title": {"path": "title.raw", "write": "title"},
        "body": {"path": "content.raw || content.rendered", "write": "content"},
        "authors": {"path": "_embedded.author[].name", "write": False},
    }
    site, app = connect(
        {"GET /posts/1": there, "POST /posts/1": there}, fields=fields, endpoints={"update": "POST /posts/{id}"}
    )
    before = site.fetch("1")
    site.update("1", Post(title="B", body="Text"), expect=before.revision)
    assert app.sent == {"title": "B", "content": "Text"}


def test_constants_are_said_on_every_write_and_some_on_the_first(connect: Connect) -> None:
    site, app = connect(
        {"POST /posts": row(), "GET /posts/1": row(version=4), "PATCH /posts/1": row()},
        constants={"type": "post", "id": "{id}", "version": "{revision}"},
        on_create={"author": {"id": 1}},
        fields={**FIELDS, "revision": "version"},
    )
    assert site.capabilities.conditional is False
    site.create(POST.with_fields({"title": "Post 1"}))
    assert app.sent == {"title": "Post 1", "body": "Text.\n", "type": "post", "author": {"id": 1}}
    site.update("1", POST, expect=site.fetch("1").revision)
    assert app.sent == {"title": "New", "type": "post", "id": "1", "version": "4"}


def test_a_form_is_sent_where_that_is_declared(connect: Connect) -> None:
    site, app = connect({"POST /posts": row()}, sends="form")
    site.create(Post(title="a&b=ü", body="Text.\n"))
    call = next(call for call in app.calls if call[0].startswith("POST"))
    assert call[1]["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(call[2].decode())) == {"title": "a&b=ü", "body": "Text.\n"}


def test_publishing_may_be_a_request_of_its_own(connect: Connect) -> None:
    state = {"status": "draft"}

    def publish(word: str) -> Callable[[Request, bytes], Any]:
        def act(request: Request, body: bytes) -> Any:
            state["status"] = word
            return Response(status_code=204)

        return act

    site, app = connect(
        {
            "POST /posts": lambda r, b: JSONResponse(row(**state), 201),
            "GET /posts/1": lambda r, b: row(**state),
            "PATCH /posts/1": lambda r, b: row(**state),
            "POST /posts/1/publish": publish("published"),
            "POST /posts/1/unpublish": publish("draft"),
        },
        endpoints={"publish": "/posts/{id}/publish", "unpublish": "/posts/{id}/unpublish"},
        fields={**FIELDS, "status": {"path": "status", "write": False}},
    )
    record = site.create(site.project(Post(title="Post 1", body="Text.\n", status="published")))
    assert shown(record).status == "published"
    assert site.capabilities.unpublish
    hidden = site.update("1", shown(record).with_fields({"status": "draft"}), expect=record.revision)
    assert shown(hidden).status == "draft"
    assert all(b"status" not in call[2] for call in app.calls)


def test_a_create_that_says_nothing_is_looked_for(connect: Connect) -> None:
    site, _ = connect({"POST /posts": Response(status_code=201), "GET /posts": [row()]})
    with pytest.raises(OutcomeUnknown, match="item"):
        site.create(POST)
    site, _ = connect({"POST /posts": JSONResponse({"postId": 1}, 201), "GET /posts/1": row()})
    assert site.create(POST).id == "1"


def test_an_etag_guards_the_write_and_a_revision_may(connect: Connect) -> None:
    etag = JSONResponse(row(), headers={"ETag": '"abc"'})
    site, app = connect({"GET /posts/1": etag, "PATCH /posts/1": JSONResponse({}, 412)}, conditional="if-match")
    with pytest.raises(Stale):
        site.update("1", POST, expect=site.fetch("1").revision)
    assert app.calls[-1][1]["if-match"] == '"abc"'
    site, app = connect(
        {"GET /posts/1": row(sys={"version": 5}), "PATCH /posts/1": JSONResponse({}, 409)},
        endpoints={"update": {"request": "PATCH /posts/{id}", "headers": {"X-Version": "{revision}"}}},
        fields={**FIELDS, "revision": "sys.version"},
    )
    assert site.capabilities.conditional
    with pytest.raises(Stale):
        site.update("1", POST, expect=site.fetch("1").revision)
    assert app.calls[-1][1]["x-version"] == "5"


# Values.


@pytest.mark.parametrize(
    ("declared", "there", "written"),
    [
        ("at", "2024-02-29T23:59:58.123Z", "2024-03-01T12:00:00Z"),
        ("at", "2024-02-29T23:59:58+00:00", "2024-03-01T12:00:00+00:00"),
        ("at", 1709251198, 1709294400),
        ("at", 1709251198123, 1709294400000),
        ("at", "Thu, 29 Feb 2024 23:59:58 GMT", "Fri, 01 Mar 2024 12:00:00 GMT"),
        ({"path": "at", "type": "%d.%m.%Y %H:%M:%S"}, "29.02.2024 23:59:58", "01.03.2024 12:00:00"),
        ({"path": "at", "type": "milliseconds"}, 1709251198000, 1709294400000),
    ],
)
def test_dates_are_read_and_written_in_the_manner_of_the_cms(
    connect: Connect, declared: Any, there: Any, written: Any
) -> None:
    site, app = connect(
        {"GET /posts/1": row(at=there), "PATCH /posts/1": row(), "POST /posts": row(), "GET /posts": [row(at=there)]},
        fields={**FIELDS, "date": declared},
    )
    record = site.fetch("1")
    assert shown(record).date == datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
    later = {"date": datetime(2024, 3, 1, 12, tzinfo=UTC)}
    site.update("1", shown(record).with_fields(later), expect=record.revision)
    assert next(json.loads(call[2]) for call in app.calls if call[2]) == {"at": written}
    site.create(POST.with_fields(later))
    assert next(json.loads(call[2]) for call in reversed(app.calls) if call[2])["at"] == written


@pytest.mark.parametrize(
    ("declared", "there", "written"),
    [
        ("tags", ["a", "b"], ["b", "c"]),
        ("tags", "a,b", "b,c"),
        ("tags", '["a", "b"]', '["b", "c"]'),
        ("tags", [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], [{"id": 2, "name": "b"}, {"name": "c"}]),
        (
            {"path": "tags", "type": "objects", "key": "slug"},
            [{"slug": "a"}, {"slug": "b"}],
            [{"slug": "b"}, {"slug": "c"}],
        ),
        ({"path": "tags", "type": "comma", "separator": ";"}, "a;b", "b;c"),
        (
            {"path": "tags.data[].attributes.name", "write": "tags"},
            {"data": [{"attributes": {"name": "a"}}, {"attributes": {"name": "b"}}]},
            ["b", "c"],
        ),
    ],
)
def test_lists_are_read_and_written_in_the_manner_of_the_cms(
    connect: Connect, declared: Any, there: Any, written: Any
) -> None:
    site, app = connect({"GET /posts/1": row(tags=there), "PATCH /posts/1": row()}, fields={**FIELDS, "tags": declared})
    record = site.fetch("1")
    assert shown(record).tags == ("a", "b")
    site.update("1", shown(record).with_fields({"tags": ("b", "c")}), expect=record.revision)
    assert next(json.loads(call[2]) for call in app.calls if call[2]) == {"tags": written}


@pytest.mark.parametrize(
    ("declared", "statuses", "pairs"),
    [
        ("state", None, {"published": "published", "DRAFT": "draft", "in_review": "draft", "live": "published"}),
        (
            "state",
            {"published": "LIVE", "draft": ["NEW", "REVIEW"]},
            {"LIVE": "published", "review": "draft", "x": "draft"},
        ),
        ("is_published", None, {True: "published", False: "draft", None: "draft"}),
        ("draft", None, {True: "draft", False: "published"}),
        ("state", {"published": 2, "draft": 0, "private": 1}, {2: "published", 0: "draft", 1: "private"}),
        (
            {"path": "at", "type": "date"},
            None,
            {"2020-01-01T00:00:00Z": "published", None: "draft", "2999-01-01": "scheduled"},
        ),
        ({"path": "at && 'published' || 'draft'"}, None, {"2020-01-01": "published", None: "draft"}),
    ],
)
def test_statuses_are_understood(connect: Connect, declared: Any, statuses: Any, pairs: dict[Any, str]) -> None:
    options = {"statuses": statuses} if statuses else {}
    site, app = connect({}, fields={**FIELDS, "status": declared}, **options)
    path = declared if isinstance(declared, str) else "at"
    for value, status in pairs.items():
        app.answers["GET /posts/1"] = row(**{path: value})
        assert shown(site.fetch("1")).status == status, value


def test_a_status_nobody_explained_is_not_rewritten(connect: Connect) -> None:
    site, app = connect(
        {"GET /posts/1": row(state="in_review"), "PUT /posts/1": row()},
        fields={**FIELDS, "status": "state"},
        endpoints={"update": "PUT /posts/{id}"},
    )
    record = site.fetch("1")
    site.update("1", shown(record).with_fields({"title": "Other"}), expect=record.revision)
    assert next(json.loads(call[2]) for call in app.calls if call[2])["state"] == "in_review"


def test_html_is_markdown_here(connect: Connect) -> None:
    site, app = connect({"GET /posts/1": row(body="<p>One <em>two</em></p>"), "PATCH /posts/1": row()}, format="html")
    record = site.fetch("1")
    assert shown(record).body == "One *two*\n"
    assert record.raw["body"] == "<p>One <em>two</em></p>"
    site.update("1", shown(record).with_fields({"body": "One **two**\n"}), expect=record.revision)
    assert next(json.loads(call[2]) for call in app.calls if call[2]) == {"body": "<p>One <strong>two</strong></p>\n"}


def test_what_html_cannot_say_is_told(connect: Connect) -> None:
    site, _ = connect({}, format="html")
    [told] = [it for it in site.problems(Post(title="A", body="Words.\n\n{{< figure >}}\n")) if it.code == "TAG_WORDS"]
    assert (told.field, told.severity, told.offset) == ("body", "loss", 8)


def test_what_has_no_place_or_is_too_long_is_told(connect: Connect) -> None:
    site, _ = connect({}, limits={"title": 5, "tags": 1}, required=["title"], fields={**FIELDS, "tags": "tags"})
    found = site.problems(Post(title="Longer", tags=("a", "b"), cover="x", status="private"))
    assert [(p.code, p.field, p.severity) for p in found] == [
        ("REST001", "cover", "loss"),
        ("REST002", "status", "error"),
        ("REST006", "title", "error"),
        ("REST005", "tags", "loss"),
    ]
    assert site.project(Post(tags=("a", "b"))).tags == ("a",)
    assert [p.code for p in site.problems(Post())] == ["REST004"]


def test_an_address_that_is_taken_there_is_no_reason_to_keep_a_post_back(connect: Connect) -> None:
    def create(request: Request, body: bytes) -> Any:
        told = {"code": "23505", "message": "duplicate key value", "details": "Key (slug)=(a) already exists."}
        value = json.loads(body)
        return JSONResponse(told, 409) if value["slug"] == "a" else JSONResponse({"id": 2, **value}, 201)

    site, app = connect({"POST /posts": create}, fields={**FIELDS, "slug": "slug"})
    assert (shown(site.create(POST.with_fields({"slug": "a"}))).slug or "").startswith("a-")
    assert len(app.calls) == 2


def test_tags_that_are_records_are_known_by_name(connect: Connect) -> None:
    terms = {"list": "GET /tags", "create": "POST /tags", "name": "name"}
    site, app = connect(
        {
            "GET /posts": [row(1, tags=[1, 2]), row(2, tags=[1])],
            "GET /posts/1": row(tags=[1, 2]),
            "GET /tags": [{"id": 1, "name": "Git"}, {"id": 2, "name": "Prose"}],
            "POST /tags": lambda r, b: JSONResponse({"id": 9, **json.loads(b)}, 201),
            "PATCH /posts/1": row(tags=[2, 9]),
        },
        fields={**FIELDS, "tags": {"path": "tags", "lookup": terms}},
    )
    assert [shown(record).tags for record in site.scan()] == [("Git", "Prose"), ("Git",)]
    assert [call[0] for call in app.calls] == ["GET /posts", "GET /tags"]
    record = site.fetch("1")
    after = site.update("1", shown(record).with_fields({"tags": ("prose", "new")}), expect=record.revision)
    assert shown(after).tags == ("Prose", "new")
    assert app.sent == {"tags": [2, 9]}


def test_a_listing_of_html_is_read_once_and_turned_into_markdown_when_asked_for(connect: Connect) -> None:
    rows = [row(n, body=f"<p>Text <b>{n}</b></p>") for n in (1, 2)]
    site, app = connect({"GET /posts": rows, "GET /posts/1": rows[0]}, format="html")
    listed = {record.id: record for record in site.scan()}
    assert not any(record.complete for record in listed.values())
    found = {record.id: record for record in site.fetch_many(["1", "2"])}
    assert {id: record.revision for id, record in found.items()} == {id: r.revision for id, r in listed.items()}
    assert len(app.calls) == 1
    assert [shown(record).body for record in site.fetch_many(["1"])] == ["Text **1**\n"]
    assert len(app.calls) == 2, "a listing answers once, and never twice from memory"


# Searching, fetching many, files, webhooks.


def test_a_declared_search_saves_the_listing(connect: Connect) -> None:
    site, app = connect(
        {"GET /posts": [row(slug="it's")], "GET /posts/1": row(slug="it's")},
        endpoints={"find": 'GET /posts?filter={"slug":{"_eq":"{slug}"}}'},
        fields={**FIELDS, "slug": "slug"},
    )
    assert [record.id for record in site.find(Post(title="x", slug='a"b'))] == ["1"]
    query = dict(parse_qsl(urlsplit(app.calls[0][0].partition(" ")[2]).query))
    assert json.loads(query["filter"]) == {"slug": {"_eq": 'a"b'}}
    app.calls.clear()
    assert [record.id for record in site.find(Post(title="Post 1"))] == ["1"]
    assert app.calls[0][0] == "GET /posts"


def test_many_are_fetched_at_once_and_the_missing_alone(connect: Connect) -> None:
    site, app = connect(
        {"GET /posts": lambda r, b: [row(1), row(2)] if "id" in r.query_params else [], "GET /posts/3": row(3)},
        endpoints={"many": "GET /posts?id=in.({ids})"},
        bulk=10,
    )
    assert sorted(record.id for record in site.fetch_many(["1", "2", "3", "4"])) == ["1", "2", "3"]
    assert [call[0] for call in app.calls] == ["GET /posts?id=in.(1,2,3,4)", "GET /posts/3", "GET /posts/4"]


def test_files_are_sent_as_they_are_wanted(connect: Connect, stage: Stage) -> None:
    asset = Asset(path="images/ü.png", content=b"\x89PNG", media_type="image/png", sha256="ab" * 32)
    form = {"upload": "POST /media"}
    json_only = {"Content-Type": "application/vnd.api+json"}
    site, app = connect(
        {"POST /media": [{"url": "/uploads/x.png"}]}, endpoints=form, upload={"field": "files"}, headers=json_only
    )
    assert site.upload(asset) == f"{stage.host}/uploads/x.png"
    assert b'name="files"' in app.calls[0][2]
    assert app.calls[0][1]["content-type"].startswith("multipart/form-data")
    raw = {"upload": "POST /object/bucket/{sha256}.png"}
    made = {"raw": True, "url": "https://cdn.example/{sha256}.png"}
    site, app = connect({f"POST /object/bucket/{'ab' * 32}.png": {"Key": "x"}}, endpoints=raw, upload=made)
    assert site.upload(asset) == f"https://cdn.example/{'ab' * 32}.png"
    assert (app.calls[0][2], app.calls[0][1]["content-type"]) == (b"\x89PNG", "image/png")
    site, _ = connect({"POST /media": {"id": 1}}, endpoints=form)
    with pytest.raises(Error, match="upload"):
        site.upload(asset)


def signature(message: bytes) -> str:
    return hmac.new(b"s3cret-key", message, hashlib.sha256).hexdigest()


def test_webhooks_are_believed_only_when_signed(connect: Connect) -> None:
    body = b'{"event": "entry.update", "entry": {"documentId": "abc"}}'
    hook = {"header": "X-Signature", "prefix": "sha256="}
    site, _ = connect({}, webhook=hook, webhook_secret="env:X")
    [event] = site.events({"x-signature": f"sha256={signature(body)}"}, body)
    assert (event.kind, event.id) == ("entry.update", "abc")
    for headers in ({}, {"X-Signature": signature(body)}, {"X-Signature": f"sha256={signature(body + b' ')}"}):
        with pytest.raises(Forged):
            site.events(headers, body)


def test_an_old_webhook_is_not_believed_again(connect: Connect) -> None:
    hook = {"header": "X-Sig", "message": "{timestamp}.{body}", "id": "ids", "kind": "'changed'"}
    site, _ = connect({}, webhook=hook, webhook_secret="env:X")
    body, now = b'{"ids": [1, "b", null]}', int(datetime.now(UTC).timestamp())
    good = f"t={now},v1={signature(f'{now}.'.encode() + body)}"
    assert [event.id for event in site.events({"X-Sig": good}, body)] == ["1", "b"]
    old = f"t={now - 4000},v1={signature(f'{now - 4000}.'.encode() + body)}"
    for header in (old, "", "t=x,v1=y", good.replace(str(now), str(now + 1))):
        with pytest.raises(Forged):
            site.events({"X-Sig": header}, body)


@pytest.mark.parametrize("time", ["nan", "NaN", "-nan", "inf", "-inf", "1e999"])
def test_a_time_that_is_no_time_is_never_a_new_one(connect: Connect, time: str) -> None:
    site, _ = connect({}, webhook={"header": "X-Sig", "timestamp": "X-Time"}, webhook_secret="env:X")
    body = b'{"id": "1"}'
    with pytest.raises(Forged):
        site.events({"X-Sig": signature(body), "X-Time": time}, body)


@pytest.mark.parametrize("style", ["hmac", "token"])
@pytest.mark.parametrize("word", ["\udce9", "\ud800" * 64, "é", "\0"])
def test_a_header_of_any_characters_is_only_forged(connect: Connect, style: str, word: str) -> None:
    site, _ = connect({}, webhook={"header": "X-Sig", "style": style}, webhook_secret="env:X")
    with pytest.raises(Forged):
        site.events({"X-Sig": word}, b'{"id": "1"}')


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"id":' * 100_000])
def test_a_signed_call_of_any_depth_is_answered_in_a_sentence(connect: Connect, deep: bytes) -> None:
    site, _ = connect({}, webhook={"header": "X-Sig"}, webhook_secret="env:X")
    with pytest.raises(Malformed, match="not JSON"):
        site.events({"X-Sig": signature(deep)}, deep)


def test_a_webhook_may_carry_the_secret_itself(connect: Connect) -> None:
    site, _ = connect({}, webhook={"style": "token", "header": "Authorization"}, webhook_secret="env:X")
    assert site.events({"authorization": "Bearer s3cret-key"}, b'{"id": 5}')[0].id == "5"
    with pytest.raises(Forged):
        site.events({"authorization": "Bearer wrong"}, b'{"id": 5}')


def test_a_wrong_url_is_told_as_one() -> None:
    for url in ("", "cms.example", "ftp://x", "https://me:pw@cms.example"):
        made = SiteSettings(
            name="cms", platform="rest", url=url, root=settings("", {}).root, options=PLAIN, secret=lambda _: "x"
        )
        with pytest.raises(ConfigError, match="url"):
            Rest(made)
