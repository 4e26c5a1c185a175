"""What every command takes: `-C DIR`, `--json`, `-v`, before or after its name; and what is known of one invocation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gitsync.config import Config
    from gitsync.project import Project
    from gitsync.secrets import Secrets

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Invocation:
    """One run of the command line. `verbose` counts the -v; `directory` is where it works, as typed.

    `summed_up`: the summary that ends what --json prints was printed.
    """

    directory: Path = field(default_factory=Path)
    json: bool = False
    summed_up: bool = False
    verbose: int = 0
    secrets: Secrets | None = None

    def config(self) -> Config:
        """Read gitsync.toml. Raises ConfigError."""
        from gitsync.config import load

        config = load(None, self.directory)
        self.secrets = config.secrets
        return config

    def project(self) -> Project:
        """Open the repository and its gitsync.toml. Raises RepositoryError, ConfigError."""
        from gitsync.project import Project

        # The libraries below may warn of something, which must not reach the terminal as it is.
        self.show_logs()
        project = Project.open(self.directory)
        self.secrets = project.config.secrets
        return project

    def show_logs(self) -> None:
        """Show the log on stderr, as much of it as -v asks for, until the command ends."""
        from gitsync.cli.logs import show_logs

        click.get_current_context().find_root().with_resource(show_logs(self))

    def redact(self, text: str) -> str:
        """Return `text` without any secret that this run has resolved, and without passwords in URLs."""
        from gitsync.secrets import Secrets

        return (self.secrets or Secrets(self.directory)).redact(text)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def _store(context: click.Context, option: click.Parameter, value: Any) -> None:
    invocation = context.ensure_object(Invocation)
    match option.name:
        case "directory":
            # Like git: each -C is relative to the one before.
            invocation.directory = invocation.directory.joinpath(*value)
            if not invocation.directory.is_dir():
                raise click.BadParameter(f"there is no folder {invocation.directory}.", context, option)
        case "json" if value:
            invocation.json = True
        case "verbose" if value:
            invocation.verbose += value
            invocation.show_logs()


def common_options(function: F) -> F:
    """Add the options that every command has."""
    for option in (
        click.option(
            "-v", "--verbose", count=True, expose_value=False, callback=_store, help="Say more; -vv still more."
        ),
        click.option(
            "--json", "json", is_flag=True, expose_value=False, callback=_store, help="Print JSON, a line an event."
        ),
        click.option(
            "-C", "directory", metavar="DIR", multiple=True, expose_value=False, callback=_store, help="Work in DIR."
        ),
    ):
        function = option(function)
    return function


def _complete_site(context: click.Context, _argument: click.Parameter, incomplete: str) -> list[str]:
    from gitsync.errors import Error

    try:
        names = context.ensure_object(Invocation).config().sites
    except Error:
        return []
    return [name for name in names if name.startswith(incomplete)]


FORMATS = ("text", "markdown", "json")


def format_option(function: F) -> F:
    """Add --format to a command that shows a plan; "json" is the same as --json."""

    def choose(context: click.Context, _option: click.Parameter, value: str) -> str:
        if value == "json":
            context.ensure_object(Invocation).json = True
        return value

    help = "How it is told: for a terminal, as a page for a pull request, or as a line of JSON an event."
    return click.option("--format", "form", type=click.Choice(FORMATS), default="text", callback=choose, help=help)(
        function
    )


sites_argument = click.argument("sites", nargs=-1, metavar="[SITE]...", shell_complete=_complete_site)
"""The sites a command is about; none means all."""
