"""Runs git: the one place for its environment, its options and the sentences made of its complaints."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from shlex import quote
from typing import IO, Any, NamedTuple, Protocol

from gitsync.errors import Locked, RepositoryError

Oid = str
"""An object's name in hexadecimal: 40 digits, or 64 in a SHA-256 repository."""

# A hook that starts gitsync sets these for its own repository and index; they must not reach ours.
_LOCAL = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_ATTR_SOURCE",
)
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_QUIET = ("-c", "core.fsmonitor=false", "-c", "advice.detachedHead=false")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
# Git does not sync loose objects and refs to the disk by default; what we recorded must outlive a power cut.
_DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=batch")


class Driver(Protocol):
    """What we use of GitPython's `git.cmd.Git`."""

    @property
    def execute(self) -> Callable[..., Any]: ...


class Answer(NamedTuple):
    """What a finished git said. `errors` is clean text, without credentials and control characters."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        """The output as text without its last newline; bytes that are no UTF-8 survive a round trip."""
        return decode(self.output).rstrip("\n")


class Git:
    """Git in one repository. Hooks are off unless asked for; nothing prompts; user text must follow `--` or
    `--end-of-options`.

    What writes goes through `driver`, made when it is first needed: importing it costs 0.1 s, which a run that finds
    nothing to do need not spend. What only reads is started here.
    """

    def __init__(self, folder: str, driver: Callable[[str], Driver]) -> None:
        self._folder = folder
        self._make_driver = driver

    @cached_property
    def _driver(self) -> Driver:
        return self._make_driver(self._folder)

    def run(
        self,
        *args: str,
        input: bytes | bytearray | None = None,
        ok: Collection[int] = (0,),
        write: bool = False,
        hooks: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run git to its end. Raises RepositoryError (Locked) when its status is not in `ok`; `ok=()` takes any."""
        command = _command(args, write=write, hooks=hooks, env=env)
        environment = {**_ENVIRONMENT, **(env or {})}
        with _file_of(input) as stdin:
            if write:
                status, output, errors = self._driver.execute(
                    command,
                    istream=stdin,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env=environment,
                )
            else:
                done = subprocess.run(
                    command, cwd=self._folder, stdin=stdin, capture_output=True, env={**os.environ, **environment}
                )
                status, output, errors = done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
        answer = Answer(status, output, clean(errors))
        if ok and status not in ok:
            raise failure(args, answer)
        return answer

    def text(self, *args: str) -> str:
        """Run git and return its output as text without the last newline."""
        return self.run(*args).text

    @contextmanager
    def stream(self, *args: str, input: bytes | None = None) -> Iterator[IO[bytes]]:
        """Run git and read its output while it runs. Leaving early ends it; at its own end a bad status raises."""
        with _file_of(input) as stdin, self.process(*args, stdin=stdin) as process:
            yield process.stdout

    @contextmanager
    def process(self, *args: str, stdin: int | IO[bytes], write: bool = False) -> Iterator[Any]:
        """Start git and yield its `subprocess.Popen`. Raises RepositoryError when it ends with a bad status."""
        command = _command(args, write=write, hooks=False, env=None)
        handle: Any = None  # GitPython ends a process that nobody holds any more
        if write:
            handle = self._driver.execute(command, istream=stdin, as_process=True, env=_ENVIRONMENT)
            process = handle.proc
        else:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
            )
        complaints = _Drain(process.stderr)
        ended = broken = False
        try:
            yield process
            if process.stdin:
                process.stdin.close()
            ended = process.stdout.read(1) == b""
        except BrokenPipeError:
            ended = broken = True
        finally:
            if not ended:
                process.kill()
            status = process.wait()
            errors = complaints.join()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    # Closing flushes, and a git that ended first has told why by its status.
                    with suppress(BrokenPipeError):
                        stream.close()
        if ended and (status or broken):
            raise failure(args, Answer(status, b"", clean(errors)))


@contextmanager
def _file_of(data: bytes | bytearray | None) -> Iterator[int | IO[bytes]]:
    """Give `data` as a standard input that git can read at its own pace, however much it says meanwhile."""
    if not data:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


class _Drain:
    """Reads a pipe in a thread, so that a talkative git never waits for us; keeps the last 16 KiB."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._pipe.read1(4096):  # type: ignore[attr-defined]
            self._kept = (self._kept + chunk)[-16384:]

    def join(self) -> str:
        self._thread.join()
        return self._kept.decode("utf-8", "replace")


def _command(args: Sequence[str], *, write: bool, hooks: bool, env: Mapping[str, str] | None) -> list[str]:
    stray = [f"-u{name}" for name in _LOCAL if name in os.environ and name not in (env or {})]
    return [
        *(("env", *stray) if stray else ()),
        *("git", "--no-pager", *_QUIET),
        *(() if hooks else _NO_HOOKS),
        *(_DURABLE if write else ()),
        *args,
    ]


def decode(data: bytes) -> str:
    """Return git's bytes as text; what is no UTF-8 (old path names) comes back by `encode`."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return text as the bytes that git has."""
    return text.encode("utf-8", "surrogateescape")


def clean(errors: str) -> str:
    """Return what git or a server said, without credentials in URLs and without terminal control characters.

    The query of an address goes as well: some hosts take a token there.
    """
    errors = re.sub(r"(?<=://)[^/\s@]*(?:@[^/\s@]*)*@", "", errors)
    errors = re.sub(r"(://[^\s?'\"<>]*)\?[^\s'\"<>]*", r"\1", errors)
    return re.sub(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]", "", errors.replace("\r", "\n")).strip()


def failure(args: Sequence[str], answer: Answer) -> RepositoryError:
    """Return the error for a git that ended badly: one sentence of its own and a next step."""
    said = answer.errors
    if lock := re.search(r"Unable to create '([^']*\.lock)': File exists", said):
        return locked(lock[1])
    if "dubious ownership" in said:
        return RepositoryError("git does not trust this repository: its folder belongs to another user.", _advice(said))
    lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))] or said.splitlines()
    # A switch before the command's name (-c key=value) is ours, not news.
    name = next((arg for arg in args if not arg.startswith("-") and "=" not in arg), "git")
    reason = re.sub(r"^(fatal|error): ", "", lines[0]) if lines else f"it ended with status {answer.status}"
    return RepositoryError(f"git {name} failed: {reason.rstrip('.')}.", _next_step(said))


def locked(file: str) -> Locked:
    """Return the error for a lock file of git's, which one that died may have left."""
    remove = f"rm {quote(os.path.normpath(file))}"
    return Locked(
        f"Another git process holds {file}.", f"Wait for it to end, or remove that file if none runs ({remove})."
    )


def _advice(said: str) -> str:
    command = re.search(r"git config --global --add safe\.directory .*", said)
    return f"If you do, run: {command[0].strip()}" if command else ""


_STEPS = (
    ("No space left on device|Out of diskspace|write error", "Free some disk space and run gitsync again."),
    ("Permission denied", "Check who may write there."),
    ("Read-only file system", "Check who may write there."),
    ("unable to write file|couldn't write", "Check free space, and who may write there."),
    ("object file .* is empty|bad object|missing blob|unable to read", "Run `git fsck` to see what is damaged."),
)


def _next_step(said: str) -> str:
    return next((step for pattern, step in _STEPS if re.search(pattern, said)), "")
