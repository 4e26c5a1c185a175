"""What two posts must not share: an address, or the place where they first appeared."""

from __future__ import annotations

from collections.abc import Iterator

from gitsync.connector import Problem
from gitsync.document import Document
from gitsync.lint.finding import Finding, finding_of


class Twins:
    """Takes posts one after the other, and tells of each that says the same as an earlier one."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], str] = {}

    def findings(self, file: Document) -> Iterator[Finding]:
        for field, code in (("slug", "SLUG_TWICE"), ("canonical_url", "CANONICAL_TWICE")):
            value = file.post.get(field)
            if not isinstance(value, str) or not value.strip():
                continue
            key = (field, value.strip().rstrip("/").casefold(), (file.post.lang or "") if field == "slug" else "")
            first = self._seen.setdefault(key, file.path)
            if first != file.path:
                hint = "Give one of them another."
                yield finding_of(
                    file,
                    Problem(
                        code=code,
                        message=f"{first} has the same {field}, {value.strip()}",
                        hint=hint,
                        field=field,
                        severity="loss",
                    ),
                )
