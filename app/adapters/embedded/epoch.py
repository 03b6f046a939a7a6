"""What was read a moment ago, kept for as long as no process has changed anything since.

A file beside the database holds a number that every commit changes, mapped into the memory of all
processes: to look at it costs less than to ask SQLite whether anything changed.
"""

import mmap
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

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
        self._held: dict[Hashable, Any] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what `read` gives, or gave before if nothing has been committed since."""
        now = self._epoch.now()
        if now is None:
            return read()
        if now != self._at or len(self._held) >= _MOST:
            self._held.clear()
            self._at = now
        elif key in self._held:
            held: T = self._held[key]
            return held
        value = read()
        if self._epoch.now() == now:
            self._held[key] = value
        return value
