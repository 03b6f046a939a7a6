"""How far a long command is, on standard error: a bar on a terminal, a line per step elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.cli.screen import terminal


class Progress(Protocol):
    """Is told how far the work is."""

    def advance(self, share: float, finished: str | None = None) -> None:
        """Count a share (0..1) of one step as done; `finished` names a step that is complete."""


class _Lines:
    def __init__(self, what: str, steps: int) -> None:
        self._what, self._steps, self._done = what, steps, 0

    def advance(self, share: float, finished: str | None = None) -> None:
        del share
        if finished is not None:
            self._done += 1
            print(f"{self._what} {self._done}/{self._steps}: {finished}", file=sys.stderr)


@contextmanager
def progress(what: str, steps: int) -> Iterator[Progress]:
    """Show the progress of so many steps for the duration of the context."""
    console = terminal(sys.stderr)
    if console is None or not steps:
        yield _Lines(what, steps)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[finished]}"),
    )
    with Bars(*columns, console=console) as bars:
        task = bars.add_task(what, total=steps, finished="")

        class Bar:
            """Draws the steps."""

            def advance(self, share: float, finished: str | None = None) -> None:
                bars.advance(task, share)
                if finished is not None:
                    bars.update(task, finished=finished)

        yield Bar()
