"""The page of objectives for readers (`docs/slo.md`)."""

from collections.abc import Iterator

from dashboards.alerts import Alert
from dashboards.burning import LEAST_BAD, RATES
from dashboards.objectives import Objective
from dashboards.profiles import Profile

_INTRODUCTION = """# Objectives

Generated from `dashboards/objectives.yaml` by `make dashboards`; do not edit.

An objective is a share of events that has to be good over a window; what may be bad is the *error
budget*. Indicators are counted by the service itself, unsampled, and asked in the Azure Monitor
table `AppMetrics`. They are promises to be kept in production, not results: what was measured is
in the reports of load tests and, once deployed, in the dashboards.
"""
_ALERTING = f"""
An alert is raised when the budget burns at the rate given over the long window and still does in
the short one. Fewer than {LEAST_BAD} bad events in the long window raise nothing. Azure's log
alerts look back two days at most: what needs three is asked on a schedule
(`python -m dashboards.slow_burn`).

| severity | faster than it lasts | long window | short window | asked every | by |
|---|---|---|---|---|---|"""
_PROFILES = """
## Under load

What a run of `make load` has to stand, by class of endpoints: 95th percentile in ms, and the share
of requests that may fail. *Tighter* is asked of that backend on the reference machine of two cores,
load generator included.

| profile | load | class | p95 ms | failures | tighter |
|---|---|---|---|---|---|"""


def page(objectives: list[Objective], alerts: list[Alert], profiles: list[Profile]) -> str:
    """Return the page, ending in a newline."""
    lines = [_INTRODUCTION, *_promises(objectives), _ALERTING, *_rates(), *_why(objectives)]
    lines += [_PROFILES, *(row for profile in profiles for row in _load(profile))]
    lines += [
        "",
        f"All {len(alerts)} alerts with their runbooks: [runbooks](../runbooks/README.md).",
    ]
    return "\n".join(lines) + "\n"


def _promises(objectives: list[Objective]) -> Iterator[str]:
    yield "| objective | good at least | window | budget | alert |"
    yield "|---|---|---|---|---|"
    for one in objectives:
        link = f"[{one.alert}](../runbooks/alerts/{one.alert}.md)"
        yield f"| {one.title} | {one.target:.2%} | {one.window_days} days | {_bad(one)} | {link} |"


def _bad(one: Objective) -> str:
    return f"1 in {1 / one.budget:,.0f}"


def _rates() -> Iterator[str]:
    for rate in RATES:
        by = "us" if rate.scheduled else "Azure"
        yield (
            f"| {rate.severity} | {rate.factor:g} times | {rate.long} | {rate.short} "
            f"| {rate.every} | {by} |"
        )


def _why(objectives: list[Objective]) -> Iterator[str]:
    yield "\n## What each one means\n"
    for one in objectives:
        yield f"- **{one.title}.** {one.description}"


def _load(profile: Profile) -> Iterator[str]:
    asked = profile.load
    if "arrival_rate" in asked:
        load = f"{asked['arrival_rate']:g} requests/s arrive, {asked['duration_s']:g} s"
    else:
        think = "-".join(f"{value:g}" for value in asked["think_time_s"])
        load = f"{asked['users']:g} users, think {think} s, {asked['duration_s']:g} s"
    for name, limit in profile.classes.items():
        tighter = [
            f"{backend}: {limits[name].p95_ms:g} ms, {limits[name].error_rate:.2%}"
            for backend, limits in profile.tighter.items()
            if name in limits
        ]
        yield (
            f"| {profile.name} | {load} | {name} | {limit.p95_ms:g} | {limit.error_rate:.2%} "
            f"| {'; '.join(tighter) or '-'} |"
        )
