"""A site that answers "stored" to an update and shows nothing of it: not believed until it says so again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown
from gitsync.model import FIELDS
from tests.blog import Blog, post

EVERYTHING = (*FIELDS, "body")


def ignoring(blog: Blog, *names: str) -> None:
    site = blog.site()
    site.behaviour = replace(site.behaviour, ignores=names)


@pytest.fixture(params=[True, False], ids=["hashes", "revisions"])
def blog(tmp_path: Path, request: pytest.FixtureRequest) -> Blog:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(hashes=request.param))
    blog.put("posts/a.md", post("A", "The old words.\n", slug="a", tags="[one]"))
    assert blog.run().summary.exit_code == 0
    return blog


def test_an_update_of_which_nothing_is_there_is_sent_again(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", "The new words.\n", slug="a", tags="[one]"))
    ignoring(blog, *EVERYTHING)
    outcome = blog.run()
    assert outcome.summary.exit_code == 1
    assert "site keeps its own body, though it answered that posts/a.md was stored." in outcome.told
    assert blog.shown("A").body == "The old words.\n"
    ignoring(blog)
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "The new words.\n"
    blog.quiet()


def test_what_a_site_keeps_run_after_run_is_what_it_makes_of_a_text(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", "The old words.\n", slug="a", tags="[one, two]"))
    ignoring(blog, "tags")
    assert blog.run().summary.exit_code == 1
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert "site keeps its own tags, whatever it is sent." in outcome.told
    blog.quiet()
    blog.site().edit(blog.id_of("A"), body="Words of the site.\n")
    assert blog.run().summary.exit_code == 0
    assert "[one, two]" in blog.read("posts/a.md")
    assert "Words of the site." in blog.read("posts/a.md")


def test_what_a_site_leaves_out_of_an_update_is_no_reason_to_doubt_the_rest(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", "The new words.\n", slug="a", tags="[one, two]"))
    ignoring(blog, "tags")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.shown("A").body == "The new words.\n"
    blog.quiet()


def test_what_is_taken_away_here_and_stays_there_is_told(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", "The old words.\n", slug="a"))
    ignoring(blog, "tags")
    outcome = blog.run()
    assert outcome.summary.exit_code == 1
    assert "site keeps its own tags" in outcome.told


def test_a_date_that_is_taken_away_here_is_the_sites_own_affair(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(hashes=True))
    blog.put("posts/a.md", post("A", slug="a", date="2026-01-02T03:04:05Z"))
    blog.run()
    blog.put("posts/a.md", post("A", slug="a"))
    ignoring(blog, "date")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    blog.quiet()


def test_a_post_that_is_hidden_and_still_shown_is_hidden_again(blog: Blog) -> None:
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit("delete")
    ignoring(blog, *EVERYTHING)
    outcome = blog.run()
    assert outcome.summary.exit_code == 1
    assert "site answered that posts/a.md is hidden, and shows it as before." in outcome.told
    ignoring(blog)
    assert blog.run().summary.exit_code == 0
    assert blog.shown("A").status == "draft"
    blog.quiet()


@pytest.mark.parametrize("same_token", [False, True])
def test_an_update_that_is_only_said_back_is_sent_again_and_pulled_by_nobody(tmp_path: Path, same_token: bool) -> None:
    has = Behaviour(same_token=same_token)
    blog = Blog(tmp_path / "blog", behaviour=has)
    blog.put("posts/a.md", post("A", "The old words.\n"))
    blog.run()
    blog.site().behaviour = replace(has, echoes=True)
    blog.clock.sleep(5)
    blog.put("posts/a.md", post("A", "The new words.\n"))
    assert blog.run().summary.exit_code == 0  # nobody can know
    commits = blog.git("rev-parse", "HEAD")
    blog.clock.sleep(5)
    planned = [("skip", "posts/a.md", "planned"), ("update", "posts/a.md", "planned")]
    assert blog.run(dry_run=True).operations == planned
    outcome = blog.run()
    assert "was answered to be stored, and site shows the version before it: it is sent again." in outcome.told
    for _ in range(2):
        assert outcome.summary.exit_code == 1, outcome.told
        assert "site keeps its own body, though it answered that posts/a.md was stored." in outcome.told
        assert blog.git("rev-parse", "HEAD") == commits
        blog.clock.sleep(5)
        outcome = blog.run()
    blog.site().behaviour = has
    blog.clock.sleep(5)
    assert blog.run().summary.exit_code == 0
    assert blog.shown("A").body == "The new words.\n"
    assert blog.git("rev-parse", "HEAD") == commits
    blog.quiet()


@pytest.mark.parametrize("hashes", [False, True])
def test_an_old_text_that_an_editor_brings_back_is_an_edit(tmp_path: Path, hashes: bool) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(hashes=hashes))
    blog.put("posts/a.md", post("A", "The old words.\n"))
    blog.run()
    blog.clock.sleep(5)
    blog.put("posts/a.md", post("A", "The new words.\n"))
    blog.run()
    blog.clock.sleep(5)
    if not hashes:
        blog.run()  # where a hash tells, the new words may have been there or not: they are not put over what is
    blog.site().edit(blog.id_of("A"), body="The old words.\n")
    blog.clock.sleep(5)
    assert blog.run().summary.exit_code == 0
    assert blog.read("posts/a.md") == post("A", "The old words.\n")
    blog.quiet()


def test_an_update_that_is_only_said_back_is_told_where_readers_see_writes_late(tmp_path: Path) -> None:
    has = Behaviour(lag=20)
    blog = Blog(tmp_path / "blog", behaviour=has)
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/a.md", post("A", "The old words.\n"))
    blog.run()
    blog.site().behaviour = replace(has, echoes=True)
    blog.put("posts/a.md", post("A", "The new words.\n"))
    blog.clock.sleep(100)
    blog.run()
    codes = []
    for _ in range(3):
        blog.clock.sleep(100)
        codes.append(blog.run().summary.exit_code)
    assert codes == [0, 1, 1]
    assert blog.read("posts/a.md") == post("A", "The new words.\n")
    blog.site().behaviour = has
    blog.clock.sleep(100)
    blog.run()
    blog.clock.sleep(100)
    blog.quiet()
    assert blog.shown("A").body == "The new words.\n"


def test_what_a_site_typesets_is_not_kept_from_us(tmp_path: Path) -> None:
    config = '[policy]\ndelete = "ignore"\n'
    blog = Blog(tmp_path / "blog", config=config, behaviour=Behaviour(surprise=True, hashes=True))
    blog.put("posts/b.md", post("B", slug="b"))
    blog.put("posts/a.md", post("A", "One... and\tmore.\n", slug="a"))
    blog.run()
    blog.git("rm", "--quiet", "posts/a.md")
    blog.commit()
    blog.run()
    blog.git("revert", "--no-edit", "HEAD")
    outcome = blog.run()
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/a.md") == post("A", "One... and\tmore.\n", slug="a")
    blog.quiet()


def test_an_update_without_an_answer_is_no_first_answer(blog: Blog) -> None:
    # What a killed run had sent counted for an answer, so that the first empty one was believed.
    blog.put("posts/a.md", post("A", "The new words.\n", slug="a", tags="[one]"))
    blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer")))
    blog.run(wait=False)
    blog.clock.sleep(100)
    ignoring(blog, *EVERYTHING)
    assert "whatever it is sent" not in (outcome := blog.run()).told
    assert outcome.summary.exit_code == 1
    assert "site keeps its own body, whatever it is sent." in blog.run().told


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_no_edit_of_either_side_is_lost_where_a_site_says_back_at_random(tmp_path: Path, seed: int) -> None:
    pick = Random(seed)
    conditional, same_token = (pick.random() < 0.5 for _ in range(2))
    has = Behaviour(conditional=conditional, same_token=same_token, lag=pick.choice([0, 20]))
    blog = Blog(tmp_path / "blog", behaviour=has)
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    ours, theirs = "o", "t"
    blog.put("posts/a.md", post("A", "First o.\n\nBetween.\n\nLast t.\n"))
    for step in range(pick.randrange(4, 10)):
        does = pick.choice(["ours", "ours", "theirs", "echoes", "stores", "loses"])
        if does == "ours":
            blog.put("posts/a.md", blog.read("posts/a.md").replace(f"First {ours}.", f"First o{step}."))
            ours = f"o{step}"
        elif does == "theirs":  # an editor has before him what was sent: what was not is taken for his doing
            blog.site().behaviour = has
            for _ in range(2):
                blog.run()
                blog.clock.sleep(60)
            id = blog.id_of("A")
            body = blog.site().posts()[id].body.replace(f"Last {theirs}.", f"Last t{step}.")
            blog.site().edit(id, body=body)
            theirs = f"t{step}"
            blog.clock.sleep(30)
        elif does == "loses":
            stored = pick.random() < 0.5
            blog.site().faults.append(Fault(on="update", error=OutcomeUnknown("no answer"), stored=stored))
        else:
            blog.site().behaviour = replace(has, echoes=does == "echoes")
        if pick.random() < 0.7:
            blog.run(wait=pick.random() < 0.5)
        blog.clock.sleep(pick.choice([0, 1, 60]))
    blog.site().behaviour = has
    blog.site().faults.clear()
    for _ in range(5):
        blog.run()
        blog.clock.sleep(60)
    wanted = f"First {ours}.\n\nBetween.\n\nLast {theirs}.\n"
    assert blog.read("posts/a.md") == post("A", wanted)
    assert blog.shown("A").body == wanted
    blog.quiet()
