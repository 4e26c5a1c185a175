"""What `init` recognises in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.config import Content, parse
from gitsync.discover import discover
from gitsync.tomlfile import Source

POST = "---\ntitle: A\n---\nHello.\n"


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("files", "generator", "content"),
    [
        (
            {
                "_config.yml": "title: x\nurl: https://me.dev # mine\nbaseurl: /b\n",
                "_posts/2024-01-02-a.md": POST,
                "assets/a.png": "",
            },
            "Jekyll",
            Content(
                paths=("_posts/**/*.md", "_drafts/**/*.md"), dialect="jekyll", assets=("assets/",), url="https://me.dev"
            ),
        ),
        (
            {"_config.yml": "", "_posts/2024-01-02-a.md": POST, "travel/_posts/2024-01-03-b.md": POST},
            "Jekyll",
            Content(paths=("**/_posts/**/*.md", "**/_drafts/**/*.md"), dialect="jekyll"),
        ),
        (
            {"hugo.toml": "baseURL = 'https://example.org/'\n", "content/post/a/index.md": POST, "static/x.css": ""},
            "Hugo",
            Content(paths=("content/post/**/*.md",), dialect="hugo", assets=("static/",)),
        ),
        (
            {"hugo.toml": "", "content/post/a.md": POST, "content/post/b.markdown": POST, "content/_index.md": POST},
            "Hugo",
            Content(paths=("content/post/**/*.md", "content/post/**/*.markdown"), dialect="hugo"),
        ),
        (
            {"_config.yml": "url: https://me.dev\n", "source/_posts/a.md": POST, "source/images/a.png": ""},
            "Hexo",
            Content(
                paths=("source/_posts/**/*.md", "source/_drafts/**/*.md"),
                dialect="hexo",
                assets=("source/images/",),
                url="https://me.dev",
            ),
        ),
        (
            {"config.toml": 'base_url = "https://me.dev"\n', "content/blog/a.md": POST, "static/x.css": ""},
            "Zola",
            Content(paths=("content/blog/**/*.md",), dialect="zola", assets=("static/",), url="https://me.dev"),
        ),
        (
            {
                "published/a.md": "---\ntitle: a\ndomain: x.hashnode.dev\n---\n",
                "drafts/b.md": "---\ntitle: b\nignorePost: true\n---\n",
            },
            "",
            Content(paths=("**/*.md",), dialect="hashnode"),
        ),
        (
            {"config/_default/hugo.yaml": "baseURL: https://me.dev/blog/\n", "content/docs/a.md": POST},
            "Hugo",
            Content(paths=("content/**/*.md",), dialect="hugo", url="https://me.dev/blog"),
        ),
        (
            {
                "astro.config.mjs": "export default defineConfig({\n  site: 'https://me.dev',\n});",
                "src/content/blog/a.md": POST,
            },
            "Astro",
            Content(paths=("src/content/blog/**/*.md",), dialect="astro", url="https://me.dev"),
        ),
        (
            {
                "docusaurus.config.ts": "const config = {\n  url: 'https://me.dev',\n}",
                "blog/2024/a.md": POST,
                "docs/b.md": POST,
            },
            "Docusaurus",
            Content(paths=("blog/**/*.md",), dialect="docusaurus", url="https://me.dev"),
        ),
        (
            {"eleventy.config.js": "", "content/blog/a.md": POST, "public/img/a.png": ""},
            "Eleventy",
            Content(paths=("content/blog/**/*.md",), dialect="eleventy", assets=("public/",)),
        ),
        ({"posts/a.md": POST, "README.md": "# x", "images/a.png": ""}, "", Content(assets=("images/",))),
        ({"essays/a.md": POST, "essays/2023/b.md": POST, "notes/c.md": POST}, "", Content(paths=("essays/**/*.md",))),
        (
            {"a.md": "---\ntitle: a\ncuid: cl1\ndatePublished: x\n---\n"},
            "",
            Content(paths=("*.md",), dialect="hashnode"),
        ),
        (
            {"posts/a.md": "---\ntitle: a\npublished: false\ncover_image: x\n---\n"},
            "",
            Content(paths=("posts/**/*.md",), dialect="devto"),
        ),
        ({"node_modules/x/posts/a.md": POST, ".github/a.md": POST, "README.md": "# x\n"}, "", Content()),
        ({"config.toml": "[tool]\n", "posts/ä b.md": POST}, "", Content()),
        ({}, "", Content()),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_folder_is_recognised(tmp_path: Path, files: dict[str, str], generator: str, content: Content) -> None:
    assert discover(lay_out(tmp_path, files)) == (generator, content)


def test_a_broken_link_and_bytes_that_are_no_text_are_no_obstacle(tmp_path: Path) -> None:
    lay_out(tmp_path, {"posts/a.md": POST})
    (tmp_path / "posts" / "gone.md").symlink_to("nowhere.md")
    (tmp_path / "posts" / "bin.md").write_bytes(b"---\n\xff\xfe\x00")
    assert discover(tmp_path) == ("", Content())


def test_what_init_writes_means_what_was_found(tmp_path: Path) -> None:
    from gitsync.cli.init import compose

    content = Content(paths=('a "b"/\\*.md', "ä/**/*.md"), dialect="hugo", assets=("i/",), url="https://me.dev")
    for remote in (None, "git@github.com:me/x.git", "/srv/x.git"):
        config = parse(Source(tmp_path / "gitsync.toml", compose(content, branch="fix/ünï", remote=remote)))
        assert config.content == content
        assert config.state.branch == "fix/ünï"
        assert (config.state.remote == "origin") is (remote == "/srv/x.git")
