"""What git itself is taught in one repository: to merge posts, to show records, and to check before a push.

Nothing of it is in the user's files: settings are in .git/config, attributes in .git/info/attributes.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gitsync.project import Project

BEGIN: Final = "# gitsync: begin"
END: Final = "# gitsync: end"
HOOK: Final = "# gitsync: this hook was written by `gitsync install-hooks`"

SETTINGS: Final[dict[str, str]] = {
    "merge.gitsync.name": "posts, by fields and words",
    "merge.gitsync.driver": "{program} merge-driver %O %A %B %L %P %X %Y",
    "diff.gitsync.textconv": "{program} textconv",
    "diff.gitsync.cachetextconv": "false",
}


@dataclass(slots=True)
class Installed:
    """What was done, a sentence each, and what is left to the user."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def install(project: Project, *, pre_push: bool, program: str | None = None) -> Installed:
    """Teach this repository; again is no harm. Raises RepositoryError, OSError."""
    program = program or f"{shlex.quote(sys.executable)} -m gitsync"
    git = project.repository.git
    for key, value in SETTINGS.items():
        git.run("config", "--local", key, value.format(program=program), write=True)
    attributes = _info(project) / "attributes"
    lines = [f"{_pattern(project, path)} merge=gitsync" for path in project.config.content.paths]
    lines.append("/records/**/*.json diff=gitsync")
    _put_block(attributes, lines)
    told = Installed(done=["git merge, rebase, revert and cherry-pick merge posts by fields and words now."])
    told.done.append("git diff and git log -p refs/gitsync/SITE show records line by line now.")
    if pre_push:
        _hook(project, program, told)
    return told


def remove(project: Project) -> Installed:
    """Take everything back that `install` did. Raises RepositoryError, OSError."""
    git = project.repository.git
    for section in ("merge.gitsync", "diff.gitsync"):
        git.run("config", "--local", "--remove-section", section, ok=(), write=True)
    _put_block(_info(project) / "attributes", [])
    hook = _hook_file(project)
    if hook.is_file() and HOOK in hook.read_text(encoding="utf-8", errors="replace"):
        hook.unlink()
    return Installed(done=["git knows nothing of gitsync any more in this repository."])


def _info(project: Project) -> Path:
    folder = Path(project.repository.git.text("rev-parse", "--path-format=absolute", "--git-common-dir")) / "info"
    folder.mkdir(exist_ok=True)
    return folder


def _pattern(project: Project, path: str) -> str:
    """Return a content path as .gitattributes writes it: a space ends a pattern there, unless it is in quotes."""
    whole = f"/{project.root}{path}"
    return '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"' if any(c in whole for c in ' "\t') else whole


def _put_block(file: Path, lines: Iterable[str]) -> None:
    """Put `lines` between our marks, in place of what was there; the rest of the file is its owner's."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    before, found, rest = text.partition(f"{BEGIN}\n")
    after = rest.partition(f"{END}\n")[2] if found else ""
    block = "".join(f"{line}\n" for line in lines)
    if before and not before.endswith("\n"):
        before += "\n"
    whole = before + (f"{BEGIN}\n{block}{END}\n" if block else "") + after
    if whole:
        file.write_text(whole, encoding="utf-8")
    elif file.exists():
        file.unlink()


def _hook_file(project: Project) -> Path:
    """Return where git looks for the hook, core.hooksPath included."""
    asked = ("rev-parse", "--path-format=absolute", "--git-path", "hooks/pre-push")
    return Path(project.repository.git.run(*asked, hooks=True).text)


def _hook(project: Project, program: str, told: Installed) -> None:
    hook = _hook_file(project)
    command = f"{program} -C {shlex.quote(str(project.config.root))} check"
    if hook.exists() and HOOK not in hook.read_text(encoding="utf-8", errors="replace"):
        told.left.append(f"There is a hook {hook} already; add this line to it: {command}")
        return
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{HOOK}\nexec {command} >&2\n", encoding="utf-8")
    hook.chmod(0o755)
    told.done.append("git push checks the posts first now; git push --no-verify does not.")
