"""Exports of other systems become files: each post once, none over another, and a broken export nothing at all."""

from __future__ import annotations

import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitsync_connectors.medium_export import Feed, MediumExport, open_zip
from gitsync_connectors.wordpress_export import WordPressExport, open_export

from gitsync.errors import InvalidContent, UsageError
from gitsync.events import Operation
from gitsync.import_source import import_source
from gitsync.project import Project
from gitsync.source import open_source
from gitsync.testing import PNG
from tests.cms import Desk

RSS = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/"'


def wxr(*items: str) -> str:
    return f'<?xml version="1.0"?>\n<rss {RSS}><channel><title>B</title>\n{"".join(items)}</channel></rss>'


def item(title: str, body: str, *more: str, slug: str = "", kind: str = "post", status: str = "publish") -> str:
    return (
        f"<item><title>{title}</title><link>https://old.example/{slug}/</link>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded><wp:post_name>{slug}</wp:post_name>"
        f"<wp:post_type>{kind}</wp:post_type><wp:status>{status}</wp:status>{''.join(more)}</item>\n"
    )


IMAGE = "<wp:attachment_url>https://old.example/p.png</wp:attachment_url>"
DATE = "<wp:post_date_gmt>2020-01-02 03:04:05</wp:post_date_gmt>"
EXPORT = wxr(
    item(
        "Salt &amp; pepper",
        '<!-- wp:paragraph -->\n<p>See <a href="https://old.example/two/">two</a>.</p>\n<!-- /wp:paragraph -->',
        DATE,
        '<category domain="post_tag" nicename="x"><![CDATA[R&amp;D]]></category>',
        '<category domain="category" nicename="n"><![CDATA[News]]></category>',
        "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>9</wp:meta_value></wp:postmeta>",
        "<excerpt:encoded xmlns:excerpt='e'><![CDATA[In short]]></excerpt:encoded>",
        slug="one",
    ),
    item("Two", "Classic\ntext with \x0b control and ]]]]><![CDATA[> split.", slug="two"),
    item("Two again", "Other text.", slug="two"),
    item("Draft", "d", "<wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>", status="draft"),
    item("Secret", "s", "<wp:post_password>open sesame</wp:post_password>", slug="secret"),
    item("Page", "p", slug="page", kind="page"),
    item("pic", "", "<wp:post_id>9</wp:post_id>", IMAGE, kind="attachment"),
    item("menu", "", kind="nav_menu_item"),
    item("gone", "x", status="trash"),
)  # fmt: skip

STORY = (
    '<article><header><h1 class="p-name">My “Story”</h1></header>'
    '<section data-field="subtitle" class="p-summary">A sub</section><section data-field="body" class="e-content">'
    '<section class="section"><div class="section-divider"><hr class="section-divider"></div><div><div>'
    '<h3 class="graf graf--h3 graf--title">My "Story"</h3><h4 class="graf graf--subtitle">A sub</h4>'
    '<p class="graf graf--p">Hello <strong class="markup--strong">bold</strong>'
    ' <a href="https://x.example" data-href="https://x.example" class="markup--anchor" rel="noopener">link</a>.</p>'
    '<p class="graf graf--p graf--empty"><br></p>'
    '<pre class="graf graf--pre">line 1<br>line 2</pre><pre class="graf graf--pre">line 3</pre>'
    '<pre data-code-block-mode="2" data-code-block-lang="python" class="graf graf--preV2">'
    '<span class="pre--content"><span class="hljs-keyword">def</span> x():<br />  pass</span></pre>'
    '<blockquote class="graf graf--blockquote">q1</blockquote><blockquote class="graf">q2</blockquote>'
    '<ul class="postList"><li class="graf graf--li">a</li></ul>'
    '<figure class="graf graf--figure"><img class="graf-image" data-is-featured="true"'
    ' src="https://cdn.example/max/800/1*x.png"><figcaption class="imageCaption">Cap</figcaption></figure>'
    '<figure class="graf--iframe"><script src="https://gist.github.com/u/abc123.js"></script></figure>'
    '<figure class="graf--iframe"><iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ?feature=oembed"></iframe>'
    '</figure><div class="graf graf--mixtapeEmbed"><a href="https://example.org/a"'
    ' class="markup--anchor markup--mixtapeEmbed-anchor"><strong>T</strong></a></div></div></div></section>'
    '<section class="section"><div class="section-divider"><hr class="section-divider"></div>'
    '<div><h3 class="graf graf--h3">Head</h3><p class="graf graf--p">End.</p></div></section></section>'
    '<footer><p><time class="dt-published" datetime="2023-12-21T16:17:08.665Z">x</time></p>'
    '<p><a href="https://medium.com/@u/my-story-0123456789ab" class="p-canonical">Canonical</a></p></footer></article>'
)
TOLD = """Hello **bold** [link](https://x.example).

```
line 1
line 2
line 3
```

```python
def x():
  pass
```

> q1
>
> q2

- a

<figure>
<img alt="" src="https://cdn.example/max/800/1*x.png"><figcaption>Cap</figcaption></figure>

https://gist.github.com/u/abc123

https://www.youtube.com/watch?v=dQw4w9WgXcQ

{% embed https://example.org/a %}

---

## Head

End.
"""
RESPONSE = (
    '<article><header><h1 class="p-name">Nice</h1></header><section data-field="body">'
    '<p class="graf graf--p">Nice!</p></section><footer></footer></article>'
)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys, config="")


