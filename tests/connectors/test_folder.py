"""The folder connector: a site's source tree is edited as its author would, line by line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gitsync_connectors.folder import Folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync import document
from gitsync.connector import Connector, SiteSettings
from gitsync.dialects import DIALECTS
from gitsync.errors import ConfigError, Malformed, NotFound, Rejected, Stale, Unauthorized
from gitsync.model import Post
from gitsync.testing import SAMPLE, Bench, Conformance

POST = Post(
    title="Ça: a “title”, 007",
    slug="ca",
    tags=("C#", "été", "yes"),
    status="published",
    date=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    body="Eins...\n\n---\n\n```\n{{ x }}\n```",
)
JEKYLL = b"""---
# kept by hand
layout: post
title:   'It''s "here"'  # why
tags: [a,  b]
comments: true
---

First.\r
\r
Second.
"""

Make = Callable[..., Folder]


def connect(root: Path, **options: Any) -> Folder:
    options = {"path": "site", "dialect": "jekyll", **options}
    return Folder(SiteSettings(name="f", platform="folder", url="", root=root, options=options, secret=str))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with one Jekyll post, and things beside it that are none."""
    site = tmp_path / "site"
    (site / "_posts").mkdir(parents=True)
    (site / "_posts/2026-01-02-hello.md").write_bytes(JEKYLL)
    (site / "_site").mkdir()
    (site / "_site/2026-01-02-hello.md").write_bytes(JEKYLL)
    (site / "README.md").write_text("no post")
    (site / "_posts/.hidden.md").write_text("no post")
    return site


HELLO = "_posts/2026-01-02-hello.md"


