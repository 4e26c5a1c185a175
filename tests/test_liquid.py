import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.markdown.liquid import protect, unknown_tags, unprotect

BRACES = ["{", "}", "%", "{{", "}}", "{%", "%}", "{{ x }}", "{% if x %}", "{% endif %}", "\n", " ", "raw", "ü"]
RAWS = ["{% raw %}", "{% endraw %}", "{%  raw %}", "{%raw%}", "{%- raw -%}", "{% embed https://dev.to %}"]
CODE = ["`", "``", "```", "~~~"]


@settings(deadline=None, max_examples=600)
@given(st.lists(st.sampled_from(BRACES + RAWS + CODE), max_size=14).map("".join))
def test_unprotect_undoes_protect(body):
    assert unprotect(protect(body)) == body


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(BRACES), max_size=12).map("".join))
def test_liquid_prints_what_is_protected_as_the_author_wrote_it(body):
    raw = re.compile(r"\{% raw %\}(.*?)\{% endraw %\}", re.DOTALL)
    outside = raw.split(protect(body))[::2]
    assert not any(opener in text for text in outside for opener in ("{{", "{%"))
    assert raw.sub(r"\1", protect(body)) == body


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("Write {{ name }} there.", "Write {% raw %}{{ name }}{% endraw %} there."),
        ("{% if a %}yes{% endif %}", "{% raw %}{% if a %}{% endraw %}yes{% raw %}{% endif %}{% endraw %}"),
        ("an open {{ brace", "an open {% raw %}{{{% endraw %} brace"),
        ("an open {% tag", "an open {% raw %}{%{% endraw %} tag"),
        ("    {{ indented }}", "    {% raw %}{{ indented }}{% endraw %}"),
        ("a {% raw %} that never ends", "a {% raw %}{% raw %}{% endraw %} that never ends"),
        ("an {{% endraw %}} inside", "an {% raw %}{{{% endraw %}% endraw %}} inside"),
    ],
)
def test_literal_template_text_is_wrapped(body, sent):
    assert protect(body) == sent
    assert unprotect(sent) == body


@pytest.mark.parametrize(
    "body",
    [
        "```jinja\n{{ x }}\n```",
        "~~~\n{% if x %}\n~~~",
        "`{{ x }}` and ``{% `x` %}``",
        "{% embed https://youtu.be/dQw4w9WgXcQ %}",
        "{% details Sum up %}\ntext\n{% enddetails %}",
        "{% raw %}\nlots of {{ these }} and {% those %}\n{% endraw %}",
        "a stray {% endraw %} is the author's",
        "100 % {of} course } %",
    ],
)
def test_code_known_tags_and_the_authors_raw_blocks_stay(body):
    assert protect(body) == body
    assert unprotect(body) == body


def test_an_authors_raw_block_that_looks_like_ours_comes_back():
    body = "{% raw %}{{ x }}{% endraw %} {%  raw %}{{ x }}{% endraw %}"
    assert protect(body) != body
    assert unprotect(protect(body)) == body


def test_unknown_tags_are_told_once_and_in_order():
    assert unknown_tags("{% include a %} `{% no %}` {% youtube x %} {% for %}{% include b %}") == ["include", "for"]


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["{{", "{%", "{% raw %}", "`", "~~~", "{{ x }}", "{% x", "{", "{{ }", "{%  raw %}{{"])
def test_hostile_text_takes_linear_time(unit):
    body = unit * (300_000 // len(unit))
    started = time.process_time()
    assert unprotect(protect(body)) == body
    assert time.process_time() - started < 5


def test_a_tag_of_an_embed_that_says_of_what_is_forem_s_and_another_is_text() -> None:
    assert unknown_tags("{% comment %}\nx\n{%- endcomment -%}\n{% embed %}\n") == ["comment", "endcomment", "embed"]
    assert unknown_tags("{% comment 1a2b %}\n{%embed https://a.example%}\n{%- raw -%}x{% endraw %}\n") == []
    assert protect("{% comment %}") == "{% raw %}{% comment %}{% endraw %}"
