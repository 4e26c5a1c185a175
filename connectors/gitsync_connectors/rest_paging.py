"""Whole listings out of pages, in every way in which APIs cut them. A listing that ends is complete, or it raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from gitsync.errors import Malformed, NotFound, Rejected
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Reader, reader
from gitsync_connectors.rest_requests import Answer, header_of

STYLES: Final = ("auto", "none", "page", "offset", "cursor", "link", "range")
PARAMS: Final = {"page": "page", "offset": "offset", "cursor": "cursor", "range": "Range: {first}-{last}"}
NEXT: Final = (
    *("next", "links.next", "links.next.href", "_links.next.href", "_links.next", "paging.next", "paging.next.link"),
    *("meta.next", "next_page_url", "meta.next_page_url", "view.next", "pagination.next", "pagination.next_url"),
    *("pagination.links.next", "meta.pagination.links.next", "next_url", "nextPageUrl", "nextLink"),
)
NEXT_KEYED: Final = ('"@odata.nextLink"', '"hydra:view"."hydra:next"')
CURSORS: Final = (
    "next_cursor",
    "nextCursor",
    "meta.next_cursor",
    "meta.nextCursor",
    "pagination.next_cursor",
    "cursor",
)
TOTALS: Final = (
    *("total", "totalDocs", "totalItems", "total_count", "totalCount", "count", "meta.pagination.total", "meta.total"),
    *("meta.filter_count", "meta.total_count", "meta.totalCount", "pagination.total", "page.totalElements"),
    *("meta.page.total", "totalElements", "total_rows"),
)
PAGE_COUNTS: Final = (
    *("totalPages", "total_pages", "pageCount", "page_count", "lastPage", "last_page", "pages", "meta.last_page"),
    *("meta.totalPages", "meta.total_pages", "meta.pagination.pageCount", "meta.pagination.pages"),
    *("pagination.totalPages", "pagination.total_pages", "pagination.pages", "page.totalPages"),
)
TOTAL_HEADERS: Final = ("x-total-count", "x-wp-total", "x-total", "total-count", "x-pagination-total-count")

Params = Mapping[str, str | int]
Ask = Callable[[Params | str], Answer]
"""Asks for a page: with more parameters, or at the address that the last page named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How a listing is cut. `param` is the parameter of page, offset or cursor; `size` records are asked for."""

    style: str = "auto"
    param: str = ""
    size_param: str = ""
    size: int = 100
    first: int = 1
    next: Reader | None = None
    next_header: str = ""
    more: Reader | None = None
    total: Reader | None = None
    counted: bool = True


def paging(options: Options) -> Paging:
    """Return what `[paging]` says. Raises ConfigError."""
    table = options.table("paging")
    style = table.text("style", "auto", choices=STYLES)
    place = f"[{table.place}]"
    next_ = table.text("next")
    by_header = next_.lower().startswith("header:")
    # What looks like the number of all records may be another number: total = false says so.
    counted = table.take("total") is not False
    wanted = ("more", "total") if counted else ("more",)
    readers = {key: reader(path, f"{place} {key}") for key in wanted if (path := table.text(key))}
    found = Paging(
        style=style,
        param=table.text("param", PARAMS.get(style, "")),
        size_param=table.text("size_param"),
        size=table.whole("size", 100),
        first=table.whole("first", 0 if style in ("offset", "range") else 1),
        next=reader(next_, f"{place} next") if next_ and not by_header else None,
        next_header=next_[7:].strip().lower() if by_header else "",
        more=readers.get("more"),
        total=readers.get("total"),
        counted=counted,
    )
    table.end()
    if style == "range":
        header_of(found.param, f"{place} param")
    if found.size == 0:
        raise table.wrong("size must be more than 0.", "Like size = 100.")
    return found


def pages(
    how: Paging, ask: Ask, records: Callable[[Any], list[Any]], key: Callable[[Any], str], *, whole: bool
) -> Iterator[list[Any]]:
    """Yield every page's records that no page before had.

    Raises Malformed when the listing tells of more than it has, where it is `whole`: no filter of ours has thinned it.
    """
    seen: set[str] = set()
    for again in (False, True):
        total = None
        for number, answer in enumerate(_answers(how, ask, records)):
            total = _total(how, answer.headers, answer.value) if number == 0 or total is None else total
            fresh = {id: one for one in records(answer.value) if (id := key(one)) not in seen}
            seen.update(fresh)
            yield list(fresh.values())
        if not whole or total is None or len(seen) >= total:
            return
        if again or how.style == "auto":
            hint = "Say under [paging] how it is cut into pages, and sort it by id; total = false if that is no count."
            raise Malformed(f"the listing tells of {total} records and shows {len(seen)}.", hint)
        # Records that moved up a page while it was read were passed by: whoever is missing is in a second reading.


def _answers(how: Paging, ask: Ask, records: Callable[[Any], list[Any]]) -> Iterator[Answer]:
    sized: dict[str, str | int] = {how.size_param: how.size} if how.size_param else {}
    if how.style == "none":
        yield ask(sized)
    elif how.style in ("page", "offset", "range"):
        yield from _numbered(how, ask, records, sized)
    else:
        yield from _linked(how, ask, records, sized)


def _numbered(how: Paging, ask: Ask, records: Callable[[Any], list[Any]], sized: Params) -> Iterator[Answer]:
    number, count, asked = how.first, 0, 0
    before: list[Any] = []
    while True:
        first = number == how.first
        try:
            answer = ask({**sized, **_numbered_by(how, number)})
        except (NotFound, Rejected):
            if first:
                raise
            return  # how Django and WordPress say that there is no such page
        found = records(answer.value)
        if not first and found == before:
            return  # the same page again: this API knows no pages, and its first was all
        yield answer
        count, asked = count + len(found), asked + 1
        if not found or _is_last(how, answer, len(found), count, asked):
            return
        number += 1 if how.style == "page" else len(found)
        before = found


def _numbered_by(how: Paging, number: int) -> Params:
    """Return what asks for the page, or for the records from `number` on."""
    if how.style != "range":
        return {how.param: number}
    name, template = header_of(how.param, "[paging] param")
    last = number + how.size - 1
    return {f"header:{name}": template.replace("{first}", str(number)).replace("{last}", str(last))}


def _is_last(how: Paging, answer: Answer, found: int, count: int, asked: int) -> bool:
    if how.more:
        return not how.more(answer.value)
    if how.style == "page" and how.counted and (last := _pages(answer.value)) is not None:
        return asked >= last
    total = _total(how, answer.headers, answer.value)
    if total is not None and total != found:  # some call the number of records on the page their total
        return count >= total
    if _next_link(how, answer, answer.value):
        return False
    # Fewer than asked for is the end, unless it is a round number: then it may be the most that this server gives.
    round_ = found % 5 == 0 or found & (found - 1) == 0
    return (bool(how.size_param) or how.style == "range") and found < how.size and not (round_ and found > 4)


def _pages(value: Any) -> int | None:
    guesses = (reader(path, "")(value) for path in PAGE_COUNTS) if isinstance(value, dict) else ()
    return next((number for number in guesses if type(number) is int), None)


def _linked(how: Paging, ask: Ask, records: Callable[[Any], list[Any]], sized: Params) -> Iterator[Answer]:
    where: Params | str = sized
    asked: set[str] = set()
    while True:
        answer = ask(where)
        yield answer
        value = answer.value
        if (how.more and not how.more(value)) or not records(value):
            return
        if how.style == "cursor":
            cursor = _cursor(how, answer, value)
            if not cursor:
                return
            name, equals, template = how.param.partition("=")
            where = {**sized, name: template.replace("{cursor}", cursor) if equals else cursor}
        else:
            cursor = where = _next_link(how, answer, value)
            if not cursor:
                return
        if cursor in asked:
            raise Malformed("the listing's pages go round in a circle.", "Correct [paging] next.")
        asked.add(cursor)


def _cursor(how: Paging, answer: Answer, value: Any) -> str:
    if how.next_header:
        return answer.headers.get(how.next_header, "")
    if how.next:
        found = how.next(value)
    else:
        found = next((v for path in CURSORS if isinstance(v := reader(path, "")(value), str | int)), None)
    return "" if found is None or found is False else str(found)


def _next_link(how: Paging, answer: Answer, value: Any) -> str:
    if how.next:
        found = how.next(value)
        return found if isinstance(found, str) else ""
    for link in re.finditer(r"<([^>]*)>((?:\s*;\s*[\w*]+=(?:\"[^\"]*\"|[^\s;,\"]+))*)", answer.headers.get("link", "")):
        if re.search(r"\brel=\"?(?:[^\";]*\s)?next\b", link[2]):
            return link[1]
    if not isinstance(value, dict):
        return ""
    guesses = (reader(path, "")(value) for path in (*NEXT, *NEXT_KEYED))
    return next((text for text in guesses if isinstance(text, str) and _is_address(text)), "")


def _is_address(text: str) -> bool:
    return text.startswith(("/", "?", "http://", "https://"))


def beside(link: str, host: str, path: str) -> str:
    """Return the path and query to ask for a next page at, for a link in the answer to a request of `path`.

    Servers behind a proxy give links to names that only they know, so of another host only the query counts.
    """
    parts = urlsplit(link)
    if parts.netloc and parts.netloc != host:
        return f"{path}?{parts.query}"
    return f"{parts.path or path}?{parts.query}" if parts.query else parts.path or path


def _total(how: Paging, headers: Mapping[str, str], value: Any) -> int | None:
    if not how.counted:
        return None
    if how.total:
        found = how.total(value)
        return found if type(found) is int else None
    for name in TOTAL_HEADERS:
        if (text := headers.get(name, "")).isdecimal():
            return int(text)
    if range_ := re.search(r"/(\d+)$", headers.get("content-range", "")):
        return int(range_[1])
    if not isinstance(value, dict):
        return None
    guesses = (reader(path, "")(value) for path in TOTALS)
    return next((number for number in guesses if type(number) is int), None)
