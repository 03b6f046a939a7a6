"""A doorbell on Azure Storage Queues: it says that there may be work, never what is to be done.

Jobs are records: a message that is lost, late or doubled costs a little time and no job. There is
one queue for each kind of job, and `…-poison` for what could not be read or was taken too often.
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
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)  # between looks at bells that have been quiet longer
_MOST_RINGING = 256  # more at once are not worth it: polling finds the jobs
_CLOSE_S = 2.0
_POISON = "poison"
_log = logging.getLogger("eva.azure")


class QueueDoorbell:
    """Rings in other processes. The queues' failures are logged and never anyone's trouble."""

    def __init__(self, queues: QueueServiceClient, prefix: str) -> None:
        self._queues = queues
        self._prefix = prefix
        self._ringing: set[asyncio.Task[None]] = set()
        self._turns: defaultdict[tuple[JobKind, ...], _Turn] = defaultdict(_Turn)

    def ring(self, kind: JobKind) -> bool:
        """Say soon that there is a job of this kind; whether anybody hears is not known."""
        if len(self._ringing) < _MOST_RINGING:
            task = asyncio.create_task(self._send(kind))
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)
        return False

    async def wait(self, kinds: Sequence[JobKind], timeout_s: float) -> None:
        """Return when the bell rang for one of the kinds, at the latest after the timeout.

        Of those who wait for the same kinds one looks at a time: a ring wakes one of them.
        """
        turn = self._turns[tuple(kinds)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), turn.lock:
                await self._rung(kinds, turn)

    async def close(self) -> None:
        """Let what rings ring out, for a moment."""
        if self._ringing:
            await asyncio.wait(self._ringing, timeout=_CLOSE_S)
        for task in self._ringing:
            task.cancel()
        await asyncio.gather(*self._ringing, return_exceptions=True)

    async def _send(self, kind: JobKind) -> None:
        with _without_trouble(), metrics.calling("queue"):
            queue = self._queues.get_queue_client(queue_name(self._prefix, kind))
            await queue.send_message(kind.value, time_to_live=_KEEP_S)

    async def _rung(self, kinds: Sequence[JobKind], turn: "_Turn") -> None:
        while True:
            await asyncio.sleep(max(0.0, turn.next_look - time.monotonic()))
            for kind in kinds:
                with _without_trouble(), metrics.calling("queue"):
                    if await self._taken(kind):
                        turn.rung()
                        return
            turn.quiet()

    async def _taken(self, kind: JobKind) -> bool:
        """Take a message, if there is one, and tell whether it is a ring."""
        queue = self._queues.get_queue_client(queue_name(self._prefix, kind))
        message = await queue.receive_message(visibility_timeout=_LEASE_S)
        if message is None:
            return False
        good = message.content == kind.value and (message.dequeue_count or 0) <= _MOST_TAKEN
        if not good:
            await self._bury(kind, message)
        await queue.delete_message(message)
        return good

    async def _bury(self, kind: JobKind, message: QueueMessage) -> None:
        """Keep aside, for a person to look at, what would come back for ever."""
        _log.error("a message of %s is poison (taken %s times)", kind.value, message.dequeue_count)
        poison = self._queues.get_queue_client(queue_name(self._prefix, _POISON))
        await poison.send_message(message.content)


@dataclass(slots=True)
class _Turn:
    """Whose turn it is to look at some bells, and when: the pause outlasts whoever waits."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_look: float = 0.0  # monotonic
    looks: int = 0  # since it rang

    def rung(self) -> None:
        self.next_look, self.looks = 0.0, 0

    def quiet(self) -> None:
        pause = _PAUSES_S[min(self.looks, len(_PAUSES_S) - 1)]
        self.next_look, self.looks = time.monotonic() + pause, self.looks + 1


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


@contextlib.contextmanager
def _without_trouble() -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        _log.warning("the doorbell is out of order: %s", type(error).__name__)
