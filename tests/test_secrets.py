"""Secrets are named, resolved late, and cleared out of every message."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from gitsync.errors import ConfigError
from gitsync.secrets import Secrets, has_password, is_reference


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(tmp_path)


@pytest.mark.parametrize("text", ["env:X", "keyring:blog/me", "file:/run/secrets/x", "file:~/.token"])
def test_a_reference_names_a_secret(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("text", ["abc", "env:", "env: ", "https://x", "environment:X", "file://x", ""])
def test_anything_else_is_no_reference(text: str) -> None:
    assert not is_reference(text)


def test_a_variable_that_is_missing_or_empty_is_named(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITSYNC_TEST_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="GITSYNC_TEST_TOKEN is not set"):
        secrets.resolve("env:GITSYNC_TEST_TOKEN")
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", "  \n")
    with pytest.raises(ConfigError, match="is empty"):
        secrets.resolve("env:GITSYNC_TEST_TOKEN")


def test_a_line_end_after_a_secret_is_not_part_of_it(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", "s3cret-é\r\n")
    assert secrets.resolve("env:GITSYNC_TEST_TOKEN") == "s3cret-é"


def test_a_secret_of_two_lines_is_refused_without_showing_it(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", "abcd\nX-Evil: 1")
    with pytest.raises(ConfigError, match="control character") as caught:
        secrets.resolve("env:GITSYNC_TEST_TOKEN")
    assert "abcd" not in str(caught.value)


def test_a_missing_file_is_named(secrets: Secrets) -> None:
    with pytest.raises(ConfigError, match=r"none\.txt cannot be read"):
        secrets.resolve("file:none.txt")


def test_a_keyring_reference_needs_service_and_name(secrets: Secrets) -> None:
    with pytest.raises(ConfigError, match="SERVICE/NAME"):
        secrets.resolve("keyring:blog")


def test_what_was_resolved_is_cleared_from_messages(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", "tok-123")
    monkeypatch.setenv("GITSYNC_TEST_LONGER", "tok-12345")
    monkeypatch.setenv("GITSYNC_TEST_URL", "mysql://me:p%40ssword@db/x")
    for name in ("TOKEN", "LONGER", "URL"):
        secrets.resolve(f"env:GITSYNC_TEST_{name}")
    said = secrets.redact("key tok-12345 and tok-123, mysql://me:p%40ssword@db/x, password p@ssword")
    assert said == "key *** and ***, ***, password ***"


def test_passwords_in_urls_are_cleared_even_when_nobody_resolved_them(secrets: Secrets) -> None:
    said = secrets.redact("fetch https://me:hunter2@git.example/x.git failed at 10:30 a@b.example")
    assert said == "fetch https://me:***@git.example/x.git failed at 10:30 a@b.example"
    said = secrets.redact("at 'https://git.example/x.git?a=b&private_token=hunter2&token=h3#x', which token=shown?")
    assert said == "at 'https://git.example/x.git?a=b&private_token=***&token=***#x', which token=shown?"


def test_a_value_too_short_to_be_a_secret_garbles_nothing(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", "a")
    secrets.resolve("env:GITSYNC_TEST_TOKEN")
    assert secrets.redact("a banana") == "a banana"


def test_only_a_url_with_a_password_has_one() -> None:
    assert has_password("postgresql://u:p@h/d")
    assert not has_password("sqlite:///x.db")
    assert not has_password("https://u@h/")
    assert not has_password("https://h/a:b@c")
    assert has_password("postgresql://u:p/q@h/d")
    assert has_password("postgresql://h/d?user=u&password=p")
    assert not has_password("postgresql://h:5432/d?sslmode=require&passwordless=1")
    assert not has_password("https://h:443/?page=1")
    assert not has_password("nothing")


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:hunt/er22@h/d", "hunt/er22"),
        ("postgresql://u:hunt%2Fer22@h/d", "hunt/er22"),
        ("postgresql://u:hunt@er22@h/d", "hunt@er22"),
        ("mysql://h/d?user=u&password=hunt%2Fer22&x=1", "hunt/er22"),
        ("http://u:hunter22@h/d", "hunter22"),
    ],
)
def test_no_part_of_a_url_s_password_is_shown(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch, url: str, password: str
) -> None:
    monkeypatch.setenv("GITSYNC_TEST_URL", url)
    secrets.resolve("env:GITSYNC_TEST_URL")
    for told in (url, url.replace("://", "+driver://"), f"no {password} here", f"tried {url.partition('://')[2]}"):
        shown = secrets.redact(told)
        assert password not in shown
        assert quote(password, safe="") not in shown


@pytest.mark.parametrize("secret", ["tök/en+1=&\"<'x", "abcd", "0123456789abcdef01234567:" + "9f" * 32])
def test_no_form_in_which_a_server_says_a_secret_back_is_shown(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("GITSYNC_TEST_TOKEN", secret)
    secrets.resolve("env:GITSYNC_TEST_TOKEN")
    data = secret.encode()
    forms = [
        secret,
        quote(secret, safe=""),
        re.sub("%..", lambda escape: escape[0].lower(), quote(secret, safe="")),
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        html.escape(secret),
        data.hex(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
    ]
    for form in forms:
        assert secrets.redact(f"bad key {form}!") == "bad key ***!"
    for before in (b"", b"x", b"xy", b"user:"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            told = secrets.redact(encode(before + data + b"!").decode())
            assert len(secret) < 8 or "***" in told
