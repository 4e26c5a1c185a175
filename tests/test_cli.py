"""The command line: exit codes, what stands on stdout and stderr, and what never does."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from gitsync_connectors.memory import Store, store
from hypothesis import given
from hypothesis import strategies as st

from gitsync import __version__, errors
from gitsync.cli import group
from gitsync.cli.failure import run
from gitsync.cli.invocation import Invocation, common_options, pass_invocation
from gitsync.cli.output import Printer, sentence, total
from gitsync.cli.text import clean
from gitsync.events import Event, Notice, Operation, Progress, Summary
from gitsync.secrets import Secrets

ESCAPES = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe\r\nline"


@click.command()
@common_options
@pass_invocation
def boom(invocation: Invocation) -> None:
    """Raise what the test wants."""
    invocation.secrets = Secrets(Path())
    invocation.secrets.resolve("env:BOOM_TOKEN")
    logging.getLogger("test").info("asked hunter2-token\x1b[2J")
    logging.getLogger("test").debug("detail")
    raise RAISED[-1]


RAISED: list[BaseException] = []


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    monkeypatch.setitem(group.COMMANDS, "boom", (f"{__name__}:boom", "Raise what the test wants."))
    monkeypatch.setenv("BOOM_TOKEN", "hunter2-token")
    RAISED.clear()
    return RAISED


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main", "."], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("No."), 2),
        (errors.ConfigError("No."), 2),
        (errors.Refused("No."), 5),
        (errors.InvalidContent("No.", code="title-type", path="a.md", line=3, column=7), 6),
        (errors.RepositoryError("No."), 1),
        (errors.Unauthorized("No."), 1),
        (errors.Unreachable("No."), 1),
        (PermissionError(13, "Permission denied", "gitsync.toml"), 1),
        (KeyError("bug"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("No."), 2),
        (click.BadParameter("No."), 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_every_error_is_a_sentence_on_stderr_and_an_exit_code(
    raising: list[BaseException], error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    raising.append(error)
    assert run(["boom"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_an_error_tells_what_to_do_next(raising: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    raising.append(errors.Refused("Two posts would go.", "Allow it with --allow-deletes."))
    assert run(["boom"]) == 5
    assert capsys.readouterr().err == "Two posts would go. Allow it with --allow-deletes.\n"


def test_a_post_is_told_with_its_place_first(raising: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    raising.append(errors.InvalidContent("Tags are a list.", code="tags-type", path="posts/ä.md", line=3, column=7))
    run(["boom"])
    assert capsys.readouterr().err == "posts/ä.md:3:7: tags-type Tags are a list.\n"


@pytest.mark.parametrize("flags", [[], ["-vv"]])
def test_no_secret_and_no_terminal_code_is_in_an_error(
    raising: list[BaseException], flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    raising.append(errors.Rejected(f"The site said {ESCAPES} of hunter2-token at https://me:pass-word@x.example/."))
    run(["boom", *flags])
    err = capsys.readouterr().err
    assert "hunter2" not in err
    assert "pass-word" not in err
    assert not set("\x1b\x9b\x07\u202e\r") & set(err)
    assert ("Traceback" in err) is bool(flags)


def test_a_terminated_run_ends_like_an_interrupted_one(folder: Path) -> None:
    code = (
        "import os, signal, sys, click\n"
        "from gitsync.cli import group, main\n"
        "@click.command()\n"
        "def wait():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM); signal.pause()\n"
        "    finally:\n"
        "        print('let go')\n"
        "module = type(sys)('waiting'); module.wait = wait; sys.modules['waiting'] = module\n"
        "group.COMMANDS['wait'] = ('waiting:wait', '')\n"
        "sys.argv = ['gitsync', 'wait']\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (130, "let go\n")
    assert done.stderr.lstrip().startswith("Interrupted.")


def test_the_handler_of_sigterm_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert run(["--help"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_closed_pipe_is_no_bug(folder: Path) -> None:
    (folder / "gitsync.toml").write_text("".join(f"[sites.s{n}]\nplatform = 'memory'\n" for n in range(9000)))
    code = "import sys; from gitsync.cli import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", code, "site", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == 1


def test_version_and_help_are_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-v", "--version"]) == 0
    assert capsys.readouterr() == (f"gitsync {__version__}\n", "")
    assert run(["-h"]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("name", group.COMMANDS)
def test_the_table_of_commands_says_what_each_command_says(name: str) -> None:
    command = group.gitsync.get_command(click.Context(group.gitsync), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").partition("\n")[0] == group.COMMANDS[name][1]


@pytest.mark.parametrize("name", group.COMMANDS)
def test_every_command_takes_the_common_options(name: str) -> None:
    command = group.gitsync.get_command(click.Context(group.gitsync), name)
    assert command is not None
    for one in [command, *(command.commands.values() if isinstance(command, click.Group) else ())]:
        options = {option for parameter in one.params for option in parameter.opts}
        assert {"-C", "--json", "-v"} <= options
        silent = [option.name for option in one.params if isinstance(option, click.Option) and not option.help]
        assert not silent, f"{one.name} has options without help"


def test_an_unknown_command_or_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sit"]) == 2
    assert "Did you mean 'site'?" in capsys.readouterr().err
    assert run(["site", "list", "--jsn"]) == 2
    assert "--json" in capsys.readouterr().err
    assert run(["-C", "/no/such/folder", "site", "list"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["-C", "inner", "--json", "site", "list"],
        ["site", "list", "--json", "-C", "inner"],
        ["-C", "other", "-C", "..", "site", "-C", "inner", "list", "--json"],
    ],
)
def test_common_options_stand_before_or_after_the_command(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "inner").mkdir()
    (folder / "other").mkdir()
    (folder / "inner" / "gitsync.toml").write_text("[sites.a]\nplatform = 'memory'\n")
    assert run(arguments) == 0
    told, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["site"], last["event"]) == ("a", "summary")


def test_a_missing_gitsync_toml_is_a_usage_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["site", "list"]) == 2
    assert "gitsync init" in capsys.readouterr().err


# Events


OPERATIONS = [
    (Operation(site="devto", path="a.md", action="create", result="planned"), "devto: would create a.md"),
    (
        Operation(site="devto", path="a.md", action="create", result="done", id="7", url="https://dev.to/me/a"),
        "devto: created a.md (https://dev.to/me/a)",
    ),
    (
        Operation(site="cms", path="a.md", action="update", result="failed", reason="title: too long."),
        "cms: could not update a.md: title: too long.",
    ),
    (
        Operation(site="cms", path="a.md", action="skip", result="failed", reason="a.md:3:1: yaml-syntax Broken."),
        "cms: left out a.md:3:1: yaml-syntax Broken.",
    ),
    (Operation(site="cms", path="a.md", action="create", result="unknown"), "cms: may have created a.md"),
    (Operation(site="cms", path="a.md", action="conflict", result="planned"), "cms: conflict in a.md"),
    (Operation(site="cms", path=None, action="import", result="planned", id="12"), "cms: would import 12"),
]


@pytest.mark.parametrize(("operation", "words"), OPERATIONS, ids=[words for _, words in OPERATIONS])
def test_an_operation_reads_as_a_sentence(operation: Operation, words: str) -> None:
    assert sentence(operation) == words


def test_a_summary_counts_what_happened() -> None:
    assert total(Summary(created=2, conflicts=1, requests=1), planned=False) == "2 created, 1 conflict; 1 request."
    assert total(Summary(requests=2), planned=True) == "Nothing to do; 2 requests."
    assert total(Summary(updated=1), planned=True) == "Planned: 1 updated."


def test_with_json_only_events_are_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = [
        Progress(site="devto", done=1, total=2),
        Notice(level="warning", message=f"Slow {ESCAPES}"),
        Operation(site="devto", path="posts/\udcff.md", action="pull", result="done", reason=ESCAPES),
        Summary(pulled=1, exit_code=3),
    ]
    assert Printer(Invocation(json=True)).follow(events) == 3
    out, err = capsys.readouterr()
    said = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in said] == ["progress", "operation", "summary"]
    assert said[1]["reason"] == ESCAPES
    assert out.isascii()
    assert err.startswith("Slow ")
    assert not set("\x1b\x9b\u202e\r") & set(err)


def test_without_a_terminal_there_are_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    code = Printer(Invocation()).follow([Progress(site="a", done=1), Summary()])
    assert (code, capsys.readouterr()) == (0, ("Nothing to do.\n", ""))


def test_a_secret_is_in_no_event(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_TOKEN", 'to"k-é')
    for as_json in (True, False):
        invocation = Invocation(json=as_json, secrets=Secrets(Path()))
        assert invocation.secrets
        invocation.secrets.resolve("env:EVENT_TOKEN")
        operation = Operation(site="a", path="a.md", action="skip", result="failed", reason='sent to"k-é')
        Printer(invocation).follow([operation])
        out = capsys.readouterr().out
        assert "***" in out
        assert "k-" not in out


@given(st.text())
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert cleaned.splitlines() in ([cleaned], [])
    assert cleaned == clean(cleaned)


def test_bars_appear_on_a_terminal_and_leave_no_trace(folder: Path) -> None:
    code = (
        "from gitsync.cli.invocation import Invocation\n"
        "from gitsync.cli.output import Printer\n"
        "from gitsync.events import *\n"
        "Printer(Invocation()).follow([Progress(site='devto', done=1, total=2),"
        " Operation(site='devto', path='a.md', action='create', result='done'), Summary(created=1)])\n"
    )
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=20, env=environment
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.stdout == b"devto: created a.md\n1 created.\n"
    assert "devto" in shown
    assert shown.endswith("\x1b[2K")


def test_the_log_is_on_stderr_once_without_secrets(
    raising: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    raising.append(errors.Error("No."))
    assert run(["-v", "boom", "-v"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines.count("test: asked *** [2J") == 1
    assert lines.count("test: detail") == 1
    assert run(["boom"]) == 1
    assert "test:" not in capsys.readouterr().err


# init


def test_init_finds_out_what_it_writes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "_posts").mkdir()
    (folder / "_posts" / "2024-01-02-grüße.md").write_text("---\ntitle: x\n---\n")
    (folder / "_config.yml").write_text('url: "https://me.dev/"  # mine\n')
    subprocess.run(["git", "remote", "add", "origin", "ssh://git@git.example/blog.git"], check=True)
    assert run(["init"]) == 0
    assert (folder / "gitsync.toml").read_text() == (
        '[content]\npaths = ["_posts/**/*.md", "_drafts/**/*.md"]\ndialect = "jekyll"\nurl = "https://me.dev"\n\n'
        '[state]\nremote = "origin"\nbranch = "main"\n'
    )
    assert "Jekyll" in capsys.readouterr().out


def test_init_does_not_share_drafts_on_a_public_host_by_itself(folder: Path) -> None:
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:me/blog.git"], check=True)
    assert run(["init"]) == 0
    text = (folder / "gitsync.toml").read_text()
    assert '# remote = "origin"' in text
    assert "\nremote" not in text


def test_init_never_writes_over_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gitsync.toml").write_text("# mine\n")
    assert run(["init"]) == 2
    assert (folder / "gitsync.toml").read_text() == "# mine\n"
    assert "is there already" in capsys.readouterr().err


def test_init_outside_a_repository_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 2
    assert "git init" in capsys.readouterr().err
    assert not (tmp_path / "gitsync.toml").exists()


# site

COMMENTED = """\
# my sites, by hand
[content]   # what
paths = ['posts/**/*.md']  # where