def export(tmp_path: Path, text: str = EXPORT) -> Path:
    path = tmp_path / "export.xml"
    path.write_text(text, encoding="utf-8")
    return path


def archive(tmp_path: Path) -> Path:
    path = tmp_path / "medium.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("posts/2023-12-21_My-Story-0123456789ab.html", STORY)
        made.writestr("posts/draft_Not-yet-abcdef012345.html", STORY.replace("My “Story”", "Not yet"))
        made.writestr("posts/2020-01-01_Nice-00000000aaaa.html", RESPONSE)
        made.writestr("profile/profile.html", "<html></html>")
        made.writestr("../../evil/posts/2020-01-01_x-00000000bbbb.html", STORY)
    return path


def test_a_wordpress_export_is_read_with_all_that_a_post_holds(tmp_path: Path) -> None:
    found = {it.post.title: it for it in WordPressExport(export(tmp_path)).posts()}
    assert list(found) == ["Salt & pepper", "Two", "Two again", "Draft", "Secret", "Page"]
    one = found["Salt & pepper"]
    assert one.post.body == "See [two](https://old.example/two/).\n"
    assert (one.post.tags, one.post.description) == (("R&D", "News"), "In short")
    assert (one.post.cover, one.post.date) == ("https://old.example/p.png", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert one.notes == ("Its categories are tags here: News.",)
    assert found["Two"].post.body == "Classic\\\ntext with control and ]]> split.\n"
    assert (found["Draft"].post.status, found["Draft"].post.date) == ("draft", None)
    assert (found["Secret"].post.status, "sesame" in repr(found["Secret"])) == ("private", False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (wxr(item("a", "b"))[:-20], "export.xml:"),
        ('<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss wordpress.org/export/>', "no document type"),
        (wxr("<item><title>&nope;</title></item>"), "undefined entity"),
    ],
)
def test_a_broken_export_is_told_with_its_line_and_imports_nothing(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidContent, match=said):
        list(WordPressExport(export(tmp_path, text)).posts())


def test_an_import_is_one_commit_and_a_second_one_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    path = str(export(tmp_path))
    planned = desk.run("import", path, "--dry-run")
    assert (planned.code, desk.git("status", "--porcelain")) == (0, "")
    assert "would import posts/one.md" in planned.out
    before = desk.git("rev-list", "--count", "HEAD").strip()
    done = desk.run("import", path)
    assert done.code == 0, done.told
    assert int(desk.git("rev-list", "--count", "HEAD")) == int(before) + 1
    assert desk.git("status", "--porcelain") == ""
    assert "[two](two.md)" in desk.read("posts/one.md")
    assert "Other text." in desk.read("posts/two-2.md")
    again = desk.run("import", path)
    assert again.code == 0
    assert "imported" not in again.out.rpartition("\n")[0].replace("is here already", "")
    assert int(desk.git("rev-list", "--count", "HEAD")) == int(before) + 1


def test_pictures_of_an_export_come_with_it_where_that_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, policy='assets = ["images/"]\nfetch_assets = true\n')
    body = '<p><img src="https://old.example/a.png" alt="A"> <img src="https://old.example/gone.png" alt=""></p>'
    path = export(tmp_path, wxr(item("One", body, slug="one"), item("Two", body, slug="two")))
    asked: list[str] = []

    def fetch(url: str) -> tuple[bytes, str] | None:
        asked.append(url)
        return (PNG, "image/png") if url.endswith("a.png") else None

    project = Project.open(desk.root)
    assert list(import_source(project, path, dry_run=True, fetch=fetch)) != []
    assert asked == []
    list(import_source(project, path, dry_run=False, fetch=fetch))
    assert asked == ["https://old.example/a.png", "https://old.example/gone.png"]
    for name in ("one", "two"):
        assert "![A](../images/a.png) ![](https://old.example/gone.png)" in desk.read(f"posts/{name}.md")
    assert (desk.root / "images/a.png").read_bytes() == PNG
    assert desk.git("status", "--porcelain") == ""


