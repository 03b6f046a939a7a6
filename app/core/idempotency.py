"""A POST done once under its Idempotency-Key, however often it is sent.

The key is remembered, with a seed, before anything happens, and the answer before it is sent. If
the process dies in between, the next request with the key takes over with the same seed; ids are
derived from it, so what was already made is found instead of made twice. A running call shows
signs of life; one that stopped doing so is taken over.
"""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.core import spaces
from app.core.access import Principal
from app.core.errors import (
    ConflictError,
    EvaError,
    GoneError,
    IdempotencyBusyError,
    IdempotencyMismatchError,
    NotFoundError,
    StaleEtagError,
)
from app.core.filters import Condition, Op
from app.core.ids import new_id
from app.core.kinds import IDEMPOTENT_CALLS
from app.core.models import IdempotentCall, Partition, Stored
from app.core.ports import Listing, Ports, Put, Remove

LIFE = timedelta(hours=24)
SILENCE = timedelta(seconds=10)  # a running call unheard of for so long is dead
_BEAT_S = 3.0
GONE = 410  # the status of a call whose answer told of what is deleted now
_SUBJECT = re.compile(r"\b(?:spc|doc)_[0-9a-z]{26}\b")
UNKNOWN = ""  # the fingerprint of a request whose body has not been read yet


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is remembered; without a body it is told again from what it made."""

    status: int
    headers: Mapping[str, str]
    body: str | None


class Turn:
    """The right to do the request now; `seed` is the same on every try of it."""

    def __init__(self, ports: Ports, home: Partition, call: Stored[IdempotentCall]) -> None:
        self._ports = ports
        self._home = home
        self._call = call
        self._writing = asyncio.Lock()

    @property
    def seed(self) -> str:
        """Return what ids are derived from."""
        return self._call.value.seed

    async def finish(self, reply: Reply, fingerprint: str) -> None:
        """Remember the answer; a turn that was taken over meanwhile leaves that to the other."""
        done = replace(
            self._call.value,
            fingerprint=fingerprint,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            subjects=tuple(sorted(set(_SUBJECT.findall(reply.body or "")))),
        )
        with contextlib.suppress(StaleEtagError):
            await self._write(done)

    async def forget(self) -> None:
        """Free the key: the request was refused and changed nothing."""
        gone = Remove(kind=IDEMPOTENT_CALLS, id=self._call.value.id, if_etag=self._call.etag)
        with contextlib.suppress(StaleEtagError):
            await self._ports.records.commit(self._home, gone)

    async def release(self) -> None:
        """Let the next request with the key take over at once, with the same seed."""
        with contextlib.suppress(EvaError):
            await self._write(replace(self._call.value, started_at=datetime.now(UTC) - SILENCE))

    async def beat(self) -> None:
        """Show signs of life until cancelled."""
        while True:
            await asyncio.sleep(_BEAT_S)
            with contextlib.suppress(EvaError):
                await self._write(replace(self._call.value, started_at=datetime.now(UTC)))

    async def silence(self, beating: asyncio.Task[None]) -> None:
        """End the signs of life between two: of one cut off it is unknown what it wrote."""
        async with self._writing:
            beating.cancel()

    async def _write(self, call: IdempotentCall) -> None:
        async with self._writing:
            put = Put(kind=IDEMPOTENT_CALLS, value=call, if_etag=self._call.etag)
            [etag] = await self._ports.records.commit(self._home, put)
            self._call = Stored(call, etag)


async def begin(
    ports: Ports, principal: Principal, key: str, fingerprint: str = UNKNOWN
) -> Turn | IdempotentCall:
    """Return the turn to do the request, or the finished call whose answer is to be replayed.

    Raises IdempotencyBusyError while the first one runs, IdempotencyMismatchError if the key was
    used for another request, GoneError if what was answered is deleted.
    """
    id_ = hashlib.sha256(f"{principal.id}\0{key}".encode()).hexdigest()
    while True:
        found = await ports.records.get(IDEMPOTENT_CALLS, principal.home, id_)
        if found is not None and found.value.started_at > datetime.now(UTC) - LIFE:
            _agree(found.value, fingerprint)
            if found.value.status == GONE:
                raise GoneError
            if found.value.status is not None:
                await _require_reach(ports, principal, found.value)
                return found.value
            call = _taken_over(found.value, fingerprint)
        else:
            call = _fresh(id_, fingerprint)
        put = Put(
            kind=IDEMPOTENT_CALLS,
            value=call,
            if_etag=found.etag if found else None,
            if_absent=found is None,
        )
        try:
            [etag] = await ports.records.commit(principal.home, put)
        except (ConflictError, StaleEtagError):
            continue  # another request with the key came first
        return Turn(ports, principal.home, Stored(call, etag))


@contextlib.asynccontextmanager
async def alive(turn: Turn) -> AsyncIterator[None]:
    """Show signs of life for the duration of the context."""
    beating = asyncio.create_task(turn.beat())
    try:
        yield
    finally:
        await turn.silence(beating)
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def withhold(ports: Ports, tenant_id: str, subject_id: str) -> int:
    """Drop what is remembered of a deleted document or space; return how many answers.

    Their keys stay used: a request that is repeated late must not make the deleted object anew.
    """
    home, withheld = Partition(tenant_id), 0
    where = Condition("subjects", Op.EQ, subject_id)
    while page := (await ports.records.page(IDEMPOTENT_CALLS, home, Listing(where=where))).items:
        for stored in page:
            gone = replace(stored.value, status=GONE, headers={}, body=None, subjects=())
            put = Put(kind=IDEMPOTENT_CALLS, value=gone, if_etag=stored.etag)
            with contextlib.suppress(StaleEtagError):
                await ports.records.commit(home, put)
                withheld += 1
    return withheld


async def forget_old(ports: Ports) -> int:
    """Remove the calls whose time is over; return how many."""
    forgotten = 0
    for tenant_id in await ports.records.tenants():
        forgotten += await _forget_old(ports, Partition(tenant_id))
    return forgotten


async def _forget_old(ports: Ports, home: Partition) -> int:
    forgotten, after = 0, None
    while True:
        page = await ports.records.page(IDEMPOTENT_CALLS, home, Listing(after=after, limit=100))
        for stored in page.items:
            if stored.value.started_at <= datetime.now(UTC) - LIFE:
                gone = Remove(kind=IDEMPOTENT_CALLS, id=stored.value.id, if_etag=stored.etag)
                with contextlib.suppress(StaleEtagError):
                    await ports.records.commit(home, gone)
                    forgotten += 1
        after = page.next_after
        if after is None:
            return forgotten


def derived_id(prefix: str, seed: str) -> str:
    """Return the id that a call with this seed gives to the object it makes."""
    return f"{prefix}_{seed.rpartition('_')[2]}"


async def _require_reach(ports: Ports, principal: Principal, call: IdempotentCall) -> None:
    """Raise NotFoundError if what the answer tells of was closed to the principal since."""
    told = [id_ for id_ in call.subjects if id_.startswith("spc_")]
    if told and len(await spaces.reachable(ports, principal, told)) < len(told):
        raise NotFoundError


def _agree(call: IdempotentCall, fingerprint: str) -> None:
    if UNKNOWN not in (call.fingerprint, fingerprint) and call.fingerprint != fingerprint:
        raise IdempotencyMismatchError


def _taken_over(call: IdempotentCall, fingerprint: str) -> IdempotentCall:
    now = datetime.now(UTC)
    if now - call.started_at < SILENCE:
        raise IdempotencyBusyError
    return replace(call, started_at=now, fingerprint=call.fingerprint or fingerprint)


def _fresh(id_: str, fingerprint: str) -> IdempotentCall:
    return IdempotentCall(
        id=id_, fingerprint=fingerprint, seed=new_id("seed"), started_at=datetime.now(UTC)
    )
