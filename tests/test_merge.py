"""The promise that no edit is lost, as laws and as tables."""

from __future__ import annotations

import re
import subprocess
import time
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gitsync.merge import carry, has_markers, markers, merge_posts, merge_text, settled
from gitsync.merge.diff import edits
from gitsync.merge.fields import merge_lists
from gitsync.merge.prose import carry_text
from gitsync.model import FIELDS, Post

laws = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

PIECES = [
    *(
        "the",
        "fox",
        "a",
        "Fox.",
        "dog,",
        "“quoted”",
        "naïve",
        "猫。",
        "हिन्दी",
        "👩‍👩‍👧",
        "—",
        "x-y",
        "1.2.3",
        "`q`",
        "# ",
        "- ",
    ),
    *("\n", "\n\n", "\n\n\n", "  \n", "   ", "\n    x", "\n```\n", "\n~~~\n", "[a](b.md)", "https://x.example/a?b=c"),
]
bodies = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " ", " "])), max_size=25).map(
    lambda pairs: "".join(piece + space for piece, space in pairs)
)


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    words = re.findall(r"\s+|\S+", text)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(words)))
        words[at : at + draw(st.integers(0, 3))] = draw(st.lists(st.sampled_from(PIECES), max_size=2))
    return "".join(words)


triples = bodies.flatmap(lambda base: st.tuples(st.just(base), edited(base), edited(base)))


def solid(text: str) -> str:
    return "".join(text.split())


@given(st.lists(st.sampled_from("abcx"), max_size=60), st.lists(st.sampled_from("abcy"), max_size=60))
@laws
def test_edits_turn_the_old_into_the_new_and_never_touch(old: list[str], new: list[str]) -> None:
    found = edits(old, new)
    result, at = [], 0
    for edit in found:
        result += old[at : edit.start] + new[edit.new_start : edit.new_stop]
        at = edit.stop
    assert result + old[at:] == new
    assert all(a.stop < b.start and a.new_stop < b.new_start for a, b in pairwise(found))


@given(triples)
@laws
def test_one_edit_alone_is_taken_as_it_is(triple: tuple[str, str, str]) -> None:
    base, ours, theirs = triple
    assert merge_text(base, ours, base).ours == ours
    assert merge_text(base, base, theirs).ours == theirs
    assert merge_text(base, ours, ours).ours == ours


@given(triples)
@laws
def test_who_is_ours_decides_nothing_but_white_space(triple: tuple[str, str, str]) -> None:
    base, ours, theirs = triple
    one, other = merge_text(base, ours, theirs), merge_text(base, theirs, ours)
    assert bool(one.hunks) == bool(other.hunks)
    assert solid(one.ours) == solid(other.theirs)
    assert solid(one.theirs) == solid(other.ours)
    if not one.hunks:
        assert one.ours == one.theirs


@given(triples)
@laws
def test_a_hunk_says_where_it_stands_in_ours(triple: tuple[str, str, str]) -> None:
    base, ours, theirs = triple
    for hunk in merge_text(base, ours, theirs).hunks:
        assert solid(ours[hunk.start : hunk.stop]) == solid(hunk.ours)


@given(triples)
@laws
def test_a_conflict_is_not_settled_by_what_merges_cleanly(triple: tuple[str, str, str]) -> None:
    base, ours, theirs = (Post(body=body) for body in triple)
    assume(not merge_posts(base, ours, theirs).clean)
    assert not settled(base, ours, theirs, ours)


@given(triples, st.data())
@laws
def test_wrapping_lines_anew_never_clashes_with_words(triple: tuple[str, str, str], data: st.DataObject) -> None:
    base, ours, _ = triple
    assume("```" not in base + ours and "~~~" not in base + ours)
    wrapped = re.sub(r"\s+", lambda _: data.draw(st.sampled_from([" ", "\n", "\n\n"])), base)
    for merged in (merge_text(base, ours, wrapped), merge_text(base, wrapped, ours)):
        assert not merged.hunks
        assert solid(merged.ours) == solid(ours)