def test_a_file_of_the_author_is_never_written_over(desk: Desk, tmp_path: Path) -> None:
    mine = "---\ntitle: Mine\n---\n\nMy own text.\n"
    desk.put("posts/one.md", mine)
    desk.write("posts/two.md", "not committed yet")
    assert desk.run("import", str(export(tmp_path))).code == 0
    assert desk.read("posts/one.md") == mine
    assert desk.read("posts/two.md") == "not committed yet"
    assert "Salt & pepper" in desk.read("posts/one-2.md")


def test_a_broken_post_at_the_end_imports_nothing_of_the_export(desk: Desk, tmp_path: Path) -> None:
    before = desk.git("rev-parse", "HEAD")
    done = desk.run("import", str(export(tmp_path, EXPORT.replace("</channel>", "<oops></channel>"))))
    assert done.code == 6
    assert "export.xml:" in done.err
    assert desk.git("rev-parse", "HEAD") == before
    assert desk.git("status", "--porcelain") == ""


def test_a_story_of_medium_is_its_text_without_mediums_dress(tmp_path: Path) -> None:
    found = [it for it in MediumExport(archive(tmp_path)).posts() if it.place.startswith("posts/2023")]
    post = found[0].post
    assert post.body == TOLD
    assert (post.title, post.slug, post.description) == ("My “Story”", "my-story", "A sub")
    assert (post.status, post.date) == ("published", datetime(2023, 12, 21, 16, 17, 8, tzinfo=UTC))
    assert post.cover == "https://cdn.example/max/800/1*x.png"
    assert found[0].url == "https://medium.com/@u/my-story-0123456789ab"


def test_drafts_are_drafts_and_responses_are_left_out(desk: Desk, tmp_path: Path) -> None:
    source = open_zip(archive(tmp_path))
    assert source is not None
    titles = [(it.post.title, it.post.status) for it in source.posts()]
    assert ("Not yet", "draft") in titles
    assert "Nice" not in dict(titles)
    assert desk.run("import", str(archive(tmp_path))).code == 0
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("generator", "body", "read", "told"),
    [
        (
            "Medium",
            "<p>a</p><iframe src='https://b.example'>c d</iframe>",
            None,
            "WORDS_LOST these words of the story are",
        ),
        ("Medium", "<h3>T</h3><p>a</p>", "a\n", ""),
        ("", "<p>a</p>\n<video src='v.mp4' controls>words</video>", 'src="v.mp4"', ""),
        ("", "<p>a</p><p>b <b>c</p><p>d</b></p><table><td>x</table>", None, ""),
    ],
)
def test_a_feed_is_read_as_what_it_is_and_what_is_left_out_is_told(
    tmp_path: Path, generator: str, body: str, read: str | None, told: str
) -> None:
    feed = tmp_path / "feed"
    feed.write_text(
        f"<rss {RSS.split()[0]}><channel><generator>{generator}</generator><item><title>T</title>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item></channel></rss>"
    )
    [found] = Feed(feed).posts()
    assert read is None or read in found.post.body
    assert [note[: len(told)] for note in found.notes] == ([told] if told else [])


def test_a_story_loses_no_word_unsaid(tmp_path: Path) -> None:
    assert {it.notes for it in MediumExport(archive(tmp_path)).posts()} == {()}


