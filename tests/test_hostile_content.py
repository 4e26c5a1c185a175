"""What a hostile site can make of a repository: posts, at names that harm nobody, and nothing else.

A site's slugs, titles, tags, addresses and bodies are written by whoever may write there. Each of these is imported
by a whole sync into a real clone, and everything outside of the content paths must be as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from gitsync_connectors.memory import Behaviour

from gitsync import document
from gitsync.cli.group import gitsync
from gitsync.cli.invocation import Invocation
from gitsync.model import Post
from tests.blog import Blog, post
from tests.conftest import run_git

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2066\r\x00\x7f"

SLUGS = [
    "../../.git/hooks/post-checkout",
    "..\\..\\.git\\hooks\\post-checkout",
    "/etc/cron.d/x",
    "C:\\Windows\\win.ini",
    "//host/share/x",
    "....//....//x",
    ".",
    "..",
    "~root/.ssh/authorized_keys",
    ".git",
    ".GIT/config",
    ".g\u200cit/config",
    "git~1",
    ".gitattributes",
    ".gitmodules",
    ".gitsync.toml",
    "gitsync.toml",
    "CON",
    "con.md",
    "aux.md",
    "NUL",
    "com1",
    "lpt9.txt",
    "conin$",
    "x:stream",
    "trailing. . .",
    " leading",
    "-rf",
    "--upload-pack=touch x",
    "$(touch pwned)",
    "`touch pwned`",
    "a\nb",
    "a\x00b",
    "a\tb",
    "%2e%2e%2f%2e%2e%2fx",
    "ö" * 300,
    "x" * 300,
    "日" * 300,
    "💥" * 300,
    ESCAPES,
    "\ufeff",
    "\ud800",
    "Straße",
    "STRASSE",
    "caf\u00e9",
    "cafe\u0301",
    "CAFÉ",
    "\u212aelvin",
    "kelvin",
    "index",
    "README",
    "_index",
    "*?[a-z]",
    ":(glob)**",
    ":!posts",
    '"quoted"',
    "",
]


def outside(root: Path) -> dict[str, str]:
    """Everything on the disk that no post may change: beside the clone, git's own files, and what is no post."""
    kept = {}
    for folder, names, files in os.walk(root.parent):
        if Path(folder) == root / ".git":
            names[:] = [name for name in names if name in ("hooks", "info")]
            files = [name for name in files if name == "config"]
        if Path(folder) == root:
            names[:] = [name for name in names if name != "posts"]
        for name in files:
            path = Path(folder, name)
            kept[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return kept


def names_are_harmless(root: Path) -> None:
    """Every path in HEAD is one that Windows, macOS and Linux hold side by side, inside posts/."""
    paths = [path for path in run_git(root, "ls-tree", "-rz", "--name-only", "HEAD").split("\0") if path]
    modes = {line.split()[0] for line in run_git(root, "ls-tree", "-r", "HEAD").splitlines()}
    assert modes <= {"100644"}
    imported = [path for path in paths if path != "gitsync.toml"]
    for path in imported:
        folder, _, name = path.partition("/")
        assert folder == "posts", path
        assert re.fullmatch(r"[^\W_][\w\u0300-\u036f-]*\.md", name), path
        assert len(name.encode()) <= 255, path
        assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", name), path
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in path), path
    folded = [unicodedata.normalize("NFC", path).casefold() for path in imported]
    assert len(set(folded)) == len(folded), "two names are one on some disk"


@pytest.mark.parametrize("dialect", ["gitsync", "jekyll", "hugo", "docusaurus"])
def test_no_slug_or_title_leads_out_of_the_content_paths(tmp_path: Path, dialect: str) -> None:
    folder = "posts/_posts" if dialect == "jekyll" else "posts"
    blog = Blog(tmp_path / "disk/clone", config=f'dialect = "{dialect}"\n')
    blog.put(f"{folder}/2020-01-01-mine.md", post("Mine"))
    assert blog.run().summary.exit_code == 0
    before = outside(blog.root)
    for number, slug in enumerate(SLUGS):
        blog.site().put("", Post(title=f"T{number} {slug}", slug=slug, body=f"Body {number}.\n", status="published"))
        blog.site().put("", Post(title=slug, body=f"Titled {number}.\n", status="published"))
    outcome = blog.run(allow=frozenset({"creates"}))
    assert outcome.summary.pulled >= 2 * len(SLUGS) - 8, outcome.told
    assert outside(blog.root) == before
    names = run_git(blog.root, "ls-tree", "-rz", "--name-only", "HEAD", "--", "posts").split("\0")
    assert all(name.startswith("posts/") for name in names if name)
    if dialect != "jekyll":
        names_are_harmless(blog.root)
    assert run_git(blog.root, "status", "--porcelain") == ""
    run_git(blog.root, "fsck", "--strict")
    assert blog.run(allow=frozenset({"creates"})).summary.pulled == 0


def test_a_clone_of_what_was_imported_can_be_checked_out_by_every_git(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "clone")
    for number, slug in enumerate(SLUGS):
        blog.site().put("", Post(title=f"T{number}", slug=slug, body=f"Body {number}.\n", status="published"))
    blog.run()
    protections = ("-c", "core.protectNTFS=true", "-c", "core.protectHFS=true", "-c", "core.precomposeUnicode=true")
    run_git(tmp_path, *protections, "clone", "--quiet", str(blog.root), str(tmp_path / "other"))
    assert run_git(tmp_path / "other", "status", "--porcelain") == ""


