"""adopt and detach: a person says what belongs together, and no sync knows better."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import Desk


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path / "blog", capsys)
    made.put("posts/a.md", post("A", "One.\n"))
    return made


def insert(desk: Desk, title: str, body: str) -> str:
    desk.insert(title=title, slug=title.lower(), body=body, status="published", updated_at="1")
    return str(desk.rows()[title]["id"])


def test_an_adopted_record_with_the_same_text_is_in_step_at_once(desk: Desk) -> None:
    id = insert(desk, "A", "One.\n")
    insert(desk, "A2", "One.\n")
    answer = desk.run("adopt", "posts/a.md", "cms", id)
    assert (answer.code, answer.out) == (0, f"posts/a.md is {id} on cms now.\n"), answer.told
    desk.run("sync")
    assert sorted(desk.rows()) == ["A", "A2"]


def test_an_adopted_record_with_an_older_text_gets_the_newer_one(desk: Desk) -> None:
    id = insert(desk, "A", "One.\n")
    desk.put("posts/a.md", post("A", "One, mended.\n"))
    answer = desk.run("adopt", "posts/a.md", "cms", id)
    assert (answer.code, answer.out) == (0, f"posts/a.md is {id} on cms now; the next sync sends what differs.\n")
    answer = desk.run("sync")
    assert answer.operations_text == ["cms: updated posts/a.md"], answer.told
    assert desk.rows()["A"]["body"] == "One, mended.\n"
    assert desk.run("sync").idle


def test_an_adopted_record_with_another_text_is_a_conflict_to_decide(desk: Desk) -> None:
    id = insert(desk, "Other title", "Quite another text.\n")
    answer = desk.run("adopt", "posts/a.md", "cms", id)
    assert answer.code == 3, answer.told
    assert "<<<<<<< ours" in desk.read("posts/a.md")
    assert desk.run("resolve", "posts/a.md", "--ours").code == 0
    assert desk.run("sync").code == 0
    assert [(row["title"], row["body"]) for row in desk.rows().values()] == [("A", "One.\n")]
    assert desk.run("sync").idle


def test_what_is_taken_is_not_adopted(desk: Desk) -> None:
    desk.put("posts/b.md", post("B", "Two.\n"))
    assert desk.run("sync").code == 0
    a, b = (str(desk.rows()[title]["id"]) for title in "AB")
    refs = desk.git("for-each-ref")
    for arguments, said in (
        (["posts/a.md", "cms", a], f"posts/a.md is {a} on cms already. There is nothing to adopt."),
        (["posts/a.md", "cms", b], f"posts/a.md is {a} on cms already. First gitsync detach posts/a.md cms."),
    ):
        answer = desk.run("adopt", *arguments)
        assert (answer.code, answer.err) == (5, said + "\n")
    desk.put("posts/c.md", post("C", "Three.\n"))
    answer = desk.run("adopt", "posts/c.md", "cms", b)
    assert (answer.code, answer.err) == (5, f"{b} on cms is posts/b.md. First gitsync detach posts/b.md cms.\n")
    assert [line for line in desk.git("for-each-ref").splitlines() if "gitsync" in line] == [
        line for line in refs.splitlines() if "gitsync" in line
    ]


def test_unknown_names_are_told_with_what_is_meant(desk: Desk) -> None:
    answer = desk.run("adopt", "posts/a.md", "cms", "77")
    assert answer.code == 1
    assert answer.err.startswith("cms has no post 77. ")
    assert desk.run("adopt", "posts/aa.md", "cms", "77").err.endswith("Did you mean posts/a.md?\n")
    assert "Did you mean 'cms'?" in desk.run("adopt", "posts/a.md", "cm", "77").err
    answer = desk.run("detach", "posts/a.md", "cms")
    assert answer.code == 2
    assert answer.err.startswith("posts/a.md has no post on cms. ")


def test_a_detached_post_and_its_record_both_stay_whatever_happens_to_either(desk: Desk) -> None:
    assert desk.run("sync").code == 0
    id = str(desk.rows()["A"]["id"])
    answer = desk.run("detach", "posts/a.md", "cms")
    assert answer.code == 0, answer.told
    assert desk.run("status", "--no-fetch", "--exit-code").code == 0
    desk.put("posts/a.md", post("A", "Changed here.\n"))
    desk.edit("A", body="Changed there.\n")
    assert desk.run("status", "--no-fetch", "--exit-code").code == 0
    for _ in range(2):
        answer = desk.run("sync")
        assert answer.idle, answer.told
    desk.put("posts/a.md", post("A", "Changed here again.\n"))
    assert desk.run("sync").idle
    desk.git("rm", "--quiet", "posts/a.md")
    desk.commit()
    assert desk.run("sync").idle
    assert desk.rows()["A"] == {**desk.rows()["A"], "body": "Changed there.\n", "status": "published"}
    desk.git("revert", "--no-edit", "HEAD")
    answer = desk.run("adopt", "posts/a.md", "cms", id)
    assert answer.code == 3, answer.told


def test_a_detached_post_can_be_adopted_again_and_by_another_file(desk: Desk) -> None:
    assert desk.run("sync").code == 0
    id = str(desk.rows()["A"]["id"])
    desk.run("detach", "posts/a.md", "cms")
    assert desk.run("adopt", "posts/a.md", "cms", id).code == 0
    assert desk.run("sync").idle
    desk.run("detach", "posts/a.md", "cms")
    desk.put("posts/z.md", post("A", "One.\n", slug="z"))
    answer = desk.run("adopt", "posts/z.md", "cms", id, "--json")
    assert answer.operations[0][:2] in [("adopt", "posts/z.md"), ("conflict", "posts/z.md")], answer.told
    assert len(desk.rows()) == 1


def test_a_lost_record_and_a_file_out_of_reach_can_be_detached(desk: Desk) -> None:
    assert desk.run("sync").code == 0
    (desk.root / "drafts").mkdir()
    desk.git("mv", "posts/a.md", "drafts/a.md")
    desk.commit()
    assert desk.run("sync").code == 3
    answer = desk.run("detach", "posts/a.md", "cms")
    assert answer.code == 0, answer.told
    answer = desk.run("sync")
    assert answer.idle, answer.told
    assert desk.rows()["A"]["status"] == "published"