[sites.old]
platform = "memory" # keep an eye on it

[policy] # strict
max_create = 3
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_site_is_added_and_removed_and_every_other_byte_stays(folder: Path, newline: str) -> None:
    file = folder / "gitsync.toml"
    before = COMMENTED.replace("\n", newline).encode()
    file.write_bytes(before)
    file.chmod(0o640)
    assert run(["site", "add", "blog-2", "--platform", "memory", "--url", "memory:x", "status=draft", "timeout=5"]) == 0
    added = file.read_bytes()
    assert added.startswith(before)
    assert added[len(before) :].decode().split(newline) == [
        "",
        "[sites.blog-2]",
        'platform = "memory"',
        'url = "memory:x"',
        'status = "draft"',
        "timeout = 5",
        "",
    ]
    assert file.stat().st_mode & 0o777 == 0o640
    assert run(["site", "remove", "blog-2"]) == 0
    assert file.read_bytes().rstrip() == before.rstrip()


def test_removing_a_site_keeps_its_neighbours_comments(folder: Path) -> None:
    file = folder / "gitsync.toml"
    file.write_text(COMMENTED)
    assert run(["site", "remove", "old"]) == 0
    left = file.read_text()
    assert "old" not in left
    for line in (
        "# my sites, by hand",
        "[content]   # what",
        "paths = ['posts/**/*.md']  # where",
        "[policy] # strict",
    ):
        assert line in left.splitlines()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[sites.a]\nplatform = 'x'\n# last of a\nurl = ''\n\n# about b\n[sites.b]\nplatform = 'y'\n",
            "# about b\n[sites.b]\nplatform = 'y'\n",
        ),
        (
            "[sites.a]\nplatform = 'x'\n[policy]\nmax_create = 1\n\n[ sites . a . columns ]\nid = 'id'\n# end\n",
            "[policy]\nmax_create = 1\n\n# end\n",
        ),
        ("sites = {a = {platform = 'x'}, b = {platform = 'y'}} # all\n", "sites = { b = {platform = 'y'}} # all\n"),
        ("sites.a.platform = 'x'\nsites.b.platform = 'y'\n", "sites.b.platform = 'y'\n"),
        ("[sites]\n[sites.a]\nplatform = 'x'\n", "[sites]\n"),
        ("[sites.a]\nplatform = 'x'\nurl = '''\n[sites.b]\n'''\n[policy]\n", "[policy]\n"),
    ],
)
def test_a_site_is_removed_however_it_is_written(before: str, after: str) -> None:
    from gitsync.cli.toml_edit import remove_site

    assert remove_site(before, "a") == after


