"""A repository whose files a test writes and commits."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import run_git


class Checkout:
    """A repository at `root`, made here, whose branch is `main`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        run_git(root, "init", "--quiet", "--initial-branch=main")

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def git(self, *args: str) -> str:
        return run_git(self.root, *args)

    def commit(self, message: str = "edit") -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", message)

    def swapped(self, one: str, other: str) -> tuple[str, str]:
        """Let two files change their texts, uncommitted; return what they were."""
        texts = self.read(one), self.read(other)
        self.write(one, texts[1])
        self.write(other, texts[0])
        return texts

    def put(self, path: str, text: str) -> None:
        """Write and commit one file."""
        self.write(path, text)
        self.commit(f"write {path}")
