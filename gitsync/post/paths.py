"""What file names say of posts, and names for new files that every file system and site generator takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

from gitsync.model import Post, Value, digest
from gitsync.post.dates import parse_date

MAX_PATH = 100
"""Characters of a path that is made here, unless the folder it goes into leaves too little room."""

LANGUAGES = frozenset(
    re.findall(
        r"\w+",
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
        "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
        "it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms "
        "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk "
        "sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
        "yo za zh zu",
    )
)
"""The codes of ISO 639-1: only they are taken for languages in file names, so that `node.js.md` has none."""

_LANGUAGE = re.compile(r"(?P<stem>.+)\.(?P<language>[A-Za-z]{2}(?:-[A-Za-z0-9]{2,8})*)(?P<ending>\.\w+)")
_DATED = re.compile(r"(?P<date>\d{4}-\d{1,2}-\d{1,2})-(?P<slug>.+)")
_DATED_FOLDERS = re.compile(r"(?:.*/)?(?P<date>\d{4}/\d{2}/\d{2})[/-](?P<slug>[^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A convention. `slug`: the name is the slug; `dated`: it may start with a date; `posts`: Jekyll's folders.

    `undated`: in these folders, posts need no date in their names. `translated`: a language may stand before the
    ending, as in `index.fr.md`.
    """

    extensions: tuple[str, ...] = (".md", ".markdown")
    slug: bool = False
    dated: bool = False
    posts: bool = False
    undated: bool = False
    translated: bool = False
    hidden: str = "."
    skipped: tuple[str, ...] = ()

    def is_post(self, path: str) -> bool:
        """Whether a generator takes the file at `path` for a post."""
        pure, _ = self._told(path)
        if pure.suffix.lower() not in self.extensions or pure.name.lower() in self.skipped:
            return False
        if self.posts:
            parts = pure.parts[:-1]
            other = [part for part in parts if part.startswith("_") and part not in ("_posts", "_drafts")]
            named = _DATED.fullmatch(pure.stem) or "_drafts" in parts or (self.undated and "_posts" in parts)
            return bool(named) and not other and not any(part.startswith(".") for part in pure.parts)
        return not any(part.startswith(tuple(self.hidden)) for part in pure.parts)

    def read(self, path: str, zone: tzinfo) -> dict[str, Value]:
        """Return the fields that `path` says: slug, date, and status where a folder is for drafts."""
        if not path or not (self.slug or self.dated):
            return {}
        pure, language = self._told(path)
        said: dict[str, Value] = {"lang": language} if language else {}
        whole = str(pure.with_suffix(""))
        if pure.stem == "index" and len(pure.parts) > 1 and not self.posts:
            whole = str(pure.parent)
        name = whole.rpartition("/")[2]
        if self.posts and "_drafts" in pure.parts:
            said["status"] = "draft"
        found = _DATED.fullmatch(name) or _DATED_FOLDERS.fullmatch(whole)
        if self.dated and found and (moment := parse_date(found["date"].replace("/", "-"), zone)):
            said["date"], name = moment, found["slug"]
        if self.slug and name:
            said["slug"] = name
        return said

    def _told(self, path: str) -> tuple[PurePosixPath, str]:
        """Return a path without the language in its name, and that language, "" where there is none."""
        pure = PurePosixPath(path)
        found = _LANGUAGE.fullmatch(pure.name) if self.translated else None
        if found is None or found["language"].lower().partition("-")[0] not in LANGUAGES:
            return pure, ""
        return pure.with_name(found["stem"] + found["ending"]), found["language"]

    def propose(self, post: Post, folder: str, taken: Container[str], zone: tzinfo) -> str:
        """Return a path for a new post below `folder`; a number follows where it is taken already."""
        folder = folder.strip("/")
        head, day = f"{folder}/" if folder else "", ""
        if self.posts and post.status == "draft" and post.date is None and not folder.endswith("_posts"):
            head += "" if folder.endswith("_drafts") else "_drafts/"
        elif self.posts:
            head += "" if folder.endswith("_posts") else "_posts/"
        if self.posts and not self.undated and not head.endswith("_drafts/"):
            day = f"{(post.date or post.updated or datetime.now(UTC)).astimezone(zone):%Y-%m-%d}-"
        elif self.dated and not self.undated and post.date is not None:
            day = f"{post.date.astimezone(zone):%Y-%m-%d}-"
        if day:
            day = day.rjust(11, "0")
        room = max(MAX_PATH - len(head) - len(day) - len("-99.md"), 16)
        name = slugify(post.slug or "", room) or slugify(post.title or "", room) or f"post-{digest(post)[:8]}"
        if self.is_reserved(name):
            name += "-post"
        number = 1
        while (path := f"{head}{day}{name}{f'-{number}' if number > 1 else ''}.md").lower() in taken:
            number += 1
        return path

    def is_reserved(self, name: str) -> bool:
        """Whether a generator gives files of this name (without extension) another meaning."""
        return name == "index" or f"{name}.md" in self.skipped


PLAIN = Naming()
JEKYLL = Naming(slug=True, dated=True, posts=True)
HEXO = Naming(slug=True, dated=True, posts=True, undated=True)
HUGO = Naming(slug=True, skipped=("_index.md", "_index.markdown"), translated=True)
ZOLA = Naming(extensions=(".md",), slug=True, dated=True, skipped=("_index.md",), translated=True)
ASTRO = Naming(extensions=(".md", ".markdown", ".mdx"), slug=True, hidden="._")
ELEVENTY = Naming(slug=True, dated=True, hidden="._")
DOCUSAURUS = Naming(extensions=(".md", ".mdx"), slug=True, dated=True, hidden="._")
HASHNODE = Naming(extensions=(".md",), skipped=("readme.md",))

RESERVED = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])
"""Names that Windows gives to devices, whatever ending follows."""

_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})


def slugify(text: str, limit: int = 80) -> str:
    """Return `text` in lower case with "-" between words, or "" when it has none.

    Latin letters lose their accents, other scripts stay as they are (NFC). Never a name that Windows reserves.
    """
    if len(text) > 4 * limit:
        text = text[: 4 * limit]
    # A letter like 𝕊 has no lower case of its own, but what it is made of has.
    text = unicodedata.normalize("NFKD", text).casefold().translate(_SPELLED)
    text = unicodedata.normalize("NFKD", text)
    text = re.sub("(?<=[a-z])[\u0300-\u036f]+", "", text)
    text = unicodedata.normalize("NFC", re.sub("['’]", "", text))
    text = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else "-" for char in text)
    text = re.sub("-+", "-", text).strip("-")
    if len(text) > limit:
        cut = text.rfind("-", 0, limit + 1)
        text = text[: cut if cut > limit // 2 else limit].rstrip("-")
    while len(text.encode("utf-8", "replace")) > 200:  # bytes: file systems allow 255 for a name
        text = text[:-1].rstrip("-")
    return f"{text}-post" if text in RESERVED else text
