"""A secret that sings: put where a token belongs, and searched for afterwards in everything a run left or said."""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from gitsync.cli.failure import run
from tests.conftest import run_git

_TITLES = """#!/bin/sh
printf '%s\\n' "$0 $*" >> "{log}"
exec "{git}" "$@"
"""


class Canary:
    """The secret, and what was said while it was in use. `run` is the command line, in this process."""

    def __init__(self, folder: Path, capture: object) -> None:
        self.folder = folder
        self.secret = f"cAnary-{secrets.token_hex(12)}"
        self.said: list[tuple[str, str]] = []
        self._capture = capture

    def run(self, root: Path, *command: str) -> int:
        """Run a command; what it prints is kept, and returned by `said`."""
        code = run(["-C", str(root), *command])
        captured = self._capture.readouterr()  # type: ignore[attr-defined]
        self.said.append((" ".join(command), captured.out + captured.err))
        return code

    def spellings(self) -> set[bytes]:
        """The secret as it is, and as headers, addresses, JSON and logs write it."""
        plain = self.secret.encode()
        pairs = (f"{name}:{self.secret}".encode() for name in ("me", "", "x-access-token"))
        coded = {base64.b64encode(plain), base64.urlsafe_b64encode(plain), *map(base64.b64encode, pairs)}
        return {plain, plain.hex().encode(), quote(self.secret, safe="").encode(), *coded}

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield everything that a run leaves: what was printed, files, git's objects unpacked, rows of databases."""
        for command, said in self.said:
            yield f"the output of {command}", said.encode()
        for folder, _, files in os.walk(self.folder):
            for name in files:
                path = Path(folder, name)
                yield str(path.relative_to(self.folder)), path.read_bytes() if path.is_file() else b""
                if path.name == "index.db":
                    with closing(sqlite3.connect(path)) as db:
                        yield f"{path} dumped", "\n".join(db.iterdump()).encode()
            if Path(folder).name == ".git" or Path(folder, "HEAD").is_file():
                objects = run_git(Path(folder), "cat-file", "--batch-all-objects", "--unordered", "--batch")
                yield f"objects of {folder}", objects.encode("utf-8", "surrogateescape")

    def silent(self) -> None:
        """Assert that it is nowhere."""
        spelled = self.spellings()
        found = [place for place, data in self.places() for word in spelled if word in data]
        assert not found, found


def titles(folder: Path, git: str) -> Path:
    """Make a git that writes down how it was called, as `ps` would show it. Returns the folder for PATH."""
    programs = folder / "programs"
    programs.mkdir()
    wrapper = programs / "git"
    wrapper.write_text(_TITLES.format(log=folder / "titles", git=git))
    wrapper.chmod(0o755)
    return programs


def title() -> bytes:
    """This process's own title."""
    return Path("/proc/self/cmdline").read_bytes() if sys.platform == "linux" else b""
