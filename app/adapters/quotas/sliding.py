"""A counter over a storage of `limits`, memory or Redis; both count exactly under concurrency."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage

from app.core.quotas import WINDOW_S, Take

_NAMESPACE = "eva"


class SlidingCounter:
    """`Counter`: this window's count and the share of the last one's that the window still sees."""

    def __init__(self, storage: MemoryStorage | RedisStorage) -> None:
        self._storage = storage

    async def take(self, take: Take) -> float:
        """Take the cost in one step of the storage, or tell how long it takes to fit."""
        key = _key(take)
        if await self._storage.acquire_sliding_window_entry(key, take.limit, WINDOW_S, take.cost):
            return 0.0
        return max(0.001, wait_s(await self._storage.get_sliding_window(key, WINDOW_S), take))

    async def left(self, take: Take) -> tuple[int, float]:
        """Look, without taking."""
        window = await self._storage.get_sliding_window(_key(take), WINDOW_S)
        before, before_s, now, now_s = window
        used = int(before * before_s / WINDOW_S) + now
        return max(0, take.limit - used), wait_s(window, take) if used else max(0.0, now_s)


def _key(take: Take) -> str:
    return RateLimitItemPerMinute(take.limit, namespace=_NAMESPACE).key_for(take.key)


def wait_s(window: tuple[int, float, int, float], take: Take) -> float:
    """Return in how many seconds the cost fits if nobody else takes anything.

    `window` is the last window's count and how many seconds of it are still seen, and this one's
    with its time to live, two windows at first. Either count fades evenly over one window.
    """
    before, before_s, now, now_s = window
    room = take.limit - take.cost + 1  # what is seen has to be less than this
    if take.cost > take.limit:
        return float(WINDOW_S)
    if now < room:
        seen_s = (room - now) * WINDOW_S / before if before else before_s
        return max(0.0, before_s - seen_s)
    return max(0.0, now_s - room * WINDOW_S / now)