@given(triples)
@laws
def test_a_site_that_keeps_everything_carries_everything(triple: tuple[str, str, str]) -> None:
    base, remote0, remote1 = triple
    assert carry_text(base, remote0, remote0) == base
    assert carry_text(base, base, remote1) == remote1
    assert carry_text(base, remote0, base) == base


numbers = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6)


@given(numbers, st.data())
@laws
def test_carry_drops_nothing_that_the_site_did_not_touch(shape: list[list[int]], data: st.DataObject) -> None:
    words = iter(f"w{i}" for i in range(1000))
    paragraphs = [[[next(words) for _ in range(n)] for n in lines] for lines in shape]
    blocks = [data.draw(st.booleans()) for _ in paragraphs]
    base = "\n\n".join(
        "\n".join(" ".join(line) for line in lines) + (f"\n\n<!-- k{i} -->" if block else "")
        for i, (lines, block) in enumerate(zip(paragraphs, blocks, strict=True))
    )
    held = [[word for line in lines for word in line] for lines in paragraphs]  # unwrapped, comments dropped
    now = [list(each) for each in held]
    for n in range(data.draw(st.integers(1, 4))):
        paragraph = now[data.draw(st.integers(0, len(now) - 1))]
        at = data.draw(st.integers(0, len(paragraph)))
        paragraph[at : at + data.draw(st.integers(0, 2))] = [f"n{n}"]

    def show(texts: list[list[str]]) -> str:
        return "\n\n".join(" ".join(each) for each in texts)

    result = carry_text(base, show(held), show(now))
    kept = {word for each in now for word in each} | {f"k{i}" for i, block in enumerate(blocks) if block}
    gone = {word for each in held for word in each} - kept
    assert set(re.findall(r"[wnk]\d+", result)) == kept
    assert not gone & set(re.findall(r"\w\d+", result))


def test_a_carry_whose_lines_were_matched_amiss_keeps_a_comment_and_what_the_site_deleted() -> None:
    base = "w0 w1\n\nw2 w3\n\n<!-- k1 -->\n\nw4\nw5 w6\n\nw7 w8\nw9\nw10\n\nw11"
    shown = "w0 w1\n\nw2 w3\n\nw4 w5 w6\n\nw7 w8 w9 w10\n\nw11"
    edited = "w0 w1\n\nw2 n3\n\nn2 w6\n\nw7 n0 w9 w10\n\nw11 n1"
    carried = carry_text(base, shown, edited)
    assert "<!-- k1 -->" in carried
    assert re.findall(r"[wn]\d+", carried) == re.findall(r"[wn]\d+", edited)


CLEAN = {
    "two sentences": ("One here. Two there.", "Won here. Two there.", "One here. Two where?", "Won here. Two where?"),
    "adjacent words": (
        "I drove the red car home now.",
        "I drove the blue car home now.",
        "I drove the red van home now.",
        "I drove the blue van home now.",
    ),
    "wrapped and worded": (
        "A text that\nis wrapped.\nMore.\n",
        "A text that\nis well wrapped.\nMore.\n",
        "A text that is wrapped. Even more.\n",
        "A text that is well wrapped. Even more.\n",
    ),
    "append and exclaim": ("End.\n\nNext.\n", "End. X y.\n\nNext.\n", "End!\n\nNext.\n", "End! X y.\n\nNext.\n"),
    "no last line end": ("End.\n", "The end.\n", "End.\n\nP.S.", "The end.\n\nP.S."),
    "code lines": (
        "```\na = 1\nb = 2\n```\n",
        "```\na = 3\nb = 2\n```\n",
        "```\na = 1\nb = 4\n```\n",
        "```\na = 3\nb = 4\n```\n",
    ),
    "two table cells": ("| a | b |\n", "| A | b |\n", "| a | B |\n", "| A | B |\n"),
    "link text and address": ("See [a b](x.md).", "See [a c](x.md).", "See [a b](y.md).", "See [a c](y.md)."),
    "chinese sentences": ("我爱猫。你爱狗。", "我恨猫。你爱狗。", "我爱猫。你爱鸟。", "我恨猫。你爱鸟。"),
    "a new paragraph before an edited one": ("P one.\n", "P zero.\n\nP one.\n", "P one!\n", "P zero.\n\nP one!\n"),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "merged"), CLEAN.values(), ids=CLEAN)
