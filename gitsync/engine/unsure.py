"""What nobody can tell before some time has passed: the post that it is about waits until then."""

from __future__ import annotations


class Unsure(Exception):
    """Only a look at the site after `until` (Unix time) tells; nothing is sent before."""

    def __init__(self, message: str, until: float = 0.0) -> None:
        super().__init__(message)
        self.until = until
