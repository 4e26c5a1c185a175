"""`gitsync adopt` and `gitsync detach`: which record of a site is which post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer
from gitsync.cli.sync import materialises, no_markers_option
from gitsync.events import Action, Operation, Summary

if TYPE_CHECKING:
    from gitsync.claims import Claimed


@click.command()
@click.argument("path")
@click.argument("site")
@click.argument("id")
@no_markers_option
@common_options
@pass_invocation
def adopt(invocation: Invocation, path: str, site: str, id: str, no_markers: bool) -> int:
    """Say which record of a site a post is.

    The record ID of SITE is the post at PATH from now on, and no second copy is ever made. If their texts differ, and
    no earlier version of the file explains that, they are in conflict (3).
    """
    from gitsync.by_hand import live_posts
    from gitsync.claims import adopt as claim
    from gitsync.naming import named_post

    project = invocation.project()
    [chosen] = project.config.choose([site])
    post = named_post(project, path, invocation.directory, live_posts(project))
    done = claim(project, chosen, post, id, materialise=materialises(no_markers))
    code = 0 if done.agreed else 3
    _tell(invocation, "adopt" if done.agreed else "conflict", done, code)
    return code


@click.command()
@click.argument("path")
@click.argument("site")
@common_options
@pass_invocation
def detach(invocation: Invocation, path: str, site: str) -> int:
    """Let a post and its record on a site go separate ways.

    The file at PATH stays, the post on SITE stays, and no sync connects or changes them again. To undo it: adopt.
    """
    from gitsync.by_hand import live_posts
    from gitsync.claims import detach as let_go
    from gitsync.ledger import Ledger
    from gitsync.naming import named_post, spellings

    project = invocation.project()
    [chosen] = project.config.choose([site])
    meant = spellings(project, path, invocation.directory)
    entries = Ledger(project.repository, chosen.name).entries(meant)
    known = [it for it in meant if entries[it].record is not None]
    post = known[0] if known else named_post(project, path, invocation.directory, live_posts(project))
    _tell(invocation, "skip", let_go(project, chosen, post), 0)
    return 0


def _tell(invocation: Invocation, action: Action, done: Claimed, code: int) -> None:
    printer = Printer(invocation)
    if not invocation.json:
        printer.say(done.sentence)
        return
    printer.event(
        Operation(
            site=done.site,
            path=done.path,
            action=action,
            result="done",
            id=done.id,
            url=done.url,
            reason=done.sentence,
        )
    )
    printer.event(Summary(conflicts=int(code == 3), requests=done.requests, exit_code=code))
