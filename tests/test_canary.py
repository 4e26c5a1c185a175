"""No secret is anywhere but in the requests that need it (law 10): not printed, not logged, not stored, in no argument.

Every run has canaries for secrets, against a server that says back all it is told; then everything that was printed and
every byte that was stored is searched, in plain, in base64 and percent-encoded.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.conftest import run_git
from tests.fakes.server import Stage, serving

CANARY = 'C4nary-"quoted"-and/äöü+secret'
PLAIN = "c4nary0123456789abcdef"
GHOST = f"{'a' * 24}:{'c4' * 32}"
REST = 'platform = "rest"\nurl = "{host}"\nendpoint = "/p"\n{auth}\nfields = {{ id = "id", title = "t", body = "b" }}\n'
SITES = {
    "devto": 'platform = "devto"\nurl = "{host}/api"\ntoken = "env:PLAIN"\n',
    "hashnode": 'platform = "hashnode"\nurl = "{host}"\ntoken = "env:PLAIN"\npublication = "me.example"\n',
    "medium": 'platform = "medium"\nurl = "{host}/v1"\ntoken = "env:PLAIN"\n',
    "wordpress": 'platform = "wordpress"\nurl = "{host}"\nuser = "me"\ntoken = "env:PLAIN"\n',
    "ghost": 'platform = "ghost"\nurl = "{host}"\ntoken = "env:GHOST"\n',
    "bearer": REST.replace("{auth}", 'token = "env:PLAIN"'),
    "query": REST.replace("{auth}", 'auth = "?key={{token}}"\ntoken = "env:CANARY"'),
    "basic": REST.replace("{auth}", 'auth = "basic"\nuser = "me"\ntoken = "env:CANARY"'),
    "sql": 'platform = "sql"\nurl = "env:DATABASE"\ntable = "p"\ncolumns = {{ id = "id", title = "t", body = "b" }}\n',
}
COMMANDS = (
    ("site", "test"),
    ("status",),
    ("plan", "--out", "plan.json"),
    ("sync",),
    ("push", "--json"),
    ("pull",),
    ("import", "x"),
    ("verify", "--deep"),
    ("doctor",),
    ("log",),
    ("check",),
    ("adopt", "posts/a.md", "x", "1"),
    ("publish", "posts/a.md", "x"),
    ("sync", "--bogus"),
)


@dataclass
class Echo:
    """A server that answers everything with all it was told."""

    status: int = 401
    kind: str = "text/plain"
    hits: int = 0
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = (await request.body()).decode("utf-8", "replace")
        told = "\n".join([str(request.url), *(f"{name}: {value}" for name, value in request.headers.items()), body])
        self.hits += 1
        self.seen.append(told)
        await Response(told, self.status, media_type=self.kind)(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


def disguises(secret: str) -> list[bytes]:
    """Return every form in which a secret could be read from what is stored or printed."""
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    forms = [
        secret,
        quote(secret),
        quote(secret, safe=""),
        escaped,
        escaped.encode("ascii", "backslashreplace").decode(),
    ]
    encoded = [base64.b64encode(text.encode()) for text in (secret, f"me:{secret}", f"x:{secret}")]
    return [*{form.encode() for form in forms}, *encoded]


def stored(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield everything that is on the disk, git's objects as they are read."""
    for folder, _, files in os.walk(root):
        for name in files:
            yield f"{folder}/{name}", (Path(folder) / name).read_bytes()
    done = subprocess.run(
        ["git", "-C", str(root), "cat-file", "--batch-all-objects", "--batch"], capture_output=True, check=True
    )
    yield "git's objects", done.stdout


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "text/plain"), pytest.param(200, "text/html", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "platform",
    [it if it in ("devto", "query", "sql", "ghost") else pytest.param(it, marks=pytest.mark.slow) for it in SITES],
)
def test_a_secret_is_in_no_artefact(stage: Stage, tmp_path: Path, platform: str, status: int, kind: str) -> None:
    if platform == "sql" and status != 401:
        return  # no answer of a server plays a part there
    echo = stage.app = Echo(status, kind)
    root = tmp_path / "blog"
    (root / "posts").mkdir(parents=True)
    (root / "posts/a.md").write_text("---\ntitle: A\n---\n\nWords.\n")
    site = SITES[platform].format(host=stage.host)
    (root / "gitsync.toml").write_text(f'[content]\npaths = ["posts/**/*.md"]\n[sites.x]\ntimeout = 5\n{site}')
    run_git(root, "init", "-q", "-b", "main")
    run_git(root, "add", "-A")
    run_git(root, "commit", "-q", "-m", "x")
    secrets = {
        "PLAIN": PLAIN,
        "CANARY": CANARY,
        "GHOST": GHOST,
        "DATABASE": f"postgresql+psycopg://me:{PLAIN}@127.0.0.1:1/none",
    }
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from gitsync.cli.failure import run
for command in {COMMANDS!r}:
    run(["-C", {str(root)!r}, *command, "-vv"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        env={**os.environ, **secrets, "GIT_TRACE2_EVENT": str(tmp_path / "trace.json")},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )
    assert platform == "sql" or echo.hits
    used = {"query": CANARY, "basic": CANARY, "ghost": GHOST.partition(":")[2]}.get(platform, PLAIN)
    if platform not in ("sql", "ghost"):
        assert any(form.decode() in told for form in disguises(used) for told in echo.seen), "the canary never sang"
    printed = {"stdout": done.stdout, "stderr": done.stderr, "arguments of git": (tmp_path / "trace.json").read_bytes()}
    for name, content in [*printed.items(), *stored(root)]:
        for form in disguises(used):
            at = content.find(form)
            assert at < 0, f"{name}: …{content[max(at - 200, 0) : at + 200]!r}"
