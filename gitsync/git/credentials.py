"""Passwords inside the addresses of remotes: git hands addresses on as arguments, which everybody on the machine sees.

So git is told, in its environment, that such an address is one without a password, and where to ask for that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from gitsync.git.gitprocess import Git

_ASK = (
    "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "
    '"$GITSYNC_REMOTE_USER" "$GITSYNC_REMOTE_PASSWORD"; }; f'
)


def environment(git: Git, remote: str) -> dict[str, str]:
    """Return what git's environment has to hold while it talks to `remote`; nothing where no address has a password.

    Of several addresses with passwords, only those that share one are hidden.
    """
    said = git.run("config", "--get-regexp", r"^(remote\..*|url\..*)$", ok=(0, 1)).text
    if "@" not in said:
        return {}
    found = [it for push in (False, True) for it in _hidden(git, remote, push=push)]
    if not found:
        return {}
    user, password = found[0][2:]
    settings: list[tuple[str, str]] = []
    for raw, bare, *same in found:
        if same == [user, password]:
            settings += [(f"url.{bare}.insteadOf", raw), (f"url.{bare}.pushInsteadOf", raw)]
            place = "credential.{0.scheme}://{0.netloc}.helper".format(urlsplit(bare))
            settings += [(place, ""), (place, _ASK)]  # no other helper is asked, or told to keep it
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    named = {"GITSYNC_REMOTE_USER": user, "GITSYNC_REMOTE_PASSWORD": password}
    for number, (key, value) in enumerate(settings, count):
        named |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return named | {"GIT_CONFIG_COUNT": str(count + len(settings))}


def _hidden(git: Git, remote: str, *, push: bool) -> Iterator[tuple[str, str, str, str]]:
    """Yield (address as written, the same without credentials, user, password) for those that have a password."""
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
        if at and colon and parts.scheme in ("http", "https"):
            yield raw, urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)
