"""What GitHub shows beyond plain Markdown, through every format and back: the same page, or a told loss."""

from __future__ import annotations

import pytest

from gitsync.convert import convert
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import NAMES, named
from gitsync.markdown.github import as_github
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

FORMULAS = [
    "So $x_1 * y_2$, $a<b$ and $\\alpha$-rays cost $5 and $10, or \\$5.\n",
    "$$\na_{1} \\\\\n- b &= \\{c\\} \\\\\n+ d\n$$\n",
    "Text\n$$\nx^2\n$$\nand more, $$y_1 * z_1$$ in the line.\n",
    "```math\n\\begin{aligned}\na &= b \\\\\n  &< c\n\\end{aligned}\n```\n",
    "> $$\n> x_1\n> y_1\n> $$\n\n- $$z$$\n- an $x$ here\n  1. $$\n     a\n     b\n     $$\n",
    "| $a$ | `$x$` |\n| --- | --- |\n| $\\lvert x \\rvert$ | $$c$$ |\n",
    "## The $x$ axis\n\n**$b$** *$c$* [l $x$](https://a.example) ![t $x$](https://a.example/a.png) the $`n_1`$th\n",
    "\\$x$ is text, `$y$` is code, and\n\n```\n$z$\n```\n",
    "$\\frac{{a}}{b}$ and $\\text{50\\% of $5}$, $x % y$, $a~b$, $a^{b^c}$, $\\|x\\|$, $[a](b)$, $`a`b`$\n",
    "$$\na % comment\nb\n$$\n\n$$\n\\text{if $x$}\n$$\n",
    "> [!NOTE]\n> A formula $x_1$ here.\n",
    "<details>\n<summary>More</summary>\n\n$$\nx\n$$\n\n</details>\n",
    "{% katex %}\nc = \\\\pm\\sqrt{a\\_1}\n{% endkatex %}\n\nIn {% katex inline %}x\\_1{% endkatex %} line.\n",
    "A note[^1].\n\n[^1]: With $x$.\n\nTerm $t$\n: Says $d$\n",
    "$HOME and $PATH, $(a)+$(b), ${x}${y}, $.each($x), US$5 and A$6, from $5-$10, 5$ and 6$\n",
    "$$\n\nx\n$$\n\n$$x\n\n$$\n",
    "> > $$\n> > x > y\n> > z\n> > $$\n\n- > $$\n  > x\n  > $$\n\n> > ```math\n> > > a\n> > ```\n",
    "1. One is\n$$x_1$$\n2. Two is\n$$\ny\n$$ and\n3. three\n\n> A quote\n$$z$$\n",
    "From $a\nto b$ and <b>$c$</b>.\n",
]

DEFINITIONS = [
    "Term\n: What *it* is.\n\nOther\n: One.\n: Two.\n",
    "Before\n\nTerm `a`\n\n: One.\n\n  More.\n\n  - list\n\nAfter\n",
    "Term\n: - a\n  - b\n",
    "Term\n\n: ```c\n  int a;\n\n  int b;\n  ```\n",
    "- Item\n\n  Term\n  : Nested\n\n> Term\n> : Quoted\n",
    "Term\n: A note[^1] and $x$.\n\n[^1]: Noted.\n",
    "Term\n: [ref] and ![i](a.png)\n\n[ref]: https://a.example\n",
    "<dl>\n<dt>Term</dt>\n<dd>What it is</dd>\n</dl>\n",
    '<dl class="x">\n<dt>Term</dt>\n<dd>What it is</dd>\n</dl>\n',
    "<dl><dt>A</dt><dt>B</dt><dd>Both</dd></dl>\n",
    "\\- Term\n: \\# no heading {{ x }}\n\nText\n",
    "Term\n: a\n# Heading\n",
    "Term\n: a\n\n<!-- -->\n\nTerm\n: b\n",
]


def shown(body: str) -> str:
    """Return the page of a body, whoever spells it."""
    return to_html(as_github(body))


BODIES = [*DETAILS, *ALERTS, *FORMULAS, *DEFINITIONS]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_a_body_comes_back_the_same_page_or_its_loss_is_told(name: str, body: str) -> None:
    form = named(name)
    written = form.write(body)
    again = form.reading(written.text)
    assert written.losses or again.losses or same_dom(shown(again.text), shown(body))
    twice = form.read(form.write(again.text).text)
    assert twice == again.text


@pytest.mark.parametrize("body", [DETAILS[0], ALERTS[0], FORMULAS[0], FORMULAS[1], DEFINITIONS[0]])
@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_every_format_leads_to_every_other(source: str, target: str, body: str) -> None:
    there = named(source).write(body)
    here = convert(there.text, named(source), named(target))
    back = convert(here.text, named(target), named(source))
    told = there.losses or here.losses or back.losses
    assert told or same_dom(shown(named(source).read(back.text)), shown(body))
