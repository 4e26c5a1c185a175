"""The examples of `gitsync help rest` are true: each is connected, as it stands there, to a CMS of that shape."""

from __future__ import annotations

import hmac
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from gitsync_connectors.rest import Rest

from gitsync.model import Event
from gitsync.testing import SAMPLE, Bench, Conformance
from tests.cms import Desk
from tests.connectors.test_rest import DECLARED, settings
from tests.connectors.test_rest_sync import Pair
from tests.fakes.cms_shapes import SHAPES
from tests.fakes.server import Stage, serving
from tests.fakes.shapes import TOKEN, Shaped

HELP = (Path(__file__).parents[2] / "gitsync" / "help" / "rest.md").read_text(encoding="utf-8")
EXAMPLES = dict(
    re.findall(r"^## (.+)\n(?:(?!^## )[\s\S])*?^```toml\n([\s\S]*?)^```", HELP.split("# Examples")[1], re.M)
)
NAMES = {
    "directus": "Directus",
    "payload": "Payload",
    "drf": "Django REST framework",
    "jsonapi": "JSON:API",
    "contentful": "Contentful",
    "sanity": "Sanity",
    "postgrest": "PostgREST and Supabase",
    "airtable": "Airtable",
    "notion": "Notion",
    "wagtail": "Wagtail",
    "graphql": "GraphQL",
    "hal": "HAL",
    "odata": "OData",
    "hydra": "Hydra",
}
WRITABLE = [shape for shape in SHAPES if shape != "wagtail"]
QUICK = ("directus", "jsonapi", "contentful", "sanity", "notion", "graphql")
"""The shapes that differ most, which every run tries; the others are tried where there is time."""


def declared(shape: str) -> dict[str, Any]:
    site: dict[str, Any] = tomllib.loads(EXAMPLES[NAMES[shape]])["sites"]["cms"]
    return {key: value for key, value in site.items() if key not in ("platform", "url")}


def connected(host: str, shape: str, key: str = TOKEN, **more: Any) -> Rest:
    options = {**declared(shape), "limits": {"title": 200, **declared(shape).get("limits", {})}, **more}
    return Rest(settings(host, options, key=key))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


@pytest.mark.slow
class TestShapes(Conformance):
    @pytest.fixture(params=WRITABLE)
    def bench(self, stage: Stage, request: pytest.FixtureRequest) -> Bench:
        cms = stage.app = Shaped(SHAPES[request.param]())

        def lose() -> None:
            cms.lose = True

        return Bench(
            connect=lambda: connected(stage.host, request.param),
            edit=lambda id, changes: cms.edit(id.removeprefix("rec"), changes),
            # A draft whose publication was never asked for is not yet the post that was wanted.
            lose=None if cms.shape.publishes else lose,
            intruder=lambda: connected(stage.host, request.param, "wrong-key"),
            refused=SAMPLE.with_fields({"title": "x" * 201}),
            secret=TOKEN,
        )


