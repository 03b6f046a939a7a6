"""What was read a moment ago, kept for as long as no process has changed anything since.

A file beside the database holds a number that every commit changes, mapped into the memory of all
processes: to look at it costs less than to ask SQLite whether anything changed.
"""

import mmap
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")
T = TypeVar("T")
_BYTES = 8
_MOST = 4096  # values kept


class Epoch:
    """The number: odd while a commit is under way, and after a process that died within one."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(handle, _BYTES)
            self._number = mmap.mmap(handle, _BYTES)
        finally:
            os.close(handle)

    def now(self) -> bytes | None:
        """Return the number; None while what is read may be changing."""
        number = self._number[:]
        return None if number[0] & 1 else number

    def begin(self) -> None:
        """Say that a commit begins. Only who holds the lock on writing may, as with `end`."""
        self._set(self._read() | 1)

    def end(self) -> None:
        """Say that it returned, whatever came of it."""
        self._set((self._read() | 1) + 1)

    def close(self) -> None:
        """Forget the file."""
        self._number.close()

    def _read(self) -> int:
        return int.from_bytes(self._number[:], "little")

    def _set(self, number: int) -> None:
        self._number[:] = (number % (1 << 8 * _BYTES)).to_bytes(_BYTES, "little")


class Recent:
    """Values read in the present epoch. They are shared by those who ask: nobody changes them."""

    def __init__(self, epoch: Epoch) -> None:
        self._epoch = epoch
        self._at: bytes | None = None
        self._held: dict[Hashable, tuple[Any, Any]] = {}  # what was read, what was made of it
        self._before: dict[Hashable, tuple[Any, Any]] = {}  # in the epoch before this

    def get(self, key: Hashable, read: Callable[[], R], made: Callable[[R], T]) -> T:
        """Return what is made of what `read` gives; the same object while that stays the same.

        It is read again once something was committed.
        """
        now = self._epoch.now()
        if now is None:
            return made(read())
        if now != self._at or len(self._held) >= _MOST:
            self._before, self._held = self._held, {}
            self._at = now
        elif (held := self._held.get(key)) is not None:
            kept: T = held[1]
            return kept
        row = read()
        before = self._before.get(key)
        value = before[1] if before is not None and before[0] == row else made(row)
        if self._epoch.now() == now:
            self._held[key] = (row, value)
        return value
