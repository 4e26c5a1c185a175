"""The main job on a real little blog, in six scenes, with the evidence: what `gitsync demo` plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gitsync.stage import SITE, Line, Stage

POSTS = "SELECT id, state, slug, keywords FROM article WHERE kind = 'post' ORDER BY id"
ONE = "SELECT id, slug FROM article WHERE slug = 'a-name-is-not-an-identity'"

ENDING = """\
git log --graph                   what you and the sites' editors did, in one history
git log --stat refs/gitsync/cms   the ledger: what the CMS showed after every sync
gitsync.toml                      which sites there are, and what is where in them
cms.db, site/                     the two sites: change something and run gitsync sync"""


def play(root: Path) -> Iterator[Line]:
    """Play the demo in the new folder `root`, line by line. Raises DemoFailed at the first thing that is wrong."""
    stage = Stage.build(root)
    yield Line("prose", f"A blog in git and two sites that show it, all in {root}:")
    yield Line("prose", f"a CMS with a SQLite database (cms.db), and a Hugo site ({SITE}).")
    for number, scene in enumerate(SCENES, 1):
        yield Line("scene", f"{number}. {scene.__doc__}")
        yield from scene(stage)
    yield Line("scene", f"Look around in {root}")
    for line in ENDING.splitlines():
        yield Line("prose", line)


def _first_push(stage: Stage) -> Iterator[Line]:
    """Eight posts go to two empty sites"""
    output = yield from stage.run("gitsync sync", most=8)
    yield stage.check("15 created" in output, "Seven posts are on both sites, and a draft is on the one that it names.")
    rows = yield from stage.sql(POSTS)
    yield stage.check(rows.count("\n") == 7, "Eight rows; the CMS's own page was left alone.")
    yield stage.check("yaml, no, 1.10, 007" in rows, "Tags like no, 1.10 and 007 are still words.")
    yield from stage.run(f"head -n 7 {SITE}/written-on-another-machine.md")
    site = stage.read(f"{SITE}/written-on-another-machine.md")
    yield stage.check("draft: false" in site, "The Hugo site has files of its own, as Hugo writes front matter.")
    dirty = yield from stage.run("git status --short")
    yield stage.check(not dirty, "No file of yours was touched: ids are kept in refs/gitsync/cms, not in the posts.")


def _edit_there(stage: Stage) -> Iterator[Line]:
    """Somebody changes a word in the CMS, and it comes back as a commit"""
    path, slug = "posts/why-a-blog-in-git.md", "why-a-blog-in-git"
    yield from _in_cms(stage, slug, "a nice e-mail", "a very nice e-mail")
    yield from stage.run("gitsync sync")
    shown = yield from stage.run("git show --format=%s --unified=0 --no-prefix", most=20)
    yield stage.check(shown.count("\n-") == 2 and shown.count("\n+") == 2, "The commit changes one line of one file,")
    yield stage.check("# flow style" in stage.read(path), "and the comments in your front matter are still there.")
    yield stage.check("very nice" in stage.read(f"{SITE}/{slug}.md"), "The Hugo site got it in the same run.")


def _both(stage: Stage) -> Iterator[Line]:
    """You and the CMS's editor change the same line, and both edits live"""
    path, slug = "posts/two-people-one-paragraph.md", "two-people-one-paragraph"
    yield from stage.edit(path, "She fixes a name", "She fixes a misspelt name")
    yield from stage.commit("Say which name")
    yield from _in_cms(stage, slug, "My friend edits", "My friend Ines edits")
    output = yield from stage.run("gitsync sync")
    yield stage.check("1 merged" in output, "Merged word by word; to git alone it is a conflict.")
    line = yield from stage.run(f"git grep -h Ines {path}")
    yield stage.check("misspelt name" in line, "The file has both edits,")
    yield stage.check(line.strip() in _text(stage, slug), "and so has the CMS.")


