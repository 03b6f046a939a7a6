"""Every class of endpoints kept its objectives while the number of users was carried."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.readiness.checks.check import Asked, Check, Option, parsed
from pipelines.readiness.model import Finding, Reading
from pipelines.readiness.objectives import Limit, Profile

Entry = Mapping[str, Any]
BUSIEST_GENERATOR = 0.9  # of one core: beyond it the generator was what was measured


def percentile(times: Mapping[str, int], share: float) -> float:
    """Return the response time in ms that a share of the requests stayed within."""
    wanted = math.ceil(share * sum(times.values()))
    passed = 0
    for time, count in sorted((float(time), count) for time, count in times.items()):
        passed += count
        if passed >= wanted:
            return time
    return math.inf


def _breaches(name: str, entry: Entry, limit: Limit) -> Iterator[Finding]:
    p95 = percentile(entry["response_times"], 0.95)
    if p95 > limit.p95_ms:
        said = f"p95 {p95:g} ms, {limit.p95_ms:g} ms allowed"
        yield Finding(rule="p95", where=name, message=said)
    rate = entry["num_failures"] / entry["num_requests"]
    if rate > limit.error_rate:
        said = f"{rate:.3%} failed, {limit.error_rate:.3%} allowed"
        yield Finding(rule="error-rate", where=name, message=said)


def _errors(made: Mapping[str, Any], profile: Profile) -> Iterator[str]:
    if made["users"] < profile.users:
        yield f"{made['users']} users, {profile.users} asked for"
    if made["generator_busy"] > BUSIEST_GENERATOR:
        yield f"the generator itself was busy {made['generator_busy']:.0%} of the time"


def read(report: bytes, asked: Asked) -> Reading:
    """Read a run: `profile`, `users`, `generator_busy`, and Locust's own `stats` per class.

    The percentiles are computed here from the histograms; `only` keeps to one kind of breach.
    """
    made = parsed(report, holding="stats")
    profile = (asked.objectives or {}).get(made["profile"])
    if profile is None:
        absent = (f"a load profile {made['profile']!r} in dashboards/objectives.yaml",)
        return Reading(seen=frozenset(), absent=absent)
    entries = {entry["name"]: entry for entry in made["stats"]}
    enough = {
        name: entry
        for name, entry in entries.items()
        if name in profile.classes and entry["num_requests"] >= profile.min_requests
    }
    only = asked.texts("only")
    broken = [b for name in enough for b in _breaches(name, enough[name], profile.classes[name])]
    return Reading(
        seen=frozenset(enough),
        errors=tuple(_errors(made, profile)),
        absent=tuple(f"{n} (too few requests)" for n in profile.classes if n not in enough),
        findings=tuple(found for found in broken if not only or found.rule in only),
        facts={"users": made["users"], **_facts(enough)},
    )


def _facts(entries: Mapping[str, Entry]) -> dict[str, float]:
    return {
        f"p95 {name} (ms)": percentile(entry["response_times"], 0.95)
        for name, entry in sorted(entries.items())
    }


CHECK = Check(
    id="load",
    read=read,
    options={"only": Option(kind=list, known=frozenset({"p95", "error-rate"}))},
    exits=frozenset({0, 1, 3}),
)
