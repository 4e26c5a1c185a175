"""`gitsync schema`: JSON Schemas, for editors that complete and check what is typed."""

from __future__ import annotations

import json

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.errors import ConfigError


@click.command()
@click.argument("what", type=click.Choice(("config", "post")), default="config")
@common_options
@pass_invocation
def schema(invocation: Invocation, what: str) -> int:
    """Print the JSON Schema of gitsync.toml, or of a post.

    That of a post is a starter: keep it beside your posts, make it stricter, and name it under [content] schemas, so
    that gitsync check obeys it.
    """
    from gitsync.dialects import DIALECTS
    from gitsync.schemas import config_schema, post_schema

    if what == "config":
        said = config_schema()
    else:
        try:
            config = invocation.config()
            said = post_schema(DIALECTS[config.content.dialect], list(config.sites))
        except ConfigError:
            said = post_schema(DIALECTS["gitsync"], [])
    click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    return 0
