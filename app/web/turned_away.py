"""Counts for the audit trail the requests that were turned away before any operation saw them.

A flood must neither fill the trail nor be missing from it. Of each address and outcome the first
request is an event of its own at once; those that follow within a minute are one event more, which
tells how many they were.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from app.core.errors import UnavailableError
from app.core.ports import Noted

Note: TypeAlias = Callable[[Noted], None]  # UnavailableError when too many wait to be written
_EVERY_S = 60.0
_MOST = 10_000  # addresses and outcomes told apart in a minute; the others are counted together


class TurnedAway:
    """What came since the last time that it was told."""

    def __init__(self, every_s: float = _EVERY_S) -> None:
        self._every_s = every_s
        self._counts: dict[tuple[str, str], Noted] = {}  # with how many are yet to be told
        self._timer: asyncio.TimerHandle | None = None

    def add(self, note: Note, noted: Noted) -> None:
        """Note a request, or count it if one like it was noted within the minute."""
        key = (noted.personal.get("address", ""), noted.outcome)
        if key not in self._counts and len(self._counts) >= _MOST:
            key, noted = ("", noted.outcome), replace(noted, personal={})
        if (counted := self._counts.get(key)) is not None:
            self._counts[key] = replace(counted, count=counted.count + 1)
            return
        self._counts[key] = replace(noted, count=0, request_id="")
        self._note(note, key, noted)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._every_s, self.tell, note)

    def tell(self, note: Note) -> None:
        """Note how many there were; what can't be noted now is kept for the next time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due, self._counts = self._counts, {}
        for key, counted in due.items():
            if counted.count:
                self._note(note, key, counted)
        if self._counts:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self.tell, note)

    def _note(self, note: Note, key: tuple[str, str], noted: Noted) -> None:
        try:
            note(noted)
        except UnavailableError:
            self._counts[key] = replace(noted, request_id="")
