"""gitsync.toml: what it means, and what is said when it is wrong."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.config import DIALECTS, Config, MaxDelete, find, inside, load, parse
from gitsync.errors import ConfigError
from gitsync.tomlfile import Source

FULL = """\
# my blog
[content]
paths = ["posts/**/*.md", "notes/*.md"]
dialect = "jekyll"
assets = ["images/"]
url = "https://me.example/"
timezone = "Europe/Berlin"

[state]
remote = "origin"
branch = "main"

[sites.devto]
platform = "devto"
url = "https://dev.to/api"
token = "env:DEVTO_API_KEY"
status = "draft"
timeout = 2.5
pace = {writes = "30/30s", reads = "3/1s"}

[sites.cms]
platform = "sql"
url = "sqlite:///cms.db"
table = "posts"
[sites.cms.columns]
id = "id"

[policy]
conflict = "ours"
delete = "ignore"
import = false
max_delete = "10%"
max_create = 7
pull = "pull-request"
"""


def read(text: str) -> Config:
    return parse(Source(Path("gitsync.toml"), text))


def wrong(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def test_every_key_of_the_interface_is_read() -> None:
    config = read(FULL)
    assert config.content.paths == ("posts/**/*.md", "notes/*.md")
    assert (config.content.dialect, config.content.assets) == ("jekyll", ("images/",))
    assert (config.content.url, config.content.timezone) == ("https://me.example", "Europe/Berlin")
    assert (config.state.remote, config.state.branch, config.state.public) == ("origin", "main", False)
    assert list(config.sites) == ["devto", "cms"]
    devto = config.sites["devto"]
    assert (devto.platform, devto.url, devto.status, devto.timeout) == ("devto", "https://dev.to/api", "draft", 2.5)
    assert devto.pace == {"writes": (30, 30.0), "reads": (3, 1.0)}
    assert devto.options == {"token": "env:DEVTO_API_KEY"}
    assert config.sites["cms"].options == {"table": "posts", "columns": {"id": "id"}}
    policy = config.policy
    assert (policy.conflict, policy.delete, policy.import_, policy.pull) == ("ours", "ignore", False, "pull-request")
    assert (policy.max_delete, policy.max_create) == (MaxDelete(percent=10.0), 7)


def test_an_empty_file_means_the_defaults() -> None:
    config = read("")
    assert config.content.paths == ("posts/**/*.md",)
    assert (config.content.dialect, config.state.remote, config.sites) == ("gitsync", None, {})
    assert (config.policy.conflict, config.policy.delete, config.policy.import_) == ("markers", "unpublish", True)
    assert (config.policy.max_delete, config.policy.max_create) == (MaxDelete(percent=25.0, at_least=3), 50)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, newline: str) -> None:
    (tmp_path / "gitsync.toml").write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", newline).encode())
    assert list(load(None, tmp_path).sites) == ["devto", "cms"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy]\nconflit = 'ours'", "gitsync.toml:2: unknown key 'conflit' in [policy]. Did you mean 'conflict'?"),
        (
            "\n\n[contents]\npaths = ['a']",
            "gitsync.toml:3: unknown key 'contents' in gitsync.toml. Did you mean 'content'?",
        ),
        ("[content]\npath = ['a']", "gitsync.toml:2: unknown key 'path' in [content]. Did you mean 'paths'?"),
        ("[content]\ndialect = 'jekil'", "gitsync.toml:2: dialect cannot be 'jekil'."),
        ("[content]\npaths = 'posts'", "gitsync.toml:2: paths must be a list, not text."),
        ("[content]\npaths = [1]", "gitsync.toml:2: paths must be a list of texts"),
        ("[content]\npaths = []", "gitsync.toml:2: paths is empty."),
        ("[content]\npaths = ['../other/*.md']", "gitsync.toml:2: '../other/*.md' in paths must be a path below"),
        ("[content]\npaths = ['/etc/*.md']", "gitsync.toml:2: '/etc/*.md' in paths"),
        ("[content]\npaths = [':(top)x']", "gitsync.toml:2: ':(top)x' in paths"),
        ("[content]\nurl = 'me.example'", "gitsync.toml:2: url must be an http or https address"),
        ("[content]\ntimezone = 'Berlin'", "gitsync.toml:2: there is no time zone 'Berlin'."),
        ("[state]\nremote = '--upload-pack=x'", "gitsync.toml:2: '--upload-pack=x' is no name of a git remote."),
        ("[state]\nbranch = 'a b'", "gitsync.toml:2: 'a b' is no name of a git branch."),
        ("[sites.Dev_To]\nplatform = 'devto'", "gitsync.toml:1: 'Dev_To' is no name for a site."),
        ("[sites.a]\nurl = 'x'", "gitsync.toml:1: [sites.a] lacks platform."),
        ("[sites]\na = 'devto'", "gitsync.toml:2: a must be a table, not text."),
        ("[sites.a]\nplatform = 'devto'\ntimeout = 0", "gitsync.toml:3: timeout must be"),
        ("[sites.a]\nplatform = 'devto'\ntimeout = true", "gitsync.toml:3: timeout must be"),
        ("[sites.a]\nplatform = 'devto'\npace = 'fast'", "gitsync.toml:3: pace is not understood."),
        ("[sites.a]\nplatform = 'devto'\npace = {writes = '0/s'}", "gitsync.toml:3: pace for writes"),
        ("[sites.a]\nplatform = 'devto'\npace = {write = '1/s'}", "gitsync.toml:3: pace for write "),
        ("[sites.a]\nplatform = 'devto'\nstatus = 'live'", "gitsync.toml:3: status cannot be 'live'."),
        ("[policy]\nmax_delete = '250%'", "gitsync.toml:2: max_delete must be"),
        ("[policy]\nmax_delete = true", "gitsync.toml:2: max_delete must be"),
        ("[policy]\nmax_create = -1", "gitsync.toml:2: max_create cannot be negative."),
        ("[policy]\nimport = 'yes'", "gitsync.toml:2: import must be true or false, not text."),
        ("[policy]\ndelete = ''", "gitsync.toml:2: delete cannot be ''."),
        ("a = 1\na = 2", "gitsync.toml:2:6: this is not TOML: cannot overwrite a value."),
        ("[content", "gitsync.toml:1:9: this is not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, said: str) -> None:
    assert wrong(text).startswith(said)


@pytest.mark.parametrize("line", ["token = 'ghp_abc'", "api_key = 'x1'", "admin_key = 'env:'", "password = 'env://x'"])
def test_a_literal_secret_is_refused_and_not_repeated(line: str) -> None:
    said = wrong(f"[sites.a]\nplatform = 'devto'\n{line}\n")
    assert said.startswith("gitsync.toml:3: ")
    assert "must not be written here in clear" in said
    assert line.split("'")[1] not in said.replace("env:NAME", "")


def test_a_password_in_a_url_is_a_literal_secret() -> None:
    said = wrong("[sites.a]\nplatform = 'sql'\nurl = 'postgresql://me:hunter2@db/blog'\n")
    assert said.startswith("gitsync.toml:3: url holds a password")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("pace", "means"),
    [
        ("'default'", None),
        ("'off'", {}),
        ("{writes = '10/m'}", {"writes": (10, 60.0)}),
        ("{reads = '5/1.5s'}", {"reads": (5, 1.5)}),
        ("{reads = '9/2h'}", {"reads": (9, 7200.0)}),
    ],
)
def test_pace_is_so_many_requests_in_so_many_seconds(pace: str, means: object) -> None:
    assert read(f"[sites.a]\nplatform = 'devto'\npace = {pace}\n").sites["a"].pace == means


def test_a_number_as_max_delete_counts_posts() -> None:
    guard = read("[policy]\nmax_delete = 10").policy.max_delete
    assert not guard.exceeded(10, 1000)
    assert guard.exceeded(11, 1000)


@pytest.mark.parametrize(
    ("count", "known", "exceeded"), [(3, 3, False), (4, 16, False), (4, 15, True), (26, 100, True)]
)
def test_the_delete_guard_needs_both_a_share_and_a_number(count: int, known: int, exceeded: bool) -> None:
    assert MaxDelete().exceeded(count, known) is exceeded


def test_the_file_is_found_from_a_folder_below_but_not_outside_the_repository(tmp_path: Path) -> None:
    (tmp_path / "gitsync.toml").write_text("")
    inner = tmp_path / "blog" / "posts"
    inner.mkdir(parents=True)
    assert find(inner) == tmp_path / "gitsync.toml"
    (tmp_path / "blog" / ".git").mkdir()
    with pytest.raises(ConfigError, match="gitsync init"):
        find(inner)


def test_bytes_that_are_not_utf_8_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "gitsync.toml").write_bytes(b"[content]\nurl = '\xff'\n")
    with pytest.raises(ConfigError, match=r"gitsync\.toml:2: this is not UTF-8"):
        load(None, tmp_path)


def test_paths_are_shown_relative_to_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitsync.toml").write_text("x = 1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^gitsync\.toml:1: "):
        load(None, tmp_path)


def test_sites_are_chosen_in_the_order_of_the_file() -> None:
    config = read(FULL)
    assert [site.name for site in config.choose(["cms", "devto"])] == ["devto", "cms"]
    assert [site.name for site in config.choose([])] == ["devto", "cms"]
    with pytest.raises(ConfigError, match="Did you mean 'devto'"):
        config.choose(["devt"])


def test_an_unknown_platform_names_the_one_that_is_meant() -> None:
    site = read("[sites.a]\nplatform = 'foldr'\n").sites["a"]
    with pytest.raises(ConfigError, match=r"^gitsync\.toml:2: there is no platform 'foldr'\. Did you mean 'folder'\?"):
        site.connect()


def test_the_file_of_the_design_names_every_dialect() -> None:
    assert len(set(DIALECTS)) == len(DIALECTS)
    dialects = pytest.importorskip("gitsync.dialects")
    assert set(dialects.DIALECTS) == set(DIALECTS)


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60) | st.sampled_from(FULL.splitlines()).flatmap(lambda line: st.just(line[: len(line) // 2])))
def test_any_text_is_a_config_or_a_config_error(line: str) -> None:
    for text in (line, f"[policy]\n{line}\n", f"[sites.a]\nplatform = 'sql'\n{line}\n"):
        try:
            read(text)
        except ConfigError as error:
            said = str(error)
        else:
            said = "gitsync.toml:"
            tomllib.loads(text)
        assert said.startswith("gitsync.toml:")


def test_a_secret_file_is_relative_to_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gitsync.toml").write_text("[sites.a]\nplatform = 'devto'\ntoken = 'file:key.txt'\n")
    (tmp_path / "key.txt").write_text("tök en\r\n", encoding="utf-8")
    monkeypatch.chdir(os.sep)
    site = load(None, tmp_path).sites["a"]
    assert site.secrets.resolve("file:key.txt") == "tök en"


def test_a_path_is_inside_a_root_reached_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "posts").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert inside(tmp_path / "link" / "posts" / "a.md", tmp_path / "real") == "posts/a.md"
    assert inside(tmp_path / "real" / "posts", tmp_path / "link") == "posts"
    assert inside(tmp_path / "real", tmp_path / "real") == "."
    assert inside(tmp_path / "other.md", tmp_path / "real") is None
