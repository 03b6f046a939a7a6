"""What was seen lately: as many pairs as fit, the ones put in first forgotten first."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A mapping that stays small."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """Return what was put under the key, unless it is forgotten."""
        return self._held.get(key)

    def take(self, key: K) -> V | None:
        """Return what was put under the key, unless it is forgotten, and forget it."""
        return self._held.pop(key, None)

    def put(self, key: K, value: V) -> None:
        """Remember."""
        self._held[key] = value
        if len(self._held) > self._most:
            del self._held[next(iter(self._held))]
