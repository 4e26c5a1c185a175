"""Progress bars on stderr, for people at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gitsync.events import Progress as Event


class Bars:
    """One bar a site. They vanish when hidden and come back with the next event, so that lines can pass between."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._shown = False

    def show(self, event: Event) -> None:
        if not self._shown:
            self._progress.start()
            self._shown = True
        if event.site not in self._tasks:
            # Site names are [a-z0-9-], so nothing in them is markup.
            self._tasks[event.site] = self._progress.add_task(event.site, total=event.total)
        self._progress.update(self._tasks[event.site], completed=event.done, total=event.total)

    def hide(self) -> None:
        if self._shown:
            self._progress.stop()
            self._shown = False
