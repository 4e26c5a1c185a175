"""What a folder of posts is: the generator that builds it, where its posts and images are, and where it is served."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gitsync.config import Content
from gitsync.dialects import DIALECTS

MOST_FILES = 200_000
SAMPLES = 20
HEAD = 8192
ENDINGS = (".md", ".markdown", ".mdx")
SKIPPED = frozenset(("node_modules", "vendor", "venv", "dist", "build", "out", "_site", "resources", "target"))
"""Folders of other people's or generated files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How a static site generator is told, and where its posts are. All paths are relative to the site's folder.

    `signs` are files of which one must be there, `needs` folders of which one must. `posts` are tried in order.
    `url` finds the address of the site in a sign file, and `mark` is what such a file must have where others have files
    of that name too. `all`: posts are in each of the folders, though one may be empty today.
    """

    name: str
    dialect: str
    signs: tuple[str, ...]
    needs: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    url: str = ""
    mark: str = ""
    all: bool = False


def _scripts(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{ending}" for ending in ("mjs", "js", "ts", "cjs", "mts"))


GENERATORS = (
    Generator(
        name="Jekyll",
        dialect="jekyll",
        signs=("_config.yml", "_config.yaml", "_config.toml"),
        needs=("_posts", "_drafts"),
        posts=("_posts", "_drafts"),
        assets=("assets", "images", "img"),
        url=r"^url\s*:\s*[\"']?(https?://[^\s\"'#]+)",
    ),
    Generator(
        name="Hexo",
        dialect="hexo",
        signs=("_config.yml", "_config.yaml"),
        needs=("source/_posts", "source/_drafts"),
        posts=("source/_posts", "source/_drafts"),
        assets=("source/images", "source/img", "source/assets"),
        url=r"^url\s*:\s*[\"']?(https?://[^\s\"'#]+)",
        all=True,
    ),
    Generator(
        name="Zola",
        dialect="zola",
        signs=("zola.toml", "config.toml"),
        needs=("content",),
        posts=("content/blog", "content/posts", "content/post", "content"),
        assets=("static",),
        url=r"^base_url\s*=\s*[\"'](https?://[^\s\"'#]+)",
        mark=r"^base_url\s*=",
    ),
    Generator(
        name="Hugo",
        dialect="hugo",
        signs=(
            *(f"hugo.{ending}" for ending in ("toml", "yaml", "yml", "json")),
            *(f"config/_default/{n}.{e}" for n in ("hugo", "config") for e in ("toml", "yaml", "yml", "json")),
            *(f"config.{ending}" for ending in ("toml", "yaml", "yml", "json")),
        ),
        needs=("content",),
        posts=("content/posts", "content/post", "content/blog", "content"),
        assets=("static", "assets"),
        url=r"^\s*\"?baseURL\"?\s*[:=]\s*[\"']?(https?://[^\s\"'#]+)",
    ),
    Generator(
        name="Astro",
        dialect="astro",
        signs=_scripts("astro.config"),
        posts=(
            "src/content/blog",
            "src/content/posts",
            "src/data/blog",
            "src/content/post",
            "src/content",
            "src/pages",
        ),
        assets=("public", "src/assets"),
        url=r"\bsite\s*:\s*[\"'](https?://[^\"']+)",
    ),
    Generator(
        name="Docusaurus",
        dialect="docusaurus",
        signs=_scripts("docusaurus.config"),
        posts=("blog",),
        assets=("static",),
        url=r"\burl\s*:\s*[\"'](https?://[^\"']+)",
    ),
    Generator(
        name="Eleventy",
        dialect="eleventy",
        signs=(".eleventy.js", *_scripts("eleventy.config")),
        posts=("content/blog", "content/posts", "src/posts", "src/blog", "posts", "blog", "content", "src"),
        assets=("public", "img", "images", "src/img", "src/images", "assets"),
    ),
)
POSTS = ("posts", "_posts", "content/posts", "content/blog", "data/blog", "blog", "articles", "content", "src/posts")
ASSETS = ("images", "img", "assets", "static", "media", "public")
PLACEHOLDER = re.compile(r"//(www\.)?(localhost|127\.|0\.0\.0\.0|example\.|[\w.-]*\.example\b|your-|my-?site)")

MARKS: Mapping[str, re.Pattern[str]] = {
    "hashnode": re.compile(
        r"^(cuid|datePublished|saveAsDraft|seoTitle|seoDescription|enableToc|domain|ignorePost|hideFromHashnodeCommunity)\s*:",
        re.MULTILINE,
    ),
    "devto": re.compile(r"^(cover_image|ai_disclosure_level)\s*:", re.MULTILINE),
}
"""Front matter that only one platform's own files have; for folders that no generator builds."""