def test_edits_apart_merge(base: str, ours: str, theirs: str, merged: str) -> None:
    result = merge_text(base, ours, theirs)
    assert (result.ours, result.theirs, result.hunks) == (merged, merged, ())


CLASHES = {
    "one word": ("The quick fox.", "The slow fox.", "The fast fox."),
    "two rewritten clauses": ("alpha beta gamma delta", "one beta two delta", "alpha three gamma four"),
    "delete and edit": ("Keep.\n\nThis goes away.\n\nEnd.\n", "Keep.\n\nEnd.\n", "Keep.\n\nThis stays here.\n\nEnd.\n"),
    "white space beside the clash": ("A cat here.\n", "A dog here.\n", "A—fox here.\n"),
    "two endings": ("Start.\n", "Start.\n\nOurs.\n", "Start.\n\nTheirs.\n"),
    "two versions": ("Use 1.2.3 now.", "Use 1.3.3 now.", "Use 1.2.4 now."),
    "two addresses": ("At https://a.example/b?c=d.", "At https://z.example/b?c=d.", "At https://a.example/b?c=e."),
    "one code line": ("```\na = 1 + 2\n```\n", "```\na = 3 + 2\n```\n", "```\na = 1 + 4\n```\n"),
    "white space in code": ("```\n a\n```\n", "```\n  a\n```\n", "```\n   a\n```\n"),
}


@pytest.mark.parametrize(("base", "ours", "theirs"), CLASHES.values(), ids=CLASHES)
def test_edits_of_one_place_clash_and_both_sides_are_kept(base: str, ours: str, theirs: str) -> None:
    post = Post(title="t", body=base)
    merged = merge_posts(post, post.with_fields({"body": ours}), post.with_fields({"body": theirs}))
    assert not merged.clean
    assert (merged.ours.body, merged.theirs.body) == (ours, theirs)


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1, max_size=12), st.data())
@settings(deadline=None, max_examples=25)
def test_what_git_merges_cleanly_we_merge_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, base: list[str], data: st.DataObject
) -> None:
    base = [f"{word} {place}" for place, word in enumerate(base)]
    sides = []
    for mark in ("ours", "theirs"):
        side = list(base)
        at = data.draw(st.integers(0, len(side)))
        side[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([[], [f"{mark} x"], [f"{mark} x", "both"]])
        )
        sides.append(side)
    folder: Path = tmp_path_factory.mktemp("git")
    texts = ["".join(f"{line}\n" for line in version) for version in (base, *sides)]
    for name, text in zip("bot", texts, strict=True):
        (folder / name).write_text(text)
    git = subprocess.run(
        ["git", "merge-file", "-p", "o", "b", "t"], cwd=folder, capture_output=True, text=True, check=False
    )
    if git.returncode == 0:
        merged = merge_text(*texts)
        assert not merged.hunks
        assert merged.ours == git.stdout


LISTS = {
    "after its left neighbour": ("abc", "abc", "axbc", "axbc"),
    "both add at one place": ("a", "ax", "ay", "axy"),
    "the same twice": ("a", "ax", "ax", "ax"),
    "one removes, one adds": ("abc", "ac", "abcx", "acx"),
    "first": ("ab", "b", "xab", "xb"),
    "their order": ("ab", "abc", "ba", "bca"),
    "our order": ("abc", "cba", "abcx", "cxba"),
    "nothing left": ("ab", "b", "a", ""),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "merged"), LISTS.values(), ids=LISTS)
def test_lists_are_ordered_sets(base: str, ours: str, theirs: str, merged: str) -> None:
    assert merge_lists(tuple(base), tuple(ours), tuple(theirs)) == tuple(merged)


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_fields_merge_one_by_one_and_dates_by_instant() -> None:
    base = Post(title="T", slug="s", date=NOON, tags=("a",), lang="en")
    ours = base.with_fields(
        {"title": "Ours", "date": NOON.astimezone(timezone(timedelta(hours=2))), "tags": ("a", "o")}
    )
    theirs = base.with_fields(
        {"title": "Theirs", "slug": "s2", "date": NOON + timedelta(days=1), "tags": ("t", "a"), "lang": None}
    )
    merged = merge_posts(base, ours, theirs)
    assert [(c.field, c.base, c.ours, c.theirs) for c in merged.clashes] == [("title", "T", "Ours", "Theirs")]
    assert merged.ours == Post(title="Ours", slug="s2", date=NOON + timedelta(days=1), tags=("t", "a", "o"))
    assert merged.theirs == merged.ours.with_fields({"title": "Theirs"})
    assert merge_posts(base, ours, theirs, fields={"slug"}).ours == ours.with_fields({"slug": "s2"})


