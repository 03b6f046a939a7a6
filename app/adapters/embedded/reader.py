"""Read-only access to the database: at once on the event loop, or aside on threads.

A point read costs some 10 µs, a hop to a thread ten times that: short reads stay on the loop, and
what they gave is kept until something is committed.
"""

import asyncio
import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from app.adapters.embedded import schema
from app.adapters.embedded.epoch import Epoch, Recent
from app.adapters.embedded.failures import database_errors, translated

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = tuple[Any, ...] | dict[str, Any]
_THREADS = 2
_LOOP_BUSY_S = 0.1  # the loop waits no longer; readers of a WAL wait only while it is recovered


class Reader:
    """Sees every commit that returned before the read began."""

    def __init__(self, root: Path, epoch: Epoch, *, busy_s: float) -> None:
        path = root / "eva.db"
        self._recent = Recent(epoch)
        self._inline = schema.connect(path, busy_s=_LOOP_BUSY_S, read_only=True)
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        for _ in range(_THREADS):
            self._idle.put(schema.connect(path, busy_s=busy_s, read_only=True))
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="eva-reader")

    def one(self, sql: str, parameters: Parameters) -> Row | None:
        """Return the first row, read on this thread."""
        try:
            row: Row | None = self._inline.execute(sql, parameters).fetchone()
        except sqlite3.DatabaseError as error:
            raise translated(error) from error
        return row

    def recent(self, sql: str, parameters: tuple[str, ...], made: Callable[[Row | None], T]) -> T:
        """Return what is made of the first row; the same object while that stays."""
        return self._recent.get((sql, parameters), lambda: self.one(sql, parameters), made)

    def rows(self, sql: str, parameters: Parameters) -> list[Row]:
        """Return all rows, read on this thread: for a handful of short ones."""
        with database_errors():
            return self._inline.execute(sql, parameters).fetchall()

    async def rows_aside(self, sql: str, parameters: Parameters) -> list[Row]:
        """Return all rows, read on another thread: for what may take milliseconds."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._fetch, sql, parameters)

    async def aside(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a longer read gives, run on another thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._lend, read)

    async def close(self) -> None:
        """Wait for running reads, then close."""
        await asyncio.to_thread(self._pool.shutdown)
        self._inline.close()
        for _ in range(_THREADS):
            self._idle.get().close()

    def _fetch(self, sql: str, parameters: Parameters) -> list[Row]:
        return self._lend(lambda connection: connection.execute(sql, parameters).fetchall())

    def _lend(self, read: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            with database_errors():
                return read(connection)
        finally:
            self._idle.put(connection)