class TestDialects(Conformance):
    """A folder in any dialect keeps every law."""

    @pytest.fixture(params=sorted(set(DIALECTS) - {"gitsync", "jekyll", "hugo"}))
    def bench(self, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
        (tmp_path / "site").mkdir()

        def edit(id: str, changes: Mapping[str, str]) -> None:
            file = tmp_path / "site" / id
            fields = {name: value for name, value in changes.items() if name != "body"}
            parsed = document.parse(file.read_bytes(), path=id, dialect=DIALECTS[request.param])
            file.write_bytes(document.edit(parsed, fields, body=changes.get("body")))

        return Bench(
            connect=lambda: connect(tmp_path, dialect=request.param),
            edit=edit,
            refused=SAMPLE.with_fields({"body": "a\0b\n"}),
        )


def test_folder_is_a_connector(site: Path) -> None:
    connector: Connector = connect(site.parent)
    assert connector.whoami().name == str(site)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_what_is_stored_is_the_projection_and_what_the_name_says(tmp_path: Path, dialect: str) -> None:
    (tmp_path / "site").mkdir()
    connector = connect(tmp_path, dialect=dialect)
    wanted = connector.project(POST)
    assert connector.project(wanted) == wanted
    first, second = connector.create(wanted), connector.create(wanted)
    assert first.id != second.id
    for record in (first, second):
        assert record.post
        assert record.post.with_fields({"slug": None}) == wanted.with_fields({"slug": None})
        assert connector.fetch(record.id) == record
        json.dumps(record.raw)
    assert {(r.id, r.revision) for r in connector.scan()} == {(r.id, r.revision) for r in (first, second)}
    assert {r.id for r in connector.find(wanted)} == {first.id, second.id}
    for status in ("draft", "published"):
        before = connector.fetch(first.id)
        after = connector.update(first.id, wanted.with_fields({"status": status, "title": "b"}), expect=before.revision)
        assert after.post
        assert (after.id, after.post.status, after.post.title) == (first.id, status, "b")


def test_only_posts_are_listed(site: Path) -> None:
    assert [record.id for record in connect(site.parent).scan()] == [HELLO]


def test_update_changes_only_the_lines_that_it_is_about(site: Path) -> None:
    connector = connect(site.parent)
    record = connector.fetch(HELLO)
    assert record.post
    assert record.post.slug == "hello"
    assert record.post.date == datetime(2026, 1, 2, tzinfo=UTC)
    assert record.raw == {"layout": "post", "comments": True}
    changed = record.post.with_fields({"tags": ("a", "c")})
    assert connector.update(HELLO, changed, expect=record.revision).post == changed
    assert (site / HELLO).read_bytes() == JEKYLL.replace(b"[a,  b]", b"[a,  c]")


def test_an_update_with_nothing_new_touches_nothing(site: Path) -> None:
    connector = connect(site.parent)
    record = connector.fetch(HELLO)
    before = (site / HELLO).stat()
    assert record.post
    bare = record.post.with_fields({"slug": None, "date": None, "status": None})
    for post in (record.post, bare):
        assert connector.update(HELLO, post, expect=record.revision) == record
    assert (site / HELLO).stat() == before


def test_a_changed_file_is_stale_and_a_missing_one_not_found(site: Path) -> None:
    connector = connect(site.parent)
    record = connector.fetch(HELLO)
    (site / HELLO).write_bytes(JEKYLL + b"more\n")
    with pytest.raises(Stale):
        connector.update(HELLO, POST, expect=record.revision)
    with pytest.raises(Stale):
        connector.delete(HELLO, expect=record.revision)
    assert (site / HELLO).read_bytes() == JEKYLL + b"more\n"
    connector.delete(HELLO, expect=connector.fetch(HELLO).revision)
    with pytest.raises(NotFound):
        connector.fetch(HELLO)
    assert list(connector.fetch_many([HELLO])) == []


@pytest.mark.parametrize(
    "id", ["", ".", "../secret.md", "/etc/passwd", "README.md", "_posts//2026-01-02-hello.md", "a\0.md"]
)
def test_an_id_reaches_only_posts_of_the_folder(site: Path, id: str) -> None:
    (site.parent / "secret.md").write_text("s")
    with pytest.raises(NotFound):
        connect(site.parent).fetch(id)


def test_symbolic_links_are_never_followed(site: Path) -> None:
    outside = site.parent / "outside"
    outside.mkdir()
    (outside / "2026-01-01-x.md").write_text("s")
    (site / "_posts/2026-01-01-x.md").symlink_to(outside / "2026-01-01-x.md")
    (site / "_posts/more").symlink_to(outside)
    (site / "_drafts").symlink_to(outside)
    connector = connect(site.parent)
    assert [record.id for record in connector.scan()] == [HELLO]
    for id in ("_posts/2026-01-01-x.md", "_posts/more/2026-01-01-x.md", "_drafts/2026-01-01-x.md"):
        with pytest.raises(NotFound):
            connector.fetch(id)
    with pytest.raises(Unauthorized, match="symbolic link"):
        connector.create(Post(title="d", status="draft"))
    assert [path.name for path in outside.iterdir()] == ["2026-01-01-x.md"]


def test_a_published_draft_leaves_its_folder_and_keeps_its_words(site: Path) -> None:
    connector = connect(site.parent)
    draft = connector.create(Post(title="Soon", status="draft", body="b"))
    assert draft.id == "_drafts/soon.md"
    assert draft.post
    assert draft.post.status == "draft"
    wanted = draft.post.with_fields({"status": "published", "date": POST.date})
    live = connector.update(draft.id, wanted, expect=draft.revision)
    assert live.id == "_posts/2026-03-01-soon.md"
    assert live.post == wanted
    assert not (site / "_drafts/soon.md").exists()


def test_jekylls_posts_folder_may_be_the_folder_itself(site: Path) -> None:
    connector = connect(site.parent, path="site/_posts")
    assert [record.id for record in connector.scan()] == ["2026-01-02-hello.md"]
    assert connector.create(POST).id == "2026-03-01-ca.md"
    assert connector.create(POST).id == "2026-03-01-ca-2.md"


def test_a_bundle_goes_with_its_index_when_nothing_else_is_in_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "index.md").write_text("---\ntitle: x\n---\n")
    (tmp_path / "site/two/cat.png").write_bytes(b"cat")
    connector = connect(tmp_path, dialect="hugo")
    assert {record.id for record in connector.scan()} == {"one/index.md", "two/index.md"}
    for record in list(connector.scan()):
        connector.delete(record.id, expect=record.revision)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "site",
        "site/two",
        "site/two/cat.png",
    ]


def test_a_file_that_came_meanwhile_is_not_overwritten(site: Path) -> None:
    connector = connect(site.parent)
    connector.create(POST)
    (site / "_posts/2026-03-01-ca-2.md").write_text("---\ntitle: another's\n---\n")
    assert connector.create(POST).id == "_posts/2026-03-01-ca-3.md"
    assert (site / "_posts/2026-03-01-ca-2.md").read_text() == "---\ntitle: another's\n---\n"


def test_writes_leave_no_trace_and_keep_modes(site: Path) -> None:
    connector = connect(site.parent)
    (site / HELLO).chmod(0o640)
    record = connector.fetch(HELLO)
    assert record.post
    connector.update(HELLO, record.post.with_fields({"title": "x"}), expect=record.revision)
    created = connector.create(POST)
    umask = os.umask(0)
    os.umask(umask)
    assert (site / HELLO).stat().st_mode & 0o777 == 0o640
    assert (site / created.id).stat().st_mode & 0o777 == 0o666 & ~umask
    assert not list(site.rglob(".gitsync-*"))


def test_a_broken_file_is_told_with_its_place_and_keeps_no_other_back(site: Path) -> None:
    (site / "_posts/2026-01-01-bad.md").write_text("---\ntitle: [a\n---\n")
    connector = connect(site.parent)
    records = connector.fetch_many(["_posts/2026-01-01-bad.md", HELLO])
    assert next(records).id == HELLO
    with pytest.raises(Malformed, match=r"2026-01-01-bad\.md:\d+:\d+: "):
        next(records)