def test_carry_keeps_what_the_platform_cannot_hold() -> None:
    base = Post(
        title="Ø: “A”", tags=("Web-Dev", "b", "c", "d", "e"), series="S", date=NOON, body="One\nline.\n\n<br>\n"
    )
    remote0 = Post(title='Ø: "A"', tags=("webdev", "b", "c", "d"), description="made up", body="One line.")
    remote1 = remote0.with_fields(
        {"tags": ("b", "x", "c", "d"), "description": "anew", "title": 'Ø: "A" B', "body": "One fine line."}
    )
    assert carry(base, remote0, remote0, fields=FIELDS) == base
    assert carry(base, remote0, remote1, fields=FIELDS) == base.with_fields(
        {"title": "Ø: “A” B", "tags": ("b", "x", "c", "d", "e"), "body": "One\nfine line.\n\n<br>\n"}
    )


def test_taking_a_post_offline_on_the_site_is_carried_though_the_file_has_no_status() -> None:
    online, offline = Post(status="published"), Post(status="draft")
    assert carry(Post(), online, offline, fields=FIELDS).status == "draft"
    assert carry(Post(), online, online, fields=FIELDS).status is None


def test_an_empty_list_is_no_value_of_the_platforms_own() -> None:
    assert carry(Post(), Post(tags=()), Post(tags=("x",)), fields=FIELDS).tags == ("x",)
    assert carry(Post(), Post(tags=()), Post(tags=None), fields=FIELDS).tags is None


FOX = "A line.\n\nThe quick fox.\n\nAnother line with words.\n"
SETTLED = {
    "ours untouched": (FOX.replace("quick", "slow"), False),
    "a typo elsewhere": (FOX.replace("quick", "slow").replace("words", "wrds"), False),
    "a typo in the same line": (FOX.replace("The quick", "A slow"), False),
    "wrapped anew": (FOX.replace("quick ", "slow\n"), False),
    "moved": ("The slow fox.\n\nA line.\n\nAnother line with words.\n", False),
    "theirs": (FOX.replace("quick", "fast"), True),
    "another word": (FOX.replace("quick", "lame"), True),
    "both words": (FOX.replace("quick", "slow but fast"), True),
    "paragraph removed": (FOX.replace("The quick fox.\n\n", ""), True),
    "a marker left": (FOX.replace("The quick", ">>>>>>> devto@1\nThe lame"), False),
}


@pytest.mark.parametrize(("now", "answer"), SETTLED.values(), ids=SETTLED)
def test_a_conflict_is_settled_by_an_edit_of_its_words_only(now: str, answer: bool) -> None:
    base, ours, theirs = (Post(body=FOX.replace("quick", word)) for word in ("quick", "slow", "fast"))
    assert settled(base, ours, theirs, Post(body=now)) is answer


def test_a_clash_of_a_field_is_settled_when_it_is_no_longer_ours() -> None:
    base, ours, theirs = (Post(title=title, body="x") for title in ("T", "O", "S"))
    assert not settled(base, ours, theirs, ours.with_fields({"body": "y"}))
    assert settled(base, ours, theirs, theirs)


def test_a_paragraph_we_deleted_and_they_edited_is_settled_by_their_words_only() -> None:
    base, ours = Post(body="A.\n\nGone soon.\n\nZ.\n"), Post(body="A.\n\nZ.\n")
    theirs = Post(body="A.\n\nGone later.\n\nZ.\n")
    assert not settled(base, ours, theirs, Post(body="A.\n\nUnrelated.\n\nZ.\n"))
    assert settled(base, ours, theirs, Post(body="A.\n\nLeft later.\n\nZ.\n"))


