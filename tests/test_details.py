"""Details that fold away, in the words of each platform."""

from __future__ import annotations

import pytest

from gitsync.markdown.details import from_liquid, to_liquid
from gitsync.markdown.formats import named
from gitsync.markdown.html import to_markdown

ELEMENT = "<details>\n<summary>Sum up</summary>\n\nText *a*\n\n</details>\n"
TAGS = "{% details Sum up %}\n\nText *a*\n\n{% enddetails %}\n"


def test_dev_to_has_details_in_its_own_tags() -> None:
    devto = named("devto")
    assert (devto.write(ELEMENT).text, devto.read(TAGS)) == (TAGS, ELEMENT)
    assert devto.write(TAGS).text == TAGS


@pytest.mark.parametrize("name", ["html", "wordpress", "ghost", "hashnode"])
def test_the_tags_of_dev_to_are_details_everywhere(name: str) -> None:
    written = named(name).write(TAGS)
    assert "<summary>Sum up</summary>" in written.text
    assert written.losses == ()


def test_medium_shows_what_would_fold_away_and_that_is_told() -> None:
    written = named("medium").write(TAGS)
    assert written.text == "<p><strong>Sum up</strong></p>\n<p>Text <em>a</em></p>\n"
    assert [loss.code for loss in written.losses] == ["DETAILS_FLAT"]


def test_details_of_html_are_written_as_people_write_them() -> None:
    html = "<details><summary>Sum up</summary><p>Text <em>a</em></p></details>"
    assert to_markdown(html) == ELEMENT


@pytest.mark.parametrize(
    "body",
    [
        "`{% details A %}`\n\n`{% enddetails %}`\n",
        "```\n{% details A %}\n{% enddetails %}\n```\n",
        "    {% details A %}\n    {% enddetails %}\n",
        "{% details A %} text {% enddetails %}\n",
        "{% details A %}\n\nnever ends\n",
        "{% enddetails %}\n",
        "<!--\n{% details A %}\n{% enddetails %}\n-->\n",
    ],
)
def test_what_is_no_pair_of_tags_is_left_alone(body: str) -> None:
    assert from_liquid(body) == body


@pytest.mark.parametrize("open", ["<details open>", '<details class="x">', "<details>"])
def test_what_the_details_of_dev_to_cannot_say_is_told(open: str) -> None:
    body = f"Before.\n\n{open}\n<summary>S</summary>\n\nText\n\n</details>\n"
    losses = named("devto").write(body).losses
    assert [loss.code for loss in losses] == ["DETAILS_PLAIN"] * (open != "<details>")
    assert [body[loss.offset :].startswith(open) for loss in losses] == [True] * len(losses)


def test_details_without_words_for_a_tag_stay_and_do_not_pair_with_others() -> None:
    body = "<details>\n<summary>S</summary>\n\n<details>\nraw\n\n*a*\n\n</details>\n\n</details>\n"
    said = to_liquid(body)
    assert said.startswith("{% details S %}\n\n<details>\nraw\n")
    assert said.endswith("*a*\n\n</details>\n\n{% enddetails %}\n")
    assert [loss.code for loss in named("devto").write(body).losses] == ["DETAILS_PLAIN"]


def test_open_details_are_open_in_wordpress() -> None:
    body = "<details open>\n<summary>S</summary>\n\nText\n\n</details>\n"
    written = named("wordpress").write(body)
    assert written.text.startswith('<!-- wp:details {"showContent":true} -->\n<details class="wp-block-details" open>')
    assert named("wordpress").read(written.text) == body


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("opened", ["<details>", "<details open>"])
def test_details_that_hold_nothing_are_details_on_wordpress_and_come_back(opened: str, gap: str) -> None:
    wordpress = named("wordpress")
    sent = wordpress.write(f"{opened}\n<summary>A</summary>{gap}</details>\n")
    assert sent.text.startswith("<!-- wp:details")
    assert sent.losses == ()
    read = wordpress.read(sent.text)
    assert read.strip() == f"{opened}\n<summary>A</summary>\n</details>"
    assert wordpress.write(read).text == sent.text
