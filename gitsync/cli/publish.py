"""`gitsync publish`: a post on its way by hand, where a platform takes nothing from a program."""

from __future__ import annotations

from pathlib import Path

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.errors import UsageError


@click.command()
@click.argument("path")
@click.argument("site")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the page goes; else inside .git.")
@common_options
@pass_invocation
def publish(invocation: Invocation, path: str, site: str, out: Path | None) -> int:
    """Write the page of a post to paste into a site, and say how.

    For platforms that take no posts, or no changes, from a program: the post at PATH becomes a page of HTML as SITE
    can hold it, with the steps to take. Nothing is sent. Afterwards gitsync adopt tells that it is there.
    """
    from gitsync.by_hand import live_posts
    from gitsync.naming import named_post
    from gitsync.publishing import publish as write

    project = invocation.project()
    [chosen] = project.config.choose([site])
    post = named_post(project, path, invocation.directory, live_posts(project))
    try:
        sheet = write(project, chosen, post, out=None if out is None else invocation.directory / out)
    except OSError as error:
        raise UsageError(f"The page cannot be written: {error.strerror}.", "Give --out another place.") from None
    printer = Printer(invocation)
    steps = [*sheet.steps, f"Run gitsync adopt {post} {site} {sheet.url or 'URL'}, so that gitsync knows."]
    lines = [f"The page is {sheet.page}.", *sheet.losses]
    lines += [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    fields = {"site": site, "path": post, "page": sheet.page, "url": sheet.url, "steps": steps, "losses": sheet.losses}
    printer.result("page", fields, "\n".join(lines))
    return 0
