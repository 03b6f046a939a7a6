"""Turns requests away while the process falls behind, so that those it takes on stay quick.

How far behind it is shows in how late the event loop runs what is due, on average: a single fit
says little, however long. Lateness makes the number of requests that may be under way smaller,
until few are left to wait for one another; punctuality makes it larger again. Where requests wait
for others' work, how long reads take shows it sooner (`concurrency`). Dear requests are turned away
first, reads only when that isn't enough; whoever asks how the service is, is always answered.
"""

import asyncio
import random
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import OverloadedError
from app.web.concurrency import AdaptiveLimit, Reads
from app.web.problems.rendering import respond
from app.web.telemetry import SHED

_BEAT_S = 0.02
_NEWEST = 0.15  # weight of a beat in the average: what was a fifth of a second ago has faded
_FIT = 4  # times what is tolerated: by how much a single beat counts at most
_LASTING = 25  # beats of too great an average before calm is over
_SMALLER, _LARGER = 0.9, 1.02  # what becomes of the room in a beat
_READS_MAY = 1.5  # times what dear requests may
_ALWAYS = ("/livez", "/readyz", "/health")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_ASKS = ("/queries", "/query")
_GOOD = 400  # statuses below are answers; a refusal takes no time that says anything
_RETRY_S = (1, 4)  # spread out, so that not everybody comes back at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How late the event loop may be on average (0: however late), how many requests there may be.

    `few` are under way without harm in any case. A process that computes all answers itself can
    carry few, since each waits for the others; one that waits for a model carries more.
    `reads_s`: how long reads may take on average (0: however long).
    """

    tolerated_s: float = 0.005
    few: int = 8
    most: int = 2_000
    reads_s: float = 0.0


class Pressure:
    """How many requests may be under way: all that are allowed, while the loop keeps up."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._late_s = 0.0
        self._lasts = 0
        self.most = float(room.most)

    def late(self, by_s: float, active: int) -> None:
        """Take note of how late the loop was with so many requests under way."""
        tolerated_s = self._room.tolerated_s
        self._late_s += _NEWEST * (min(by_s, _FIT * tolerated_s) - self._late_s)
        late = self._late_s > tolerated_s
        self._lasts = self._lasts + 1 if late else 0
        if late and not (self.calm and self._lasts < _LASTING):
            self.most = max(self._room.few, _SMALLER * min(self.most, active))
        elif not late:
            self.most = min(self._room.most, _LARGER * self.most + 0.2)

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
        reads = Reads(tolerated_s=room.reads_s, few=room.few, most=room.most)
        self._limit = AdaptiveLimit(reads) if room.reads_s else None
        self._active = 0
        self._beating = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 503 with Retry-After."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        kind = _kind(scope)
        if self._refuses(kind):
            scope[SHED] = True
            wait_s = random.randint(*_RETRY_S)  # noqa: S311 - no secret
            error = OverloadedError(limit=self._active, retry_after=wait_s)
            await respond(scope, error)(scope, receive, send)
            return
        self._active += 1
        if not self._beating:
            self._beat()
        if self._limit is not None and kind == "read":
            send = _timed(send, self._limit)
        try:
            await self._app(scope, receive, send)
        finally:
            self._active -= 1

    def _refuses(self, kind: str) -> bool:
        if self._pressure.refuses(self._active, dear=kind != "read"):
            return True
        return self._limit is not None and self._limit.refuses(self._active, kind)

    def _beat(self) -> None:
        """Look at the clock again and again while requests are under way."""
        began = time.perf_counter()  # the loop's own clock counts whole milliseconds
        self._beating = True

        def looked() -> None:
            self._pressure.late(time.perf_counter() - began - _BEAT_S, self._active)
            calm = self._pressure.calm
            if self._limit is not None:
                self._limit.beat(self._active)
                calm = calm and self._limit.calm
            self._beating = False
            if self._active or not calm:
                self._beat()

        asyncio.get_running_loop().call_later(_BEAT_S, looked)


def _kind(scope: Scope) -> str:
    if scope["method"] in _READS:
        return "read"
    return "ask" if scope["path"].endswith(_ASKS) else "write"


def _timed(send: Send, limit: AdaptiveLimit) -> Send:
    """Return what tells the limit when an answer begins."""
    began = time.perf_counter()

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < _GOOD:
            limit.took(time.perf_counter() - began)
        await send(message)

    return sent
