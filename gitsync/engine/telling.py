"""Losses, as a plan tells them: those that the author did not allow."""

from __future__ import annotations

from collections.abc import Iterable

from gitsync.config import Policy
from gitsync.model import Problem


def in_words(losses: Iterable[Problem], policy: Policy, site: str) -> str:
    """Return one sentence for each loss that is not allowed for `site`, each after its code."""
    told = dict.fromkeys(f"{loss.code} {loss.message}." for loss in losses if not policy.allows(site, loss.code))
    return " ".join(told)
