"""What a check found, in the four forms that people and programs read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gitsync import __version__
from gitsync.cli.annotations import annotation

if TYPE_CHECKING:
    from gitsync.lint.finding import Finding

FORMATS: Final = ("text", "json", "sarif", "github")


def line_of(form: str) -> Callable[[Finding], str]:
    """Return what makes one line of a finding, for the forms that are read by people."""
    return _annotated if form == "github" else str


def _annotated(it: Finding) -> str:
    return annotation(it.severity, it.told, path=it.path, line=it.line, column=it.column, title=it.code)


def sarif(findings: Sequence[Finding], root: str) -> Mapping[str, Any]:
    """Return a SARIF 2.1.0 log. `root` is the file URI of the repository. Source: docs.oasis-open.org/sarif."""
    codes = list(dict.fromkeys(it.code for it in findings))
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "gitsync",
                        "version": __version__,
                        "rules": [{"id": code, "name": code, "shortDescription": {"text": code}} for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"uri": root}},
                "results": [_result(it, codes) for it in findings],
            }
        ],
    }


def _result(finding: Finding, codes: Sequence[str]) -> Mapping[str, Any]:
    from urllib.parse import quote

    place = {
        "artifactLocation": {"uri": quote(finding.path), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    said = "\0".join((finding.path, finding.code, finding.message))
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.severity,
        "message": {"text": finding.told},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"gitsync/v1": hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]},
    }


def counted(findings: Iterable[Finding]) -> tuple[int, int]:
    """Return how many errors and how many warnings there are."""
    levels = [it.severity for it in findings]
    return levels.count("error"), levels.count("warning")
