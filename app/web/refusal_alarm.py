"""Tells when somebody is refused again and again: a principal that probes, or an address.

What is looked for and not found counts too: that is how foreign ids are tried. Each subject raises
one alarm a minute: a critical line in the log, and an event in the audit trail that says who.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable

REFUSALS = frozenset({401, 403, 404, 429})
_WINDOW_S = 60.0
_MOST_SUBJECTS = 50_000  # more than that in a minute is a flood that nobody tells apart
_log = logging.getLogger("eva.alarm")


class RefusalAlarm:
    """Counts refusals by subject, a minute at a time; `most` 0 never tells."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._since = clock()
        self._counts: Counter[str] = Counter()

    def raised(self, subject: str) -> bool:
        """Count a refusal; tell whether it is the one too many."""
        if self._most == 0:
            return False
        now = self._clock()
        if now - self._since >= _WINDOW_S:
            self._since = now
            self._counts.clear()
        if len(self._counts) >= _MOST_SUBJECTS and subject not in self._counts:
            return False
        self._counts[subject] += 1
        return self._counts[subject] == self._most

    def tell(self, who: str, request_id: str) -> None:
        """Write it to the log; of an address the audit trail alone says which."""
        _log.critical("%d refusals in a minute of %s, last %s", self._most, who, request_id)
