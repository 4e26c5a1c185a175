"""One line at the foot of a terminal that says how things stand. Nothing ticks: waiting costs nothing."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.text import Text


class StatusLine:
    """Shown below what was printed last; hide it before anything else is printed."""

    def __init__(self) -> None:
        self._live: Live | None = None

    def show(self, text: str) -> None:
        self.hide()
        self._live = Live(Text(text, style="dim"), console=Console(stderr=True), auto_refresh=False, transient=True)
        self._live.start(refresh=True)

    def hide(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
