"""Links to other hosts: asked once each, a few hosts at a time, and no host more than once at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitsync.connector import Problem
from gitsync.document import Document
from gitsync.lint.finding import Finding, finding_of
from gitsync.markdown.links import find_links
from gitsync.outside import Probe, probe

AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A link to another host: where it stands, and what it leads to."""

    file: Document
    offset: int
    url: str
    field: str


def external_links(file: Document) -> Iterator[Asked]:
    """Yield the links of a post that have a host."""
    for link in find_links(file.post.body):
        if _host(link.url):
            yield Asked(file=file, offset=link.start, url=link.url, field="body")
    for field in ("cover", "canonical_url"):
        if isinstance(url := file.post.get(field), str) and _host(url):
            yield Asked(file=file, offset=0, url=url, field=field)


def check_links(links: Iterable[Asked], *, ask: Callable[[str], Probe] = probe) -> Iterator[Finding]:
    """Yield what is wrong with links to other hosts, in the order of the links."""
    asked = list(links)
    urls = list(dict.fromkeys(it.url.partition("#")[0] for it in asked))
    turns = {host: threading.Lock() for host in {_host(url) for url in urls}}

    def in_turn(url: str) -> Probe:
        with turns[_host(url)]:
            return ask(url)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = dict(zip(urls, pool.map(in_turn, urls), strict=True))
    for link in asked:
        if (problem := _problem(link, answers[link.url.partition("#")[0]])) is not None:
            yield finding_of(link.file, problem)


def _problem(link: Asked, answer: Probe) -> Problem | None:
    def told(code: str, message: str, hint: str) -> Problem:
        return Problem(code=code, message=message, hint=hint, field=link.field, offset=link.offset, severity="loss")

    url = link.url if len(link.url) <= 120 else f"{link.url[:119]}…"
    if answer.status in (404, 410):
        return told("LINK010", f"{url} is not there any more ({answer.status})", "Find where it went, or unlink it.")
    if answer.status == 0:
        return told("LINK012", f"{url} cannot be reached: {answer.said}", "Try it in a browser.")
    if answer.status >= 400:
        hint = "Some hosts answer browsers only: try it in one."
        return told("LINK012", f"{url} could not be checked ({answer.status})", hint)
    if answer.moved_to:
        return told("LINK011", f"{url} moved for good to {answer.moved_to[:120]}", "Link to that.")
    return None


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
