"""How many requests may be under way, learned from how long reads take.

A request that waits for a model, or for a store that is asked by others too, costs this process
little, so that its event loop is on time while everybody waits elsewhere. What shows it then is
the time of requests that are known to be short: once reads have taken too long on average for a
while, the number under way becomes smaller in the proportion by which they are too slow, a little
at a time, and grows again when they are not. The idea is that of adaptive concurrency limits
(Netflix concurrency-limits, Envoy's adaptive concurrency), with a time that is given in place of
one that is guessed.
"""

from dataclasses import dataclass

_BEATS = 5  # in which the times are looked at together
_NEWEST = 0.3  # weight of such a look in the average
_LASTING = 5  # looks at too great an average before calm is over
_OUTLIER = 4  # times what is tolerated: what a single read counts at most
_SMALLER, _LARGER, _MORE = 0.93, 1.03, 0.2  # what becomes of the room in a look, at the fastest
_FORGOTTEN = 0.9  # of the average in a look at nothing
SHARES = {"ask": 0.8, "write": 1.0, "read": 2.0}  # of the room, by what a request is


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """How long reads may take on average until they begin to answer; `few` are never too many."""

    tolerated_s: float
    few: int = 24
    most: int = 2_000


class AdaptiveLimit:
    """The room there is: dear requests have less of it than reads, which go last."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._times: list[float] = []
        self._average_s = 0.0
        self._lasts = 0
        self._beats = 0
        self.most = float(reads.most)

    def took(self, seconds: float) -> None:
        """Take note of how long a read took until its answer began."""
        self._times.append(min(seconds, _OUTLIER * self._reads.tolerated_s))

    def beat(self, active: int) -> None:
        """Look at the times, now and then, with so many requests under way."""
        self._beats += 1
        if self._beats % _BEATS == 0:
            self._average()
            self._adapt(active)

    def refuses(self, active: int, kind: str) -> bool:
        """Tell whether there is no room for another request of a kind (`SHARES`) beside so many."""
        return active >= min(self._reads.most, SHARES[kind] * self.most)

    @property
    def calm(self) -> bool:
        """Tell whether there is all the room."""
        return self.most >= self._reads.most

    def _average(self) -> None:
        if self._times:
            now_s = sum(self._times) / len(self._times)
            self._average_s += _NEWEST * (now_s - self._average_s)
            self._times.clear()
        else:
            self._average_s *= _FORGOTTEN

    def _adapt(self, active: int) -> None:
        if self._average_s <= self._reads.tolerated_s:
            self._lasts = 0
            self.most = min(self._reads.most, _LARGER * self.most + _MORE)
            return
        self._lasts += 1
        if self.calm and self._lasts < _LASTING:
            return
        smaller = max(_SMALLER, self._reads.tolerated_s / self._average_s)
        self.most = max(self._reads.few, smaller * min(self.most, active))
