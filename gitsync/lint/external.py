"""Links to other hosts: asked once each, a few hosts at a time, and a host one request after the other.

A host that has had too many requests is waited for once, as long as it wants; after that it is left alone, and so is
one that does not answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitsync.connector import Problem
from gitsync.document import Document
from gitsync.lint.finding import Finding, finding_of
from gitsync.markdown.links import find_links
from gitsync.outside import Probe, probe

AT_ONCE = 8
PATIENCE = 30.0
"""Seconds that a host may want to be left alone for."""
SILENT = 3
"""After so many links in a row that cannot be reached, a host is not asked for more."""


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


def check_links(
    links: Iterable[Asked], *, ask: Callable[[str], Probe] = probe, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Finding]:
    """Yield what is wrong with links to other hosts, in the order of the links."""
    asked = list(links)
    by_host: dict[str, list[str]] = {}
    for url in dict.fromkeys(it.url.partition("#")[0] for it in asked):
        by_host.setdefault(_host(url), []).append(url)

    def in_turn(urls: Sequence[str]) -> list[tuple[str, Probe]]:
        return list(_answers(urls, ask, sleep))

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = dict(answer for host in pool.map(in_turn, by_host.values()) for answer in host)
    for link in asked:
        if (problem := _problem(link, answers[link.url.partition("#")[0]])) is not None:
            yield finding_of(link.file, problem)


def _answers(
    urls: Sequence[str], ask: Callable[[str], Probe], sleep: Callable[[float], None]
) -> Iterator[tuple[str, Probe]]:
    """Ask one host for all that is linked to there."""
    last, silent, waited = Probe(200), 0, False
    for url in urls:
        if silent < SILENT and last.status != 429:
            last = ask(url)
            if last.status == 429 and not waited and 0 < last.wait <= PATIENCE:
                waited = True
                sleep(last.wait)
                last = ask(url)
            silent = silent + 1 if last.status == 0 else 0
        yield url, last


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
