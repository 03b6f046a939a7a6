"""Turns requests away while the process falls behind, so that those it takes on stay quick.

How far behind it is shows in how late the event loop runs what is due. Only lateness that lasts
counts, and only when many requests are under way. Dear requests go first, reads only when that
isn't enough; whoever asks how the service is, is always answered.
"""

import asyncio
import random
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import UnavailableError
from app.web.problems.rendering import respond
from app.web.telemetry import SHED

_BEAT_S = 0.05
_FEW = 16  # requests under way that any process can carry
_STEP = 0.08  # how fast the share of those turned away changes, a beat
_MOST = 0.98
_ALWAYS = ("/livez", "/readyz", "/health")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_RETRY_S = (1, 4)  # spread out, so that not everybody comes back at once


class Pressure:
    """What share of the dear requests has to be turned away: 0 while the loop keeps up."""

    def __init__(self, tolerated_s: float) -> None:
        self._tolerated_s = tolerated_s
        self.share = 0.0

    def late(self, by_s: float) -> None:
        """Take note of how late the loop was."""
        excess = by_s / self._tolerated_s - 1
        self.share = min(_MOST, max(0.0, self.share + _STEP * min(1.0, excess)))

    def refuses(self, *, dear: bool) -> bool:
        """Draw whether a request is turned away."""
        share = self.share if dear else 2 * self.share - 1
        return share > 0 and random.random() < share  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How late the event loop may be (0: however late), how many requests may be under way."""

    tolerated_s: float = 0.15
    most: int = 2_000


class Shedding:
    """Pure ASGI middleware."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._most = room.most
        self._pressure = Pressure(room.tolerated_s) if room.tolerated_s else None
        self._active = 0
        self._beating = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 503 with Retry-After."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        if self._full(scope):
            scope[SHED] = True
            wait_s = random.randint(*_RETRY_S)  # noqa: S311 - no secret
            error = UnavailableError(dependency="capacity", retry_after=wait_s)
            await respond(scope, error)(scope, receive, send)
            return
        self._active += 1
        if not self._beating and self._pressure is not None:
            self._beat(self._pressure)
        try:
            await self._app(scope, receive, send)
        finally:
            self._active -= 1

    def _full(self, scope: Scope) -> bool:
        if self._active >= self._most:
            return True
        if self._pressure is None or self._active < _FEW:
            return False
        return self._pressure.refuses(dear=scope["method"] not in _READS)

    def _beat(self, pressure: Pressure) -> None:
        """Look at the clock again and again while requests are under way."""
        loop = asyncio.get_running_loop()
        due = loop.time() + _BEAT_S
        self._beating = True

        def looked() -> None:
            pressure.late(loop.time() - due)
            self._beating = False
            if self._active or pressure.share:
                self._beat(pressure)

        loop.call_at(due, looked)
