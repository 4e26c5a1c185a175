"""Asks for a secret, and keeps it in the keyring of this machine: it is in no file, and in no history of a shell."""

from __future__ import annotations

import sys

import click

from gitsync.cli.invocation import Invocation
from gitsync.config import Config
from gitsync.connector import Setting
from gitsync.errors import UsageError

SERVICE = "gitsync"


def page_of(setting: Setting, url: str | None) -> str:
    """Return where a secret is made, "" where nobody knows; `url` is the site's own address."""
    if "{url}" in setting.page and not url:
        return ""
    return setting.page.replace("{url}", (url or "").rstrip("/"))


def store_secret(invocation: Invocation, config: Config, name: str, key: str, setting: Setting, url: str | None) -> str:
    """Ask for the secret `key` of the site `name`; returns its reference. Raises UsageError, ConfigError.

    On a terminal the page where it is made is opened; else it is the first line of standard input.
    """
    invocation.secrets = config.secrets
    page = page_of(setting, url)
    if sys.stdin.isatty():
        if page:
            click.echo(f"It is made at {page}", err=True)
            click.launch(page)
        value = click.prompt(f"{key} of {name} ({setting.help})", hide_input=True, err=True)
    else:
        value = sys.stdin.readline()
    value = str(value).strip()
    if not value:
        raise UsageError(f"There is no {key} on standard input.", "Type or pipe the secret.")
    # Sites of several blogs may have one name.
    return config.secrets.store(SERVICE, f"{config.root.name}-{name}-{key}", value)
