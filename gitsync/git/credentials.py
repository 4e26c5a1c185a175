"""Credentials in the addresses of remotes: git hands addresses on as arguments, which everybody on the machine sees.

So git is told, in its environment, that such an address is one without credentials, and where to ask for those. A user
name alone is hidden too: it may be a token.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from gitsync.git.gitprocess import Git

_ASK = (
    "!f() {{ test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "
    '"$GITSYNC_REMOTE_USER_{0}" "$GITSYNC_REMOTE_PASSWORD_{0}"; }}; f'
)


def environment(git: Git, remote: str, *, push: bool = False) -> dict[str, str]:
    """Return what git's environment has to hold while it talks to `remote`; nothing where no address has credentials.

    Two addresses that differ in nothing but their credentials are both talked to with those of the first.
    """
    said = git.run("config", "--get-regexp", r"^(remote\..*|url\..*)$", ok=(0, 1)).text
    if "@" not in said:
        return {}
    settings: list[tuple[str, str]] = []
    named: dict[str, str] = {}
    known: dict[str, list[str | None]] = {}
    for number, (raw, bare, user, password) in enumerate(_hidden(git, remote, push=push)):
        settings += [(f"url.{bare}.insteadOf", raw), (f"url.{bare}.pushInsteadOf", raw)]
        host = "{0.scheme}://{0.netloc}".format(urlsplit(bare))
        place = host if known.setdefault(host, [user, password]) == [user, password] else bare
        if password is None:
            settings += [(f"credential.{place}.username", user)]
        else:
            # No other helper is asked, or told to keep it.
            settings += [(f"credential.{place}.helper", ""), (f"credential.{place}.helper", _ASK.format(number))]
            named |= {f"GITSYNC_REMOTE_USER_{number}": user, f"GITSYNC_REMOTE_PASSWORD_{number}": password}
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    for number, (key, value) in enumerate(settings, count):
        named |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return named | ({"GIT_CONFIG_COUNT": str(count + len(settings))} if settings else {})


def _hidden(git: Git, remote: str, *, push: bool) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield (address as written, the same without credentials, user, password or None) for those that have any."""
    written = (
        git.run("config", "--get-all", "--end-of-options", f"remote.{remote}.pushurl", ok=(0, 1)).text if push else ""
    )
    written = written or git.run("config", "--get-all", "--end-of-options", f"remote.{remote}.url", ok=(0, 1)).text
    which = ("--push",) if push else ()
    used = git.run("remote", "get-url", "--all", *which, "--end-of-options", remote, ok=())
    if used.status:
        return
    for raw, url in zip(written.split("\n"), used.text.split("\n"), strict=False):
        parts = urlsplit(url)
        who, at, host = parts.netloc.rpartition("@")
        user, colon, password = who.partition(":")
        if at and who and parts.scheme in ("http", "https"):
            bare = urlunsplit(parts._replace(netloc=host))
            yield raw, bare, unquote(user), unquote(password) if colon else None
