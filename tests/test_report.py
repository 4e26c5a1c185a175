"""A plan as a page, and what it will cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.difference import Difference
from gitsync.events import Operation
from gitsync.forecast import Forecast, spoken
from gitsync.model import Post
from gitsync.report import LONGEST, markdown
from tests.blog import post
from tests.cms import CMS, Desk
from tests.fakes.forem import Forem
from tests.fakes.server import serving


def change(path: str, before: str, after: str) -> Difference:
    return Difference(
        site="cms",
        path=path,
        direction="push",
        action="update",
        fields={"title": ("A", "B")},
        before=Post(body=before),
        after=Post(body=after),
    )


def operation(path: str, reason: str = "") -> Operation:
    return Operation(site="cms", path=path, action="update", result="planned", reason=reason or None)


def test_a_page_says_by_site_what_would_happen_what_it_costs_and_which_words_change() -> None:
    page = markdown(
        [operation("posts/a.md", "TAGS a | b @me <b>x</b>")],
        [change("posts/a.md", "One ```two``` three.\n", "One ```two``` four.\n")],
        [Forecast(site="cms", calls=2, seconds=61)],
        ["hashnode: cannot be reached."],
    )
    assert page.startswith("> hashnode: cannot be reached.\n\n### cms\n\n2 calls, 1 min 1 s at least.\n")
    assert "| posts/a.md | would be updated there | TAGS a \\| b &#64;me &lt;b>x&lt;/b> |" in page
    assert "````text\ntitle: [-A-]{+B+}\nOne ```two``` [-three-]{+four+}.\n````" in page


def test_a_page_fits_into_a_comment() -> None:
    long = " ".join(f"word{number}" for number in range(600))
    many = [change(f"posts/{number}.md", f"{long} old\n", f"{long} new\n") for number in range(40)]
    page = markdown([operation(it.path) for it in many], many, [], [])
    assert len(page) < LONGEST + 200
    assert page.endswith("`gitsync diff` shows them.\n")


def test_nothing_to_do_is_said() -> None:
    assert markdown([], [], [], []) == "Nothing to do: repository and sites are in step.\n"


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3720, "1 h 2 min")])
def test_a_time_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert spoken(seconds) == said


def test_commands_have_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path / "blog", capsys, config=CMS)
    desk.put("posts/a.md", post("A", body="Hello you.\n"))
    desk.run("sync")
    desk.put("posts/a.md", post("A", body="Hello them.\n"))
    for command in ("plan", "diff", "status"):
        page = desk.run(command, "--format", "markdown").out
        assert "| posts/a.md | would be updated there |" in page
        assert ("Hello [-you-]{+them+}." in page) == (command != "status")
    assert desk.run("plan", "--format", "json").events == desk.run("plan", "--json").events
    assert desk.run("diff", "--format", "markdown", "--exit-code").code == 4


def test_the_limits_of_a_site_tell_how_long_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(forem := Forem()) as host:
        monkeypatch.setenv("KEY", forem.key)
        site = f'\n[sites.devto]\nplatform = "devto"\nurl = "{host}/api"\ntoken = "env:KEY"\n'
        desk = Desk(tmp_path / "blog", capsys, config=site)
        for number in range(28):
            desk.write(f"posts/{number}.md", post(f"Post {number}"))
        desk.commit()
        assert "devto: 28 calls, 1 min 30 s at least." in desk.run("plan").out
        desk.write("gitsync.toml", desk.read("gitsync.toml") + 'pace = "off"\n')
        assert "devto: 28 calls.\n" in desk.run("plan").out
