"""How often a call is repeated: seldom enough that repeating never keeps a dependency down.

The budget is that of Finagle and gRPC (A6): every call earns a share of a retry, so that retries
add at most that share to the load; the pauses are those of AWS's *Exponential Backoff and Jitter*.
"""

import random

_FIRST_S = 0.05
_MOST_S = 2.0


class Budget:
    """Retries that may be spent. A call earns `share` of one; no more than `most` are saved up."""

    def __init__(self, share: float = 0.2, most: float = 10.0) -> None:
        self._share = share
        self._most = most
        self._saved = most

    def earn(self) -> None:
        """Note a call."""
        self._saved = min(self._most, self._saved + self._share)

    def spend(self) -> bool:
        """Take a retry, if there is one."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


def pause_s(attempt: int, asked_s: float) -> float:
    """Return how long to wait before attempt 2, 3 …; never less than the dependency asked for."""
    most = min(_MOST_S, _FIRST_S * 2 ** (attempt - 1))
    return asked_s + random.uniform(0, most)  # noqa: S311  # nosec B311 - spreads load, hides nothing