def split(text: str) -> tuple[str, str]:
    ours, theirs, side = [], [], ""
    for line in text.splitlines(keepends=True):
        if line.startswith(("<<<<<<< ", "=======\n", ">>>>>>> ")):
            side = {"<": "ours", "=": "theirs", ">": ""}[line[0]]
            continue
        if side != "theirs":
            ours.append(line)
        if side != "ours":
            theirs.append(line)
    return "".join(ours), "".join(theirs)


texts = st.lists(st.sampled_from(["a\n", "b\n", "\n", "---\n", "# c\n"]), max_size=12).map("".join)


@given(texts, texts)
@laws
def test_markers_parse_back_to_both_sides(ours: str, theirs: str) -> None:
    text = markers(ours, theirs, label_ours="ours", label_theirs="devto@2026")
    assert split(text) == (ours, theirs)
    assert has_markers(text) is (ours != theirs)


def test_foreign_markers_and_headings_are_none_of_ours() -> None:
    assert not has_markers("Title\n=======\n\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n")
    assert has_markers(markers("a\r\nb", "a\r\nc", label_ours="ours", label_theirs="x@1\n2"))


HOSTILE = {
    "equal lines": ("x\n" * 50_000, "x\n" * 30_000 + "o\n" + "x\n" * 20_000, "t\n" + "x\n" * 49_000),
    "equal lines, all replaced": ("x\n" * 50_000, "o\n" * 50_000, "t\n" * 40_000),
    "one line": ("a b. " * 40_000, "a b. " * 20_000 + "o " + "a b. " * 20_000, "t " + "a b. " * 40_000),
    "one word": ("a" * 1_000_000, "b" * 1_000_000, "c" * 1_000_000),
    "fences": ("```\n" * 50_000, "```\n" * 50_000 + "o", "t" + "```\n" * 50_000),
    "two lines in any order": tuple(
        "".join("x\n" if hash((seed, i)) >> 4 & 1 else "y\n" for i in range(20_000)) for seed in range(3)
    ),
    "other words": tuple("\n".join(f"{i * k % 9973} word{i * k % 89}." for i in range(20_000)) for k in (7, 11, 13)),
}


@pytest.mark.parametrize(("base", "ours", "theirs"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_bodies_take_seconds_at_most(base: str, ours: str, theirs: str) -> None:
    begun = time.process_time()
    merge_text(base, ours, theirs)
    assert time.process_time() - begun < 15


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("One.\n\nTwo.\n", "One.\n\nTwo, here.\n", "One.\n\nTwo.\n\nThree.\n"),
        ("One.\n\nTwo.\n\nEnd.\n", "One.\n\nTwo, here.\n\nEnd.\n", "One.\n\nNew.\n\nTwo.\n\nEnd.\n"),
        ("One.\n\nTwo words are here.\n", "One.\n\nTwo texts are here.\n", "One.\n\nTwo words indeed are here.\n"),
        ("A a.\n", "", "A a.\n\nB b.\n"),
        ("A a.\n", "", "B b.\n\nA a.\n"),
        ("A a.\n\nC c.\n", "C c.\n", "A a.\n\nB b.\n\nC c.\n"),
        ("A a.\n", "C c.\n", "A a.\n\nB b.\n"),
    ],
)
def test_what_was_merged_already_is_not_said_twice_when_it_is_merged_again(base: str, ours: str, theirs: str) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        merged = merge_text(base, one, other)
        assert not merged.hunks
        assert merge_text(base, merged.ours, other).ours == merged.ours


@pytest.mark.parametrize(
    ("now", "decided"),
    [
        ("One, we.\n\nTwo of 1.\n\nMore.\n", False),
        ("One, we.\n\nTwo of 2.\n", False),
        ("One, both.\n\nTwo of 1.\n", True),
    ],
)
def test_without_a_base_only_an_edit_where_the_two_differ_settles(now: str, decided: bool) -> None:
    ours, theirs = Post(body="One, we.\n\nTwo of 1.\n"), Post(body="One, they.\n\nTwo of 1.\n")
    assert settled(Post(), ours, theirs, Post(body=now)) is decided
