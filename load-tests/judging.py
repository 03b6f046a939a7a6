"""The verdict on a run, as pure functions of what was seen.

A run may be refused before it is judged: because it measured something else (mostly health calls,
answers that no scenario expects, too few of a class), or because what limited it was the generator.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from answers import Told
from plan import KNEE, Profile
from stepping import OVERLOAD, Knee, knee, percentile
from watching import slope

MOST_HEALTH = 0.1  # of all requests
MOST_UNEXPECTED = 0.001
BUSIEST_GENERATOR = 0.9  # of one core
LATEST_GENERATOR_MS = 100  # 95th percentile of how late it woke
_SLOWER_IN_OVERLOAD = 2.0  # times the p95 at the knee, for what is accepted
PASSED, REFUSED, FAILED = "passed", "refused", "failed"
EXITS: Mapping[str, int] = {PASSED: 0, REFUSED: 1, FAILED: 3}


@dataclass(frozen=True)
class Verdict:
    """How a run came out, and all that speaks against it."""

    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What generator and machine saw."""

    classes: Mapping[str, Told]
    names: Mapping[str, Told]
    steps: Mapping[int, Told]
    unexpected: Mapping[str, int]
    lateness: Mapping[int, int]
    generator_cpu: Sequence[tuple[float, float]]
    users: int
    per_second: Sequence[int]  # answers of all classes, refusals and failures not among them
    server: Sequence[Mapping[str, float]]

    @property
    def requests(self) -> int:
        """Return how many answers there were."""
        return sum(told.num_requests for told in self.classes.values())

    @property
    def rate(self) -> float:
        """Return how many requests were answered in a usual second: the median one."""
        return float(median(self.per_second)) if self.per_second else 0.0

    @property
    def generator_busy(self) -> float:
        """Return the share of a core that the generator took: of its busier half of seconds."""
        shares = sorted(share for _, share in self.generator_cpu)
        upper = shares[len(shares) // 2 :]
        return sum(upper) / len(upper) if upper else 0.0

    @property
    def lateness_ms(self) -> float:
        """Return the 95th percentile of how late the generator woke."""
        return percentile(self.lateness, 0.95)


def seen(told: Mapping[str, Any], server: Sequence[Mapping[str, float]]) -> Seen:
    """Read what a run left behind."""
    return Seen(
        classes={one["name"]: _told(one) for one in told["stats"]},
        names={one["name"]: _told(one) for one in told["names"]},
        steps={int(one["name"]): _told(one) for one in told["steps"]},
        unexpected=told["unexpected"],
        lateness={int(ms): n for ms, n in told["lateness"].items()},
        generator_cpu=[(at, share) for at, share in told["generator_cpu"]],
        users=max((count for _, count in told["users"]), default=0),
        per_second=[
            sum(one["num_requests"] - one["num_failures"] for one in kinds.values())
            for kinds in told["seconds"].values()
        ],
        server=server,
    )


def _told(one: Mapping[str, Any]) -> Told:
    read = Told(one["num_requests"], one["num_failures"], one["shed"])
    read.response_times.update({int(ms): n for ms, n in one["response_times"].items()})
    return read


def verdict(profile: Profile, found: Seen) -> Verdict:
    """Judge a run."""
    if refused := tuple(refusals(profile, found)):
        return Verdict(REFUSED, refused)
    if profile.name == KNEE:
        broken = tuple(overload(found.steps, knee(profile.steps, found.steps)))
    else:
        broken = (
            *breaches(profile, found.classes),
            *_too_slow(profile, found),
            *growth(profile, found.server),
        )
    return Verdict(FAILED if broken else PASSED, broken)


def refusals(profile: Profile, found: Seen) -> Iterator[str]:
    """Yield why this run says nothing about the service under this profile."""
    total = found.requests
    if not total:
        yield "nothing was answered"
        return
    health = found.classes["health"].num_requests if "health" in found.classes else 0
    if health > MOST_HEALTH * total:
        yield f"{health / total:.0%} of the requests were health calls, {MOST_HEALTH:.0%} allowed"
    strange = sum(found.unexpected.values())
    if strange > MOST_UNEXPECTED * total:
        most = max(found.unexpected, key=lambda name: found.unexpected[name])
        yield f"{strange} answers that no scenario expects, such as {most}"
    if found.generator_busy > BUSIEST_GENERATOR:
        yield f"the generator itself was busy {found.generator_busy:.0%} of the time"
    if found.lateness_ms > LATEST_GENERATOR_MS:
        yield f"the generator itself woke {found.lateness_ms:.0f} ms late (p95)"
    yield from _too_few(profile, found)


def _too_few(profile: Profile, found: Seen) -> Iterator[str]:
    if not profile.steps and found.users < profile.users:
        yield f"{found.users} users, {profile.users} asked for"
    for name in profile.limits:
        count = found.classes[name].num_requests if name in found.classes else 0
        if count < profile.min_requests:
            yield f"{name}: {count} requests, {profile.min_requests} needed"


def breaches(profile: Profile, classes: Mapping[str, Told]) -> Iterator[str]:
    """Yield which objectives were not kept."""
    for name, limit in profile.limits.items():
        told = classes[name]
        p95 = percentile(told.response_times, 0.95)
        if p95 > limit.p95_ms:
            yield f"{name}: p95 {p95:.0f} ms, {limit.p95_ms:g} ms allowed"
        rate = told.num_failures / told.num_requests
        if rate > limit.error_rate:
            yield f"{name}: {told.num_failures} failed ({rate:.3%}), {limit.error_rate:.3%} allowed"


def _too_slow(profile: Profile, found: Seen) -> Iterator[str]:
    if found.rate < profile.min_rate:
        yield f"{found.rate:.0f} requests a second, {profile.min_rate:g} to be carried"


def growth(profile: Profile, server: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """Yield what kept growing; only profiles that say so ask."""
    if not profile.growth:
        return
    if not server:
        yield "growth: the server's memory could not be seen from here"
        return
    allowed = profile.growth["memory_mb_per_minute"]
    memory = slope([(one["second"], one["resident_mb"]) for one in server])
    if memory > allowed:
        yield f"memory grew by {memory:.2f} MB a minute, {allowed:g} allowed"
    for name, what in (("files", "open_files"), ("tasks", "tasks")):
        values = [one[name] for one in server if name in one]
        if not values:
            yield f"growth: the server's {name} could not be seen from here"
            continue
        quarter = max(1, len(values) // 4)
        first = min(values[quarter : 2 * quarter] or values)
        last = min(values[-quarter:])
        if last - first > profile.growth[what]:
            yield f"{what.replace('_', ' ')} grew from {first:.0f} to {last:.0f}"


def overload(steps: Mapping[int, Told], found: Knee) -> Iterator[str]:
    """Yield what is wrong with how twice the knee was met."""
    if not found.rate:
        yield "not even the first rate held"
    elif found.gave_way is None or OVERLOAD not in steps:
        yield "no rate was too high: the knee is beyond what was tried"
    else:
        told = steps[OVERLOAD]
        failed = told.num_failures - told.shed
        if failed > 0.01 * told.num_requests:
            yield f"overload: {failed} of {told.num_requests} failed otherwise than by 503"
        p95 = percentile(told.response_times, 0.95)
        if p95 > _SLOWER_IN_OVERLOAD * max(found.p95_ms, 1.0):
            yield f"overload: p95 of what was accepted {p95:.0f} ms, {found.p95_ms:.0f} at the knee"