def test_what_no_file_can_hold_is_told_first_and_refused(site: Path) -> None:
    connector = connect(site.parent)
    nul = Post(title="x", status="published", body="a\0b")
    assert [problem.severity for problem in connector.problems(nul)] == ["error"]
    with pytest.raises(Rejected):
        connector.create(connector.project(nul))
    assert [record.id for record in connector.scan()] == [HELLO]


def test_losses_are_told(site: Path) -> None:
    connector = connect(site.parent, dialect="docusaurus")
    told = {
        problem.field: problem.severity for problem in connector.problems(Post(lang="de", series="s", status="private"))
    }
    assert told == {"lang": "loss", "series": "loss", "status": "loss"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "nowhere"}, "no folder"),
        ({"path": ""}, "lacks path"),
        ({"timezone": "Mars/Base"}, "no time zone"),
        ({"front": {"title": "x"}}, "cannot say title"),
        ({"front": {"a b": "x"}}, "cannot say a b"),
        ({"front": {"map": {"a": 1}}}, "cannot say map"),
    ],
)
def test_a_wrong_configuration_is_told(site: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(connect(site.parent, **options).scan())


@pytest.mark.parametrize("path", [".git", ".git/refs/heads", "link", ".GIT/hooks"])
def test_a_site_in_gits_own_folder_is_refused(tmp_path: Path, path: str) -> None:
    # gitsync.toml may be somebody else's; posts were written into .git.
    (tmp_path / ".git/refs/heads").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / ".git")
    with pytest.raises(ConfigError, match="folder of git's own"):
        connect(tmp_path, path=path)


def test_dates_without_a_zone_are_of_the_sites_own(site: Path) -> None:
    (site / HELLO).write_text("---\ndate: 2026-07-01 10:00:00\n---\n")
    post = connect(site.parent, timezone="Europe/Berlin").fetch(HELLO).post
    assert post
    assert post.date == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_a_permalink_says_where_a_post_is_seen(site: Path) -> None:
    assert connect(site.parent, permalink="https://me.example/{slug}/").fetch(HELLO).url == "https://me.example/hello/"
    assert connect(site.parent, permalink="/{path}").fetch(HELLO).url == "/_posts/2026-01-02-hello"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@settings(deadline=None, max_examples=60)
@given(
    dialect=st.sampled_from(sorted(DIALECTS)),
    post=st.builds(
        Post,
        title=st.none() | TEXT,
        slug=st.none() | TEXT,
        description=st.none() | TEXT,
        tags=st.none() | st.lists(TEXT, max_size=3).map(tuple),
        status=st.sampled_from([None, "draft", "published", "private", "scheduled"]),
        date=st.none() | st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
        body=TEXT,
    ),
)
def test_projection_is_idempotent(dialect: str, post: Post) -> None:
    connector = connect(Path("/nowhere"), dialect=dialect)
    if any(problem.severity == "error" for problem in connector.problems(post)):
        return
    once = connector.project(post)
    assert connector.project(once) == once


def test_new_files_say_what_their_generator_wants_besides(site: Path) -> None:
    front = {"domain": "me.hashnode.dev", "enableToc": True}
    folder = connect(site.parent, dialect="hashnode", front=front)
    record = folder.create(folder.project(Post(title="New", slug="new", body="Text.\n")))
    text = (site / record.id).read_text()
    assert text.startswith('---\ndomain: "me.hashnode.dev"\nenableToc: true\ntitle: New\n')
    assert folder.fetch(record.id).post == record.post
    folder.update(record.id, folder.project(Post(title="Newer", slug="new", body="Text.\n")), expect=record.revision)
    assert (site / record.id).read_text() == text.replace("title: New", "title: Newer")


def test_a_bundle_in_several_languages_is_a_post_in_each(tmp_path: Path) -> None:
    bundle = tmp_path / "site" / "post" / "two"
    bundle.mkdir(parents=True)
    for name in ("index.md", "index.fr.md", "_index.fr.md", "two.png"):
        (bundle / name).write_text("+++\ntitle = 'T'\n+++\nText.\n")
    folder = connect(tmp_path, dialect="hugo")
    posts = {record.id: folder.fetch(record.id).post for record in folder.scan()}
    assert {id: (post.slug, post.lang) for id, post in posts.items() if post} == {
        "post/two/index.md": ("two", None),
        "post/two/index.fr.md": ("two", "fr"),
    }
    french = folder.fetch("post/two/index.fr.md")
    assert french.post
    folder.update(french.id, french.post.with_fields({"title": "Deux"}), expect=french.revision)
    assert (bundle / "index.fr.md").read_text() == "+++\ntitle = 'Deux'\n+++\nText.\n"
    assert {file.name for file in bundle.iterdir()} == {"index.md", "index.fr.md", "_index.fr.md", "two.png"}
