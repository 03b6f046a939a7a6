"""What is under way while evidence is made: what runs, for how long, what is left."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.text import Text

EVERY = timedelta(seconds=20)


class Progress:
    """Tells about kinds of evidence, `last` saying how long each took when it was made before.

    A terminal has one line that keeps changing; anything else gets a new line every 20 seconds,
    as long as something runs.
    """

    def __init__(
        self, kinds: Iterable[str], last: Mapping[str, timedelta], every: timedelta = EVERY
    ) -> None:
        self._left = list(kinds)
        self._last = last
        self._every = every
        self._running: dict[str, datetime] = {}

    @contextmanager
    def under_way(self, kind: str) -> Iterator[None]:
        """Count a kind as running while the block runs; it is not left then."""
        self._left.remove(kind)
        self._running[kind] = datetime.now(UTC)
        try:
            yield
        finally:
            del self._running[kind]

    @contextmanager
    def told(self, console: Console) -> Iterator[None]:
        """Tell how it goes while the block runs."""
        if console.is_terminal and not console.is_dumb_terminal:
            with console.status(self):
                yield
            return
        over = threading.Event()
        teller = threading.Thread(target=self._tell, args=(console, over))
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def line(self, now: datetime) -> str:
        """Return what is to be told at a moment."""
        running = [self._age(kind, now - start) for kind, start in list(self._running.items())]
        left = f"{len(self._left)} left: {', '.join(self._left)}" if self._left else "nothing left"
        return f"running {', '.join(running) or 'nothing'}; {left}"

    def __rich__(self) -> Text:
        return Text(self.line(datetime.now(UTC)))

    def _tell(self, console: Console, over: threading.Event) -> None:
        while not over.wait(self._every.total_seconds()):
            if self._running:
                line = self.line(datetime.now(UTC))
                console.print(line, style="dim", highlight=False, soft_wrap=True)

    def _age(self, kind: str, age: timedelta) -> str:
        before = f" (last time {_whole(self._last[kind])})" if kind in self._last else ""
        return f"{kind} {_whole(age)}{before}"


def _whole(age: timedelta) -> timedelta:
    return timedelta(seconds=int(age.total_seconds()))
