"""The arithmetic of a sliding window: this one's count, and what is still seen of the last."""

from dataclasses import dataclass

from app.core.quotas import WINDOW_S, Take


@dataclass(frozen=True, slots=True)
class Seen:
    """The last window's count and how many seconds of it are still seen, and this one's.

    `now_s` is this one's time to live: two windows at first.
    """

    before: int
    before_s: float
    now: int
    now_s: float

    @property
    def used(self) -> int:
        """What counts now."""
        return int(self.before * self.before_s / WINDOW_S) + self.now

    def left(self, take: Take) -> tuple[int, float]:
        """Return what is left of the limit, and in how many seconds there will be more."""
        used = self.used
        return max(0, take.limit - used), self.wait_s(take) if used else max(0.0, self.now_s)

    def wait_s(self, take: Take) -> float:
        """Return in how many seconds the cost fits if nobody else takes anything.

        Either count fades evenly over one window.
        """
        room = take.limit - take.cost + 1  # what is seen has to be less than this
        if take.cost > take.limit:
            return float(WINDOW_S)
        if self.now < room:
            seen_s = (room - self.now) * WINDOW_S / self.before if self.before else self.before_s
            return max(0.0, self.before_s - seen_s)
        return max(0.0, self.now_s - room * WINDOW_S / self.now)

    def refusal_s(self, take: Take) -> float:
        """Return the wait that a refusal tells: never nothing."""
        return max(0.001, self.wait_s(take))