def _conflict(stage: Stage) -> Iterator[Line]:
    """You and the CMS's editor change the same words, and you decide"""
    path, slug = "posts/a-name-is-not-an-identity.md", "a-name-is-not-an-identity"
    yield from stage.edit(path, "I rename files a lot.", "I rename files all the time.")
    yield from stage.commit("All the time")
    yield from _in_cms(stage, slug, "I rename files a lot.", "I rename files every Friday.")
    yield from stage.run("gitsync sync", code=3)
    yield stage.check("every Friday" in _text(stage, slug), "Nothing was sent over the editor's words.")
    status = yield from stage.run("git status --short")
    yield from stage.run(f"git diff {path}", most=20)
    before, _, rest = stage.read(path).partition("<<<<<<< ")
    _, marked, rest = rest.partition(">>>>>>> ")
    unmerged = bool(marked) and status.startswith("UU")
    yield stage.check(unmerged, "The file shows it as git does; until you decide, only this post waits at the CMS.")
    decision = "I rename files every Friday, and in spring all the time."
    yield Line("command", f"In your editor, the lines from <<<<<<< to >>>>>>> become “{decision}”")
    stage.write(path, f"{before}{decision}{rest[rest.find(chr(10)) :]}")
    yield from stage.commit("Both are true")
    yield from stage.run("gitsync sync")
    both = decision in _text(stage, slug) and decision in stage.read(f"{SITE}/{slug}.md")
    yield stage.check(both, "What is committed is decided: both sites show it.")


def _rename(stage: Stage) -> Iterator[Line]:
    """A file moves, gets another name and an edit, and stays the post it was"""
    old, new = "posts/a-name-is-not-an-identity.md", "posts/2026/names-and-identities.md"
    before = yield from stage.sql(ONE)
    yield from stage.run(f"git mv {old} {new}")
    yield from stage.edit(new, "(./front-matter-", "(../front-matter-")
    yield from stage.edit(new, "three years of comments", "four years of comments")
    yield from stage.commit("Names and identities")
    yield from stage.run("gitsync sync")
    after = yield from stage.sql(ONE)
    yield stage.check(before == after, "The same row with the same id: comments and links to it live on.")
    count = yield from stage.sql("SELECT count(*) FROM article WHERE kind = 'post'")
    yield stage.check(count == "8", "There is no second copy.")
    yield stage.check("four years" in _text(stage, "a-name-is-not-an-identity"), "The edit in the same commit arrived.")


def _rollback(stage: Stage) -> Iterator[Line]:
    """A bad post goes out, and is taken back everywhere"""
    path, slug = "posts/toml-for-a-change.md", "toml-for-a-change"
    good = _text(stage, slug)
    yield from stage.edit(path, "It has no indentation to get wrong", "IT IS THE ONLY FORMAT ANYBODY NEEDS")
    yield from stage.commit("Strong opinions")
    yield from stage.run("gitsync sync")
    yield stage.check("ONLY FORMAT" in _text(stage, slug), "It is on both sites.")
    yield from stage.run("gitsync rollback")
    yield stage.check(_text(stage, slug) == good, "The CMS shows what it showed before,")
    yield stage.check("ONLY FORMAT" not in stage.read(f"{SITE}/{slug}.md"), "and so does the Hugo site.")
    yield from stage.run("git log --oneline -2")
    output = yield from stage.run("gitsync sync")
    yield stage.check("Nothing to do" in output, "Everything is in step: another sync has nothing to do.")


SCENES: tuple[Callable[[Stage], Iterator[Line]], ...] = (
    _first_push,
    _edit_there,
    _both,
    _conflict,
    _rename,
    _rollback,
)


def _in_cms(stage: Stage, slug: str, old: str, new: str) -> Iterator[Line]:
    """Change words of a row, as the CMS's own editor does."""
    statement = "UPDATE article SET text_md = replace(text_md, ?, ?), changed_at = CURRENT_TIMESTAMP WHERE slug = ?"
    changed = yield from stage.sql(statement, old, new, slug)
    if changed != "1 row changed":
        yield stage.check(False, f"one row has the slug {slug}")


def _text(stage: Stage, slug: str) -> str:
    return stage.value("SELECT text_md FROM article WHERE slug = ?", slug)