def test_a_feed_is_a_source(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    body = "<h3>T</h3><p>Text.</p><img src='https://medium.com/_/stat?event=x' width='1'>"
    feed.write_text(
        f"<rss {RSS.split()[0]}><channel><item><title><![CDATA[T]]></title><link>https://medium.com/p/1?source=rss-x</link>"
        f"<category>a</category><pubDate>Tue, 02 Jan 2024 03:04:05 GMT</pubDate>"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item></channel></rss>"
    )
    [found] = Feed(feed).posts()
    assert (found.post.title, found.post.body, found.url) == ("T", "Text.\n", "https://medium.com/p/1")
    assert (found.post.tags, found.post.date) == (("a",), datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert open_source(feed).name == "rss"


def test_a_backup_of_hashnode_is_read_though_its_yaml_is_none(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "clzxm41sz00010alidcfu085c.md").write_text(
        '---\ntitle: "A "quoted" title"\n'
        "datePublished: Mon Dec 22 2025 16:52:32 GMT+0000 (Coordinated Universal Time)\n"
        "cuid: clzxm41sz00010alidcfu085c\nslug: a-quoted-title\ntags: web, dev\n\n---\n\n"
        '%[https://youtu.be/dQw4w9WgXcQ]\n\n![](https://cdn.example/a.png align="center")\n'
    )
    assert desk.run("import", str(folder)).code == 0
    text = desk.read("posts/a-quoted-title.md")
    assert "%[https://youtu.be/dQw4w9WgXcQ]\n\n![](https://cdn.example/a.png)\n" in text
    assert 'A "quoted" title' in text
    assert "2025-12-22" in text


def test_a_jekyll_blog_is_read_with_what_its_file_names_say(desk: Desk, tmp_path: Path) -> None:
    blog = tmp_path / "jekyll"
    (blog / "_posts").mkdir(parents=True)
    (blog / "_config.yml").write_text("title: B\n")
    (blog / "_posts/2020-01-02-hello-world.md").write_text("---\ntitle: Hello\ntags: a b\n---\nText.\n")
    (blog / "_posts/2020-01-03-link.md").symlink_to("/etc/hostname")
    assert desk.run("import", str(blog)).code == 0
    text = desk.read("posts/hello-world.md")
    assert "title: Hello" in text
    assert "2020-01-02" in text
    assert not (desk.root / "posts/link.md").exists()


def test_a_file_of_a_blog_that_cannot_be_read_is_kept_as_text_and_keeps_no_other_back(
    desk: Desk, tmp_path: Path
) -> None:
    blog = tmp_path / "blog"
    (blog / "content/blog").mkdir(parents=True)
    (blog / "eleventy.config.js").write_text("")
    (blog / "content/blog/one.md").write_text("---\ntitle: One\n---\nText.\n")
    script = "---js\nconst title = `Two`;\n---\n\nText of two.\n"
    (blog / "content/blog/two.md").write_text(script)
    answer = desk.run("import", str(blog))
    assert answer.code == 0, answer.told
    assert "content/blog/two.md:1:1" in answer.told
    assert desk.read("posts/one.md").endswith("\nText.\n")
    kept = desk.read("posts/two.md")
    assert kept.endswith(script)
    assert "status: draft" in kept
    head = desk.git("rev-parse", "HEAD")
    assert desk.run("import", str(blog)).code == 0
    assert desk.git("rev-parse", "HEAD") == head
    assert desk.run("check").code == 0


def test_a_repository_that_hashnode_reads_is_a_source(desk: Desk, tmp_path: Path) -> None:
    blog = tmp_path / "blog"
    for folder, more in (("published", ""), ("drafts", "ignorePost: true\n")):
        (blog / folder).mkdir(parents=True)
        front = f"title: The {folder}: a story\nslug: {folder}\ntags: web, dev\ndomain: me.hashnode.dev\n{more}"
        (blog / folder / "a.md").write_text(f"---\n{front}---\n\n%[https://youtu.be/dQw4w9WgXcQ]\n")
    (blog / "README.md").write_text("# Not a post\n")
    assert desk.run("import", str(blog)).code == 0
    assert "title: 'The published: a story'" in desk.read("posts/published.md").replace('"', "'")
    assert "status: draft" in desk.read("posts/drafts.md")
    assert "tags: [web, dev]" in desk.read("posts/drafts.md")
    assert "%[https://youtu.be/dQw4w9WgXcQ]" in desk.read("posts/published.md")


def test_what_is_no_export_is_told(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK not really")
    for name in ("x.zip", "missing.xml"):
        done = desk.run("import", str(tmp_path / name))
        assert done.code == 2, done.told
    assert open_export(tmp_path / "x.zip") is None
    with pytest.raises(UsageError, match="no export"):
        open_source(tmp_path / "x.zip")


def test_an_import_goes_to_the_branch_that_the_sites_follow_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys)
    (tmp_path / "export.xml").write_text(EXPORT)
    desk.put("posts/a.md", "---\ntitle: A\n---\n\nOf its own.\n")
    assert desk.run("sync").code == 0
    desk.git("checkout", "--quiet", "-b", "other")
    before = desk.git("rev-parse", "HEAD")
    answer = desk.run("import", str(tmp_path / "export.xml"))
    assert answer.code == 5
    assert "The sites follow the branch main, and this is other." in answer.told
    assert desk.git("rev-parse", "HEAD") == before


def test_an_import_of_many_posts_holds_few_of_them_in_memory(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitsync.state.spool.IN_MEMORY", 1 << 16)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(60):
        (many / f"{number}.md").write_text(f"---\ntitle: Post {number}\n---\n\n{'Some words. ' * 5000}\n")
    project = Project.open(desk.root)
    for _ in range(2):  # what is imported and compiled the first time is not counted
        tracemalloc.start()
        try:
            told = sum(isinstance(it, Operation) for it in import_source(project, many, dry_run=True))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert told == 60
    assert peak < 2 << 20, "they are 3.5 MB"
