"""`gitsync help`: the topics that are too long for `--help`, and the manual pages."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from shutil import get_terminal_size

import click

from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.errors import UsageError


def topics() -> dict[str, str]:
    """Return the text of each topic, by name."""
    folder = files("gitsync").joinpath("help")
    found = {it.name.removesuffix(".md"): it for it in folder.iterdir() if it.name.endswith(".md")}
    return {name: found[name].read_text(encoding="utf-8") for name in sorted(found)}


@click.command("help")
@click.argument("topic", required=False)
@click.option(
    "--man", type=click.Path(file_okay=False, path_type=Path), help="Write the manual pages into this folder."
)
@common_options
@pass_invocation
def help_(invocation: Invocation, topic: str | None, man: Path | None) -> int:
    """Explain a topic at length, or a command.

    Without a TOPIC, lists them. A command's name shows what its --help shows.
    """
    from gitsync.cli.group import COMMANDS, gitsync

    if man is not None:
        return _write_pages(invocation.directory / man)
    texts = topics()
    if topic is None:
        titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in texts.items()}
        width = max(map(len, titles))
        click.echo("Topics:")
        for name, title in titles.items():
            click.echo(f"  {name:<{width}}  {title}")
        click.echo("\n`gitsync help TOPIC` shows one; `gitsync COMMAND --help` explains a command.")
        return 0
    if topic in texts:
        _show(texts[topic])
        return 0
    command = gitsync.get_command(click.get_current_context(), topic)
    if command is not None:
        with click.Context(command, info_name=topic, parent=click.get_current_context().find_root()) as context:
            click.echo(command.get_help(context))
        return 0
    from gitsync.tomlfile import did_you_mean

    raise UsageError(f"There is no topic {topic!r}.", did_you_mean(topic, [*texts, *COMMANDS]))


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        click.echo(text.rstrip("\n"))
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(get_terminal_size().columns, 100))
    with console.pager(styles=True):
        console.print(Markdown(text))


def _write_pages(folder: Path) -> int:
    from gitsync.cli.group import COMMANDS, gitsync
    from gitsync.cli.manual import command_page, topic_page

    folder.mkdir(parents=True, exist_ok=True)
    pages = {"gitsync": command_page(gitsync, "gitsync")}
    for name in COMMANDS:
        command = gitsync.get_command(click.get_current_context(), name)
        if command is not None:
            pages[f"gitsync-{name}"] = command_page(command, f"gitsync {name}")
    for name, page in pages.items():
        (folder / f"{name}.1").write_text(page, encoding="utf-8")
    for name, text in topics().items():
        (folder / f"gitsync-{name}.7").write_text(topic_page(name, text), encoding="utf-8")
    click.echo(f"Wrote {len(pages) + len(topics())} pages into {folder}.")
    return 0
