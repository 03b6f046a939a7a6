"""Turns requests away while the process falls behind, so that those it takes on stay quick.

How far behind it is shows in how late the event loop runs what is due. Only lateness that lasts
counts. It makes the number of requests that may be under way smaller, punctuality makes it larger
again; dear requests are turned away first, reads only when that isn't enough; whoever asks how the
service is, is always answered.
"""

import asyncio
import random
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import OverloadedError
from app.web.problems.rendering import respond
from app.web.telemetry import SHED

_BEAT_S = 0.05
_FEW = 48  # requests under way that any process can carry
_SMALLER, _LARGER = 0.75, 1.02  # what becomes of the room in a beat
_READS_MAY = 1.5  # times what dear requests may
_ALWAYS = ("/livez", "/readyz", "/health")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_RETRY_S = (1, 4)  # spread out, so that not everybody comes back at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How late the event loop may be (0: however late), how many requests may be under way."""

    tolerated_s: float = 0.03
    most: int = 2_000


class Pressure:
    """How many requests may be under way: all that are allowed, while the loop keeps up."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._was_late = False
        self.most = float(room.most)

    def late(self, by_s: float, active: int) -> None:
        """Take note of how late the loop was with so many requests under way."""
        late = by_s > self._room.tolerated_s > 0
        if late and self._was_late:
            self.most = max(_FEW, _SMALLER * min(self.most, active))
        elif not late:
            self.most = min(self._room.most, _LARGER * self.most + 0.2)
        self._was_late = late

    def refuses(self, active: int, *, dear: bool) -> bool:
        """Tell whether there is no room for another request beside so many."""
        return active >= min(self._room.most, self.most * (1 if dear else _READS_MAY))

    @property
    def calm(self) -> bool:
        """Tell whether there is all the room again."""
        return self.most >= self._room.most


class Shedding:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._pressure = Pressure(room)
        self._active = 0
        self._beating = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 503 with Retry-After."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        if self._pressure.refuses(self._active, dear=scope["method"] not in _READS):
            scope[SHED] = True
            wait_s = random.randint(*_RETRY_S)  # noqa: S311 - no secret
            error = OverloadedError(limit=self._active, retry_after=wait_s)
            await respond(scope, error)(scope, receive, send)
            return
        self._active += 1
        if not self._beating:
            self._beat()
        try:
            await self._app(scope, receive, send)
        finally:
            self._active -= 1

    def _beat(self) -> None:
        """Look at the clock again and again while requests are under way."""
        loop = asyncio.get_running_loop()
        due = loop.time() + _BEAT_S
        self._beating = True

        def looked() -> None:
            self._pressure.late(loop.time() - due, self._active)
            self._beating = False
            if self._active or not self._pressure.calm:
                self._beat()

        loop.call_at(due, looked)
