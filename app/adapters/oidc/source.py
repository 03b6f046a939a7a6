"""An issuer's keys, kept fresh without making requests wait, and kept through an outage."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic

import httpx2

from app.adapters.oidc.fetching import Place, key_document
from app.adapters.oidc.keys import KeySet, parse
from app.core import metrics
from app.core.errors import UnavailableError

_log = logging.getLogger("eva.oidc")
_FAULTS = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When keys are asked for; all in seconds.

    Keys older than `fresh` are renewed in the background while the old ones serve; past twice
    that the next request waits for new ones, unless the issuer is known to be out of reach. Keys
    older than `most` serve no one. `pause` is the least time between two attempts that fail, and
    between two that unknown key ids cause.
    """

    fresh: float = 300
    most: float = 24 * 3600
    pause: float = 10
    patience: float = 5


class KeySource:
    """The keys of one issuer. One attempt to read them is under way at most."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        place: Place,
        timing: Timing,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client, self._place, self._timing, self._clock = client, place, timing, clock
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = self._asked_at = -inf
        self._failing = False
        self._flight: asyncio.Task[None] | None = None

    def ready(self) -> KeySet | None:
        """Return the keys if no one has to wait for them; the same object until they change."""
        now = self._clock()
        age = now - self._read_at
        if age >= self._timing.most:
            return None
        if age >= self._timing.fresh:
            if now - self._tried_at >= self._timing.pause:
                self._fly()
            if age >= 2 * self._timing.fresh and not self._failing:
                return None
        return self._keys

    async def current(self) -> KeySet:
        """Return the keys; UnavailableError if there are none young enough to be trusted."""
        keys = self.ready()
        if keys is None:
            await self._renew(self._tried_at)
            keys = self.ready()
        if keys is None:
            raise UnavailableError(
                dependency="identity-provider", retry_after=int(self._timing.pause) or 1
            )
        return keys

    async def holding(self, key_id: str) -> KeySet:
        """Return the keys, asked for again if this id is not among them: it may be brand-new."""
        keys = await self.current()
        if key_id in keys:
            return keys
        asked, now = self._asked_at, self._clock()
        if now - asked >= self._timing.pause:
            self._asked_at = now
        await self._renew(asked)
        return await self.current()

    async def aclose(self) -> None:
        """Give up whatever is under way."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _renew(self, last: float) -> None:
        """Wait for the attempt under way, else for a new one, unless the last was just now."""
        if self._flight is not None or self._clock() - last >= self._timing.pause:
            # Shielded: a caller that goes away must not take the others' attempt along.
            await asyncio.shield(self._fly())

    def _fly(self) -> asyncio.Task[None]:
        if self._flight is None:
            self._tried_at = self._clock()
            self._flight = asyncio.create_task(self._read())
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, _flight: asyncio.Task[None]) -> None:
        self._flight = None

    async def _read(self) -> None:
        try:
            with metrics.calling("oidc"):
                async with asyncio.timeout(self._timing.patience):
                    keys = parse(await key_document(self._client, self._place))
        except _FAULTS as fault:
            self._failing = True
            _log.warning("keys of %s not read: %r", self._place.issuer, fault)
            return
        self._failing, self._read_at = False, self._clock()
        if keys != self._keys:
            self._keys = keys
