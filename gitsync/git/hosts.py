"""What the address of a git remote says: whether strangers may read there, and where its files are served."""

from __future__ import annotations

import re

_PUBLIC = re.compile(r"(^|[/@.])(github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|git\.sr\.ht)[:/]")
_RAW = {
    re.compile(r"(?:https://|git@|ssh://git@)github\.com[:/](?P<name>[^/]+/[^/]+?)(?:\.git)?/?"): (
        "https://raw.githubusercontent.com/{name}/{branch}"
    ),
    re.compile(r"(?:https://|git@|ssh://git@)gitlab\.com[:/](?P<name>.+?)(?:\.git)?/?"): (
        "https://gitlab.com/{name}/-/raw/{branch}"
    ),
    re.compile(r"(?:https://|git@|ssh://git@)codeberg\.org[:/](?P<name>[^/]+/[^/]+?)(?:\.git)?/?"): (
        "https://codeberg.org/{name}/raw/branch/{branch}"
    ),
}


def is_public(url: str) -> bool:
    """Say whether `url` is at a host where repositories are often open to everybody."""
    return _PUBLIC.search(url) is not None


def raw_base(url: str, branch: str) -> str | None:
    """Return the address below which the host serves the files of `branch`, or None where that is not known."""
    for pattern, base in _RAW.items():
        if found := pattern.fullmatch(url):
            return base.format(name=found["name"], branch=branch)
    return None
