"""gitsync.toml as a frozen Config. Every complaint is a ConfigError with path:line and a next step."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from gitsync.errors import ConfigError
from gitsync.secrets import FORMS, SECRET_NAMES, Secrets, has_password, is_reference
from gitsync.site import Site
from gitsync.tomlfile import Source, Table, did_you_mean

FILE = "gitsync.toml"
DIALECTS = ("gitsync", "jekyll", "hugo", "hexo", "zola", "astro", "eleventy", "docusaurus", "hashnode", "devto")
SITE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
PACE = re.compile(r"(?P<number>[1-9][0-9]{0,6})/(?P<length>[0-9]+(?:\.[0-9]+)?)?(?P<unit>[smh])")
PER = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Which files are posts. `paths` are git globs and `assets` folders, both relative to the folder of gitsync.toml.

    With `fetch_assets` an import brings pictures into the first of the `assets` folders. `schemas` maps globs to JSON
    Schemas of front matter. `url` has no slash at its end.
    `timezone` is an IANA name that dates without a zone are in; None is UTC.
    """

    paths: tuple[str, ...] = ("posts/**/*.md",)
    dialect: str = "gitsync"
    assets: tuple[str, ...] = ()
    url: str | None = None
    timezone: str | None = None
    schemas: Mapping[str, str] = field(default_factory=dict)
    fetch_assets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the ledger is shared. `remote` None keeps it local; `branch` None is the default of design section 3."""

    remote: str | None = None
    branch: str | None = None
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxDelete:
    """The delete guard: more than `percent` of the known posts *and* more than `at_least` posts is too many."""

    percent: float = 25.0
    at_least: int = 3

    def exceeded(self, count: int, known: int) -> bool:
        """Say whether losing `count` of `known` posts needs the user's word."""
        return count > self.at_least and count * 100 > self.percent * known


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What to do where the right thing is a matter of taste."""

    conflict: Literal["markers", "ours", "theirs"] = "markers"
    delete: Literal["unpublish", "delete", "ignore"] = "unpublish"
    gone: Literal["keep", "recreate", "remove"] = "keep"
    import_: bool = True
    max_delete: MaxDelete = field(default_factory=MaxDelete)
    max_create: int = 50
    pull: Literal["commit", "pull-request"] = "commit"
    allow_losses: frozenset[str] = frozenset()

    def allows(self, site: str, code: str) -> bool:
        """Say whether nobody needs to be told of a loss: its CODE is allowed, or SITE:CODE."""
        return code in self.allow_losses or f"{site}:{code}" in self.allow_losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What watch mode does: with a save, and how often (in seconds) it looks at each site; `others` without a name."""

    on_save: Literal["check", "commit", "sync"] = "sync"
    poll: Mapping[str, float] = field(default_factory=dict)
    others: float = 300.0

    def every(self, site: str) -> float:
        """Return the seconds between two looks at `site`; infinite for never."""
        return self.poll.get(site, self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """gitsync.toml. `path` is as the user is shown it, `root` its absolute folder; `sites` are in the file's order."""

    path: Path
    root: Path
    content: Content
    state: State
    sites: Mapping[str, Site]
    policy: Policy
    watch: Watch
    secrets: Secrets = field(repr=False, compare=False)

    def choose(self, names: tuple[str, ...] | list[str]) -> list[Site]:
        """Return the sites called `names`, or all, in the file's order. Raises ConfigError for an unknown name."""
        for name in names:
            if name not in self.sites:
                raise ConfigError(f"{self.path} has no site {name!r}.", did_you_mean(name, list(self.sites)))
        return [site for site in self.sites.values() if not names or site.name in names]


def find(start: Path) -> Path:
    """Return the gitsync.toml of `start` or of a folder above, up to the repository's root. Raises ConfigError."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        if (folder / ".git").exists():
            break
    raise ConfigError(f"There is no {FILE} in {start}.", "Run `gitsync init` to make one.")


def source(path: Path | None, start: Path) -> Source:
    """Read `path`, or the gitsync.toml found from `start`, as text. Raises ConfigError."""
    path = path if path is not None else find(start)
    here = Path.cwd()
    return Source.read(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


def load(path: Path | None, start: Path) -> Config:
    """Read `path`, or the gitsync.toml found from `start`. Raises ConfigError."""
    return parse(source(path, start))


def parse(text: Source) -> Config:
    """Return the Config that `text` means. Raises ConfigError."""
    root = text.path.absolute().parent
    secrets = Secrets(root)
    whole = Table(text, (), text.parse())
    config = Config(
        path=text.path,
        root=root,
        content=_content(whole.table("content")),
        state=_state(whole.table("state")),
        sites=_sites(whole.table("sites"), secrets),
        policy=_policy(whole.table("policy")),
        watch=_watch(whole.table("watch")),
        secrets=secrets,
    )
    whole.end()
    return config


def _content(table: Table) -> Content:
    paths = table.texts("paths")
    if paths == ():
        raise table.wrong("paths", "paths is empty.", 'Say which files are posts, for example ["posts/**/*.md"].')
    assets = table.texts("assets") or ()
    for key, values in (("paths", paths or ()), ("assets", assets)):
        for value in values:
            _check_relative(table, key, value)
    url = table.text("url")
    if url is not None and not re.match(r"https?://[^/\s@]+(/|$)", url):
        raise table.wrong(
            "url", "url must be an http or https address without credentials.", 'Like "https://me.example".'
        )
    schemas = table.table("schemas")
    named = {glob: schemas.text(glob) or "" for glob in schemas.names()}
    for glob, path in named.items():
        _check_relative(schemas, glob, glob)
        _check_relative(schemas, glob, path)
    timezone = table.text("timezone")
    if timezone is not None:
        _check_timezone(table, timezone)
    content = Content(
        paths=paths or Content().paths,
        dialect=table.text("dialect", choices=DIALECTS) or "gitsync",
        assets=assets,
        url=url.rstrip("/") if url else None,
        timezone=timezone,
        schemas=named,
        fetch_assets=table.flag("fetch_assets", False),
    )
    table.end()
    return content


def _check_relative(table: Table, key: str, value: str) -> None:
    path = PurePosixPath(value)
    bad = path.is_absolute() or ".." in path.parts or value[0] in ":!~-" or any(ord(c) < 32 for c in value)
    if bad:
        raise table.wrong(key, f"{value!r} in {key} must be a path below gitsync.toml.", 'Like "posts/**/*.md".')


def _check_timezone(table: Table, name: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  few files name a zone

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise table.wrong("timezone", f"there is no time zone {name!r}.", 'Write it like "Europe/Berlin".') from None


def _state(table: Table) -> State:
    values = {}
    for key in ("remote", "branch"):
        value = values[key] = table.text(key)
        # Both reach git's command line and refspecs.
        if value is not None and (value.startswith(("-", "+", "/")) or re.search(r"[\s:*?\[\\^~]|\.\.|@\{", value)):
            raise table.wrong(key, f"{value!r} is no name of a git {key}.", f"Name a {key} of this repository.")
    state = State(remote=values["remote"], branch=values["branch"], public=table.flag("public", False))
    table.end()
    return state


def _policy(table: Table) -> Policy:
    default = Policy()
    choice: Any = table.text
    policy = Policy(
        conflict=choice("conflict", choices=("markers", "ours", "theirs")) or default.conflict,
        delete=choice("delete", choices=("unpublish", "delete", "ignore")) or default.delete,
        gone=choice("gone", choices=("keep", "recreate", "remove")) or default.gone,
        import_=table.flag("import", True),
        max_delete=_max_delete(table),
        max_create=table.whole("max_create", default.max_create),
        pull=choice("pull", choices=("commit", "pull-request")) or default.pull,
        allow_losses=frozenset(table.texts("allow_losses") or ()),
    )
    table.end()
    return policy


def _watch(table: Table) -> Watch:
    choice: Any = table.text
    on_save = choice("on_save", choices=("check", "commit", "sync")) or Watch().on_save
    value = table.take("poll")
    said = value if isinstance(value, dict) else {} if value is None else {"others": value}
    poll = {name: _seconds(table, length) for name, length in said.items()}
    watch = Watch(on_save=on_save, others=poll.pop("others", Watch().others), poll=poll)
    table.end()
    return watch


def _seconds(table: Table, text: object) -> float:
    if text == "never":
        return inf
    found = re.fullmatch(r"(\d{1,6})([smh])", text) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0:
        raise table.wrong("poll", "poll is not understood.", 'Write "5m", "never", or {others = "5m", devto = "1m"}.')
    return int(found[1]) * PER[found[2]]


def _max_delete(table: Table) -> MaxDelete:
    value = table.take("max_delete")
    if value is None:
        return MaxDelete()
    if type(value) is int and value >= 0:
        return MaxDelete(percent=0.0, at_least=value)
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}(\.\d+)?\s*%", value) and float(value.rstrip("% ")) <= 100:
        return MaxDelete(percent=float(value.rstrip("% ")))
    raise table.wrong("max_delete", "max_delete must be a share or a number of posts.", 'Like "25%", or 10.')


def _sites(table: Table, secrets: Secrets) -> Mapping[str, Site]:
    sites = {}
    for name in table.names():
        if not SITE_NAME.fullmatch(name):
            raise table.wrong(name, f"{name!r} is no name for a site.", "Use small letters, digits and dashes.")
        sites[name] = _site(name, table.table(name), secrets)
    return sites


def _site(name: str, table: Table, secrets: Secrets) -> Site:
    platform = table.text("platform")
    if platform is None:
        raise table.wrong("", f"[sites.{name}] lacks platform.", 'Say what it is, like platform = "devto".')
    url = table.text("url") or ""
    if not is_reference(url) and has_password(url):
        raise table.wrong("url", "url holds a password in clear.", f"Store the whole URL elsewhere and write {FORMS}.")
    status: Any = table.text("status", choices=("published", "draft", "private"))
    timeout = table.take("timeout")
    if timeout is not None and (type(timeout) not in (int, float) or not 0 < timeout <= 3600):
        raise table.wrong("timeout", "timeout must be a number of seconds up to 3600.", "Like timeout = 30.")
    site = Site(
        name=name,
        platform=platform,
        url=url,
        status=status,
        timeout=float(timeout or 30),
        pace=_pace(table),
        options=table.rest(),
        source=table.source,
        secrets=secrets,
    )
    for key, value in site.options.items():
        if SECRET_NAMES.search(key) and isinstance(value, str) and not is_reference(value):
            raise site.literal(key)
    return site


def _pace(table: Table) -> Mapping[str, tuple[int, float]] | None:
    value = table.take("pace")
    if value in (None, "default", "off"):
        return {} if value == "off" else None
    hint = 'Write "default", "off" or {writes = "30/30s", reads = "3/1s"}.'
    if not isinstance(value, dict):
        raise table.wrong("pace", "pace is not understood.", hint)
    pace = {}
    for key, text in value.items():
        found = PACE.fullmatch(text) if isinstance(text, str) else None
        seconds = float(found["length"] or 1) * PER[found["unit"]] if found else 0.0
        if key not in ("reads", "writes") or not found or seconds <= 0:
            raise table.wrong("pace", f"pace for {key} is not understood.", hint)
        pace[key] = (int(found["number"]), seconds)
    return pace


def content_glob(root: str, pattern: str) -> re.Pattern[str]:
    """Return what matches the repository paths that a git glob below `root` ("" or "x/") reaches.

    `**/` is any folders; `*` and `?` stay within a name.
    """
    out, at = re.escape(root), 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif pattern[at] == "?":
            out, at = out + "[^/]", at + 1
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            within = pattern[at + 1 : end]
            negated = within[0] in "!^"
            out += "[" + ("^" if negated else "") + re.escape(within[negated:]).replace(r"\-", "-") + "]"
            at = end + 1
        else:
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out)


def inside(path: str | os.PathLike[str], root: Path) -> str | None:
    """Return `path` relative to `root` with forward slashes, "." for `root` itself, or None when it is elsewhere."""
    typed = Path(os.path.abspath(path))  # noqa: PTH100  the last part may be a symbolic link, which is not followed
    for below, top in ((typed, root), (typed.parent.resolve() / typed.name, root.resolve())):
        if below.is_relative_to(top):
            return below.relative_to(top).as_posix()
    return None
