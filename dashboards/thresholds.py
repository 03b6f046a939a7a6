"""What load tests and chaos experiments hold a running service to, as JSON that they read."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dashboards.objectives import Objective
from dashboards.profiles import Limit, Profile

NOTE = "Generated from dashboards/objectives.yaml by `make dashboards`; do not edit."


def for_load(profiles: list[Profile]) -> dict[str, Any]:
    """Return each profile's load, and per class the p95 in ms and the share that may fail."""
    return {
        "note": NOTE,
        "profiles": {
            profile.name: {
                **profile.load,
                "classes": _limits(profile.classes),
                "tighter": {name: _limits(limits) for name, limits in profile.tighter.items()},
            }
            for profile in profiles
        },
    }


def _limits(limits: Mapping[str, Limit]) -> dict[str, Any]:
    return {name: asdict(limit) for name, limit in limits.items()}


def for_chaos(objectives: list[Objective]) -> dict[str, Any]:
    """Return the least share of good events by objective: what is steady before and after a fault.

    `within_ms` and `class` are there for latency, `within_s` for what takes longer.
    """
    states = {}
    for objective in objectives:
        state: dict[str, Any] = {"least_share": objective.target}
        if objective.endpoint_class:
            state["class"] = objective.endpoint_class
        if objective.good.within:
            name, bound = objective.good.within
            state[name] = bound
        states[objective.name] = state
    return {"note": NOTE, "steady_states": states}
