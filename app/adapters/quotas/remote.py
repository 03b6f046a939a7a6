"""Counters in Redis: one question for all that a call takes, answered in one step."""

from typing import cast

from redis.asyncio import Redis

from app.adapters.quotas.sliding import Seen
from app.core.quotas import WINDOW_S, Take

# KEYS: of each counter the last window and this one. ARGV: a window in milliseconds, then limit
# and cost of each; a limit below zero looks only. Answers {0} once all was taken, else the number
# of the counter that stopped it, and its counts with their milliseconds to live. A window begins
# when somebody takes from it, and lives for two: as this one, then as the last.
_SCRIPT = """
local span, found = tonumber(ARGV[1]), nil
for n = 1, #KEYS / 2 do
    local last, this = KEYS[2 * n - 1], KEYS[2 * n]
    local limit, cost = tonumber(ARGV[2 * n]), tonumber(ARGV[2 * n + 1])
    local this_ms = redis.call('PTTL', this)
    if this_ms > 0 and this_ms < span then
        redis.call('RENAME', this, last)
        redis.call('SET', this, 0, 'PX', this_ms + span)
        this_ms = this_ms + span
    end
    local before = tonumber(redis.call('GET', last) or 0)
    local before_ms = math.max(0, redis.call('PTTL', last))
    local now = tonumber(redis.call('GET', this) or 0)
    if math.floor(before * before_ms / span) + now + cost > limit then
        return {n, before, before_ms, now, math.max(0, this_ms)}
    end
end
for n = 1, #KEYS / 2 do
    if redis.call('INCRBY', KEYS[2 * n], ARGV[2 * n + 1]) == tonumber(ARGV[2 * n + 1]) then
        if redis.call('PTTL', KEYS[2 * n]) < 0 then
            redis.call('PEXPIRE', KEYS[2 * n], 2 * span)
        end
    end
end
return {0}
"""
_LOOK = -1


class RemoteCounter:
    """`Counter` of every process that asks this Redis. What goes wrong there is raised as it is."""

    def __init__(self, redis: "Redis") -> None:
        self._ask = redis.register_script(_SCRIPT)

    async def take(self, *takes: Take) -> float:
        """Take every cost, or none."""
        stopped, *seen = await self._asked([(one.key, one.limit, one.cost) for one in takes])
        return _seen(seen).refusal_s(takes[stopped - 1]) if stopped else 0.0

    async def left(self, take: Take) -> tuple[int, float]:
        """Look, without taking."""
        _, *seen = await self._asked([(take.key, _LOOK, 0)])
        return _seen(seen).left(take)

    async def _asked(self, wanted: list[tuple[str, int, int]]) -> list[int]:
        keys = [f"eva:{key}{part}" for key, _, _ in wanted for part in ("/last", "/this")]
        amounts = [amount for _, limit, cost in wanted for amount in (limit, cost)]
        return cast("list[int]", await self._ask(keys=keys, args=[WINDOW_S * 1000, *amounts]))


def _seen(found: list[int]) -> Seen:
    before, before_ms, now, now_ms = found
    return Seen(before, before_ms / 1000, now, now_ms / 1000)