def discover(root: Path) -> tuple[str, Content]:
    """Return the name of the generator ("" for none) and the [content] that fits the folder `root`."""
    files = list(_files(root))
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents}
    for generator in GENERATORS:
        signs = [sign for sign in generator.signs if (root / sign).is_file()]
        if generator.mark:
            signs = [sign for sign in signs if re.search(generator.mark, _head(root / sign), re.MULTILINE)]
        if not signs or (generator.needs and not folders.intersection(generator.needs)):
            continue
        content = Content(
            paths=_post_paths(generator, files),
            dialect=generator.dialect,
            assets=_folders(generator.assets, folders),
            url=_url(root, signs, generator.url),
        )
        return generator.name, content
    posts = [file for file in files if _has_front_matter(root / file)] if len(files) <= 5000 else files
    dialect = _dialect(root, posts)
    tops = {post.partition("/")[0] for post in posts if "/" in post}
    # Hashnode takes every Markdown file of a repository that it reads for a post.
    paths = ("**/*.md",) if dialect == "hashnode" and len(tops) > 1 else _plain_paths(posts)
    return "", Content(paths=paths, dialect=dialect, assets=_folders(ASSETS, folders))


def _files(root: Path) -> Iterator[str]:
    """Yield the Markdown files below `root`, and one file of any other folder, as relative paths."""
    count = 0
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in SKIPPED)
        here = Path(folder).relative_to(root).as_posix()
        others = 0
        for name in sorted(files):
            markdown = name.endswith(ENDINGS) and not name.startswith(".")
            others += not markdown
            if markdown or others == 1:
                yield name if here == "." else f"{here}/{name}"
        count += len(files)
        if count > MOST_FILES:
            return


def _posts_in(folder: str, files: Sequence[str]) -> int:
    return sum(file.startswith(f"{folder}/") and file.endswith(ENDINGS) for file in files)


def _post_paths(generator: Generator, files: Sequence[str]) -> tuple[str, ...]:
    if generator.dialect == "jekyll":
        # Both, though one may be empty today; a theme's blog may live in a folder of its own.
        nested = any(re.search(r"./_(posts|drafts)/", file) for file in files)
        markdown = [".md", *([".markdown"] if any(file.endswith(".markdown") for file in files) else [])]
        above = "**/" if nested else ""
        return tuple(f"{above}{folder}/**/*{ending}" for folder in generator.posts for ending in markdown)
    if generator.all:
        return tuple(f"{folder}/**/*.md" for folder in generator.posts)
    there = [folder for folder in generator.posts if _posts_in(folder, files)]
    folder = (there or list(generator.posts))[0]
    # New files end in .md; the others that this generator takes for posts are asked for where there are some.
    known = DIALECTS[generator.dialect].naming.extensions[1:]
    others = [ending for ending in known if any(f.startswith(f"{folder}/") and f.endswith(ending) for f in files)]
    return tuple(f"{folder}/**/*{ending}" for ending in (".md", *others))


def _plain_paths(posts: Sequence[str]) -> tuple[str, ...]:
    """Return globs for posts that no generator builds: a usual folder, else the fullest, else the root."""
    markdown = [post for post in posts if post.endswith(".md")]
    for folder in POSTS:
        if _posts_in(folder, markdown):
            return (f"{folder}/**/*.md",)
    tops = Counter(post.partition("/")[0] for post in markdown if "/" in post)
    if tops:
        return (f"{tops.most_common(1)[0][0]}/**/*.md",)
    at_root = [post for post in markdown if post not in ("README.md", "CHANGELOG.md", "LICENSE.md", "CONTRIBUTING.md")]
    return ("*.md",) if at_root else Content().paths


def _folders(names: Sequence[str], folders: set[str]) -> tuple[str, ...]:
    return tuple(f"{name}/" for name in names if name in folders)


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(HEAD).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError:
        return ""  # a broken link or an unreadable file is no sign of anything


def _has_front_matter(path: Path) -> bool:
    return path.suffix == ".md" and _head(path).startswith(("---", "+++", "{"))


def _url(root: Path, signs: Sequence[str], pattern: str) -> str | None:
    for sign in signs:
        found = re.search(pattern, _head(root / sign), re.MULTILINE | re.IGNORECASE) if pattern else None
        if found and not PLACEHOLDER.search(found[1]):
            return found[1].rstrip("/")
    return None


def _dialect(root: Path, posts: Sequence[str]) -> str:
    samples = [_head(root / post).partition("\n---")[0] for post in posts[:SAMPLES] if post.endswith(".md")]
    for dialect, mark in MARKS.items():
        if sum(bool(mark.search(sample)) for sample in samples) * 2 > len(samples):
            return dialect
    return "gitsync"
