"""What WordPress' own block editor says of the blocks that gitsync writes, and gitsync of those that the editor saves.

WORDPRESS_EDITOR names the folder where tests/servers/wordpress.sh has put the editor; `node` must be there.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitsync.markdown.wordpress_blocks import parse
from gitsync.markdown.wordpress_format import read, write, write_like
from gitsync.markdown.wordpress_write import write_blocks
from gitsync.post.reading import parse as parse_post
from tests.test_html import documents
from tests.test_wordpress_format import BODY, LOOSE, STORED

pytestmark = pytest.mark.server
SITE = os.environ.get("WORDPRESS_EDITOR", "")
ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "tests" / "servers" / "wordpress_editor.js"

FEATURES = """
Inline: **b** *i* `c` ~~s~~ "q" 'a' & &lt; &nbsp; <kbd>K</kbd> <sub>1</sub> <span style="color:red">r</span> <https://x.example/?a=1&b>
a hard\\
break, a linked image ![i](a.png "t") in text, <img src='b.png' alt='x "y"'> and a footnote[^1] of two[^long].

[![alt](a.png "t")](https://x.example/?a=1&b=2)

[![alt](a.png)](u "title of the link")

| a | b | c |
| :-- | :-: | --: |
| **1** | ![i](a.png)<br>x | "q" & `a\\|b` |

1. [x] done
2. [ ] to do
   - nested
     7. seven

- loose

- list

- with

  ```sh
  code
  ```

> quote "q"
>
> > nested
>
> - list
>
> <cite>Who, *Where*</cite>

> [!NOTE]
> Alert $a^2$

> [!TIP] Own *title*
> - "q" & $b < c$
>
> | a |
> | - |
> | $d$ |

$$
x \\\\ \\{y\\} & z < 'w'
$$

```c++
if (a < b && c > "d") [gallery]

https://youtu.be/dQw4w9WgXcQ
```

Term
: Definition

## Heading {#id} <a id="x"></a>

[A link](#a--b) to the next:

### A & B

<details>
<summary>Sum & <b>b</b></summary>

Inner

</details>

<figure>
<img alt="x" src="a.png"><figcaption>Cap "q" <em>b</em></figcaption></figure>

https://youtu.be/dQw4w9WgXcQ

{% embed https://x.com/jack/status/20 %}

%[https://codepen.io/ada/pen/abcdef]

<iframe src="https://player.vimeo.com/video/76979871"></iframe>

<!--more Read on-->

<div class="x">

*Markdown* in HTML

</div>

  <!-- a comment -->

---

[^1]: One.
[^long]: Two

    paragraphs.
"""

TAGS = (  # noqa: SIM905  read as words
    "a b i span code kbd sup q svg math img br wbr hr input button select textarea label video iframe object picture "
    "script style template noscript title xmp plaintext p div h2 ul li dl dd td tr table caption form body html "
    "details summary figure figcaption cite blockquote pre center nobr marquee Custom x-y"
).split()
SHAPES = ("x <{0}> y", "x </{0}> y", "x <{0}>y</{0}> z", "<{0}></{0}>", "<{0}/> x", '<{0} a="<" b=\'"\' c>x</{0}>')
PLACES = (
    "{0}\n\nnext\n",
    "- {0}\n- x\n\n3. {0}\n",
    "## {0}\n",
    "| {0} |\n| --- |\n| {0} |\n",
    "> {0}\n>\n> <cite>{0}</cite>\n",
    "<details>\n<summary>{0}</summary>\n\n{0}\n\n</details>\n",
    '<figure>\n<img src="a.png"><figcaption>{0}</figcaption></figure>\n',
)


@dataclass(frozen=True, slots=True)
class Answer:
    """By the name of a post, what the editor would not open as it stands, and what it would save; its own blocks."""

    problems: dict[str, list[str]]
    saved: dict[str, str]
    made: dict[str, str]


def ask(posts: dict[str, str]) -> Answer:
    assert SITE, "WORDPRESS_EDITOR names no folder with WordPress' block editor"
    command = ["node", str(SCRIPT), SITE]
    done = subprocess.run(command, input=json.dumps(posts), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    problems = {name: it["problems"] for name, it in said["posts"].items() if it["problems"]}
    return Answer(problems, {name: it["saved"] for name, it in said["posts"].items()}, said["made"])


@cache
def made() -> dict[str, str]:
    """Return every block that the editor makes, as it saves them."""
    blocks = ask({}).made
    assert len(blocks) > 300
    return blocks


def test_what_markdown_says_is_written_as_the_editor_saves_it() -> None:
    bodies = {"body": BODY, "features": FEATURES}
    for path in [*ROOT.glob("*.md"), *ROOT.glob("content-example/posts/**/*.md"), *ROOT.glob("gitsync/help/*.md")]:
        bodies[path.name] = parse_post(path.read_bytes()).post.body
    posts = {name: write(body).text for name, body in bodies.items()}
    answer = ask(posts)
    assert answer.problems == {}
    assert answer.saved == posts


def test_no_tag_in_no_place_makes_a_block_with_unexpected_content() -> None:
    bodies = [place.format(shape.format(tag)) for tag, shape, place in product(TAGS, SHAPES, PLACES)]
    assert ask({body: "\n\n".join(write_blocks(body)) for body in bodies}).problems == {}


@given(st.lists(documents(), min_size=60, max_size=60))
@settings(max_examples=1, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_no_html_makes_a_block_with_unexpected_content(pages: list[str]) -> None:
    assert ask({page: "\n\n".join(write_blocks(read(page))) for page in pages}).problems == {}


def test_every_block_that_the_editor_makes_is_kept_and_rewritten_as_one_that_it_opens() -> None:
    lost = [name for name, markup in made().items() if write_like(read(markup), markup) != markup]
    assert lost == []
    assert ask({name: "\n\n".join(write_blocks(read(markup))) for name, markup in made().items()}).problems == {}


def test_an_edit_beside_blocks_of_every_kind_changes_one_block_that_opens() -> None:
    kinds = list(made().values())
    posts = {}
    for number, words in enumerate(("Words", "An image", "cell", "Head", "The end")):
        others = kinds[number::5]
        stored = "\n\n".join([*others[::2], STORED.replace(LOOSE, ""), *others[1::2]])
        edited = write_like(read(stored).replace(words, f'"{words}" & more'), stored)
        old, new = ([block.raw for block in parse(content)] for content in (stored, edited))
        [changed] = [raw for raw in old if raw not in new]
        assert words in changed
        posts[words] = edited
    assert ask(posts).problems == {}