def test_a_site_that_would_not_work_is_not_added(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "gitsync.toml"
    file.write_text(COMMENTED)
    for arguments, said in (
        (["old"], "already"),
        (["Bad_Name", "--platform", "memory"], "no name for a site"),
        (["nosuch"], "no platform"),
        (["m", "--platform", "memry"], "Did you mean 'memory'?"),
        (["m", "--platform", "memory", "--token", "literal-token"], "must not be written here in clear"),
        (["m", "--platform", "memory", "colour=red"], "unknown key 'colour'"),
        (["m", "--platform", "memory", "colour"], "KEY=VALUE"),
    ):
        assert run(["site", "add", *arguments]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert "literal-token" not in err
    assert file.read_text() == COMMENTED


def test_site_test_asks_whose_credentials_these_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIGHT", "sesame-1")
    monkeypatch.setenv("WRONG", "sesame-2")
    monkeypatch.delenv("UNSET", raising=False)
    kept: Store = store("memory:test_cli")
    kept.token = "sesame-1"
    (folder / "gitsync.toml").write_text(
        "".join(
            f"[sites.{name}]\nplatform = 'memory'\nurl = 'memory:test_cli'\ntoken = 'env:{variable}'\n"
            for name, variable in {"good": "RIGHT", "bad": "WRONG", "none": "UNSET"}.items()
        )
    )
    assert run(["site", "test", "good", "--json"]) == 0
    found, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (found["site"], found["ok"], summary["event"], summary["requests"]) == ("good", True, "summary", 1)
    assert run(["site", "test", "bad"]) == 1
    assert run(["site", "test", "none"]) == 2
    out, err = capsys.readouterr()
    assert "gitsync.toml:12: the environment variable UNSET is not set." in out
    assert "sesame" not in out + err
    assert run(["site", "test", "god"]) == 2
    assert "Did you mean 'good'?" in capsys.readouterr().err


# completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_GITSYNC_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "index", "found"),
    [("gitsync si", "1", ["site"]), ("gitsync site re", "2", ["remove"]), ("gitsync site test bl", "3", ["blog"])],
)
def test_the_shell_completes_commands_and_sites(folder: Path, words: str, index: str, found: list[str]) -> None:
    (folder / "gitsync.toml").write_text("[sites.blog]\nplatform = 'memory'\n[sites.cms]\nplatform = 'memory'\n")
    environment = {"_GITSYNC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": index}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from gitsync.cli import main; sys.argv[0] = 'gitsync'; sys.exit(main())"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == found
