"""The watch as a service of the user's own: a unit for systemd, a property list for launchd."""

from __future__ import annotations

import plistlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A file to install: where it belongs, what it says, and the commands that start it and show its log."""

    path: Path
    text: str
    start: str
    log: str
    environment: Path


def unit_for(folder: Path, *, home: Path, platform: str = sys.platform, python: str = sys.executable) -> Unit:
    """Return the unit that watches `folder`. Secrets are not in it: they come from a file that only the user reads."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "blog"
    environment = home / ".config/gitsync" / f"{name}.env"
    command = [python, "-m", "gitsync", "-C", str(folder), "watch", "--json"]
    if platform == "darwin":
        label = f"gitsync.{name}"
        path = home / "Library/LaunchAgents" / f"{label}.plist"
        log = home / "Library/Logs" / f"{label}.log"
        script = 'set -a; [ -f "$0" ] && . "$0"; exec "$@"'
        wanted = {
            "Label": label,
            "ProgramArguments": ["/bin/sh", "-c", script, str(environment), *command],
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "StandardOutPath": str(log),
            "StandardErrorPath": str(log),
        }
        text = plistlib.dumps(wanted).decode()
        return Unit(path=path, text=text, start=f"launchctl load {path}", log=f"tail -f {log}", environment=environment)
    said = " ".join(_quoted(part) for part in command)
    text = (
        f"[Unit]\nDescription=gitsync watches {_escaped(str(folder))}\nAfter=network-online.target\n\n"
        f"[Service]\nEnvironmentFile=-{_escaped(str(environment))}\nExecStart={said}\n"
        "Restart=on-failure\nRestartSec=30\nKillSignal=SIGTERM\nSuccessExitStatus=130\n\n"
        "[Install]\nWantedBy=default.target\n"
    )
    unit = f"gitsync-{name}.service"
    return Unit(
        path=home / ".config/systemd/user" / unit,
        text=text,
        start=f"systemctl --user daemon-reload && systemctl --user enable --now {unit}",
        log=f"journalctl --user -u {unit} -f",
        environment=environment,
    )


def _escaped(text: str) -> str:
    """Return a text as a unit file takes it: a percent sign begins a specifier there."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    escaped = _escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[^\w./:=@%$+-]", text) else escaped
