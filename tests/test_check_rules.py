"""The rules of a check that hang on no platform, its forms, and what it mends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gitsync.lint.links import anchors
from tests.blog import post
from tests.cms import CMS, Desk
from tests.fakes.server import serving


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys, config="")


def told(desk: Desk, *arguments: str) -> list[tuple[str, str, str]]:
    """Return (place, code, severity) of everything that is found."""
    events = [it for it in desk.run("check", "--json", *arguments).events if it["event"] == "problem"]
    return [(f"{it['path']}:{it['line']}:{it['column']}", it["code"], it["severity"]) for it in events]


def test_links_are_checked_without_any_site(desk: Desk) -> None:
    desk.write("posts/b.md", post("B", body="# One two\n\n## One two\n\n<a id='own'></a>\n"))
    body = (
        "[a](b.md) [b](b.md#one-two) [c](b.md#one-two-1) [d](b.md#own) [e](#here) ![f](no.png)\n\n"
        "[g](no.md) [h](b.md#none) [i](#nowhere) `[j](no.md)`\n\n# Here!\n"
    )
    desk.write("posts/a.md", post("A", body=body))
    assert told(desk) == [
        ("posts/a.md:5:79", "LINK003", "error"),
        ("posts/a.md:7:5", "LINK003", "warning"),
        ("posts/a.md:7:16", "LINK004", "warning"),
        ("posts/a.md:7:31", "LINK004", "warning"),
    ]


def test_a_site_that_minds_the_same_link_is_named_and_it_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, config=CMS)
    desk.write("posts/a.md", post("A", body="![f](no.png)\n"))
    assert desk.run("check").out.count("LINK003") == 1


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("# What's *new*, here?", "whats-new-here"),
        ("Setext\n===", "setext"),
        ("## A `code` [link](x.md) ##", "a-code-link"),
        ("# Über Straße", "über-strasse"),
        ("# Named {#by-me}", "by-me"),
        ('<h2 class="x" id="raw">', "raw"),
    ],
)
def test_a_heading_has_the_name_that_github_gives_it(heading: str, name: str) -> None:
    assert name in anchors(f"text\n\n{heading}\n\nmore\n")


def test_what_looks_like_a_heading_in_code_is_none() -> None:
    assert anchors("```\n# no\n```\n\n~~~sh\n# no\n") == frozenset()


def test_twins_are_told_of_the_second(desk: Desk) -> None:
    desk.write("posts/a.md", post("A", slug="same", canonical_url="https://me.example/a"))
    desk.write("posts/b.md", post("B", slug="same", canonical_url="https://me.example/a/"))
    desk.write("posts/c.md", post("C", slug="same", lang="de"))
    assert [(place.partition(":")[0], code) for place, code, _ in told(desk)] == [
        ("posts/b.md", "SLUG_TWICE"),
        ("posts/b.md", "CANONICAL_TWICE"),
    ]


def test_what_is_safe_is_mended_and_nothing_else_changes(desk: Desk) -> None:
    (desk.root / "posts").mkdir()
    (desk.root / "posts/Pic One.png").write_bytes(b"\x89PNG")
    text = "---\ntitle:  'A'   # mine\ntags: [x, y, x]\n---\n\nText  \n![p](<pic one.PNG>) and [x](A.MD#t 'T')\n\n# T\n"
    desk.write("posts/a.md", text)
    assert "--fix mends 3 of them" in desk.run("check").out
    answer = desk.run("check", "--fix")
    assert answer.code == 0, answer.told
    assert desk.read("posts/a.md") == (
        "---\ntitle:  'A'   # mine\ntags: [x, y]\n---\n\nText  \n![p](Pic%20One.png) and [x](a.md#t 'T')\n\n# T\n"
    )
    assert desk.run("check", "--fix").err == ""


def test_a_pointer_of_git_lfs_is_told_until_its_content_is_there(desk: Desk) -> None:
    content = b"\x89PNG the real one"
    name = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {len(content)}\n"
    desk.write("posts/a.png", pointer)
    desk.write("posts/a.md", post("A", body="![p](a.png)\n"))
    assert told(desk) == [("posts/a.md:5:6", "LFS001", "error")]
    store = desk.root / ".git/lfs/objects" / name[:2] / name[2:4]
    store.mkdir(parents=True)
    (store / name).write_bytes(content)
    assert told(desk) == []


def test_a_link_to_a_post_that_does_not_come_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path / "blog", capsys)
    for name, front in {"a": {"status": "draft"}, "b": {"sites": "[]"}, "c": {}}.items():
        desk.write(f"posts/{name}.md", post(name.upper(), **front))
    desk.write("posts/d.md", post("D", body="[a](a.md)\n[b](b.md)\n[c](c.md)\n"))
    assert told(desk) == [("posts/d.md:5:5", "LINK001", "warning"), ("posts/d.md:6:5", "LINK001", "warning")]


def test_front_matter_is_held_against_a_schema(desk: Desk) -> None:
    desk.write("gitsync.toml", '[content]\npaths = ["posts/**/*.md"]\n[content.schemas]\n"posts/**/*.md" = "s.json"\n')
    desk.write(
        "s.json",
        json.dumps({"required": ["title", "date"], "properties": {"kind": {"enum": ["note", "essay"]}}}),
    )
    desk.write("posts/a.md", "---\ntitle: A\ndate: 2026-01-02\nkind: rant\n---\nx\n")
    desk.write("posts/b.md", "---\ntitle: B\nkind: note\n---\nx\n")
    assert told(desk) == [("posts/a.md:4:7", "SCHEMA", "error"), ("posts/b.md:2:8", "SCHEMA", "error")]
    desk.write("s.json", "{")
    answer = desk.run("check")
    assert (answer.code, "s.json is not JSON" in answer.err) == (2, True)


def test_a_loss_that_is_allowed_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    narrow = CMS.replace('tags = "tags"\n', "").replace('tags = "json"\n', "")
    desk = Desk(tmp_path / "blog", capsys, config=narrow)
    desk.put("posts/a.md", post("A", tags="[x]"))
    assert "SQL001" in desk.run("check").out
    assert "SQL001" in desk.run("plan").out
    for allowed in ("SQL001", "cms:SQL001"):
        config = desk.read("gitsync.toml").partition("[policy]")[0]
        desk.write("gitsync.toml", f'{config}[policy]\nallow_losses = ["{allowed}"]\n')
        assert "SQL001" not in desk.run("check").out
        assert "SQL001" not in desk.run("plan").out
        assert desk.run("check", "--strict").code == 0


def test_the_forms_say_the_same(desk: Desk) -> None:
    desk.write("posts/a b.md", post("A", body="[g](no.md)\n"))
    assert desk.run("check", "--format", "github").out == (
        "::warning file=posts/a b.md,line=5,col=5,title=LINK003::points to no.md, which is not in the repository."
        " Mend the link, or make it absolute.\n"
    )
    log = json.loads(desk.run("check", "--format", "sarif").out)
    [result] = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (log["version"], result["ruleId"], result["level"]) == ("2.1.0", "LINK003", "warning")
    assert place["artifactLocation"]["uri"] == "posts/a%20b.md"
    assert place["region"] == {"startLine": 5, "startColumn": 5}
    assert [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]] == ["LINK003"]
    assert desk.run("check", "--strict").code == 6


def test_a_hook_may_name_any_file(desk: Desk) -> None:
    desk.write("README.md", "# x\n")
    desk.write("posts/a.md", post("A"))
    assert desk.run("check", "README.md").code == 2
    answer = desk.run("check", "--posts-only", "README.md", "posts/a.md", "gitsync.toml")
    assert (answer.code, answer.out) == (0, "1 post: 0 errors, 0 warnings.\n")


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    answers = {
        "/fine": Response(),
        "/gone": Response(status_code=404),
        "/moved": RedirectResponse("/fine", 301),
        "/elsewhere": RedirectResponse("/fine", 302),
        "/get": Response(status_code=405 if request.method == "HEAD" else 200),
        "/loop": RedirectResponse("/loop", 302),
        "/metadata": RedirectResponse("http://169.254.169.254/latest", 302),
        "/busy": Response(status_code=429),
    }
    await answers[request.url.path](scope, receive, send)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving(elsewhere) as host:
        yield host


def test_links_to_other_hosts_are_asked_for_when_wanted(desk: Desk, host: str) -> None:
    names = ("fine", "gone", "moved", "elsewhere", "get", "loop", "metadata", "busy", "gone#x")
    lines = [f"[x]({host}/{name})" for name in names]
    desk.write("posts/a.md", post("A", body="\n".join([*lines, "[x](http://127.0.0.1:9/)", "[x](ftp://a.example/)"])))
    assert told(desk) == []
    assert [(int(place.split(":")[1]) - 5, code) for place, code, _ in told(desk, "--links")] == [
        (1, "LINK010"),
        (2, "LINK011"),
        (5, "LINK012"),
        (6, "LINK012"),
        (7, "LINK012"),
        (8, "LINK010"),
        (9, "LINK012"),
    ]
    with (desk.root / "gitsync.toml").open("a") as file:
        file.write('\n[policy]\nallow_losses = ["LINK010", "LINK012"]\n')
    assert [code for _, code, _ in told(desk, "--links")] == ["LINK011"]


def test_the_schemas_fit_what_they_are_for(desk: Desk) -> None:
    from jsonschema import Draft202012Validator

    import gitsync.tomlfile

    schema = json.loads(desk.run("schema").out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    root = Path(__file__).parent.parent
    example = gitsync.tomlfile.Source.read(root / "content-example/gitsync.toml").parse()
    assert list(validator.iter_errors(example)) == []
    wrong = {"sites": {"a": {"platform": "devto", "token": "abc"}}, "oops": 1}
    assert {"/".join(map(str, it.absolute_path)) for it in validator.iter_errors(wrong)} == {"", "sites/a/token"}
    starter = json.loads(desk.run("schema", "post").out)
    Draft202012Validator.check_schema(starter)
    assert not Draft202012Validator(starter).is_valid({"tags": ["a"]})
    assert Draft202012Validator(starter).is_valid({"title": "A", "tags": ["a"], "mine": 1})
