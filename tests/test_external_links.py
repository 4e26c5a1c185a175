"""Links to other hosts: a few hosts at once, each one request after the other, none that wants to be left alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gitsync.document import parse
from gitsync.lint.external import AT_ONCE, Asked, check_links
from gitsync.outside import Probe

FILE = parse(b"---\ntitle: A\n---\n\nText.\n", path="posts/a.md")


def links(*urls: str) -> list[Asked]:
    return [Asked(file=FILE, offset=0, url=url, field="body") for url in urls]


def codes(asked: list[Asked], ask: Callable[[str], Probe], slept: list[float] | None = None) -> list[str]:
    sleep = slept.append if slept is not None else pytest.fail
    return [finding.code for finding in check_links(asked, ask=ask, sleep=sleep)]


def test_hosts_are_asked_side_by_side_and_each_for_one_thing_at_a_time() -> None:
    everybody = threading.Barrier(AT_ONCE, timeout=20)
    first: set[str] = set()

    def ask(url: str) -> Probe:
        host = url.split("/")[2]
        if host not in first:  # no lock: a host's links are asked for by one thread
            first.add(host)
            everybody.wait()  # until all hosts are being asked
        return Probe(404 if url.endswith("9") else 200)

    asked = links(*(f"http://h{host}.example/{number}" for host in range(AT_ONCE) for number in range(10)))
    assert codes(asked, ask) == ["LINK010"] * AT_ONCE


def test_a_host_that_has_had_enough_is_waited_for_once_and_then_left_alone() -> None:
    answers = iter([Probe(200), Probe(429, wait=3.0), Probe(404), Probe(429, wait=3.0)])
    asked, slept = links(*(f"http://a.example/{number}" for number in range(6))), []
    assert codes(asked, lambda _: next(answers), slept) == ["LINK010", *["LINK012"] * 4]
    assert slept == [3.0]


@pytest.mark.parametrize("wait", [0.0, 3600.0])
def test_nobody_waits_for_ever(wait: float) -> None:
    answers = iter([Probe(429, wait=wait)])
    assert codes(links("http://a.example/1", "http://a.example/2"), lambda _: next(answers)) == ["LINK012"] * 2


def test_a_host_that_does_not_answer_is_not_asked_for_all_that_it_may_have() -> None:
    answers = iter([Probe(0), Probe(0), Probe(200), Probe(0), Probe(0), Probe(0)])
    asked = links(*(f"http://a.example/{number}" for number in range(9)))
    assert codes(asked, lambda _: next(answers)) == ["LINK012"] * 8
