"""Links, images and overrides on their way to a site and back."""

from __future__ import annotations

import pytest
from gitsync_connectors.memory import Memory

from gitsync.connector import SiteSettings
from gitsync.document import parse
from gitsync.engine.projection import Place, Projection, lift, project, selected, view
from gitsync.model import Post

FILES = {
    "posts/a.md": "post",
    "posts/deep/b.md": "post",
    "posts/ü ö.md": "post",
    "images/pic one.png": "file",
    "static/img/s.png": "file",
    "notes.txt": "file",
}
URLS = {"posts/a.md": "https://site.example/a", "posts/deep/b.md": "https://site.example/b"}


def place(**changes: object) -> Place:
    facts: dict[str, object] = {
        "site": "site",
        "default_status": None,
        "exists": FILES.get,
        "url_of": URLS.get,
        "path_of": {url: path for path, url in URLS.items()}.get,
        "asset_url": lambda path: None,
        "blob": lambda path: "b" * 40,
        "home": "https://me.example",
    }
    return Place(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def connector(tmp_path: object) -> Memory:
    def none(name: str) -> str:
        raise AssertionError(name)

    from pathlib import Path

    settings = SiteSettings(name="site", platform="memory", url=f"memory:{tmp_path}", root=Path(), secret=none)
    return Memory(settings)


def sent(connector: Memory, body: str, where: Place | None = None, path: str = "posts/a.md") -> Projection:
    return project(Post(title="T", body=body), path, where or place(), connector)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("[b](deep/b.md)", "[b](https://site.example/b)"),
        ("[b](./deep/b.md#part)", "[b](https://site.example/b#part)"),
        ("[b](deep/b.md?x=1#y)", "[b](https://site.example/b?x=1#y)"),
        ("[b](../posts/deep/b.md 'title')", "[b](https://site.example/b 'title')"),
        ("[b](/posts/deep/b.md)", "[b](https://site.example/b)"),
        ("[r]\n\n[r]: deep/b.md", "[r]\n\n[r]: https://site.example/b"),
        ("![p](<../images/pic one.png>)", "![p](https://me.example/images/pic%20one.png)"),
        ("![p](../images/pic%20one.png)", "![p](https://me.example/images/pic%20one.png)"),
        ("![s](/img/s.png)", "![s](https://me.example/img/s.png)"),
        ('<img src="../images/pic%20one.png">', '<img src="https://me.example/images/pic%20one.png">'),
        ("[n](../notes.txt)", "[n](https://me.example/notes.txt)"),
        ("[out](https://else.example/x.md)", "[out](https://else.example/x.md)"),
        ("[here](#part)", "[here](#part)"),
        ("[mail](mailto:me@me.example)", "[mail](mailto:me@me.example)"),
        ("`[b](deep/b.md)`", "`[b](deep/b.md)`"),
        ("```\n![p](../images/x.png)\n```", "```\n![p](../images/x.png)\n```"),
    ],
)
def test_links_become_that_sites_own(connector: Memory, written: str, there: str) -> None:
    assert sent(connector, written).post.body == there


@pytest.mark.parametrize("written", ["[b](deep/b.md)", "[b](deep/b.md#part)", "![p](../images/pic%20one.png)"])
def test_what_projection_made_absolute_lift_makes_relative(connector: Memory, written: str) -> None:
    assert lift(sent(connector, written).post, "posts/a.md", place()).body == written


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("![p](p.png)", "![p](https://me.example/posts/bundle/p.png)"),
        ("![p](/posts/bundle/p.png)", "![p](https://me.example/posts/bundle/p.png)"),
        ("[o](../other/index.md#x)", "[o](https://me.example/posts/other#x)"),
        ("[l](../leaf.md)", "[l](https://me.example/posts/leaf)"),
    ],
)
def test_what_hugo_has_in_content_is_served_from_the_root(connector: Memory, written: str, there: str) -> None:
    folder = "content/posts/"
    files = {f"{folder}bundle/p.png": "file"} | dict.fromkeys(
        (f"{folder}bundle/index.md", f"{folder}other/index.md", f"{folder}leaf.md"), "post"
    )
    hugo = place(exists=files.get, url_of=lambda _: None)
    path = f"{folder}bundle/index.md"
    assert sent(connector, written, hugo, path).post.body == there
    back = written if not written.startswith("![p](/") else "![p](p.png)"
    assert lift(Post(body=there), path, hugo).body == back
    assert lift(Post(body=there.replace("other#", "other/#")), path, hugo).body == back


