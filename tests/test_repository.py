"""The repository against real git."""

from __future__ import annotations

from gitsync.repository import Repository


def test_branch_is_known_before_the_first_commit(empty_repository: Repository) -> None:
    assert empty_repository.branch() == "main"
    assert empty_repository.head() is None
