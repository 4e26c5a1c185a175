"""Files and records that may be one: linked when that is sure, asked when it is not."""

from __future__ import annotations

from gitsync.engine.matching import Candidate, Matcher, Matches
from gitsync.model import FIELDS, Post, Record


def meet(files: dict[str, Post], records: dict[str, Post]) -> tuple[Matches, list[str], list[str]]:
    """Return the matches, the ids that no file resembles, and the ids that were held for nothing."""
    matcher = Matcher([Candidate(path=path, projection=post) for path, post in files.items()], FIELDS)
    strange = [id for id, post in records.items() if not matcher.offer(Record(id, "1", post=post))]
    matches, unclaimed = matcher.matches()
    return matches, strange, [record.id for record in unclaimed]


def linked(matches: Matches) -> dict[str, str]:
    return {path: record.id for path, record in matches.found.items()}


def test_the_same_address_is_the_same_post_whatever_the_words() -> None:
    url = "https://me.example/a"
    matches, _, _ = meet(
        {"a.md": Post(title="Old", canonical_url=url, body="x")},
        {"1": Post(title="New", canonical_url=url + "/", body="y"), "2": Post(title="Old", body="z")},
    )
    assert linked(matches) == {"a.md": "1"}


def test_the_same_text_is_the_same_post_under_another_title() -> None:
    matches, strange, _ = meet(
        {"a.md": Post(title="Here", body="One  two\nthree " * 5)},
        {"1": Post(title="There", body="One two three " * 5), "2": Post(title="Other", body="Else.")},
    )
    assert linked(matches) == {"a.md": "1"}
    assert strange == ["2"]


def test_two_stubs_with_other_names_are_two_posts() -> None:
    matches, strange, _ = meet({"a.md": Post(title="Here", body="Soon.")}, {"1": Post(title="There", body="Soon.")})
    assert linked(matches) == {}
    assert strange == ["1"]


def test_equal_posts_are_paired_one_to_one_and_none_is_made_twice() -> None:
    twin = Post(title="Twin", body="Same.")
    matches, _, rest = meet({"a.md": twin, "b.md": twin}, {"1": twin, "2": twin})
    assert sorted(linked(matches).values()) == ["1", "2"]
    assert rest == []


def test_one_file_and_two_records_of_its_title_are_asked_about() -> None:
    matches, _, rest = meet(
        {"a.md": Post(title="Weekly", body="mine")},
        {"1": Post(title="Weekly", body="one"), "2": Post(title="weekly ", body="two")},
    )
    assert linked(matches) == {}
    assert matches.doubtful == {"a.md": ["1", "2"]}
    assert rest == [], "what may be the file is not imported beside it"


def test_an_exact_twin_beats_namesakes() -> None:
    matches, _, rest = meet(
        {"a.md": Post(title="Weekly", body="two")},
        {"1": Post(title="Weekly", body="one"), "2": Post(title="Weekly", body="two")},
    )
    assert linked(matches) == {"a.md": "2"}
    assert rest == ["1"]


def test_posts_without_words_resemble_nothing() -> None:
    matches, strange, _ = meet({"a.md": Post(body="\n")}, {"1": Post(body="")})
    assert linked(matches) == {}
    assert strange == ["1"]
