"""Ports of a process that dies right after it has written a given number of times."""

from dataclasses import dataclass, replace
from typing import Any

from app.core.ports import Ports

_WRITES = frozenset(
    {"activate", "commit", "delete", "describe", "drop", "erase", "put", "remove", "stage"}
)


class DeadError(Exception):
    """The process ends here."""


@dataclass(slots=True)
class Life:
    """How many more writes there are in it."""

    writes: int

    def spend(self) -> None:
        self.writes -= 1
        if self.writes <= 0:
            raise DeadError


class _Dying:
    def __init__(self, port: object, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in _WRITES:
            return found

        async def last(*args: object, **named: object) -> object:
            told = await found(*args, **named)
            self._life.spend()
            return told

        return last


def dying(ports: Ports, writes: int) -> Ports:
    """Return the ports of a process that dies right after this many writes."""
    life = Life(writes)
    blobs, index, records = (_Dying(one, life) for one in (ports.blobs, ports.index, ports.records))
    return replace(ports, blobs=blobs, index=index, records=records)
