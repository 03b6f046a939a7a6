"""A doorbell on Azure Storage Queues: it says that there may be work, never what is to be done.

Jobs are records: a message that is lost, late or doubled costs a little time and no job. There is
one queue for each kind of job, and `…-poison` for what could not be read or was taken too often.
How many messages there are tells a scaler whether more workers are wanted.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueServiceClient

from app.adapters.azure import failures
from app.core import metrics
from app.core.models import JobKind

_LEASE_S = 30  # a message that was taken and not thrown away shows up again
_KEEP_S = 86_400  # polling has found the job long before
_MOST_TAKEN = 5
_PAUSES_S = (0.25, 0.5, 1.0)  # between looks at a bell, longer as it stays quiet
_MERGED_S = 0.5  # rings of a kind that follow each other as soon are one
_MOST_TAKEN_AT_ONCE = 32
_QUIET_S, _BROKEN_S = 5.0, 1.0  # how long a bell is relied on that works, and one that doesn't
_MISTRUST_S = 30.0  # since the last failure
_CLOSE_S = 2.0
_POISON = "poison"
_log = logging.getLogger("eva.azure")


class QueueDoorbell:
    """Rings in other processes. The queues' failures are logged and never anyone's trouble."""

    def __init__(self, queues: QueueServiceClient, prefix: str) -> None:
        self._queues = queues
        self._prefix = prefix
        self._ringing: set[asyncio.Task[None]] = set()
        self._to_ring: set[JobKind] = set()
        self._rang: dict[JobKind, float] = {}  # monotonic
        self._ears: defaultdict[tuple[JobKind, ...], _Ear] = defaultdict(_Ear)
        self._mistrusted_until = 0.0

    @property
    def quiet_s(self) -> float:
        """Return how long one may rely on the bell."""
        return _QUIET_S if time.monotonic() > self._mistrusted_until else _BROKEN_S

    def ring(self, kind: JobKind) -> bool:
        """Say soon that there are jobs of this kind; whether anybody hears is not known."""
        if kind not in self._to_ring:
            self._to_ring.add(kind)
            task = asyncio.create_task(self._send(kind))
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)
        return False

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> Sequence[JobKind]:
        """Return for which kind the bell rang; none after the timeout.

        For all who wait for the same kinds one listens: a ring wakes one of them.
        """
        ear = self._ears[tuple(kinds)]
        heard: asyncio.Future[JobKind] = asyncio.get_running_loop().create_future()
        ear.waiting.append(heard)
        if ear.listening is None:
            ear.listening = asyncio.create_task(self._listen(kinds, ear))
        try:
            await asyncio.wait({heard}, timeout=timeout_s)
        finally:
            ear.waiting.remove(heard)
            if not ear.waiting and ear.listening is not None:
                ear.listening.cancel()
                ear.listening = None
        return [heard.result()] if heard.done() else []

    async def close(self) -> None:
        """Let what rings ring out, for a moment."""
        if self._ringing:
            await asyncio.wait(self._ringing, timeout=_CLOSE_S)
        for task in self._ringing:
            task.cancel()
        await asyncio.gather(*self._ringing, return_exceptions=True)

    async def _send(self, kind: JobKind) -> None:
        await asyncio.sleep(self._rang.get(kind, 0.0) + _MERGED_S - time.monotonic())
        self._to_ring.discard(kind)
        self._rang[kind] = time.monotonic()
        with self._without_trouble(), metrics.calling("queue"):
            queue = self._queues.get_queue_client(queue_name(self._prefix, kind))
            await queue.send_message(kind.value, time_to_live=_KEEP_S)

    async def _listen(self, kinds: Sequence[JobKind], ear: "_Ear") -> None:
        """Wake those who wait until cancelled; of several bells each is looked at more seldom."""
        while True:
            kind = min(kinds, key=lambda one: ear.paces[one].next_look)
            pace = ear.paces[kind]
            await asyncio.sleep(pace.next_look - time.monotonic())
            pace.looked(len(kinds))
            with self._without_trouble(), metrics.calling("queue"):
                rings = await self._taken(kind, len(ear.waiting))
                if rings:
                    pace.rang()
                    ear.wake(kind, rings)

    async def _taken(self, kind: JobKind, most: int) -> int:
        """Take messages, and tell how many of them are rings."""
        queue = self._queues.get_queue_client(queue_name(self._prefix, kind))
        while True:
            page = min(max(most, 1), _MOST_TAKEN_AT_ONCE)
            pages = queue.receive_messages(messages_per_page=page, visibility_timeout=_LEASE_S)
            found = await anext(pages.by_page(), None)
            taken = [] if found is None else [message async for message in found]
            bad = [message for message in taken if not _is_ring(message, kind)]
            for message in bad:
                await self._bury(kind, message)
            await asyncio.gather(*(queue.delete_message(message) for message in taken))
            if len(taken) > len(bad) or not bad:
                return len(taken) - len(bad)

    async def _bury(self, kind: JobKind, message: QueueMessage) -> None:
        """Keep aside, for a person to look at, what would come back for ever."""
        _log.error("a message of %s is poison (taken %s times)", kind.value, message.dequeue_count)
        poison = self._queues.get_queue_client(queue_name(self._prefix, _POISON))
        await poison.send_message(message.content)

    @contextlib.contextmanager
    def _without_trouble(self) -> Iterator[None]:
        try:
            yield
        except AzureError as error:
            self._mistrusted_until = time.monotonic() + _MISTRUST_S
            _log.warning("the doorbell is out of order: %s", type(error).__name__)


@dataclass(slots=True)
class _Pace:
    """When a bell is looked at: soon after it rang, and more seldom as it stays quiet."""

    next_look: float = 0.0  # monotonic
    looks: int = 0  # since it rang

    def looked(self, bells: int) -> None:
        pause = _PAUSES_S[min(self.looks, len(_PAUSES_S) - 1)]
        self.next_look, self.looks = time.monotonic() + bells * pause, self.looks + 1

    def rang(self) -> None:
        self.next_look, self.looks = time.monotonic() + _PAUSES_S[0], 1


@dataclass(slots=True)
class _Ear:
    """Who waits for some bells, who listens, and how often: that outlasts those who wait."""

    waiting: list[asyncio.Future[JobKind]] = field(default_factory=list)
    listening: asyncio.Task[None] | None = None
    paces: defaultdict[JobKind, _Pace] = field(default_factory=lambda: defaultdict(_Pace))

    def wake(self, kind: JobKind, rings: int) -> None:
        """Wake as many as there are rings."""
        asleep = [one for one in self.waiting if not one.done()]
        for one in asleep[:rings]:
            one.set_result(kind)


def _is_ring(message: QueueMessage, kind: JobKind) -> bool:
    return message.content == kind.value and (message.dequeue_count or 0) <= _MOST_TAKEN


def queue_name(prefix: str, kind: str) -> str:
    """Return what the queue of a kind of job is called."""
    return f"{prefix}-{kind}"


async def prepare(queues: QueueServiceClient, prefix: str) -> None:
    """Create the queues that are not there; UnavailableError."""
    for kind in (*JobKind, _POISON):
        with failures.azure_errors("queue"), contextlib.suppress(ResourceExistsError):
            await queues.create_queue(queue_name(prefix, kind))


async def ping(queues: QueueServiceClient, prefix: str) -> None:
    """Raise UnavailableError if the queues can't be asked."""
    with failures.azure_errors("queue"):
        await queues.get_queue_client(queue_name(prefix, _POISON)).get_queue_properties()


@contextlib.asynccontextmanager
async def open_doorbell(queues: QueueServiceClient, prefix: str) -> AsyncIterator[QueueDoorbell]:
    """Lend the bell."""
    bell = QueueDoorbell(queues, prefix)
    try:
        yield bell
    finally:
        await bell.close()