def paired(
    shape: str, stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Pair:
    monkeypatch.setenv("CMS_TOKEN", TOKEN)
    cms = stage.app = Shaped(SHAPES[shape]())
    site = {"platform": "rest", "url": f"{stage.host}/api", "pace": "off", **declared(shape)}
    config = tomlkit.dumps({"sites": {"cms": site}})
    return Pair(Desk(tmp_path / "blog", capsys, config=f"\n{config}"), cms)


@pytest.fixture(params=[pytest.param(shape, marks=[] if shape in QUICK else pytest.mark.slow) for shape in WRITABLE])
def pair(
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Pair:
    return paired(request.param, stage, tmp_path, capsys, monkeypatch)


HEAD = "---\ntitle: Two people\nslug: two-people\ntags: [git, prose]\n---\n"
POST = f"{HEAD}\nOne sentence.\n\nAnother one.\n\nA third.\n"


@pytest.mark.slow
def test_an_example_keeps_a_blog_and_its_cms_in_step(pair: Pair) -> None:
    desk, cms = pair.desk, pair.cms
    desk.put("posts/two.md", POST)
    desk.put("posts/draft.md", "---\ntitle: Not yet\nslug: not-yet\nstatus: draft\n---\n\nSoon.\n")
    for number in range(4):
        desk.put(f"posts/{number}.md", f"---\ntitle: Number {number}\nslug: number-{number}\n---\n\nText {number}.\n")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert {row["title"]: row["status"] for row in cms.rows.values()} == {
        "Two people": "published",
        "Not yet": "draft",
        **{f"Number {number}": "published" for number in range(4)},
    }
    id, row = pair.row("Two people")
    assert row.get("tags", ["git", "prose"]) == ["git", "prose"]
    pair.quiet()

    cms.edit(id, {"body": row["body"].replace("Another one.", "Another one, edited there.")})
    desk.put("posts/two.md", POST.replace("A third.", "A third, edited here."))
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    merged = "One sentence.\n\nAnother one, edited there.\n\nA third, edited here.\n"
    assert desk.read("posts/two.md") == f"{HEAD}\n{merged}"
    assert pair.row("Two people")[1]["body"] == merged
    pair.quiet()

    desk.git("rm", "-q", "posts/0.md")
    desk.commit("delete")
    desk.put("gitsync.toml", '[policy]\ndelete = "delete"\n\n' + desk.read("gitsync.toml"))
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert "Number 0" not in {row["title"] for row in cms.rows.values()}
    pair.quiet()


@pytest.mark.slow
def test_a_reply_lost_by_an_example_makes_no_second_copy(pair: Pair) -> None:
    pair.desk.put("posts/two.md", POST)
    pair.cms.lose = True
    pair.desk.run("sync")
    answer = pair.desk.run("sync")
    if pair.cms.shape.publishes:
        # What arrived is a draft that nobody has published: whose status is right is for the author to say.
        assert (answer.code, "posts/two.md" in answer.out) == (3, True), answer.told
        pair.desk.run("resolve", "posts/two.md", "--ours")
        answer = pair.desk.run("sync")
        assert pair.row("Two people")[1]["status"] == "published"
    assert answer.code == 0, answer.told
    assert [row["title"] for row in pair.cms.rows.values()] == ["Two people"]
    pair.quiet()


def test_an_api_that_only_shows_is_imported_and_says_what_it_cannot(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = paired("wagtail", stage, tmp_path, capsys, monkeypatch)
    for number in range(1, 6):
        row = {"title": f"Page {number}", "slug": f"page-{number}", "body": f"<p>Text <b>{number}</b>.</p>"}
        pair.cms.store(str(number), {**row, "description": None, "tags": ["wood"], "date": "2026-01-02T03:04:05Z"})
    assert pair.desk.run("import", "cms").code == 0
    assert pair.desk.read("posts/page-5.md").endswith("\nText **5**.\n")
    pair.quiet()
    pair.cms.edit("2", {"body": "<p>Edited there.</p>"})
    assert pair.desk.run("sync").code == 0
    assert pair.desk.read("posts/page-2.md").endswith("\nEdited there.\n")
    pair.desk.put("posts/new.md", "---\ntitle: New\n---\n\nHere.\n")
    answer = pair.desk.run("sync")
    assert answer.code != 0
    assert "Declare create under its endpoints" in answer.out + answer.err


def test_other_locales_of_an_entry_stay_as_they_are(stage: Stage) -> None:
    cms = stage.app = Shaped(SHAPES["contentful"]())
    site = connected(stage.host, "contentful")
    record = site.create(site.project(SAMPLE))
    cms.edit(record.id, {"de": "Zwei"})
    there = site.fetch(record.id)
    site.update(record.id, site.project(SAMPLE.with_fields({"title": "Other"})), expect=there.revision)
    assert cms.rows[record.id]["title"] == "Other"
    assert cms.rows[record.id]["public"] == cms.rows[record.id]["version"]  # published once more
    site.close()


def test_the_example_with_a_session_is_the_one_that_is_tried_elsewhere() -> None:
    assert "PocketBase" in EXAMPLES
    site = tomllib.loads(EXAMPLES["PocketBase"])["sites"]["cms"]
    assert site == DECLARED["session"] | {"platform": "rest", "url": site["url"], "token": site["token"]}


def test_every_example_is_tried() -> None:
    assert {*NAMES.values(), "PocketBase"} == set(EXAMPLES)


def test_the_signatures_of_the_help_are_ones_that_can_be_declared(stage: Stage) -> None:
    [block] = [text for text in re.findall(r"^```toml\n([\s\S]*?)^```", HELP, re.MULTILINE) if "cms.hmac" in text]
    site = tomllib.loads(block)["sites"]["cms"]
    options = {"auth": "hmac", "user": "me", "secret": "env:X", "webhook_secret": "env:X", **site}
    connector = Rest(settings(stage.host, {"endpoint": "/posts", "fields": {"id": "id", "body": "text"}, **options}))
    call = b'{"event": "post.edited", "data": {"id": 7}}'
    signature = f"sha256={hmac.new(TOKEN.encode(), call, 'sha256').hexdigest()}"
    assert connector.events({"X-Signature": signature}, call) == [Event(kind="post.edited", id="7")]
    connector.close()
