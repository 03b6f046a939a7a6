"""Clients that go on using production all the while, at a steady rate whatever it does."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

_PER_SECOND = 40
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: when it was due and answered (monotonic seconds), and how; 0: not at all."""

    due: float
    ended: float
    status: int
    why: str = ""  # it was not answered

    def __str__(self) -> str:
        return self.why or f"status {self.status}"


class Traffic:
    """What was sent so far."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def lost(self, windows: Iterable[tuple[float, float]]) -> list[Sent]:
        """Return what failed although it was not under way in any of these stretches of time."""
        known = list(windows)
        return [
            one
            for one in self.sent
            if one.status != HTTPStatus.OK
            and not any(one.due < end and one.ended > begin for begin, end in known)
        ]

    async def _send(self, http: httpx2.AsyncClient, path: str, due: float) -> None:
        status, why = 0, ""
        try:
            status = (await http.get(path)).status_code
        except httpx2.TransportError as error:
            why = repr(error)
        self.sent.append(Sent(due, time.monotonic(), status, why))

    async def run(self, http: httpx2.AsyncClient, path: str) -> None:
        """Send until cancelled; a late answer holds up no other request."""
        async with asyncio.TaskGroup() as group:
            start, number = time.monotonic(), 0
            while True:
                due = start + number / _PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(self._send(http, path, due))
                number += 1


@contextlib.asynccontextmanager
async def flowing(url: str, key: str) -> AsyncIterator[Traffic]:
    """Let requests flow to production for the duration of the context."""
    traffic = Traffic()
    headers = {"X-API-Key": key}
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    async with httpx2.AsyncClient(
        base_url=url, headers=headers, timeout=_PATIENCE_S, limits=limits
    ) as http:
        made = await http.post("/api/v1/spaces", json={"name": "Rehearsal"})
        made.raise_for_status()
        path = f"/api/v1/spaces/{made.json()['id']}"
        running = asyncio.create_task(traffic.run(http, path))
        try:
            yield traffic
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
