"""What long bodies cost: counted in parses and renders, for no clock is the same twice."""

from __future__ import annotations

import subprocess
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gitsync.check import Check
from gitsync.document import parse, place
from gitsync.markdown import formats
from gitsync.markdown.early_lists import indented_items
from gitsync.markdown.formula_spellings import from_katex
from gitsync.markdown.kept import MOST, Kept
from gitsync.markdown.parser import parsed, parser
from gitsync.markdown.render import to_html
from gitsync.markdown.sources import line_of, within
from gitsync.project import Project

SITES = """
[content]
paths = ["*.md"]
[sites.devto]
platform = "devto"
url = "https://dev.to/api"
token = "env:TOKEN"
[sites.hashnode]
platform = "hashnode"
publication = "x.hashnode.dev"
token = "env:TOKEN"
[sites.medium]
platform = "medium"
token = "env:TOKEN"
[sites.blog]
platform = "wordpress"
url = "https://blog.example"
user = "me"
token = "env:TOKEN"
"""


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[MarkdownIt, str]]:
    """Return how many times each parser parsed each text: Hashnode's page has one of its own."""
    count: Counter[tuple[MarkdownIt, str]] = Counter()
    plain = MarkdownIt.parse

    def counted(self: MarkdownIt, text: str, env: object = None) -> object:
        count[self, text] += 1
        return plain(self, text, env)  # type: ignore[arg-type]

    monkeypatch.setattr(MarkdownIt, "parse", counted)
    return count


BODIES = [
    "> [!NOTE]\n> A *note* of {}.\n\n- [ ] a\n- [x] b\n\n## Head\n\n[to](#head)\n",
    "a{}\n: b\n\nc\n: d\n",
    "text[^1] of {}\n\n[^1]: note\n",
    "| a | {} |\n|---|---|\n| c | d |\n",
    "$x^2$ and {}\n\n$$\ny\n$$\n",
]


@pytest.mark.parametrize("body", BODIES)
def test_check_parses_a_body_once_for_all_sites(
    body: str, tmp_path: Path, parses: Counter[tuple[MarkdownIt, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = body.format(f"{tmp_path.name}")
    monkeypatch.setenv("TOKEN", "x" * 40)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "gitsync.toml").write_text(SITES)
    (tmp_path / "a.md").write_text(f"---\ntitle: A\n---\n\n{body}")
    with ExitStack() as stack:
        checking = Check(project := Project.open(tmp_path), project.config.choose(()), stack)
        assert not checking.skipped
        checking.post("a.md")
    assert parses[parser(), body] == 1
    assert all(times == 1 for times in parses.values())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", formats.NAMES)
def test_what_is_written_leaves_the_shared_tokens_alone(body: str, name: str) -> None:
    body = body.format(name)
    before = [token.as_dict() for token in parsed(body)]
    first = formats.named(name).write(body)
    assert [token.as_dict() for token in parsed(body)] == before
    assert to_html(body) == to_html(body)
    assert formats.named(name).write(body) == first


def test_what_was_made_is_kept_until_it_is_too_much() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text * 2

    kept = Kept(make, lambda text, said: len(text) + len(said), 30)
    assert [kept("aaa"), kept("bbb"), kept("aaa")] == ["aaaaaa", "bbbbbb", "aaaaaa"]
    assert made == ["aaa", "bbb"]
    kept("c" * 5)  # no room for all three: that goes which nobody asked about for the longest time
    assert [kept("aaa"), kept("bbb")] == ["aaaaaa", "bbbbbb"]
    assert made == ["aaa", "bbb", "ccccc", "bbb"]
    kept("d" * 20)
    kept("d" * 20)  # too much alone: made again, and nothing is forgotten for it
    assert made[-2:] == ["d" * 20] * 2
    kept("bbb")
    assert made[-1] == "d" * 20


def test_of_short_texts_so_many_are_kept() -> None:
    made: list[str] = []
    kept = Kept(lambda text: made.append(text) or text, lambda text, said: 0, 1)
    for text in map(str, range(MOST + 1)):
        kept(text)
    kept("0")
    assert made[-1] == "0"
    assert len(made) == MOST + 2


def test_a_part_of_an_item_is_looked_at_once_however_deep_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nested items, each was searched with all that is in it: four megabytes fifty times."""
    seen = Counter[str]()

    class Text(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            part = str.__getitem__(self, key)  # type: ignore[index]
            seen["characters"] += len(part)
            return part

    def cost(depth: int) -> float:
        body = "".join(f"{'  ' * at}- x\n" for at in range(depth)) + f"{'  ' * depth}\n{'  ' * depth}y\n"
        seen.clear()
        assert list(indented_items(Text(body)))
        return seen["characters"] / len(body)

    assert cost(40) < 1.5 * cost(20)


@pytest.mark.parametrize("alone", ["", "> "])
def test_formulas_in_one_line_are_spelled_without_looking_at_the_line_again(alone: str) -> None:
    tag = "{% katex inline %}a{% endkatex %}"
    assert from_katex(alone + f"{tag} b " * 3_000) == alone + "$a$ b " * 3_000


def test_an_offset_is_within_the_ranges_that_hold_it() -> None:
    ranges = [(5, 9), (1, 3), (2, 4), (9, 9), (20, 21)]
    told = within(ranges)
    assert [at for at in range(30) if told(at)] == [
        at for at in range(30) if any(first <= at < end for first, end in ranges)
    ]
    assert not within([])(0)


def test_a_line_begins_after_the_last_line_end() -> None:
    text = "ab\n\nc\n"
    assert [line_of(text, at) for at in range(len(text) + 1)] == [
        text.rfind("\n", 0, at) + 1 for at in range(len(text) + 1)
    ]


def test_a_place_in_the_text_is_its_line_and_column() -> None:
    file = parse(b"---\ntitle: A\n---\n\nab\n\nc\n")
    assert [place(file, "body", at) for at in range(7)] == [(5, 1), (5, 2), (5, 3), (6, 1), (7, 1), (7, 2), (8, 1)]


@pytest.mark.parametrize("body", ["*" * 4_000, "**a " * 2_000, "[" * 40_000, "*[a](b " * 1_000])
def test_what_nests_by_hundreds_is_written_for_hashnode(body: str) -> None:
    """Brackets that nothing closes took minutes: each was taken for the beginning of a link to the end of the text."""
    assert formats.named("hashnode").write(f"{body}\n").text
