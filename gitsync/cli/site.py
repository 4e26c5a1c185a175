"""`gitsync site`: the accounts in gitsync.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click

from gitsync import config as configuration
from gitsync.cli.invocation import Invocation, common_options, pass_invocation, sites_argument
from gitsync.cli.output import Printer
from gitsync.cli.storing import page_of, store_secret
from gitsync.config import SITE_NAME, parse
from gitsync.connector import Meter, Setting
from gitsync.errors import SiteError, UsageError
from gitsync.events import Notice, Summary, exit_code
from gitsync.site import Site, connector_class, platforms
from gitsync.tomlfile import Source, did_you_mean

TRUTH = {"true": True, "false": False}


@click.group()
@common_options
def site() -> None:
    """Add, list, test or remove sites; say what they can do."""


@site.command()
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--platform", help="What it is; NAME where that names a platform.")
@click.option("--url", help="Where its API is, or the database.")
@click.option("--token", metavar="REFERENCE", help="Its secret as env:NAME, keyring:SERVICE/NAME or file:PATH.")
@click.option("--store", is_flag=True, help="Ask for its secret, and keep that in the keyring of this machine.")
@click.option("--from-openapi", "openapi", metavar="FILE|URL", help="Propose its keys from its OpenAPI document.")
@common_options
@pass_invocation
def add(
    invocation: Invocation,
    name: str,
    pairs: tuple[str, ...],
    platform: str | None,
    url: str | None,
    token: str | None,
    store: bool,
    openapi: str | None,
) -> int:
    """Add the site NAME to gitsync.toml.

    KEY=VALUE are more of its keys, for example `table=posts columns.id=id` for a database. What you give wins over
    what --from-openapi proposes. Says where its secret is made; with --store asks for it, keeps it in the keyring, and
    tries it.
    """
    from gitsync.cli.toml_edit import add_site, replace_file

    source = configuration.source(None, invocation.directory)
    config = parse(source)
    if not SITE_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a site.", "Use small letters, digits and dashes.")
    if name in config.sites:
        raise UsageError(f"{config.path} has a site {name!r} already.", f"Run `gitsync site remove {name}` first.")
    usual = "rest" if openapi else name
    named = platform or dict(pair.partition("=")[::2] for pair in pairs).get("platform") or usual
    make = connector_class(named)
    if make is None:
        raise UsageError(f"There is no platform {named!r}.", did_you_mean(named, platforms()))
    given = {"platform": named, "url": url, "token": token}
    values = {key: value for key, value in given.items() if value is not None} | _values(pairs, make.settings)
    notes: list[str] = []
    if openapi:
        from gitsync.cli.openapi import proposed

        values, notes = proposed(make, openapi, values)
        values = {"platform": named, **values}
        if "auth" in values and values["auth"] != "none":
            values.setdefault("token", f"env:{_variable(name, named, 'token')}")
    secrets = [key for key, setting in make.settings.items() if setting.secret and setting.required]
    if store:
        asked = secrets or [key for key, setting in make.settings.items() if setting.secret][:1]
        values |= {key: store_secret(invocation, config, name, key, make.settings[key], url) for key in asked}
    for key in secrets:
        values.setdefault(key, f"env:{_variable(name, named, key)}")
    text = add_site(source.text, name, values)
    parse(Source(source.path, text)).sites[name].check()
    replace_file(source.path, text)

    printer = Printer(invocation)
    printer.result("site", {"site": name, "platform": named}, f"Added {name} to {config.path}.")
    missing = [
        v[4:] for v in values.values() if isinstance(v, str) and v.startswith("env:") and v[4:] not in os.environ
    ]
    for variable in missing:
        key = next((key for key, value in values.items() if value == f"env:{variable}"), "")
        where = page_of(make.settings[key], url) if key in make.settings else ""
        made = f"; it is made at {where}" if where else ""
        printer.say(f"Set the environment variable {variable} to its secret{made}.")
    for note in notes:
        printer.say(f"Look: {note}")
    if store:
        return _tested(invocation, [invocation.config().sites[name]])
    printer.say(f"Next: `gitsync site test {name}`.")
    return 0


def _values(pairs: tuple[str, ...], settings: Mapping[str, Setting]) -> dict[str, Any]:
    """Return what KEY=VALUE arguments mean, typed as the connector wants them. Raises UsageError."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise UsageError(f"{pair!r} is not KEY=VALUE.", "Write for example table=posts.")
        table, dot, inner = key.partition(".")
        if dot:
            within = values.setdefault(table, {})
            if not isinstance(within, dict):
                raise UsageError(f"{table} cannot be a value and a table.", f"Leave out {table}= or {pair}.")
            within[inner] = text
            continue
        kind = settings[key].type if key in settings else str
        if kind is bool and text not in TRUTH:
            raise UsageError(f"{key} cannot be {text!r}.", "Write true or false.")
        if kind is bool:
            values[key] = TRUTH[text]
        elif kind is int or (key == "timeout" and text.isdecimal()):
            values[key] = _number(key, text, int)
        elif key == "timeout":
            values[key] = _number(key, text, float)
        else:
            values[key] = [part.strip() for part in text.split(",")] if kind is list else text
    return values


