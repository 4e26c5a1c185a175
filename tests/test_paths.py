"""File names: which are posts, and which are safe to make."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.dialects import DIALECTS, GITSYNC, Dialect
from gitsync.model import Post
from gitsync.post.paths import slugify
from tests.awkward import POSTS, TEXT


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("  Æsop's Straße — É ø ", "aesops-strasse-e-o"),
        ("C# & C++", "c-c"),
        ("日本語 の ブログ", "日本語-の-ブログ"),
        ("Йога и ёж", "йога-и-ёж"),
        ("हिन्दी", "हिन्दी"),
        ("CON", "con-post"),
        ("aux", "aux-post"),
        ("com1.md", "com1-md"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("👩‍👩‍👧", ""),
        ("", ""),
        ("...", ""),
        ("ﬁne", "fine"),
        ("İstanbul", "istanbul"),
        ("𝕊𝔬 it goes", "so-it-goes"),
    ],
)
def test_slugs_are_readable_and_portable(text: str, slug: str) -> None:
    assert slugify(text) == slug


@settings(deadline=None)
@given(TEXT, st.integers(16, 90))
def test_slugs_are_stable_short_and_without_marks_of_any_file_system(text: str, limit: int) -> None:
    slug = slugify(text, limit)
    assert slugify(slug, limit) == slug or slug.endswith("-post")
    assert len(slug) <= limit + len("-post")
    assert len(slug.encode()) <= 205
    assert not set(slug) & set('<>:"/\\|?*. \0\n\t')
    assert not slug.startswith("-")
    assert unicodedata.is_normalized("NFC", slug)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@settings(deadline=None, max_examples=40)
@given(post=POSTS)
def test_a_new_path_is_a_post_of_its_dialect(dialect: Dialect, post: Post) -> None:
    path = dialect.new_path(post, folder="posts")
    assert path.startswith("posts/")
    assert path.endswith(".md")
    assert len(path) <= 105
    assert dialect.is_post(path)
    assert path == dialect.new_path(post, folder="posts/")


def test_taken_paths_get_a_number() -> None:
    post = Post(title="Hello")
    assert GITSYNC.new_path(post, folder="posts", taken={"posts/hello.md", "posts/hello-2.md"}) == "posts/hello-3.md"
    assert GITSYNC.new_path(post) == "hello.md"


def test_a_post_without_words_is_named_after_its_content() -> None:
    one, other = GITSYNC.new_path(Post(body="a")), GITSYNC.new_path(Post(body="b"))
    assert one.startswith("post-")
    assert one != other


@pytest.mark.parametrize(
    ("dialect", "post", "path"),
    [
        ("jekyll", Post(title="T", date=datetime(2024, 1, 2, tzinfo=UTC)), "_posts/2024-01-02-t.md"),
        ("jekyll", Post(title="T", status="draft"), "_drafts/t.md"),
        ("docusaurus", Post(title="T", date=datetime(2024, 1, 2, tzinfo=UTC)), "2024-01-02-t.md"),
        ("docusaurus", Post(title="T"), "t.md"),
        ("hugo", Post(title="T", slug="The_Slug"), "the-slug.md"),
        ("hugo", Post(slug="index"), "index-post.md"),
        ("hashnode", Post(slug="readme"), "readme-post.md"),
    ],
)
def test_new_files_are_where_their_generator_looks(dialect: str, post: Post, path: str) -> None:
    assert DIALECTS[dialect].new_path(post) == path


@pytest.mark.parametrize(
    ("dialect", "path", "is_post"),
    [
        ("gitsync", "posts/a.md", True),
        ("gitsync", "posts/a.markdown", True),
        ("gitsync", "posts/a.txt", False),
        ("gitsync", "posts/.a.md", False),
        ("jekyll", "_posts/2024-01-02-a.md", True),
        ("jekyll", "cats/_posts/x/2024-01-02-a.markdown", True),
        ("jekyll", "_posts/a.md", False),
        ("jekyll", "_drafts/a.md", True),
        ("jekyll", "_site/2024-01-02-a.md", False),
        ("jekyll", "about.md", False),
        ("hugo", "posts/_index.md", False),
        ("hugo", "posts/a/index.md", True),
        ("astro", "_hidden.md", False),
        ("astro", "a.mdx", True),
        ("docusaurus", "_partials/a.md", False),
        ("hashnode", "README.md", False),
        ("hashnode", "cl1.md", True),
    ],
)
def test_a_dialect_knows_its_posts(dialect: str, path: str, is_post: bool) -> None:
    assert DIALECTS[dialect].is_post(path) is is_post
