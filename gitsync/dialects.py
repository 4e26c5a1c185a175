"""The front matter of other systems: which key holds which field of a post, and what a file's name says.

Facts: gohugoio/hugoDocs front-matter.md; jekyll/jekyll docs/_docs/{front-matter,posts}.md and jekyll-seo-tag;
withastro/astro examples/blog and AstroPaper; 11ty.dev/docs/{dates,data-frontmatter}; Docusaurus' plugin-content-
blog/src/frontMatter.ts; hexo.io/docs/{front-matter,writing}; Zola's content/page.md; Forem's editor help; Hashnode's
backup and source-from-github repositories.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType

from gitsync.model import FIELDS, Post, Value
from gitsync.post import paths

ALL = ("yaml", "toml", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one system writes posts; `replace(dialect, timezone=…)` for a site that says where its clock is.

    keys        post field -> keys that hold it; the first one there is read, the first of all is written. A dot
                goes into a map, a number into a list
    flags       (key, what it is for a draft): other ways to say status, the first is written where there is no
                `status` key
    languages   which front matter languages it has
    separator   what parts the tags that one string holds; None: a string is one tag
    joined      tags of new files are such a string
    any_case    keys are found whatever their case is (Hugo)
    lenient     `key: "a "b" c"` is read as Hashnode means it, invalid as it is
    timezone    of dates without a zone
    naming      what file names mean
    """

    name: str
    keys: Mapping[str, tuple[str, ...]]
    flags: tuple[tuple[str, bool], ...] = ()
    languages: tuple[str, ...] = ALL
    separator: str | None = None
    joined: bool = False
    any_case: bool = False
    lenient: bool = False
    timezone: tzinfo = UTC
    naming: paths.Naming = paths.PLAIN

    @property
    def fields(self) -> frozenset[str]:
        """The post fields that a file of this dialect holds."""
        return frozenset(self.keys) | {"status", "body"}

    def is_post(self, path: str) -> bool:
        """Whether the file at `path` (relative, with "/") is a post: `_index.md` or a README may be none."""
        return self.naming.is_post(path)

    def from_path(self, path: str) -> dict[str, Value]:
        """Return the fields that the name of a file says: slug, date, status of `_drafts`."""
        return self.naming.read(path, self.timezone)

    def new_path(self, post: Post, *, folder: str = "", taken: Container[str] = ()) -> str:
        """Return a relative path for a new post below `folder`: portable, at most 100 characters, not in `taken`.

        `taken` holds paths in lower case. Equal input, equal path (but Jekyll's, for a post without a date: today).
        """
        return self.naming.propose(post, folder, taken, self.timezone)

    def status(self, status: str | None) -> str | None:
        """Return what this dialect can say of `status`: where there are flags only, private becomes draft."""
        if "status" in self.keys or status is None:
            return status
        return "draft" if status in ("draft", "private") else "published"


def _keys(**keys: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({field: tuple(keys[field].split()) for field in FIELDS if field in keys})


GITSYNC = Dialect(
    name="gitsync",
    keys=_keys(**{field: field for field in FIELDS}),
    flags=(("draft", True), ("published", False)),
    separator=",",
)

JEKYLL = Dialect(
    name="jekyll",
    keys=_keys(
        title="title", slug="slug", description="description excerpt", tags="tags tag", series="series",
        cover="image image.path", canonical_url="canonical_url", date="date", updated="last_modified_at",
        authors="authors author", lang="lang",
    ),
    flags=(("published", False),),
    languages=("yaml",),
    separator=" ",
    naming=paths.JEKYLL,
)  # fmt: skip

HUGO = Dialect(
    name="hugo",
    keys=_keys(
        title="title", slug="slug", description="description summary", tags="tags", series="series series.0",
        cover="images.0 images cover.image cover image featured_image", canonical_url="canonicalURL canonical_url",
        date="date publishDate pubdate published", updated="lastmod modified",
        authors="authors author params.author", lang="lang",
    ),
    flags=(("draft", True),),
    any_case=True,
    naming=paths.HUGO,
)  # fmt: skip

HEXO = Dialect(
    name="hexo",
    keys=_keys(
        title="title", slug="slug", description="description excerpt", tags="tags tag", series="series",
        cover="cover thumbnail banner photos.0", canonical_url="canonical_url canonical", date="date",
        updated="updated", authors="authors author", lang="lang language",
    ),
    flags=(("published", False),),
    naming=paths.HEXO,
)  # fmt: skip

ZOLA = Dialect(
    name="zola",
    keys=_keys(
        title="title", slug="slug", description="description", tags="taxonomies.tags tags",
        cover="extra.cover extra.image extra.thumbnail", canonical_url="extra.canonical_url", date="date",
        updated="updated", authors="authors taxonomies.authors extra.author", lang="extra.lang",
    ),
    flags=(("draft", True),),
    languages=("toml", "yaml"),
    naming=paths.ZOLA,
)  # fmt: skip

ASTRO = Dialect(
    name="astro",
    keys=_keys(
        title="title", slug="slug", description="description", tags="tags", series="series",
        cover="heroImage heroImage.src ogImage ogImage.src image image.url image.src cover cover.src",
        canonical_url="canonicalURL canonical_url", date="pubDate pubDatetime date date_created publishDate",
        updated="updatedDate modDatetime lastmod", authors="authors author", lang="lang language",
    ),
    flags=(("draft", True),),
    languages=("yaml", "toml"),
    naming=paths.ASTRO,
)  # fmt: skip

ELEVENTY = Dialect(
    name="eleventy",
    keys=_keys(
        title="title", slug="slug", description="description", tags="tags", series="series", cover="image cover",
        canonical_url="canonical_url canonical", date="date", updated="updated modified lastmod",
        authors="authors author", lang="lang",
    ),
    flags=(("draft", True),),
    naming=paths.ELEVENTY,
)  # fmt: skip

DOCUSAURUS = Dialect(
    name="docusaurus",
    keys=_keys(
        title="title", slug="slug", description="description", tags="tags", cover="image", date="date",
        updated="last_update.date", authors="authors author",
    ),
    flags=(("draft", True),),
    languages=("yaml",),
    naming=paths.DOCUSAURUS,
)  # fmt: skip

HASHNODE = Dialect(
    name="hashnode",
    keys=_keys(
        title="title", slug="slug", description="seoDescription subtitle", tags="tags", series="seriesSlug",
        cover="cover", canonical_url="canonical", date="datePublished", authors="publishAs",
    ),
    flags=(("saveAsDraft", True), ("ignorePost", True)),
    languages=("yaml",),
    separator=",",
    joined=True,
    lenient=True,
    naming=paths.HASHNODE,
)  # fmt: skip

DEVTO = Dialect(
    name="devto",
    keys=_keys(
        title="title", description="description", tags="tags", series="series", cover="cover_image",
        canonical_url="canonical_url", date="published_at date",
    ),
    flags=(("published", False),),
    languages=("yaml",),
    separator=",",
    joined=True,
)  # fmt: skip

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {d.name: d for d in (GITSYNC, JEKYLL, HUGO, HEXO, ZOLA, ASTRO, ELEVENTY, DOCUSAURUS, HASHNODE, DEVTO)}
)
"""Every dialect by the name that gitsync.toml has for it."""
