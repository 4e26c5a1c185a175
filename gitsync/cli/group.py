"""The command `gitsync`: a table of commands, each imported when it is called, so that help and start-up stay light."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from gitsync import __version__
from gitsync.cli.invocation import common_options

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("gitsync.cli.init:init", "Write gitsync.toml from what this repository shows."),
    "site": ("gitsync.cli.site:site", "Add, list, test or remove sites; say what they can do."),
    "import": ("gitsync.cli.sync:import_", "Make files of the posts that are only on a site, or in an export."),
    "status": ("gitsync.cli.status:status", "Say what waits to be synced."),
    "diff": ("gitsync.cli.diff:diff", "Show the words that a sync would change."),
    "plan": ("gitsync.cli.plan:plan", "List what a sync would do, and keep that for apply."),
    "apply": ("gitsync.cli.plan:apply", "Carry out a kept plan, exactly."),
    "sync": ("gitsync.cli.sync:sync", "Keep repository and sites in step, in both directions."),
    "pull": ("gitsync.cli.sync:pull", "Bring the edits of sites into the branch; nothing is sent."),
    "push": ("gitsync.cli.sync:push", "Send sites what changed here; no file changes."),
    "watch": ("gitsync.cli.watch:watch", "Sync whenever a post is saved, and look at the sites now and then."),
    "log": ("gitsync.cli.log:log", "Say what each sync did."),
    "rollback": ("gitsync.cli.rollback:rollback", "Take back what a sync did, here and on the sites."),
    "restore": ("gitsync.cli.restore:restore", "Bring a whole site back to what it was at some time."),
    "verify": ("gitsync.cli.verify:verify", "Compare sites, ledgers and repository; change nothing."),
    "doctor": ("gitsync.cli.doctor:doctor", "Find what is broken in gitsync's own state, and mend it."),
    "demo": ("gitsync.cli.demo:demo", "Play the main job on a little blog, and show the evidence."),
    "check": ("gitsync.cli.check:check", "Find what the sites would refuse or lose, before anything is sent."),
    "schema": ("gitsync.cli.schema:schema", "Print the JSON Schema of gitsync.toml, or of a post."),
    "resolve": ("gitsync.cli.resolve:resolve", "Decide a conflict."),
    "adopt": ("gitsync.cli.claims:adopt", "Say which record of a site a post is."),
    "publish": ("gitsync.cli.publish:publish", "Write the page of a post to paste into a site, and say how."),
    "detach": ("gitsync.cli.claims:detach", "Let a post and its record on a site go separate ways."),
    "convert": ("gitsync.cli.convert:convert", "Translate the body of a post between formats; a filter."),
    "help": ("gitsync.cli.help:help_", "Explain a topic at length, or a command."),
    "install-hooks": (
        "gitsync.cli.install_hooks:install_hooks",
        "Let plain git merge posts by fields and words, and show records.",
    ),
    "completion": ("gitsync.cli.completion:completion", "Print the completion script of your shell."),
}
"""Name -> (module:object, first line of its help). In the order in which a user meets them."""


PLUMBING: Mapping[str, str] = {
    "merge-driver": "gitsync.cli.install_hooks:merge_driver",
    "textconv": "gitsync.cli.install_hooks:textconv",
}
"""What git calls, and no user: in no help."""


class LazyGroup(click.Group):
    """A group over COMMANDS; help and completion never import a command."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS and name not in PLUMBING:
            return None
        place = PLUMBING[name] if name in PLUMBING else COMMANDS[name][0]
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if name not in COMMANDS and name not in PLUMBING and not name.startswith("-") and not context.resilient_parsing:
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else "Run `gitsync --help` for all of them."
            raise click.UsageError(f"There is no command {name!r}. {hint}", context)
        return super().resolve_command(context, arguments)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [CompletionItem(n, help=about) for n, (_, about) in COMMANDS.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, context, incomplete)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@common_options
@click.version_option(__version__, message="gitsync %(version)s")
def gitsync() -> None:
    """Keep a git repository of Markdown posts and your blogging platforms in step, in both directions."""
