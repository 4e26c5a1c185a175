"""Rules of markdown-it, wrapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def wrap(ruler: Any, name: str, wrapped: Callable[[Any], Any]) -> None:
    """Put `wrapped(rule)` in the place of the rule called `name`; what it interrupts stays as it is."""
    rule = next(rule for rule in ruler.__rules__ if rule.name == name)
    ruler.at(name, wrapped(rule.fn), {"alt": list(rule.alt)})
