"""Fetch and push against real repositories, and what is said when they fail."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from gitsync.errors import Moved, RepositoryError
from gitsync.git.gitprocess import clean
from gitsync.repository import Repository
from tests.conftest import GitRunner, run_git


@pytest.fixture
def server(repository: Repository, git: GitRunner, tmp_path: Path) -> Path:
    """A bare repository that `repository` calls origin and has pushed main to."""
    run_git(tmp_path, "clone", "-q", "--bare", "work", "server.git")
    git("remote", "add", "origin", str(tmp_path / "server.git"))
    return tmp_path / "server.git"


def commit(repository: Repository, text: str) -> str:
    with repository.importer() as importer:
        return importer.commit(
            parent=repository.head(), changes=[("a.md", importer.blob(text.encode()))], message="m"
        ).oid


def test_push_tells_what_became_of_each_ref(repository: Repository, server: Path) -> None:
    head = repository.head()
    new = commit(repository, "x")
    spec = [f"{head}:refs/gitsync/a", f"{head}:refs/heads/main"]
    assert repository.push("origin", spec) == {"refs/gitsync/a": "created", "refs/heads/main": "up-to-date"}
    assert repository.push("origin", [f"{new}:refs/gitsync/a"]) == {"refs/gitsync/a": "updated"}
    assert repository.push("origin", [":refs/gitsync/a"]) == {"refs/gitsync/a": "deleted"}
    assert repository.remote_refs("origin", ["refs/*"]) == {"refs/heads/main": head}


def test_a_remote_that_moved_is_moved_and_nothing_of_the_push_arrives(repository: Repository, server: Path) -> None:
    one, two = commit(repository, "one"), commit(repository, "two")
    repository.push("origin", [f"{one}:refs/heads/main"])
    with pytest.raises(Moved, match="refs/heads/main"):
        repository.push("origin", [f"{two}:refs/heads/main", f"{two}:refs/gitsync/a"])
    assert repository.remote_refs("origin", ["refs/*"]) == {"refs/heads/main": one}


def test_leases_are_compare_and_swap(repository: Repository, server: Path) -> None:
    one, two, three = (commit(repository, text) for text in ("one", "two", "three"))
    ref = "refs/gitsync-lock/dev"
    assert repository.push("origin", [f"{one}:{ref}"], leases={ref: None}) == {ref: "created"}
    with pytest.raises(Moved):
        repository.push("origin", [f"{two}:{ref}"], leases={ref: None})
    with pytest.raises(Moved):
        repository.push("origin", [f"{two}:{ref}"], leases={ref: three})
    assert repository.push("origin", [f"{two}:{ref}"], leases={ref: one}) == {ref: "updated"}
    with pytest.raises(Moved):
        repository.push("origin", [f":{ref}"], leases={ref: one})
    assert repository.push("origin", [f":{ref}"], leases={ref: two}) == {ref: "deleted"}


def test_a_refusal_of_the_server_is_no_move(repository: Repository, server: Path) -> None:
    hook = server / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nprintf 'main is \\033[31mprotected\\033[0m\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RepositoryError, match="pre-receive hook declined") as caught:
        repository.push("origin", [f"{commit(repository, 'x')}:refs/heads/main"])
    assert not isinstance(caught.value, Moved)
    assert "\033" not in str(caught.value)


def test_fetch_writes_only_what_it_was_asked_for(repository: Repository, server: Path, git: GitRunner) -> None:
    new = commit(repository, "x")
    run_git(server, "fetch", "-q", str(repository.root), f"{repository.head()}:refs/tags/v1")
    repository.push("origin", [f"{new}:refs/gitsync/a", f"{new}:refs/gitsync/b"])
    before = repository.refs("refs")
    repository.fetch("origin", ["refs/gitsync/*:refs/gitsync-remote/origin/*"])
    repository.fetch("origin", ["refs/none/*:refs/gitsync-remote/none/*"])
    fetched = {"refs/gitsync-remote/origin/a": new, "refs/gitsync-remote/origin/b": new}
    assert repository.refs("refs") == {**before, **fetched}
    assert not (repository.git_dir / "FETCH_HEAD").exists()
    with pytest.raises(RepositoryError, match="ls-remote"):
        repository.fetch("origin", ["refs/gitsync/none"])


def test_a_clone_that_is_shallow_can_be_deepened(repository: Repository, git: GitRunner, tmp_path: Path) -> None:
    git("commit", "-q", "--allow-empty", "-m", "second")
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository.root}", "shallow")
    shallow = Repository.open(tmp_path / "shallow")
    assert shallow.is_shallow()
    shallow.deepen("origin")
    assert not shallow.is_shallow()
    assert len(list(shallow.log("HEAD"))) == 2


def test_default_branch_as_cloned_or_asked_for(repository: Repository, server: Path, tmp_path: Path) -> None:
    assert repository.default_branch("origin") == "main"
    run_git(tmp_path, "clone", "-q", "server.git", "clone")
    run_git(server, "symbolic-ref", "HEAD", "refs/heads/trunk/x")
    run_git(server, "update-ref", "refs/heads/trunk/x", "refs/heads/main")
    assert repository.default_branch("origin") == "trunk/x"
    assert Repository.open(tmp_path / "clone").default_branch("origin") == "main"
    run_git(tmp_path, "init", "-q", "--bare", "void.git")
    assert repository.default_branch(str(tmp_path / "void.git")) is None


def _actions(repository: Repository, remote: str) -> list[Callable[[], object]]:
    """Everything that speaks to a remote."""
    return [
        lambda: repository.fetch(remote, ["refs/heads/main"]),
        lambda: repository.push(remote, ["HEAD:refs/heads/main"]),
        lambda: repository.remote_refs(remote, ["--upload-pack=touch x"]),
        lambda: repository.default_branch(remote),
    ]


def test_credentials_are_never_shown(repository: Repository, git: GitRunner) -> None:
    git("remote", "add", "secret", "https://me:hunter2@127.0.0.1:1/x.git")
    assert repository.remote_url("secret") == "https://127.0.0.1:1/x.git"
    for remote in ("secret", "https://me:hunter2@127.0.0.1:1/x.git"):
        for action in _actions(repository, remote):
            with pytest.raises(RepositoryError, match="later") as caught:
                action()
            assert "hunter2" not in repr(caught.value) + str(caught.value)
    assert clean("fatal: 'https://a:b@c/d' https://token@c/d https://a:p@ss@c/") == (
        "fatal: 'https://c/d' https://c/d https://c/"
    )
    assert clean("fatal: 'https://c/d.git?token=x/': no, ssh://c/d?a=b&c is it?") == (
        "fatal: 'https://c/d.git': no, ssh://c/d is it?"
    )


def test_names_of_remotes_are_no_options(repository: Repository, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    for evil in (f"--upload-pack=touch {trace}", f"--receive-pack=touch {trace}", f"ext::sh -c 'touch {trace}'"):
        for action in _actions(repository, evil):
            with pytest.raises(RepositoryError):
                action()
        assert repository.remote_url(evil) is None
    assert not trace.exists()


def test_a_missing_remote_says_where_to_look(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match=r"git remote -v"):
        repository.fetch("nowhere", ["refs/heads/main"])
    assert repository.remote_url("nowhere") is None


class Watched:
    """A git server of one ref, behind a password, which looks at every command line of the machine when it is asked."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.seen: list[str] = []
        self.given: set[str] = set()
        self.places: set[tuple[str, str]] = set()
        self.refused = False
        watched = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watched.look()
                given = self.headers.get("Authorization", "")
                said = b64decode(given.removeprefix("Basic ")).decode()
                watched.given.add(said)
                watched.places.add((self.path.split("/")[1], said))
                self.send_response(403 if watched.refused else 200 if given else 401)
                self.send_header("WWW-Authenticate", "Basic realm=x")
                self.end_headers()
                self.wfile.write(f"{'1' * 40}\trefs/heads/main\n".encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"

    def look(self) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                self.seen += [line] if self.password[:4] in line else []


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched("pa55:w@rd")
    yield watched
    watched.server.shutdown()
    watched.server.server_close()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
@pytest.mark.parametrize("how", ["url", "insteadOf", "pushurl"])
def test_a_password_in_a_remotes_address_is_in_no_command_line(
    repository: Repository, git: GitRunner, watched: Watched, how: str
) -> None:
    secret = f"http://me:{quote(watched.password)}@{watched.host}/r.git"
    git("remote", "add", "origin", secret if how == "url" else f"http://{watched.host}/r.git")
    if how == "insteadOf":
        git("config", f"url.{secret.removesuffix('r.git')}.insteadOf", f"http://{watched.host}/")
    if how == "pushurl":
        git("remote", "set-url", "--push", "origin", secret)
        git("config", "remote.origin.url", secret)
    assert repository.remote_refs("origin", ["refs/*"]) == {"refs/heads/main": "1" * 40}
    for action in (
        lambda: repository.push("origin", ["HEAD:refs/heads/new"]),
        lambda: repository.fetch("origin", ["refs/heads/main:refs/x"]),
    ):
        with pytest.raises(RepositoryError) as raised:
            action()
        assert watched.password[:4] not in str(raised.value)
    assert watched.given == {"", f"me:{watched.password}"}
    assert not [line for line in watched.seen if "pytest" not in line]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
def test_a_token_that_is_a_user_name_alone_is_in_no_command_line(
    repository: Repository, git: GitRunner, watched: Watched
) -> None:
    git("remote", "add", "origin", f"http://{quote(watched.password, safe='')}@{watched.host}/r.git")
    with pytest.raises(RepositoryError) as raised:
        repository.remote_refs("origin", ["refs/*"])
    assert watched.password[:4] not in str(raised.value)
    git("config", "credential.helper", '!f() { test "$1" = get && echo password=oauth; }; f')
    assert repository.remote_refs("origin", ["refs/*"]) == {"refs/heads/main": "1" * 40}
    assert watched.given == {"", f"{watched.password}:oauth"}
    assert not [line for line in watched.seen if "pytest" not in line]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
def test_of_several_addresses_each_gets_its_own_password_and_none_is_in_a_command_line(
    repository: Repository, git: GitRunner, watched: Watched
) -> None:
    given = {"read": "r:pa55r", "one": "w:pa55w", "two": "x:pa55x"}
    git("remote", "add", "origin", f"http://{given['read']}@{watched.host}/read")
    for place in ("one", "two"):
        git("remote", "set-url", "--push", "--add", "origin", f"http://{given[place]}@{watched.host}/{place}")
    assert repository.remote_refs("origin", ["refs/*"]) == {"refs/heads/main": "1" * 40}
    with pytest.raises(RepositoryError):
        repository.push("origin", ["HEAD:refs/heads/new"])
    assert watched.places == {(place, said) for place in given for said in ("", given[place])}
    assert not [line for line in watched.seen if "pytest" not in line]


def test_a_server_that_refuses_is_a_matter_of_credentials_and_not_of_waiting(
    repository: Repository, git: GitRunner, watched: Watched
) -> None:
    watched.refused = True
    git("remote", "add", "origin", f"http://{watched.host}/r.git")
    with pytest.raises(RepositoryError, match="Check that your credentials"):
        repository.remote_refs("origin", ["refs/*"])