@pytest.mark.parametrize("name", [".gitattributes", ".gitmodules", ".mailmap", ".lfsconfig", ".git/config"])
def test_a_post_never_becomes_a_file_that_git_obeys(tmp_path: Path, name: str) -> None:
    blog = Blog(tmp_path / "clone")
    blog.git("config", "filter.evil.smudge", f"touch {tmp_path}/pwned; cat")
    blog.git("config", "filter.evil.clean", f"touch {tmp_path}/pwned; cat")
    body = f'* filter=evil\n[submodule "x"]\n\tpath = x\n\turl = {tmp_path}\n\tupdate = !touch {tmp_path}/pwned\n'
    blog.site().put("", Post(title=name, slug=name, body=body, status="published"))
    blog.run()
    assert not (tmp_path / "pwned").exists()
    assert [path.name for path in blog.root.iterdir() if path.name.startswith(".git") and path.name != ".git"] == []
    assert not list((blog.root / "posts").glob(".*"))


def test_front_matter_of_a_site_is_text_and_not_structure(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "clone")
    evil = "x\n---\nsites: []\noverrides: {}\n!!python/object/apply:os.system [touch pwned]\n"
    id = blog.site().put(
        "",
        Post(title=evil, description="&a [*a, *a]", tags=("<<: *a", "- x", "]: {", "\n---\n"), series=evil),
    )
    blog.site().edit(id, status="published", body="---\ntitle: other\n---\n\nBody.\n")
    blog.run()
    [path] = blog.git("ls-files", "posts").splitlines()
    read = document.parse((blog.root / path).read_bytes(), path=path)
    assert read.sites is None
    assert not read.overrides
    assert read.post.body == "---\ntitle: other\n---\n\nBody.\n"
    assert read.post.description == "&a [*a, *a]"
    blog.quiet()


def test_a_front_matter_larger_than_any_post_needs_is_left_out_and_told(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "clone")
    blog.site().put("", Post(title="x" * (2 << 20), body="One.\n", status="published"))
    many = tuple(f"t{number}" for number in range(200_000))
    blog.site().put("", Post(title="Fine", tags=many, body="2.\n", status="published"))
    blog.site().put("", Post(title="Good", body="Three.\n", status="published"))
    outcome = blog.run()
    assert outcome.summary.pulled == 1, outcome.told[:2000]
    assert outcome.summary.exit_code == 6
    assert blog.git("ls-files", "posts") == "posts/good.md"


def test_a_folder_never_writes_or_reads_through_a_link(tmp_path: Path) -> None:
    root, site, secret = tmp_path / "clone", tmp_path / "site", tmp_path / "secret"
    for path in (root, site, secret):
        path.mkdir()
    (secret / "key.md").write_text("---\ntitle: Secret\n---\n\nThe private key.\n")
    (site / "stolen.md").symlink_to(secret / "key.md")
    (site / "more").symlink_to(secret)
    (site / "loop").symlink_to(site)
    run_git(root, "init", "--quiet", "--initial-branch=main")
    (root / "gitsync.toml").write_text(
        '[content]\npaths = ["posts/**/*.md"]\n[sites.jam]\nplatform = "folder"\npath = "../site"\n'
    )
    (root / "posts").mkdir()
    (root / "posts/stolen.md").write_text(post("Mine", slug="stolen"))
    (root / "posts/link.md").symlink_to(secret / "key.md")
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", "first")
    done = CliRunner().invoke(gitsync, ["-C", str(root), "sync"], obj=Invocation())
    assert "private key" not in run_git(root, "log", "-p", "--all")
    assert (secret / "key.md").read_text() == "---\ntitle: Secret\n---\n\nThe private key.\n"
    assert sorted(path.name for path in secret.iterdir()) == ["key.md"]
    files = [path for path in site.glob("*.md") if not path.is_symlink()]
    assert all("private key" not in path.read_text() for path in files), done.output


def test_an_image_that_is_a_link_in_git_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("root:x:0:0")
    blog = Blog(tmp_path / "clone", behaviour=Behaviour(uploads=True), config='assets = ["images/"]\n')
    (blog.root / "images").mkdir()
    (blog.root / "images/a.png").symlink_to(tmp_path / "passwd")
    blog.put("posts/a.md", post("A", "![](../images/a.png) ![](../../passwd) ![](/../passwd) ![](../.git/config)\n"))
    outcome = blog.run()
    assert all(b"root:x" not in asset.content for asset in blog.site().assets.values()), outcome.told
    assert not blog.site().assets, outcome.told


def test_no_terminal_code_of_a_site_reaches_a_terminal(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "clone")
    evil = f"A{ESCAPES}B".replace("\0", "")
    blog.put("posts/mine.md", post("Mine"))
    blog.run()
    blog.site().put(f"id{ESCAPES}", Post(title=evil, tags=(evil,), body=f"{evil}\n", status="published", slug=evil))
    blog.site().edit(blog.id_of("Mine"), title=evil, body=f"Changed {evil}\n")
    commands = [["plan"], ["diff"], ["status"], ["plan", "--json"], ["plan", "--format", "markdown"], ["verify"]]
    commands += [["sync", "-vv", "--dry-run"], ["sync"], ["log"], ["verify", "--deep"], ["check"], ["status", "--json"]]
    for command in commands:
        done = CliRunner().invoke(gitsync, ["-C", str(blog.root), *command], obj=Invocation())
        assert not isinstance(done.exception, Exception), done.exception
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]", done.output), (command, done.output)
        for line in done.stdout.splitlines() if "--json" in command else ():
            json.loads(line)
    assert "Changed" in blog.git("show", "HEAD:posts/mine.md"), "nothing was shown, since nothing was there"
