"""How far a long command is, on standard error: a bar on a terminal, a line per step elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.cli.screen import terminal


class Progress(Protocol):
    """Is told how far the work is, step by step."""

    def reach(self, share: float) -> None:
        """Show that a share (0..1) of the current step is done."""

    def finish(self, name: str) -> None:
        """Show that the current step, of this name, is done; the next one begins."""


class _Lines:
    def __init__(self, what: str, steps: int) -> None:
        self._what, self._steps, self._done = what, steps, 0

    def reach(self, share: float) -> None:
        """Show nothing: a line tells of a whole step."""

    def finish(self, name: str) -> None:
        self._done += 1
        print(f"{self._what} {self._done}/{self._steps}: {name}", file=sys.stderr)


@contextmanager
def progress(what: str, steps: int) -> Iterator[Progress]:
    """Show the progress of so many steps for the duration of the context."""
    console = terminal(sys.stderr)
    if console is None or not steps:
        yield _Lines(what, steps)
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[done]}/{task.total:.0f} {task.fields[name]}"),
    )
    with Bars(*columns, console=console) as bars:
        task = bars.add_task(what, total=steps, done=0, name="")

        class Bar:
            """Draws the steps."""

            done = 0

            def reach(self, share: float) -> None:
                bars.update(task, completed=self.done + min(share, 1.0))

            def finish(self, name: str) -> None:
                self.done += 1
                bars.update(task, completed=self.done, done=self.done, name=name)

        yield Bar()