def _number(key: str, text: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{key} cannot be {text!r}.", "Write a number.") from None


def _variable(name: str, platform: str, key: str) -> str:
    """Return the environment variable that holds a secret: one that is set, by its name, else the plainest name."""
    prefixes = [text.upper().replace("-", "_") for text in (name, platform)]
    endings = [key.upper(), "API_KEY", "TOKEN", "API_TOKEN", "APP_PASSWORD", "ADMIN_API_KEY"]
    likely = [f"{prefix}_{ending}" for prefix in prefixes for ending in endings]
    return next((variable for variable in likely if os.environ.get(variable)), likely[0])


@site.command("list")
@common_options
@pass_invocation
def list_sites(invocation: Invocation) -> None:
    """List the sites of gitsync.toml."""
    config = invocation.config()
    printer = Printer(invocation)
    width = max((len(name) for name in config.sites), default=0)
    for one in config.sites.values():
        fields = {"site": one.name, "platform": one.platform, "url": one.url or None, "status": one.status}
        printer.result("site", fields, f"{one.name:<{width}}  {one.platform}  {one.url}".rstrip())
    if not config.sites:
        printer.say("No sites yet. Run `gitsync site add NAME`.")


@site.command()
@sites_argument
@common_options
@pass_invocation
def test(invocation: Invocation, sites: tuple[str, ...]) -> int:
    """Ask each SITE whose credentials these are."""
    return _tested(invocation, invocation.config().choose(sites))


def _tested(invocation: Invocation, chosen: Sequence[Site]) -> int:
    printer = Printer(invocation)
    meter = Meter()
    codes = []
    for one in chosen:
        fields: dict[str, Any] = {"site": one.name, "ok": False, "account": None, "url": None, "reason": None}
        try:
            connector = one.connect(meter=meter)
            try:
                account = connector.whoami()
            finally:
                connector.close()
        except (SiteError, UsageError) as error:
            codes.append(error.exit_code)
            printer.result("site", fields | {"reason": str(error)}, f"{one.name}: {error}")
        else:
            found = {"ok": True, "account": account.name, "url": account.url}
            printer.result("site", fields | found, f"{one.name}: ok, {account.name} {account.url or ''}".rstrip())
    code = exit_code(codes)
    if invocation.json:
        printer.event(Summary(failed=len(codes), requests=meter.requests, exit_code=code))
    if not chosen:
        printer.event(Notice(level="warning", message="No sites yet. Run `gitsync site add NAME`."))
    return code


@site.command()
@sites_argument
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", help="How to print it.")
@common_options
@pass_invocation
def capabilities(invocation: Invocation, sites: tuple[str, ...], form: str) -> None:
    """Say what each SITE can hold and do, or every platform at its best.

    The table is made of the declarations that a sync obeys.
    """
    from gitsync.capability_table import columns, markdown, table
    from gitsync.connector import Capabilities

    told: dict[str, Capabilities] = {}
    if sites:
        for one in invocation.config().choose(sites):
            connector = one.connect()
            told[one.name] = connector.capabilities
            connector.close()
    else:
        for name in platforms():
            at_best = getattr(connector_class(name), "capabilities", None)
            if isinstance(at_best, Capabilities):
                told[name] = at_best
    rows = table(told)
    printer = Printer(invocation)
    if invocation.json:
        for number, name in enumerate(rows[0][1:], 1):
            printer.result("capabilities", {"name": name, **{row[0]: row[number] for row in rows[1:]}}, "")
        return
    printer.lines(markdown(rows) if form == "markdown" else columns(rows))


@site.command()
@click.argument("name")
@click.argument("url")
@common_options
@pass_invocation
def webhook(invocation: Invocation, name: str, url: str) -> None:
    """Let the site NAME call URL for every change there, signed with its `webhook_secret`."""
    from gitsync.connector import Hooked

    [one] = invocation.config().choose([name])
    connector = one.connect()
    try:
        if not isinstance(connector, Hooked):
            message = f"{one.platform} lets no program ask for webhooks."
            raise UsageError(message, "Where it has any, they are set up in its own dashboard.")
        if not url.startswith(("https://", "http://")):
            raise UsageError(f"{url!r} is no http or https address.", "Name where gitsync is to be called.")
        events = list(connector.register(url))
    finally:
        connector.close()
    told = f"{name} calls {url} for {', '.join(events)}."
    Printer(invocation).result("webhook", {"site": name, "url": url, "events": events}, told)


@site.command()
@click.argument("name")
@common_options
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Take the site NAME out of gitsync.toml; nothing on the site changes, and its ledger is kept."""
    from gitsync.cli.toml_edit import remove_site, replace_file

    source = configuration.source(None, invocation.directory)
    config = parse(source)
    config.choose([name])
    replace_file(source.path, remove_site(source.text, name))
    printer = Printer(invocation)
    printer.result("site", {"site": name, "removed": True}, f"Removed {name} from {config.path}.")
    printer.say(f"Its posts stay where they are; the ledger refs/gitsync/{name} is kept.")
