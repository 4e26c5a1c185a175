"""The shape of the house: who may import whom, and what starting up may cost."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    "errors durable",
    "model",
    "connector events",
    "document dialects merge markdown http config",
    "repository",
    "worktree ledger records journal intents index lock share",
    "project local remote projection reconcile plan",
    "apply",
    "sync",
    "watch rollback migrate",
    "cli server",
)
"""The landmarks, from the ground up. Through no chain of imports does a module reach a landmark above its own line."""

ROOMS = {"git", "post", "state", "engine", "undo"}
"""Packages that only keep their modules together: each module of theirs has its own place in the layers."""

CONNECTORS_MAY_IMPORT = {
    "bounded_json",
    "connector",
    "source",
    "model",
    "errors",
    "http",
    "markdown",
    "document",
    "dialects",
    "durable",
}
ONLY_IN = {"git": {"gitsync/repository.py"}, "httpx": {"gitsync/http.py", "gitsync/outside.py"}}
HEAVY = {"httpx", "git", "sqlalchemy", "rich", "yaml"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> frozenset[str]:
    """Return every module that a file imports, at its head or inside a function, but not for type checkers only."""

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}:{child.lineno}: relative import"
                for alias in child.names:
                    inner = f"{child.module}.{alias.name}"
                    yield inner if (ROOT / inner.replace(".", "/")).with_suffix(".py").is_file() else child.module or ""
            yield from walk(child)

    return frozenset(walk(ast.parse(path.read_text(encoding="utf-8"))))


def component(module: str) -> str:
    """Return "merge" for gitsync.merge and every module inside it, "lock" for gitsync.state.lock; "" for a package."""
    parts = module.split(".")[1:]
    return ".".join(parts[1:2] if parts[:1] and parts[0] in ROOMS else parts[:1])


@cache
def graph() -> dict[str, set[str]]:
    """Return what each module or package of the engine imports of the others."""
    found: dict[str, set[str]] = {}
    for path in modules("gitsync"):
        own = component(dotted(path))
        used = {component(name) for name in imports(path) if name.split(".")[0] == "gitsync"}
        found.setdefault(own, set()).update(used - {own, ""})
    return found


def reach(start: str) -> dict[str, str]:
    """Return every module that `start` imports, directly or not, with the chain that leads there."""
    chains = {start: start}
    todo = [start]
    while todo:
        here = todo.pop()
        for name in graph().get(here, ()):
            if name not in chains:
                chains[name] = f"{chains[here]} > {name}"
                todo.append(name)
    return chains


@pytest.mark.parametrize("number", range(len(LAYERS)), ids=lambda number: LAYERS[number].split()[0])
def test_imports_point_downwards_only(number: int) -> None:
    above = {name for names in LAYERS[number + 1 :] for name in names.split()}
    for name in LAYERS[number].split():
        climbing = [chain for end, chain in reach(name).items() if end in above]
        assert not climbing


def test_the_package_itself_imports_nothing() -> None:
    assert graph()[""] == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = dict(graph())
    while left:
        free = [name for name, used in left.items() if not used & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("path", modules("gitsync"), ids=dotted)
def test_the_engine_finds_connectors_as_entry_points_only(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] == "gitsync_connectors"}


@pytest.mark.parametrize("path", modules("connectors/gitsync_connectors"), ids=lambda path: path.stem)
def test_a_connector_knows_nothing_of_the_engine(path: Path) -> None:
    used = {component(name) for name in imports(path) if name.split(".")[0] == "gitsync"} - {""}
    assert used <= CONNECTORS_MAY_IMPORT


@pytest.mark.parametrize("path", [*modules("gitsync"), *modules("connectors/gitsync_connectors")], ids=dotted)
def test_git_and_httpx_have_one_door_each(path: Path) -> None:
    shown = path.relative_to(ROOT).as_posix()
    for name in imports(path):
        top = name.split(".")[0]
        assert shown in ONLY_IN.get(top, {shown}), f"{shown} imports {top}"


@pytest.mark.parametrize("path", [*modules("gitsync"), *modules("connectors/gitsync_connectors")], ids=dotted)
def test_a_module_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that `gitsync ARGUMENTS` imports."""
    code = "import sys; from gitsync.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["-v", "--version"]], ids=" ".join)
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    loaded = imported_by(*arguments)
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert "gitsync.config" not in loaded


def test_the_version_is_answered_without_click() -> None:
    assert "click" not in imported_by("--version")