def test_links_of_others_are_left_alone_on_the_way_back(connector: Memory) -> None:
    body = "[x](https://site.example/other) and [y](https://me.example/missing.png)"
    assert lift(Post(body=body), "posts/a.md", place()).body == body


@pytest.mark.parametrize(
    ("written", "code", "refused"),
    [
        ("![gone](../images/gone.png)", "LINK003", True),
        ("[gone](gone.md)", "LINK003", False),
        ("![out](../../../etc/passwd)", "LINK003", True),
    ],
)
def test_what_leads_nowhere_is_told_before_it_is_sent(
    connector: Memory, written: str, code: str, refused: bool
) -> None:
    found = sent(connector, "Intro.\n\n" + written)
    assert [problem.code for problem in found.problems] == [code]
    assert (found.refused is not None) == refused
    assert found.problems[0].offset >= len("Intro.\n\n")


def test_a_post_without_an_address_there_is_linked_at_home_or_told(connector: Memory) -> None:
    body = "[ü](<ü ö.md>)"
    assert sent(connector, body).post.body == "[ü](https://me.example/posts/%C3%BC%20%C3%B6)"
    away = sent(connector, body, place(home=None))
    assert away.post.body == body
    assert [problem.code for problem in away.problems] == ["LINK001"]
    assert away.refused is None
    assert away.uses.posts == {"posts/ü ö.md": None}


def test_images_without_any_public_address_are_refused(connector: Memory) -> None:
    found = sent(connector, "![p](<../images/pic one.png>)", place(home=None))
    assert found.refused is not None
    assert found.refused.code == "LINK002"
    raw = place(home=None, raw="https://raw.example/me/blog/main")
    assert sent(connector, "![p](<../images/pic one.png>)", raw).refused is None


def test_uploads_are_named_and_used_when_they_are_there(connector: Memory) -> None:
    uploads = place(uploads=True, asset_url=lambda path: "https://cdn.example/1.png")
    found = sent(connector, "![p](<../images/pic one.png>)", uploads)
    assert found.post.body == "![p](https://cdn.example/1.png)"
    assert found.uses.assets == {"images/pic one.png": "b" * 40}


def test_a_view_is_what_the_author_means_for_that_site() -> None:
    file = parse(
        b"---\ntitle: A\nsites: [one, two]\noverrides:\n  one:\n    title: A for one\n    tags: [x]\n---\nText.\n"
    )
    one, two = view(file, "one"), view(file, "two", "draft")
    assert (one.title, one.tags, one.status) == ("A for one", ("x",), "published")
    assert (two.title, two.tags, two.status) == ("A", None, "draft")
    assert selected(file, "one")
    assert not selected(file, "three")


def test_equal_posts_have_equal_digests_and_others_do_not(connector: Memory) -> None:
    assert sent(connector, "x").digest == sent(connector, "x").digest != sent(connector, "y").digest


def test_a_file_of_a_type_that_the_site_refuses_needs_a_public_address(connector: Memory) -> None:
    image = "![p](<../images/pic one.png>)"
    uploads = place(uploads=True, asset_url=lambda path: "https://cdn.example/1.png")
    assert sent(connector, image, uploads).uses.assets
    refusing = place(uploads=True, asset_url=lambda path: None, upload_types=frozenset({"image/gif"}))
    found = sent(connector, image, refusing)
    assert not found.uses.assets
    assert "https://me.example/images/pic%20one.png" in found.post.body
