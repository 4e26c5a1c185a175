"""Links as Jekyll and Hugo spell them become plain ones, where they are links and lead to a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitsync.markdown.template_links import plain_links
from tests.blog import Blog, post

FILES = {
    "_posts/2026-01-02-a.md",
    "_posts/deep/2026-01-03-b.markdown",
    "notes/_posts/2026-01-04-c.md",
    "about.md",
    "content/posts/d.md",
    "content/posts/e/index.md",
    "content/posts/ü f.md",
}


def plain(body: str, folder: str = "content/posts/") -> str:
    return plain_links(body, folder, FILES.__contains__)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("[x]({% post_url 2026-01-02-a %})", "[x](/_posts/2026-01-02-a.md)"),
        ("[x]({% post_url deep/2026-01-03-b %}#part 't')", "[x](/_posts/deep/2026-01-03-b.markdown#part 't')"),
        ("[x]({{ site.baseurl }}{% post_url notes/2026-01-04-c %})", "[x](/notes/_posts/2026-01-04-c.md)"),
        ("[x]({{site.url}}{{ site.baseurl }}{%- link about.md -%})", "[x](/about.md)"),
        ("![x]({{ site.baseurl }}/images/x.png)", "![x](/images/x.png)"),
        ("![x](<{{ site.baseurl }}/images/x y.png>)", "![x](</images/x y.png>)"),
        ('<img src="{{ site.baseurl }}/x.png">', '<img src="/x.png">'),
        ("<a href='{% link about.md %}'>x</a>", "<a href='/about.md'>x</a>"),
        ('[x]({{ "/images/x.png" | relative_url }})', "[x](/images/x.png)"),
        ("[x]({{ 'images/x.png' | absolute_url }})", "[x](/images/x.png)"),
        ("[x][r]\n\n[r]: {% link about.md %}", "[x][r]\n\n[r]: /about.md"),
        ('[x]({{< ref "d.md#part" >}})', "[x](/content/posts/d.md#part)"),
        (
            '[x]({{< relref "d" >}}) [y]({{% ref "/posts/e" %}})',
            "[x](/content/posts/d.md) [y](/content/posts/e/index.md)",
        ),
        ("[x]({{< ref posts/e/ >}})", "[x](/content/posts/e/index.md)"),
        ('[x]({{< ref "#part" >}})', "[x](#part)"),
    ],
)
def test_a_link_that_leads_to_a_file_is_a_plain_one(written: str, there: str) -> None:
    assert plain(f"Über {written}\n\nWords.\n") == f"Über {there}\n\nWords.\n"


@pytest.mark.parametrize(
    "body",
    [
        "[x]({% post_url 2026-09-09-none %})",
        '[x]({{< ref "none.md" >}})',
        "`[x]({% link about.md %})`",
        "```\n[x]({% link about.md %})\n```",
        "    [x]({% link about.md %})\n",
        "<!-- [x]({% link about.md %}) -->",
        "{% link about.md %} and {{ site.baseurl }}/x",
        "\\[x]({% link about.md %})",
        "[x]({{ page.url }})",
        "{% raw %}{{ x }}{% endraw %}",
    ],
)
def test_what_is_no_such_link_stays(body: str) -> None:
    assert plain(body) == body


def test_a_generators_links_lead_to_the_site_and_stay_in_the_file(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", config='url = "https://me.example"\n')
    text = 'See [a]({% link posts/a.md %}#part), [b]({{< relref "b" >}}) and ![c]({{ site.baseurl }}/c.png).\n\nEnd.\n'
    blog.write("c.png", "a picture")
    blog.write("posts/b.md", post("B", text, slug="b"))
    blog.put("posts/a.md", post("A"))
    blog.run()
    a, b = (f"https://memory.example/{title.lower()}-{blog.id_of(title)}" for title in "AB")
    sent = f"See [a]({a}#part), [b]({b}) and ![c](https://me.example/c.png).\n\nEnd.\n"
    assert blog.shown("B").body == sent
    blog.quiet()
    blog.site().edit(blog.id_of("B"), body=sent.replace("See", "Look at").replace("End", "The end"))
    blog.run()
    assert blog.read("posts/b.md") == post("B", text.replace("See", "Look at").replace("End", "The end"), slug="b")
    blog.quiet()


def test_one_in_code_and_one_in_the_text_are_told_apart() -> None:
    body = "[x]({% link about.md %}) `[x]({% link about.md %})` [x]({% link about.md %})"
    assert plain(body) == "[x](/about.md) `[x]({% link about.md %})` [x](/about.md)"
