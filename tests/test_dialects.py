"""What other systems' front matter and file names mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from gitsync.dialects import DIALECTS, GITSYNC, Dialect
from gitsync.document import edit, parse, write
from gitsync.errors import InvalidContent
from gitsync.model import FIELDS, Post
from tests.awkward import POSTS

DAY = datetime(2024, 1, 2, tzinfo=UTC)


def test_every_dialect_of_the_configuration_is_there() -> None:
    assert list(DIALECTS) == [
        *("gitsync", "jekyll", "hugo", "hexo", "zola", "astro", "eleventy", "docusaurus", "hashnode", "devto"),
    ]
    assert GITSYNC.fields == {*FIELDS, "body"}


@pytest.mark.parametrize(
    ("dialect", "path", "front", "said"),
    [
        ("jekyll", "_posts/2024-01-02-my-post.md", "tags: a b", {"date": DAY, "slug": "my-post", "tags": ("a", "b")}),
        ("jekyll", "_posts/2024-01-02-x.md", "date: 2024-01-02 10:00:00 +0800\nslug: y",
         {"date": datetime(2024, 1, 2, 2, tzinfo=UTC), "slug": "y"}),
        ("jekyll", "_drafts/idea.md", "title: T", {"title": "T", "slug": "idea", "status": "draft"}),
        ("jekyll", "_posts/2024-01-02-x.md", "published: false\nimage:\n  path: /a.png\n  alt: A",
         {"date": DAY, "slug": "x", "status": "draft", "cover": "/a.png"}),
        ("jekyll", "_posts/2024-01-02-x.md", "author: Jane Doe", {"date": DAY, "slug": "x", "authors": ("Jane Doe",)}),
        ("hugo", "content/posts/my-post/index.md", "published: 2024-01-02\ndraft: false",
         {"slug": "my-post", "date": DAY, "status": "published"}),
        ("hugo", "content/posts/a.md", "images: [x.png, y.png]\nseries: [S]\ntags: one tag",
         {"slug": "a", "cover": "x.png", "series": "S", "tags": ("one tag",)}),
        ("hugo", "content/posts/a.md", "cover:\n  image: x.png\nlastmod: 2024-01-02\nauthor: {name: J}",
         {"slug": "a", "cover": "x.png", "updated": DAY, "authors": ("J",)}),
        ("hugo", "content/posts/my-post/index.pt-BR.md", "tags: [a]",
         {"tags": ("a",), "slug": "my-post", "lang": "pt-BR"}),
        ("hugo", "content/posts/node.js.md", "title: T", {"title": "T", "slug": "node.js"}),
        ("hexo", "source/_posts/hello.md", "tags: [a b, c]\nupdated: 2024-01-02\nthumbnail: x.png",
         {"slug": "hello", "tags": ("a b", "c"), "updated": DAY, "cover": "x.png"}),
        ("hexo", "source/_drafts/idea.md", "title: T", {"title": "T", "slug": "idea", "status": "draft"}),
        ("zola", "content/blog/2024-01-02-hey.fr.md", "taxonomies:\n  tags: [a]\nextra: {cover: x.png}",
         {"slug": "hey", "date": DAY, "tags": ("a",), "cover": "x.png", "lang": "fr"}),
        ("hashnode", "posts/index.md", "ignorePost: true\ntags: a", {"status": "draft", "tags": ("a",)}),
        ("astro", "src/content/blog/first-post.mdx", "pubDate: 'Jan 02 2024'\nheroImage: ../a.png",
         {"slug": "first-post", "date": DAY, "cover": "../a.png"}),
        ("astro", "blog/p.md", "pubDatetime: 2024-01-02T00:00:00Z\nmodDatetime:\nogImage: ''",
         {"slug": "p", "date": DAY, "cover": ""}),
        ("eleventy", "content/blog/2024-01-02-fourth/index.md", "date: Last Modified\ntags: post",
         {"slug": "fourth", "tags": ("post",), "date": DAY}),
        ("eleventy", "content/blog/a.md", "date: git Created", {"slug": "a"}),
        ("docusaurus", "blog/2024-01-02-welcome/index.md",
         "authors: [j, {name: Jane, title: X}]\ntags: [{label: A, permalink: /a}, b]",
         {"slug": "welcome", "date": DAY, "authors": ("j", "Jane"), "tags": ("A", "b")}),
        ("docusaurus", "blog/2024/01/02/hey.md", "last_update:\n  date: 2024-01-02\n  author: x",
         {"slug": "hey", "date": DAY, "updated": DAY}),
        ("hashnode", "clzxm41sz.md", "saveAsDraft: true\ntags: a, b\nsubtitle: S",
         {"status": "draft", "tags": ("a", "b"), "description": "S"}),
        ("devto", "a.md", "published: false\ncover_image: x\ntags: a, b\ndate: 2024-01-02",
         {"status": "draft", "cover": "x", "tags": ("a", "b"), "date": DAY}),
    ],
)  # fmt: skip
def test_files_of_other_systems_are_posts(dialect: str, path: str, front: str, said: dict[str, Any]) -> None:
    post = parse(f"---\n{front}\n---\nB".encode(), path=path, dialect=DIALECTS[dialect]).post
    assert post == Post(body="B", **said)


@pytest.mark.parametrize(
    ("dialect", "front", "changes", "after"),
    [
        ("jekyll", "tags: foo bar", {"tags": ("foo", "new", "bar")}, "tags: foo new bar"),
        ("jekyll", "tags: foo bar", {"tags": ("foo", "new tag")}, "tags: [foo, new tag]"),
        ("jekyll", "title: x", {"status": "draft"}, "title: x\npublished: false"),
        ("jekyll", "image:\n  path: a # c\n  alt: A", {"cover": "b"}, "image:\n  path: b # c\n  alt: A"),
        ("jekyll", "excerpt: old", {"description": "new"}, "excerpt: new"),
        ("hugo", "title: x", {"status": "draft", "cover": "a.png"}, "title: x\ndraft: true\nimages: [a.png]"),
        ("hugo", "images: [a.png, b.png]", {"cover": "c.png"}, "images: [c.png, b.png]"),
        ("hugo", "images: [a.png, b.png]", {"cover": None}, "x: 1"),
        ("hugo", "series: [S]", {"series": "R"}, "series: [R]"),
        ("hugo", "draft: true", {"status": "private"}, "draft: true"),
        ("hugo", "draft: true", {"status": "scheduled"}, "draft: false"),
        ("zola", "title: x\ntaxonomies:\n  tags: [a]\n  kinds: [k]", {"tags": ("a", "b")},
         "title: x\ntaxonomies:\n  tags: [a, b]\n  kinds: [k]"),
        ("hexo", "title: x\npublished: false", {"status": "published"}, "title: x\npublished: true"),
        ("hashnode", "title: The line: a C:\\d story\ntags: a", {"tags": ("a", "b")},
         "title: The line: a C:\\d story\ntags: a, b"),
        ("hashnode", "title: The line: a story", {"title": "The end: a story"}, 'title: "The end: a story"'),
        ("hashnode", "title: x\nignorePost: true", {"status": "published"}, "title: x\nignorePost: false"),
        ("astro", "pubDate: 'Jan 02 2024'", {"date": datetime(2024, 1, 3, tzinfo=UTC)},
         "pubDate: '2024-01-03T00:00:00Z'"),
        ("astro", "pubDatetime: 2024-01-02", {"date": datetime(2024, 1, 3, tzinfo=UTC)}, "pubDatetime: 2024-01-03"),
        ("docusaurus", "tags:\n- label: A\n  permalink: /a\n- b", {"tags": ("A", "c", "b")},
         "tags:\n- label: A\n  permalink: /a\n- c\n- b"),
        ("docusaurus", "last_update: {author: j}", {"updated": DAY},
         "last_update: {author: j, date: 2024-01-02T00:00:00Z}"),
        ("hashnode", "title: x", {"tags": ("a", "b"), "status": "draft"}, "title: x\ntags: a, b\nsaveAsDraft: true"),
        ("devto", "published: false", {"status": "published", "cover": "c"}, "published: true\ncover_image: c"),
    ],
)  # fmt: skip
def test_edits_are_made_in_the_words_of_the_dialect(
    dialect: str, front: str, changes: dict[str, Any], after: str
) -> None:
    data = f"---\n{front}\n---\nB".encode()
    if changes == {"cover": None}:
        # Only the first image is the cover; the next takes its place, which is not what was asked for.
        with pytest.raises(InvalidContent):
            edit(parse(data, dialect=DIALECTS[dialect]), changes)
        return
    assert edit(parse(data, dialect=DIALECTS[dialect]), changes) == f"---\n{after}\n---\nB".encode()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@settings(deadline=None, max_examples=30)
@given(post=POSTS)
def test_what_a_dialect_holds_of_a_post_is_held_exactly_from_then_on(dialect: Dialect, post: Post) -> None:
    path = dialect.new_path(post, folder="blog")
    once = parse(write(post, dialect=dialect, path=path), path=path, dialect=dialect).post
    again = parse(write(once, dialect=dialect, path=path), path=path, dialect=dialect).post
    assert again == once
    assert dialect.is_post(path)
    for name in dialect.fields - {"status", "tags", "body"}:
        assert post.get(name) in (None, once.get(name))
    assert once.body == post.body


def test_a_field_without_a_key_is_refused_not_invented() -> None:
    with pytest.raises(InvalidContent, match="no key for 'series'"):
        edit(parse(b"---\ntitle: x\n---\n", dialect=DIALECTS["docusaurus"]), {"series": "S"})


def test_what_a_file_name_says_cannot_be_removed() -> None:
    document = parse(b"---\ntitle: x\n---\n", path="_posts/2024-01-02-x.md", dialect=DIALECTS["jekyll"])
    with pytest.raises(InvalidContent):
        edit(document, {"date": None})
    assert b"slug: other\n" in edit(document, {"slug": "other"})


def test_what_a_file_name_says_is_not_said_twice() -> None:
    post = Post(title="X", slug="x", date=DAY, body="B")
    jekyll = DIALECTS["jekyll"]
    path = jekyll.new_path(post)
    assert path == "_posts/2024-01-02-x.md"
    assert write(post, dialect=jekyll, path=path) == b"---\ntitle: X\n---\n\nB"


def test_only_some_languages_are_spoken_in_a_dialect() -> None:
    text = '{"title": "x"}\n'
    assert parse(text.encode(), dialect=DIALECTS["jekyll"]).post == Post(body=text)
    assert parse(text.encode(), dialect=DIALECTS["hugo"]).post.title == "x"
