"""The spaces that are open in this process, bounded by memory and by open files."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.adapters.embedded.index.space import Space


@dataclass(frozen=True, slots=True)
class Bounds:
    """What open spaces may take.

    `cache_bytes` bounds what is kept in memory of spaces that are not being searched, `most_open`
    their number, `busy_s` how long a write waits for others.
    """

    cache_bytes: int = 512 << 20
    most_open: int = 4096
    busy_s: float = 5.0


@dataclass(slots=True)
class _Place:
    space: Space
    users: int = 0
    counted: int = 0  # bytes that the shelf's sum has of it
    away: bool = False


class Shelf:
    """Lends spaces; those that were not used for longest are put away first."""

    def __init__(self, bounds: Bounds, model: str | None = None) -> None:
        self._bounds = bounds
        self._model = model
        self._guard = threading.Lock()
        self._places: OrderedDict[Path, _Place] = OrderedDict()
        self.size_bytes = 0  # about what the spaces take

    @contextlib.contextmanager
    def lend(self, path: Path) -> Iterator[Space]:
        """Lend a space; it is not closed meanwhile."""
        with self._guard:
            place = self._places.get(path)
            if place is None:
                place = self._places[path] = _Place(Space(path, self._bounds.busy_s, self._model))
            self._places.move_to_end(path)
            place.users += 1
        try:
            yield place.space
        finally:
            with self._guard:
                place.users -= 1
                closing = self._returned(place)
            for space in closing:
                space.close()

    def has(self, path: Path) -> bool:
        """Tell whether a space is open."""
        return path in self._places

    def forget(self, path: Path) -> None:
        """Put a space away, as soon as nobody uses it."""
        with self._guard:
            place = self._places.get(path)
            closing = [] if place is None else self._put_away(path, place)
        for space in closing:
            space.close()

    def close(self) -> None:
        """Put all away."""
        for path in list(self._places):
            self.forget(path)

    def _returned(self, place: _Place) -> list[Space]:
        """Return what is to be closed after the return of one."""
        if place.away:
            return [] if place.users else [place.space]
        size = place.space.size_bytes  # grows while others search
        self.size_bytes += size - place.counted
        place.counted = size
        closing: list[Space] = []
        if self._is_full():
            for path, other in list(self._places.items()):
                if not self._is_full():
                    break
                if not other.users:
                    closing += self._put_away(path, other)
        return closing

    def _is_full(self) -> bool:
        many = len(self._places) > self._bounds.most_open
        return many or self.size_bytes > self._bounds.cache_bytes

    def _put_away(self, path: Path, place: _Place) -> list[Space]:
        del self._places[path]
        self.size_bytes -= place.counted
        place.away = True
        return [] if place.users else [place.space]
