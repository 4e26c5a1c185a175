"""Links to pages and files of a blog as its generator spells them, made plain ones.

Jekyll's `{% post_url %}`, `{% link %}`, `{{ site.baseurl }}` and `{{ "/x" | relative_url }}`, Hugo's `{{< ref "x" >}}`
and `relref`: no platform runs them. Sources: jekyllrb.com/docs/liquid/tags and filters; gohugo.io/shortcodes/ref.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

from gitsync.markdown.links import find_links

_BASE: Final = r"(?:\{\{-?\s*site\.(?:url|baseurl)\s*-?\}\})"
_SPELLED: Final = re.compile(
    r"(?:(?<=\]\()|(?<=\]\(<)|(?<=\]: )|(?<==\")|(?<=='))(?:"
    rf"{_BASE}*\{{%-?\s*(?P<tag>link|post_url)\s+(?P<name>[^\s%\"'{{}}]+)\s*-?%\}}"
    r"|\{\{-?\s*(?P<quote>[\"'])/?(?P<path>[^\"'\n{}]*)(?P=quote)\s*\|\s*(?:relative|absolute)_url\s*-?\}\}"
    r"|\{\{[<%]\s*(?:rel)?ref\s+(?P<mark>[\"']?)(?P<page>[^\"'\s<>%{}#]*)(?P<anchor>#[^\"'\s<>%{}]*)?(?P=mark)\s*[>%]\}\}"
    rf"|{_BASE}+(?=/))"
)


def plain_links(body: str, folder: str, is_file: Callable[[str], bool]) -> str:
    """Return `body` with such links as Markdown has them; those that lead to no file stay as they are.

    `folder` is where the post is, "" or "x/y/", and `is_file` knows the files; both count from the root of the blog.
    """
    if "{%" not in body and "{{" not in body:
        return body
    found = [
        (match.start(), match.end(), target)
        for match in _SPELLED.finditer(body)
        if (target := _target(match, folder, is_file)) is not None
    ]
    # What stands in code or in a comment does not become a link, whatever is written there.
    written, places = _replaced(body, found)
    links = {link.start for link in find_links(written)}
    return _replaced(body, [it for it, at in zip(found, places, strict=True) if at in links or at - 1 in links])[0]


def _replaced(body: str, found: Sequence[tuple[int, int, str]]) -> tuple[str, list[int]]:
    """Return `body` with other text from place to place, and where each begins then."""
    parts, places, done, length = [], [], 0, 0
    for start, end, text in found:
        parts += [body[done:start], text]
        places.append(length + start - done)
        length += start - done + len(text)
        done = end
    return "".join([*parts, body[done:]]), places


def _target(match: re.Match[str], folder: str, is_file: Callable[[str], bool]) -> str | None:
    if match["tag"] or match["page"]:
        paths = _of_page(match["page"], folder) if match["page"] else _of_jekyll(match["tag"], match["name"])
        path = next(filter(is_file, paths), None)
        return None if path is None else f"/{quote(path)}{match['anchor'] or ''}"
    if match["quote"]:
        return f"/{match['path']}"
    return match["anchor"] or ""


def _of_jekyll(tag: str, name: str) -> Iterator[str]:
    if tag == "link":
        yield name.removeprefix("/")
        return
    above, _, last = name.removeprefix("/").rpartition("/")
    for ending in (".md", ".markdown"):
        yield "/".join(filter(None, ("_posts", above, last + ending)))
        yield "/".join(filter(None, (above, "_posts", last + ending)))


def _of_page(page: str, folder: str) -> Iterator[str]:
    roots = ("content/", "") if page.startswith("/") else (folder, "content/", "")
    for root in roots:
        for ending in ("", ".md", "/index.md"):
            yield root + page.strip("/") + ending
