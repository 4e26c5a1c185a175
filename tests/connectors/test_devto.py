"""dev.to, against a fake as strict as Forem: each test is a fact of the platform that has cost somebody a post."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gitsync_connectors.devto import DevTo
from gitsync_connectors.devto_articles import article_of, made_up, problems_of, projected, record_of, source_of, tags_of
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response

from gitsync.connector import Connector, SiteSettings
from gitsync.errors import (
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SiteError,
    Throttled,
    Unauthorized,
    Unreachable,
)
from gitsync.model import Post, Record
from tests.fakes.forem import Fault, Forem
from tests.fakes.server import Stage

POST = Post(
    title="“Ça va?” — a/b \\ c: 007",
    description="What the café said",
    tags=("python", "webdev"),
    series="Cafés",
    cover="https://images.example/ü%20x.png?w=1&h=2",
    canonical_url="https://me.example/ca-va",
    status="published",
    body="# Heading\n\nText with `{{ code }}` and a long line. 👩‍👩‍👧\n\n```yaml\n---\na: 1\n---\n```\n\nend  \n",
)


LONG = "Hello, *this* is a [text](http://a) about something that goes on and on and on and on."


class Site:
    """A fake Forem on a port, and a clock that only sleeping moves."""

    def __init__(self, forem: Forem, host: str) -> None:
        self.forem, self.host = forem, host
        self.connectors: list[DevTo] = []
        self.slept = 0.0
        self.start = datetime(2026, 3, 1, 12, tzinfo=UTC)
        forem.now = self.now

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def connect(self, *, key: str = "right-key", paced: bool = False, path: str = "/api", **options: object) -> DevTo:
        site = SiteSettings(
            name="devto",
            platform="devto",
            url=self.host + path,
            root=Path(),
            options={"token": "env:X", **options},
            secret=lambda _: key,
            timeout=5.0,
            pace=None if paced else {},
        )
        self.connectors.append(DevTo(site, sleep=self.sleep, clock=lambda: self.slept, now=self.now))
        return self.connectors[-1]


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    forem = stage.app = Forem()
    forem.host = stage.host
    site = Site(forem, stage.host)
    yield site
    for connector in site.connectors:
        connector.close()
    assert forem.violations == []


def shown(record: Record) -> Post:
    assert record.post is not None
    return record.post


def test_devto_is_a_connector(site: Site) -> None:
    connector: Connector = site.connect()
    assert connector.whoami().name == "forem-author"


def test_a_create_is_one_post_with_tags_as_an_array(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST))
    assert site.forem.log == [("POST", "/api/articles")]
    (payload,) = site.forem.payloads
    assert payload["article"]["tags"] == ["python", "webdev"]
    assert payload["article"]["main_image"] == POST.cover
    assert payload["article"]["series"] == "Cafés"
    assert "published_at" not in payload["article"]
    assert record.id == "1001"
    assert record.url == f"{site.host}/forem-author/{site.forem.articles[1001].slug}"
    assert shown(record) == POST.with_fields({"series": None, "date": site.now()})


def test_a_listing_shows_what_the_write_answered(site: Site) -> None:
    connector = site.connect()
    for status in ("published", "draft"):
        written = connector.create(connector.project(POST.with_fields({"status": status, "title": status})))
        assert connector.fetch(written.id) == written
        if status == "published":
            changed = {"body": "New\n", "canonical_url": None, "description": None, "cover": None, "tags": None}
            updated = connector.update(written.id, POST.with_fields(changed), expect=written.revision)
            assert connector.fetch(written.id) == updated
            assert shown(updated).cover is None
            assert shown(updated).canonical_url is None
            assert shown(updated).description is None
            assert shown(updated).tags is None


def test_nothing_to_do_is_one_read(site: Site) -> None:
    for number in range(25):
        site.forem.add(title=f"Post {number}", body_markdown="x", tags=[], published=number % 2 == 0)
    assert len(list(site.connect().scan())) == 25
    assert site.forem.log == [("GET", "/api/articles/me/all")]


def test_an_update_is_one_read_and_one_put_even_among_many_posts(site: Site) -> None:
    for number in range(450):
        site.forem.add(title=f"Post {number}", body_markdown="x", tags=["a"], published=True)
        site.slept += 1
    connector = site.connect()
    records = {record.id: record for record in connector.scan()}
    site.forem.add(title="written meanwhile", body_markdown="x", tags=[], published=True)
    site.forem.log.clear()
    for id in ("1001", "1450", "1225"):
        record = connector.fetch(id)
        assert record.revision == records[id].revision
        connector.update(id, shown(record).with_fields({"body": "y\n"}), expect=record.revision)
    assert [method for method, _ in site.forem.log] == ["GET", "PUT"] * 3
    assert site.forem.articles[1225].tags == ["a"]


def test_a_put_always_sends_the_tags(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST))
    connector.update(record.id, POST.with_fields({"body": "new\n"}), expect=record.revision)
    assert site.forem.articles[1001].tags == ["python", "webdev"]
    connector.update(record.id, POST.with_fields({"tags": None}), expect=record.revision)
    assert site.forem.articles[1001].tags == []


def test_what_the_file_does_not_say_and_the_site_never_shows_stays(site: Site) -> None:
    connector = site.connect()
    id = str(site.forem.add(title="t", body_markdown="x", tags=[], published=True, series="Web series"))
    record = connector.fetch(id)
    connector.update(id, shown(record).with_fields({"body": "y\n"}), expect=record.revision)
    assert site.forem.articles[int(id)].series == "Web series"


def test_the_cdn_address_of_a_cover_is_never_sent_back(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST))
    assert record.raw["cover_image"] != POST.cover
    site.forem.payloads.clear()
    fetched = connector.fetch(record.id)
    connector.update(record.id, shown(fetched).with_fields({"title": "Other"}), expect=fetched.revision)
    assert "main_image" not in site.forem.payloads[0]["article"]
    assert site.forem.articles[1001].main_image == POST.cover


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (None, None),
        ("", None),
        ("https://images.example/a.png", "https://images.example/a.png"),
        ("https://cdn.example/fetch/s--x--/f_auto/https://images.example/a.png", "https://images.example/a.png"),
        (
            "https://media2.dev.to/dynamic/image/width=1000/https%3A%2F%2Fi.example%2F%3Fu%3Dhttps%253A%252F%252Fx",
            "https://i.example/?u=https%3A%2F%2Fx",
        ),
    ],
)
def test_a_cdn_address_tells_its_source(address: str | None, source: str | None) -> None:
    assert source_of(address) == source


def test_drafts_are_read_although_their_own_address_says_404(site: Site) -> None:
    connector = site.connect()
    record = connector.create(POST.with_fields({"status": "draft"}))
    assert record.url is None
    assert shown(connector.fetch(record.id)).status == "draft"
    assert [path for method, path in site.forem.log if method == "GET"] == ["/api/articles/me/all"]


def test_reads_are_never_stale(site: Site) -> None:
    site.forem.stale_reads = True
    connector = site.connect()
    record = connector.create(connector.project(POST))
    updated = connector.update(record.id, POST.with_fields({"body": "new\n"}), expect=record.revision)
    assert connector.fetch(record.id) == updated


@pytest.mark.parametrize("said", [987654321, True])
def test_an_update_that_is_answered_with_another_id_may_have_happened(site: Site, said: int) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST))
    answer = site.forem.answer
    site.forem.answer = lambda *asked: _with_id(answer(*asked), said)  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        connector.update(record.id, connector.project(POST), expect=record.revision)


def _with_id(response: Response, id: int) -> Response:
    return JSONResponse(json.loads(bytes(response.body)) | {"id": id})


def test_unpublishing_is_an_update_and_publishing_again_keeps_the_date(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST))
    hidden = connector.update(record.id, POST.with_fields({"status": "draft"}), expect=record.revision)
    assert shown(hidden).status == "draft"
    assert connector.fetch(record.id) == hidden
    site.slept += 3600
    again = connector.update(record.id, POST, expect=hidden.revision)
    assert shown(again).date == shown(record).date
    assert not connector.capabilities.delete
    with pytest.raises(SiteError):
        connector.delete(record.id, expect=again.revision)


def test_a_past_date_is_not_sent_and_a_future_one_schedules(site: Site) -> None:
    connector = site.connect()
    past = connector.project(POST.with_fields({"date": datetime(2001, 1, 1, tzinfo=UTC)}))
    assert past.date is None
    assert shown(connector.create(past)).status == "published"
    soon = POST.with_fields(
        {"title": "soon", "canonical_url": None, "status": "scheduled", "date": site.now() + timedelta(days=1)}
    )
    record = connector.create(connector.project(soon))
    assert shown(record) == soon.with_fields({"series": None})
    assert connector.fetch(record.id) == record
    site.slept += 2 * 86400
    public = connector.fetch(record.id)
    assert shown(public).status == "published"
    assert public.revision == record.revision  # time alone is no edit


def test_front_matter_in_a_body_is_read_as_the_fields_it_sets(site: Site) -> None:
    body = '---\ntitle: "From: the editor"\npublished: true\ntags: Alpha, beta\nseries: S\n---\n\n\nText\n'
    id = str(site.forem.add(title="ignored", body_markdown=body, tags=["x"], published=False))
    connector = site.connect()
    (record,) = connector.scan()
    assert shown(record).title == "From: the editor"
    assert shown(record).tags == ("alpha", "beta")
    assert shown(record).status == "published"
    assert shown(record).series == "S"
    assert shown(record).body == "Text\n"
    assert record.raw["body_markdown"] == body
    connector.update(id, connector.project(shown(record).with_fields({"title": "New"})), expect=record.revision)
    assert site.forem.articles[int(id)].title == "New"
    assert site.forem.articles[int(id)].body_markdown == "Text\n"


def test_a_body_that_begins_with_a_rule_is_not_taken_for_front_matter(site: Site) -> None:
    connector = site.connect()
    post = connector.project(POST.with_fields({"body": "---\ntitle: no title\n---\ntext\n"}))
    assert shown(connector.create(post)).title == POST.title
    assert connector.project(post) == post


def test_template_text_is_printed_not_run(site: Site) -> None:
    connector = site.connect()
    body = "Write {% assign x = 1 %} and {{ page.title }}.\n\n{% embed https://x.example %}\n\n`{{ code }}`\n"
    record = connector.create(connector.project(POST.with_fields({"body": body})))
    assert shown(record).body == body
    stored = site.forem.articles[1001].body_markdown
    assert "{% raw %}" in stored
    assert "{% embed https://x.example %}" in stored
    assert connector.fetch(record.id) == record


def test_what_forem_makes_up_is_not_the_authors(site: Site) -> None:
    connector = site.connect()
    text = "A paragraph with *emphasis*, a [link](https://x.example/a) and enough words to be cut somewhere in it. " * 3
    id = str(site.forem.add(title="t", body_markdown=text, tags=[], published=True))
    record = connector.fetch(id)
    assert shown(record).description is None
    assert shown(record).canonical_url is None
    site.forem.edit(id, description="My own words")
    assert shown(connector.fetch(id)).description == "My own words"


@pytest.mark.parametrize(
    ("description", "body", "answer"),
    [
        ("", "x", True),
        ("Hello world", "# Hello world\n", True),
        ("Hello world, it is me", "# Hello brave world\n\nIt's me", True),
        ("Hello world", "# Hello world\n\nAnd now for a text that goes on.", False),
        ("Hello, this is a text about something that goes on and on and...", LONG, True),
        ("Hello, this was a text on something that goes on and on and...", LONG, True),
        ("Hello, you who care about nothing that goes: read on, and more on that...", LONG, False),
        ("Hello, this is a text about something that goes on and on and on. " * 2, LONG, False),
        ("A post by Zoë", "![](a.png)", True),
        ("…", "x", False),
    ],
)
def test_a_made_up_description_is_the_beginning_of_the_text(description: str, body: str, answer: bool) -> None:
    assert made_up(description, body) is answer


def test_a_made_up_description_is_made_anew_with_the_text(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(POST.with_fields({"description": None})))
    assert (site.forem.articles[1001].description or "").startswith("Heading Text with")
    connector.update(record.id, POST.with_fields({"description": None, "body": "New\n"}), expect=record.revision)
    assert site.forem.articles[1001].description == "New"


def test_an_edit_of_the_text_on_the_site_adds_no_description(site: Site) -> None:
    connector = site.connect()
    record = connector.create(connector.project(Post(title="t", status="published", body="Hello, world out there.\n")))
    site.forem.edit(record.id, body_markdown="Hello, brave world out there.\n")
    assert shown(connector.fetch(record.id)) == shown(record).with_fields({"body": "Hello, brave world out there.\n"})


@pytest.mark.parametrize(
    ("tags", "sent"),
    [
        (("a", "b", "c", "d", "e"), ("a", "b", "c", "d")),
        (("Web-Dev", "web dev", "C++", "C#", "Café"), ("webdev", "cpp", "csharp", "cafe")),
        (("日本", "-", "x" * 31), ()),
        (("ok", "OK", "o.k"), ("ok",)),
    ],
)
def test_tags_are_made_such_that_forem_takes_them(site: Site, tags: tuple[str, ...], sent: tuple[str, ...]) -> None:
    assert tags_of(tags) == sent
    connector = site.connect()
    (problem,) = connector.problems(POST.with_fields({"tags": tags}))
    assert (problem.code, problem.severity) == ("TAGS_CHANGED", "loss")
    record = connector.create(connector.project(POST.with_fields({"tags": tags})))
    assert shown(record).tags == (sent or None)


def test_tags_that_a_moderator_renames_are_read_as_they_are(site: Site) -> None:
    site.forem.aliases["webdev"] = "web"
    connector = site.connect()
    assert shown(connector.create(connector.project(POST))).tags == ("python", "web")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": None}, "TITLE_MISSING"),
        ({"title": " \n"}, "TITLE_MISSING"),
        ({"title": "é" * 129}, "TITLE_LONG"),
        ({"body": "é" * (400 << 10) + "x"}, "BODY_LONG"),
        ({"canonical_url": "http://localhost/x"}, "URL_BAD"),
        ({"canonical_url": "http://[x/"}, "URL_BAD"),
        ({"cover": "/images/a.png"}, "URL_BAD"),
    ],
)
def test_what_forem_refuses_is_known_before_it_is_sent(site: Site, changes: dict[str, str | None], code: str) -> None:
    connector = site.connect()
    post = POST.with_fields(changes)
    assert [(problem.code, problem.severity) for problem in connector.problems(post)] == [(code, "error")]
    with pytest.raises(Rejected):
        connector.create(connector.project(post.with_fields({"title": post.title or ""})))
    assert site.forem.articles == {}


def test_a_date_that_forem_would_forget_is_refused_before(site: Site) -> None:
    far = POST.with_fields({"status": "scheduled", "date": site.now() + timedelta(days=3000)})
    assert [problem.code for problem in site.connect().problems(far)] == ["DATE_FAR"]
    undated = POST.with_fields({"status": "scheduled"})
    assert [problem.code for problem in site.connect().problems(undated)] == ["DATE_MISSING"]


def test_a_private_post_is_never_public(site: Site) -> None:
    connector = site.connect()
    private = POST.with_fields({"status": "private"})
    assert shown(connector.create(connector.project(private))).status == "draft"
    assert [problem.code for problem in connector.problems(private)] == ["PRIVATE_DRAFT"]


def test_a_refusal_names_the_field_and_says_what_to_do(site: Site) -> None:
    connector = site.connect(ai_disclosure_level="no_ai")
    connector.create(connector.project(POST))
    with pytest.raises(Rejected, match="five minutes") as twice:
        connector.create(connector.project(POST.with_fields({"canonical_url": None})))
    assert twice.value.field == "title"
    with pytest.raises(Rejected) as taken:
        connector.create(connector.project(POST.with_fields({"title": "Another"})))
    assert taken.value.field == "canonical_url"
    assert len(site.forem.articles) == 1


def test_ai_disclosure_is_sent_where_it_is_configured(site: Site) -> None:
    site.forem.ai_disclosure = True
    with pytest.raises(Rejected, match="ai_disclosure_level"):
        site.connect().create(POST)
    site.connect(ai_disclosure_level="some_ai").create(POST)
    assert len(site.forem.articles) == 1


@pytest.mark.parametrize("kind", ["store-then-504", "store-then-drop", "store-then-cut", "store-then-html"])
def test_a_lost_reply_leaves_one_copy_that_is_found(site: Site, kind: str) -> None:
    connector = site.connect()
    site.forem.faults.append(Fault(kind, method="POST"))  # type: ignore[arg-type]
    post = connector.project(POST)
    with pytest.raises(OutcomeUnknown):
        connector.create(post)
    (found,) = connector.find(post)
    assert shown(found).body == post.body
    assert site.forem.writes() == [("POST", "/api/articles")]


@pytest.mark.parametrize("kind", ["504", "500", "drop"])
def test_a_create_that_did_not_arrive_is_sent_once_all_the_same(site: Site, kind: str) -> None:
    site.forem.faults.append(Fault(kind, method="POST"))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        site.connect().create(POST)
    assert site.forem.writes() == [("POST", "/api/articles")]
    assert site.forem.articles == {}


@pytest.mark.parametrize("kind", ["429-json", "429-text"])
def test_a_429_is_waited_for_and_sent_again(site: Site, kind: str) -> None:
    site.forem.faults.append(Fault(kind, times=2))  # type: ignore[arg-type]
    site.connect().create(POST)
    assert len(site.forem.articles) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [("html", Malformed), ("not-json", Malformed), ("301", Malformed), ("cut", Malformed), ("504", Unreachable)],
)
def test_a_listing_that_is_not_whole_is_an_error_never_a_short_list(
    site: Site, kind: str, error: type[SiteError]
) -> None:
    for number in range(1001):
        site.forem.add(title=f"Post {number}", body_markdown="x", tags=[], published=False)
    site.forem.faults.append(Fault(kind, skip=1, times=9))  # type: ignore[arg-type]
    with pytest.raises(error):
        list(site.connect().scan())


def test_a_hiccup_in_a_listing_is_read_again(site: Site) -> None:
    site.forem.add(title="t", body_markdown="x", tags=[], published=True)
    site.forem.faults += [Fault("504"), Fault("drop"), Fault("cut")]
    assert len(list(site.connect().scan())) == 1


def test_every_page_is_read_and_nothing_twice(site: Site) -> None:
    for number in range(1250):
        site.forem.add(title=f"Post {number}", body_markdown="x", tags=[], published=number % 3 > 0)
    connector = site.connect()
    assert sorted(record.id for record in connector.scan()) == sorted(str(id) for id in site.forem.articles)
    assert len(site.forem.log) == 2
    site.forem.per_page_max = 100  # an instance with another maximum says nothing of it
    assert len(list(connector.scan())) == 1250


def test_a_post_published_between_two_pages_lists_nothing_twice(site: Site) -> None:
    for number in range(1100):
        site.forem.add(title=f"Post {number}", body_markdown="x", tags=[], published=True)
    scan = site.connect().scan()
    ids = [next(scan).id]
    site.forem.add(title="meanwhile", body_markdown="x", tags=[], published=False)
    ids += [record.id for record in scan]
    assert len(ids) == len(set(ids))
    assert set(ids) >= {str(id) for id in range(1001, 2101)}


@pytest.mark.parametrize("key", ["wrong", "", "wröng"])
def test_a_wrong_key_is_unauthorized(site: Site, key: str) -> None:
    connector = site.connect(key=key)
    for call in (connector.whoami, lambda: list(connector.scan()), lambda: connector.create(POST)):
        with pytest.raises(Unauthorized) as caught:
            call()
        assert "wr" not in str(caught.value).replace("[sites.devto]", "").replace("write", "")


def test_a_suspended_author_and_a_wrong_address_are_told(site: Site) -> None:
    site.forem.suspended = True
    with pytest.raises(Unauthorized):
        list(site.connect().scan())
    with pytest.raises(Malformed, match="url"):
        list(site.connect(path="").scan())


def test_an_article_of_somebody_else_is_not_found(site: Site) -> None:
    connector = site.connect()
    for id in ("999", "../users/me", "", "x"):
        with pytest.raises(NotFound):
            connector.fetch(id)
        with pytest.raises(NotFound):
            connector.update(id, POST, expect="x")


def test_with_the_published_limits_no_request_is_ever_throttled(site: Site) -> None:
    site.forem.keep_limits()
    connector = site.connect(paced=True)
    records = [connector.create(POST.with_fields({"title": f"t{n}", "canonical_url": None})) for n in range(25)]
    assert 60 <= site.slept <= 75
    for record in records * 2:
        fetched = connector.fetch(record.id)
        connector.update(record.id, shown(fetched).with_fields({"tags": ("new",)}), expect=fetched.revision)
    assert 429 not in site.forem.answered
    assert len(site.forem.articles) == 25
    assert site.slept < 240


def test_a_new_account_that_has_to_wait_five_minutes_waits(site: Site) -> None:
    site.forem.faults.append(Fault("429-json", times=99))
    with pytest.raises(Throttled):
        site.connect().create(POST)
    assert len(site.forem.log) < 20


def test_counters_are_not_in_a_record(site: Site) -> None:
    connector = site.connect()
    connector.create(connector.project(POST))
    (one,) = connector.scan()
    site.slept += 7
    (other,) = connector.scan()
    assert one == other
    assert json.loads(json.dumps(one.raw)) == one.raw
    assert "page_views_count" not in one.raw


@pytest.mark.parametrize(
    "article", [None, [], {}, {"id": "7"}, {"id": 7, "title": 7}, {"id": 7, "body_markdown": {}}, {"id": 7, "url": []}]
)
def test_what_is_no_article_is_malformed(article: object) -> None:
    with pytest.raises(Malformed):
        record_of({**article, "published": True} if isinstance(article, dict) else article, datetime.now(UTC))


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40)


@settings(deadline=None)
@given(
    st.builds(
        Post,
        title=st.none() | words,
        description=st.none() | words,
        tags=st.none() | st.lists(words, max_size=7).map(tuple),
        canonical_url=st.none() | words,
        status=st.sampled_from([None, "draft", "published", "private", "scheduled"]),
        date=st.none() | st.datetimes(timezones=st.just(UTC)),
        body=words | st.sampled_from(["---\n", "---\na: 1\n---\n", "{{ x }}{% raw %}{{ y }}{% endraw %}"]),
    )
)
def test_projection_is_idempotent_and_survives_the_wire(post: Post) -> None:
    held = projected(post)
    assert projected(held) == held
    now = datetime(2026, 1, 1, tzinfo=UTC)
    article = article_of(held, now)
    answer = {**article, "id": 1, "url": "u", "tag_list": article["tags"], "cover_image": None}
    back = shown(record_of(answer, now, published=article["published"]))
    assert back.body.lstrip() == held.body.lstrip()
    assert back.tags == held.tags
    assert back.description in (None, held.description)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("%[https://youtu.be/dQw4w9WgXcQ]\n", "{% embed https://youtu.be/dQw4w9WgXcQ %}\n"),
        ("https://vimeo.com/76979871\n", "{% embed https://vimeo.com/76979871 %}\n"),
        ('{{< youtube "dQw4w9WgXcQ" >}}\n', "{% embed https://youtu.be/dQw4w9WgXcQ %}\n"),
        ("{% youtube dQw4w9WgXcQ %}\n", "{% youtube dQw4w9WgXcQ %}\n"),
        ("`%[https://youtu.be/dQw4w9WgXcQ]`\n", "`%[https://youtu.be/dQw4w9WgXcQ]`\n"),
        ("See https://example.org/\n", "See https://example.org/\n"),
    ],
)
def test_embeds_of_every_spelling_are_sent_as_forem_spells_them(written: str, sent: str) -> None:
    once = projected(Post(title="T", body=written))
    assert once.body == sent
    assert projected(once) == once


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("So $x_1$ is.\n", "So {% katex inline %}x\\_1{% endkatex %} is.\n"),
        ("<details>\n<summary>S</summary>\n\nInner\n\n</details>\n", "{% details S %}\n\nInner\n\n{% enddetails %}\n"),
        ("Term\n: What\n", "<dl>\n<dt>Term</dt>\n<dd>What</dd>\n</dl>\n"),
        ("It costs \\$5, [there](#a-b).\n\n# A, b\n", "It costs $5, [there](#a-b).\n\n# A, b\n"),
    ],
)
def test_what_forem_spells_otherwise_is_sent_as_it_does_and_comes_back(body: str, sent: str) -> None:
    held = projected(Post(title="T", body=body, status="published"))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    article = article_of(held, now)
    assert article["body_markdown"] == sent
    assert projected(held) == held
    back = shown(record_of({**article, "id": 1, "url": "u"}, now, published=True))
    assert back.body == held.body
    assert article_of(back, now)["body_markdown"] == sent


def test_an_alert_is_sent_as_the_quote_that_is_told() -> None:
    post = Post(title="T", body="> [!NOTE]\n> Mind.\n", status="published")
    assert [it.code for it in problems_of(post, datetime.now(UTC))] == ["ALERT_WORDS"]
    assert article_of(projected(post), datetime.now(UTC))["body_markdown"] == "> **Note**<br>Mind.\n"


def test_a_template_tag_that_forem_does_not_have_is_told_with_its_place() -> None:
    body = "One.\n\nTwo {% unless x %}.\n"
    [loss] = [it for it in problems_of(Post(title="T", body=body), datetime.now(UTC)) if it.code == "TAG_UNKNOWN"]
    assert (loss.severity, body[loss.offset :][:9]) == ("loss", "{% unless")
