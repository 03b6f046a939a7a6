"""How long a job rests before it is tried again."""

import random

from app.core.errors import UnavailableError

_FAILED_S = (1.0, 4.0, 15.0, 60.0, 300.0)  # after each attempt
_WAITS_S = (1.0, 10.0)  # the shortest and the longest rest of what waits for a dependency


def failed_s(attempt: int) -> float:
    """Return the seconds that a job rests which failed by itself: longer each time."""
    return _FAILED_S[min(attempt, len(_FAILED_S)) - 1]


def waits_s(error: UnavailableError, age_s: float) -> float:
    """Return the seconds that a job rests whose dependency is down: a quarter of its age.

    Ten at most, so that nothing waits long for a dependency that is back; never less than the
    dependency asked for; and not the same for all, who would come back at once.
    """
    shortest, longest = _WAITS_S
    rest_s = min(longest, max(shortest, age_s / 4)) * random.uniform(0.5, 1.0)  # noqa: S311  # nosec B311
    return max(rest_s, float(str(error.facts.get("retry_after", 0))))
