"""What GitHub shows beyond plain Markdown, through every format and back: the same page, or a told loss."""

from __future__ import annotations

import pytest

from gitsync.convert import convert
from gitsync.markdown.details import from_liquid
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import NAMES, named
from gitsync.markdown.render import to_html

DETAILS = [
    "<details>\n<summary>More</summary>\n\nInner *a*\n\n- b\n\n</details>\n",
    "<details>\n\n<summary>More</summary>\n\nInner\n\n</details>\n\nAfter.\n",
    "<details open>\n<summary>More</summary>\n\nInner\n\n</details>\n",
    "<details><summary>More</summary>\nwords <b>bold</b>\n</details>\n",
    "<details>\n<summary>A <b>b</b> &amp; c_d*e [f]</summary>\n\n```c\n{% details x %}\n```\n\n</details>\n",
    "<details>\n<summary>One</summary>\n\n<details>\n<summary>Two</summary>\n\nInner\n\n</details>\n\n</details>\n",
    "> <details>\n> <summary>More</summary>\n>\n> *Inner*\n>\n> </details>\n",
    "{% details More %}\n\nInner *a*\n\n{% enddetails %}\n",
    "Before\n{% spoiler A *b* %}\n- c\n- d\n{% endspoiler %}\nAfter\n",
    "{% details One %}\nA\n{% collapsible Two %}\nB\n{% endcollapsible %}\n{% enddetails %}\n",
]

ALERTS = [
    "Before.\n\n> [!NOTE]\n> Mind *this* and `that`.\n\nAfter.\n",
    "> [!TIP]\n> One\n> and two.\n>\n> Three.\n\n> [!WARNING]\n> Next.\n",
    "> [!IMPORTANT] A *title* of its own\n> Text [link](https://a.example/?b&c) and ![i](https://a.example/i.png)\n",
    "> [!CAUTION]\n>\n> - a\n> - b\n>\n> ```c\n> int *x;\n> ```\n>\n> > A quote.\n",
    "> [!warning] **Bold**\n",
    "> [!note]\\\n> A break\\\n> and <kbd>K</kbd>.\n",
    ">[!NOTE]\nlazy\n# Heading\n",
    "Text\n> [!TIP]\n> [ref] and a note[^1].\n\n[ref]: https://a.example\n\n[^1]: Noted.\n",
    "> [!NOTE]\n> https://youtu.be/dQw4w9WgXcQ\n",
    "> [!NOTE]- Folded\n> Inner\n",
    "> [!NOTE]\n\n> [!OTHER]\n> x\n",
    "> > [!NOTE]\n> > Nested.\n\n- > [!TIP]\n  > In a list.\n",
    "> \\[!NOTE]\n> Words.\n\n> **Note**\\\n> A quote.\n",
    "> [!NOTE]\n> <details>\n> <summary>S</summary>\n>\n> x\n>\n> </details>\n",
    "> [!TIP] *x*\n> - a\n\n> [!TIP] a `b` <i>c</i>\n> d\n",
]


def shown(body: str) -> str:
    """Return the page of a body, whoever spells it."""
    return to_html(from_liquid(body))


BODIES = [*DETAILS, *ALERTS]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_a_body_comes_back_the_same_page_or_its_loss_is_told(name: str, body: str) -> None:
    form = named(name)
    written = form.write(body)
    again = form.reading(written.text)
    assert written.losses or again.losses or same_dom(shown(again.text), shown(body))
    twice = form.read(form.write(again.text).text)
    assert twice == again.text


@pytest.mark.parametrize("body", [DETAILS[0], ALERTS[0]])
@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_every_format_leads_to_every_other(source: str, target: str, body: str) -> None:
    there = named(source).write(body)
    here = convert(there.text, named(source), named(target))
    back = convert(here.text, named(target), named(source))
    told = there.losses or here.losses or back.losses
    assert told or same_dom(shown(named(source).read(back.text)), shown(body))
