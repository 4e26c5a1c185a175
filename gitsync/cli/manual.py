"""Manual pages from the commands and the topics themselves. Source of the language: man 7 man."""

from __future__ import annotations

import re

import click

from gitsync import __version__


def command_page(command: click.Command, name: str) -> str:
    """Return the page of a command, section 1."""
    context = click.Context(command, info_name=name)
    about = (command.help or "").split("\n\n")
    first, rest = " ".join(about[0].split()).rstrip("."), about[1:]
    lines = [_head(name.replace(" ", "-"), 1), ".SH NAME", f"{_text(name.replace(' ', '-'))} \\- {_text(first)}"]
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    lines += [".SH SYNOPSIS", f".B {_text(usage)}"]
    if rest:
        lines += [".SH DESCRIPTION"]
        for paragraph in rest:
            lines += [".PP", _text(" ".join(paragraph.split()))]
    options = [record for option in command.get_params(context) if (record := option.get_help_record(context))]
    if options:
        lines += [".SH OPTIONS"]
        for flags, text in options:
            lines += [".TP", f".B {_text(flags)}", _text(text)]
    if isinstance(command, click.Group):
        lines += [".SH COMMANDS"]
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            short = found.get_short_help_str(200) if found is not None else ""
            lines += [".TP", f".B {_text(sub)}", _text(short)]
    return "\n".join([*lines, ""])


def topic_page(name: str, text: str) -> str:
    """Return the page of a topic, section 7."""
    title, _, body = text.partition("\n")
    lines = [_head(f"gitsync-{name}", 7), ".SH NAME", f"gitsync\\-{_text(name)} \\- {_text(title.lstrip('# '))}"]
    inside = False
    for line in body.strip("\n").split("\n"):
        if line.startswith("```"):
            inside = not inside
            lines += [".nf", ".RS 4"] if inside else [".RE", ".fi"]
        elif inside:
            lines.append(_text(line))
        elif line.startswith("#"):
            lines.append(f".SH {_text(line.lstrip('# ').upper())}")
        elif not line.strip():
            lines.append(".PP")
        elif re.fullmatch(r"[|\s:-]+", line):
            continue
        elif line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
            lines += [".TP", f".B {_plain(cells[0])}", _plain(": ".join(cells[1:]))]
        elif line.startswith("- "):
            lines += [".IP \\(bu 2", _plain(line[2:])]
        else:
            lines.append(_plain(line))
    return "\n".join([*lines, ""])


def _head(name: str, section: int) -> str:
    return f'.TH "{name.upper()}" {section} "" "gitsync {__version__}" "gitsync manual"'


def _plain(text: str) -> str:
    """Return Markdown without its marks."""
    return _text(re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).replace("**", "").replace("`", ""))


def _text(text: str) -> str:
    """Return text as the typesetter takes it; a dot or a quote at the start of a line would be a command."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
