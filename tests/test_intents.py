from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from gitsync.errors import RepositoryError
from gitsync.model import Post
from gitsync.state.intents import Intent, Intents, dump_intent, load_intent
from tests import values

CREATE = Intent(op="create", site="blog", path="posts/é.md", blob="1" * 40, projection=Post(title="é"), at=2.5, run="x")


def test_an_intent_is_outstanding_until_done(tmp_path: Path) -> None:
    key = Intents(tmp_path).begin(CREATE)
    assert Intents(tmp_path).outstanding("blog") == [CREATE]
    assert Intents(tmp_path).outstanding() == [CREATE]
    assert Intents(tmp_path).outstanding("cms") == []
    Intents(tmp_path).done(key)
    Intents(tmp_path).done(key)
    assert Intents(tmp_path).outstanding("blog") == []


def test_there_are_none_at_first(tmp_path: Path) -> None:
    assert Intents(tmp_path).outstanding("blog") == []


def test_a_second_write_of_a_post_does_not_hide_the_first(tmp_path: Path) -> None:
    intents = Intents(tmp_path)
    later = replace(CREATE, at=3.0, run="y")
    intents.begin(later)
    intents.begin(CREATE)
    assert intents.outstanding("blog") == [CREATE, later]


def test_beginning_the_same_intent_twice_is_one(tmp_path: Path) -> None:
    intents = Intents(tmp_path)
    assert intents.begin(CREATE) == intents.begin(CREATE)
    assert len(intents.outstanding("blog")) == 1


def test_a_crash_while_writing_leaves_no_intent(tmp_path: Path) -> None:
    intents = Intents(tmp_path)
    intents.begin(CREATE)
    (intents.folder / "blog-create-0.tmp").write_bytes(b'{"op":')
    assert intents.outstanding() == [CREATE]


def test_a_broken_intent_is_named(tmp_path: Path) -> None:
    intents = Intents(tmp_path)
    intents.begin(CREATE)
    (intents.folder / "blog-create-0.json").write_bytes(b"{}")
    with pytest.raises(RepositoryError, match=r"blog-create-0\.json"):
        intents.outstanding()


@settings(max_examples=40, deadline=None)
@given(values.posts)
def test_an_intent_reads_back(post: Post) -> None:
    intent = Intent(
        op="update", site="cms", path="a.md", id="7", projection=post, sent="0", slug="s", at=0.1, ledger="2"
    )
    assert load_intent(dump_intent(intent), name="x") == intent
