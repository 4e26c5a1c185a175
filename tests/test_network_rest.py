"""A declared CMS behind a network that breaks: whatever happens to a request, one copy of everything at the end."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path

import pytest
import tomlkit
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.cms import Desk
from tests.connectors.test_rest import DECLARED
from tests.fakes.customcms import MANNERS, TOKEN, CustomCms
from tests.fakes.network import AFTER, BEFORE, Network, broken
from tests.fakes.server import Stage, serving

OFTEN = ("reset-after", "null")
"""What is tried on every change; the rest with -m slow."""

ALL = [
    pytest.param(kind, marks=[] if kind in OFTEN else [pytest.mark.slow], id=kind) for kind in sorted({*BEFORE, *AFTER})
]
TEXT = "---\ntitle: {0}\nslug: {0}\n---\n\nThe words of {0}, and enough of them to be known again.\n"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


@pytest.fixture
def network(stage: Stage) -> Iterator[Network]:
    with broken(stage.host) as network:
        yield network


class Pair:
    def __init__(self, desk: Desk, cms: CustomCms, network: Network) -> None:
        self.desk, self.cms, self.network = desk, cms, network

    def settled(self) -> None:
        """Sync on a network that works again until there is nothing to do."""
        self.network.faults.clear()
        for _ in range(3):
            answer = self.desk.run("sync")
            if answer.code == 0 and "Nothing to do" in answer.out:
                return
        raise AssertionError(answer.told)

    def titles(self) -> list[str]:
        return sorted(row["title"] for row in self.cms.rows.values())


@pytest.fixture
def pair(
    stage: Stage,
    network: Network,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Pair:
    monkeypatch.setenv("CMS_TOKEN", TOKEN)
    monkeypatch.setattr("gitsync.http.BACKOFF", (0.0, 0.0, 0.0))
    cms = stage.app = CustomCms(MANNERS["bare"]())
    site = {"platform": "rest", "url": f"{network.host}/api", "token": "env:CMS_TOKEN", "pace": "off", "timeout": 1}
    config = tomlkit.dumps({"sites": {"cms": {**site, **DECLARED["bare"]}}})
    desk = Desk(tmp_path / "blog", capsys, config=f"\n{config}")
    for name in ("one", "two"):
        desk.write(f"posts/{name}.md", TEXT.format(name))
    desk.commit()
    return Pair(desk, cms, network)


@pytest.mark.parametrize("kind", ALL)
def test_a_whole_life_under_one_fault_ends_with_one_copy_of_everything(pair: Pair, kind: str) -> None:
    """The fault happens to a create, then to an update, then to listings, then to whatever comes."""
    desk, network = pair.desk, pair.network
    network.faults.append((kind, "POST"))
    answer = desk.run("sync", "--no-wait")
    assert answer.code in (0, 1), answer.told
    assert "Traceback" not in answer.told
    assert "bug" not in answer.told
    pair.settled()
    assert pair.titles() == ["one", "two"]
    desk.put("posts/one.md", TEXT.format("one").replace("enough", "more than enough"))
    network.faults += [(kind, "PUT"), (kind, "PATCH")]
    assert desk.run("sync", "--no-wait").code in (0, 1)
    pair.settled()
    desk.put("posts/three.md", TEXT.format("three"))
    network.faults += [(kind, "GET")] * 4
    assert desk.run("sync", "--no-wait").code in (0, 1)
    pair.settled()
    network.faults += [(kind, "")] * 3
    desk.put("posts/four.md", TEXT.format("four"))
    desk.run("sync", "--no-wait")
    pair.settled()
    assert pair.titles() == ["four", "one", "three", "two"]
    [row] = [row for row in pair.cms.rows.values() if row["title"] == "one"]
    assert "more than enough" in row["body"]
    assert desk.git("status", "--porcelain") == ""


def test_a_create_that_is_answered_with_another_post_claims_nothing(pair: Pair) -> None:
    """A listing of the one post that is there already, where the new record should be."""
    (pair.desk.root / "posts/two.md").unlink()
    pair.desk.commit()
    assert pair.desk.run("sync").code == 0
    pair.desk.put("posts/three.md", TEXT.format("three"))
    pair.network.faults.append(("unchanged", "POST"))
    answer = pair.desk.run("sync", "--no-wait")
    assert answer.code == 1
    assert "answered for posts/three.md with 1, which is posts/one.md." in answer.told
    pair.settled()
    assert pair.titles() == ["one", "three"]


class Mistaken(CustomCms):
    """A CMS that answers its next update with the id `says`; without `stores` that is all it does."""

    says: int | None = None
    stores = True

    def answer(self, request: Request, body: bytes) -> Response:
        if self.says is None or request.method not in ("PUT", "PATCH"):
            return super().answer(request, body)
        before = deepcopy(self.rows)
        shown = json.loads(bytes(super().answer(request, body).body)) | {"id": self.says}
        self.says, self.rows = None, self.rows if self.stores else before
        return JSONResponse(shown)


@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("whose", ["a stranger's", "nobody's"])
def test_an_update_that_is_answered_with_another_id_makes_that_record_no_post_of_ours(
    stage: Stage, pair: Pair, whose: str, stores: bool
) -> None:
    pair.cms = stage.app = cms = Mistaken(MANNERS["bare"]())
    config = (pair.desk.root / "gitsync.toml").read_text()
    pair.desk.put("gitsync.toml", f"{config}\n[policy]\nimport = false\n")
    pair.settled()
    cms.rows["77"] = stranger = {
        **cms.rows["1"],
        "id": 77,
        "title": "theirs",
        "slug": "theirs",
        "body": "A stranger's.",
    }
    for words in ("more than enough", "plenty"):
        cms.says, cms.stores = 77 if whose == "a stranger's" else 4711, stores
        one = TEXT.format("one").replace("enough", words)
        pair.desk.put("posts/one.md", one)
        answer = pair.desk.run("sync", "--no-wait")
        assert answer.code == 1
        assert "s answered for posts/one.md with" in answer.told
        pair.settled()
        assert (pair.desk.root / "posts/one.md").read_text() == one
        assert pair.titles() == ["one", "theirs", "two"]
        [row] = [row for row in cms.rows.values() if row["title"] == "one"]
        assert words in row["body"]
        assert cms.rows["77"] == stranger


@contextmanager
def encrypted(folder: Path, plain: str) -> Iterator[str]:
    """A TLS server in front of `plain` whose certificate nobody vouches for; yields its address."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    target = plain.removeprefix("http://").split(":")
    server = socket.create_server(("127.0.0.1", 0))

    def pass_on(client: socket.socket) -> None:
        with (
            context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection((target[0], int(target[1]))) as upstream,
        ):
            upstream.sendall(secure.recv(65536))
            while part := upstream.recv(65536):
                secure.sendall(part)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with suppress(OSError):
                pass_on(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_certificate_that_nobody_vouches_for_stops_everything_and_nothing_turns_that_off(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cms = stage.app = CustomCms(MANNERS["bare"]())
    monkeypatch.setenv("CMS_TOKEN", TOKEN)
    monkeypatch.setattr("gitsync.http.BACKOFF", ())
    for name, value in {
        "PYTHONHTTPSVERIFY": "0",
        "CURL_INSECURE": "1",
        "REQUESTS_CA_BUNDLE": "",
        "GIT_SSL_NO_VERIFY": "1",
        "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    }.items():
        monkeypatch.setenv(name, value)
    with encrypted(tmp_path, stage.host) as host:
        site = {"platform": "rest", "url": f"{host}/api", "token": "env:CMS_TOKEN", "pace": "off", "timeout": 5}
        config = tomlkit.dumps({"sites": {"cms": {**site, **DECLARED["bare"]}}})
        desk = Desk(tmp_path / "blog", capsys, config=f"\n{config}")
        desk.put("posts/one.md", TEXT.format("one"))
        answer = desk.run("sync")
        assert answer.code == 1
        assert "certificate" in answer.told.lower(), answer.told
        assert not cms.log
        # Whoever trusts it says so in the way that all programs of the machine share.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
        began = time.monotonic()
        answer = desk.run("site", "test")
        assert "certificate" not in answer.told.lower(), (answer.told, time.monotonic() - began)
        assert cms.log
