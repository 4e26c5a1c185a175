"""`gitsync init`: write gitsync.toml. It asks nothing that it can find out."""

from __future__ import annotations

import json
import re

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.config import DIALECTS, FILE, Content, parse
from gitsync.discover import discover
from gitsync.errors import UsageError
from gitsync.repository import Repository
from gitsync.tomlfile import Source

PUBLIC_HOST = re.compile(r"(^|[/@.])(github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|git\.sr\.ht)[:/]")


@click.command()
@click.option("--dialect", type=click.Choice(DIALECTS), help="How front matter is written here.")
@click.option("--path", "paths", multiple=True, metavar="GLOB", help="Which files are posts; may be repeated.")
@click.option("--url", help="Where the posts live canonically.")
@common_options
@pass_invocation
def init(invocation: Invocation, dialect: str | None, paths: tuple[str, ...], url: str | None) -> None:
    """Write gitsync.toml from what this repository shows.

    It recognises the generator and its dialect, the folders of posts and images, the branch and the remote.
    """
    target = invocation.directory / FILE
    if target.exists():
        raise UsageError(f"{target} is there already.", "Edit it, or run `gitsync site add`.")
    repository = Repository.open(invocation.directory)
    generator, found = discover(invocation.directory)
    content = Content(
        paths=paths or found.paths,
        dialect=dialect or found.dialect,
        assets=found.assets,
        url=url or found.url,
    )
    remote = repository.remote_url("origin")
    # Only what the clone knows: asking the remote may wait for a network, or for a passphrase.
    cloned = remote is not None and repository.resolve("refs/remotes/origin/HEAD") is not None
    branch = (repository.default_branch("origin") if cloned else None) or repository.branch()
    text = compose(content, branch=branch, remote=remote)
    parse(Source(target, text))
    target.write_text(text, encoding="utf-8", newline="\n")

    printer = Printer(invocation)
    fields = {"path": str(target), "generator": generator or None, "dialect": content.dialect, "paths": content.paths}
    kind = f"a {generator} site" if generator else f"posts with {content.dialect} front matter"
    printer.result("init", fields, f"Wrote {target}: {kind} in {', '.join(content.paths)}.")
    printer.say("Next: `gitsync site add NAME` for each of your sites, commit gitsync.toml, then `gitsync plan`.")


def compose(content: Content, *, branch: str | None, remote: str | None) -> str:
    """Return the text of a new gitsync.toml; `remote` is the URL of origin."""
    lines = [
        "[content]",
        f"paths = {_quoted(list(content.paths))}",
        f"dialect = {_quoted(content.dialect)}",
    ]
    if content.assets:
        lines.append(f"assets = {_quoted(list(content.assets))}")
    if content.url:
        lines.append(f"url = {_quoted(content.url)}")
    lines += ["", "[state]"]
    if remote and PUBLIC_HOST.search(remote):
        lines += [
            "# The ledger holds drafts and private posts too. Share it if this repository is private, or add",
            "# public = true if everybody may read it:",
            '# remote = "origin"',
        ]
    elif remote:
        lines.append('remote = "origin"')
    if branch:
        lines.append(f"branch = {_quoted(branch)}")
    return "\n".join(lines) + "\n"


def _quoted(value: str | list[str]) -> str:
    # JSON's strings and lists of strings are TOML too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
