"""A number of places: whoever finds none free is turned away at once, not made to wait."""

import contextlib
import random
from collections.abc import Iterator

from app.core.errors import OverloadedError

_RETRY_S = (1, 4)  # spread out, so that not everybody comes back at once


class Places:
    """So many may be inside at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Take a place for the duration of the context; OverloadedError."""
        if self._taken >= self._most:
            raise OverloadedError(
                limit=self._most,
                retry_after=random.randint(*_RETRY_S),  # noqa: S311 - no secret
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
