"""The one writer of a process: many changes, one transaction, one fsync.

Changes that are asked for in one turn of the event loop, and those that arrive while a transaction
is being synced, are committed together by the next one: a thread that is woken for each takes the
interpreter from the loop each time. Each change runs in a savepoint, so one that is refused undoes
only itself; none is acknowledged before the COMMIT that holds it returned.
"""

import asyncio
import contextlib
import logging
import os
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from app.adapters.embedded import failures, schema
from app.adapters.embedded.epoch import Epoch
from app.adapters.embedded.folder import FolderLock

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], T]
_MAX_BATCH = 256
_GATHER_S = 0.01  # of a turn of the event loop, at most, until what was asked for is handed over
_log = logging.getLogger("eva.store")


@dataclass(frozen=True, slots=True)
class _Task:
    work: Work[Any]
    outcome: asyncio.Future[Any]


class Writer:
    """Runs work inside durable transactions on its own thread.

    Processes take turns by a lock beside the database, held while writing and checkpointing:
    SQLite before 3.51.3 can lose a commit when one process checkpoints as another resets the log.
    `process` names this process among all that ever had the folder open, and with it the leases
    that it holds; `chain` names its chain of the audit trail.
    """

    def __init__(self, root: Path, process: str, epoch: Epoch, *, busy_s: float) -> None:
        self.process = process
        self._epoch = epoch
        self.chain = f"{socket.gethostname()}/{os.getpid()}/{process}"
        self._busy_s = busy_s
        self._lock = FolderLock(root / "write.lock")
        self._connection = schema.connect(root / "eva.db", busy_s=busy_s)
        self._asked: list[_Task] = []  # in this turn of the event loop
        self._asked_at = 0.0  # when the first of them was
        self._tasks: queue.SimpleQueue[list[_Task] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve, name="eva-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Return what the work returned, once it is durable; whatever it raises undoes it alone.

        Raises UnavailableError when the database is locked, StorageFullError when it is full.
        """
        outcome: asyncio.Future[T] = self._loop.create_future()
        now = time.monotonic()
        if not self._asked:
            self._asked_at = now
            self._loop.call_soon(self._hand_over)
        self._asked.append(_Task(work, outcome))
        if now - self._asked_at > _GATHER_S:
            self._hand_over()
        return await outcome

    async def close(self) -> None:
        """Finish what was asked for, then stop."""
        self._hand_over()
        self._tasks.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._asked:
            self._tasks.put(self._asked)
            self._asked = []

    def _serve(self) -> None:
        while batch := self._next_batch():
            results = self._committed(batch)
            self._loop.call_soon_threadsafe(_resolve, batch, results)
        self._lock.acquire(self._busy_s)  # the last process to close checkpoints
        self._connection.close()
        self._lock.close()

    def _next_batch(self) -> list[_Task]:
        """Wait for tasks and take with them whatever else is waiting; empty when closing."""
        batch: list[_Task] = []
        while len(batch) < _MAX_BATCH:
            try:
                tasks = self._tasks.get(block=not batch)
            except queue.Empty:
                break
            if tasks is None:
                if batch:
                    self._tasks.put(None)
                break
            batch += tasks
        return batch

    def _committed(self, batch: list[_Task]) -> list[object]:
        """Return each task's result, or the exception to raise instead of it."""
        if not self._lock.acquire(self._busy_s):
            return [failures.busy()] * len(batch)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [self._attempt(task.work) for task in batch]
            self._commit()
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever happens
            _log.warning("transaction failed: %s", error)
            self._undo()
            return [failures.translated(error)] * len(batch)
        finally:
            self._lock.release()
        return results

    def _commit(self) -> None:
        self._epoch.begin()
        try:
            self._connection.execute("COMMIT")
        finally:
            self._epoch.end()

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.DatabaseError):  # a failed COMMIT may have undone itself
            self._connection.execute("ROLLBACK")

    def _attempt(self, work: Work[Any]) -> object:
        self._connection.execute("SAVEPOINT change")
        try:
            result = work(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:  # SQLite undid the whole batch
                raise
            self._connection.execute("ROLLBACK TO change")
            result = failures.translated(error)
        self._connection.execute("RELEASE change")
        return result


def _resolve(batch: list[_Task], results: list[object]) -> None:
    for task, result in zip(batch, results, strict=True):
        if task.outcome.done():  # the caller was cancelled; its change stands
            continue
        if isinstance(result, Exception):
            task.outcome.set_exception(result)
        else:
            task.outcome.set_result(result)
