"""`gitsync completion`: the script that makes a shell complete commands, options and site names."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from gitsync.cli.group import gitsync
from gitsync.cli.invocation import common_options
from gitsync.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@common_options
def completion(shell: str | None) -> None:
    """Print the completion script of your shell.

    Put `eval "$(gitsync completion bash)"` in ~/.bashrc, the same with zsh in ~/.zshrc, or run
    `gitsync completion fish > ~/.config/fish/completions/gitsync.fish`.
    """
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError("Which shell this is cannot be told.", f"Name it: gitsync completion {'|'.join(SHELLS)}.")
    make = get_completion_class(shell)
    if make is None:
        raise UsageError(f"click has no completion for {shell}.", f"Choose one of: {', '.join(SHELLS)}.")
    # Not .source(): it starts a bash to check its version, and warns on stdout, where the script goes.
    script = make(gitsync, {}, "gitsync", "_GITSYNC_COMPLETE")
    click.echo(script.source_template % script.source_vars())
