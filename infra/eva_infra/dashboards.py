"""Alerts and boards, as `dashboards/` at the root of the repository holds them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

FOLDER = Path(__file__).parents[2] / "dashboards"
BY_SCHEDULE = "by-schedule"  # looks back further than Azure's alerts can


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A question asked regularly; a row means that the alert is raised. Durations as `10m`."""

    name: str
    alert: str
    summary: str
    runbook: str
    severity: str
    over: str
    every: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A Grafana dashboard, as text."""

    name: str
    content: str


def alert_rules(folder: Path = FOLDER) -> tuple[AlertRule, ...]:
    """Return the rules that Azure asks by itself."""
    if not (folder / "alerts.yaml").exists():
        return ()
    content = cast("Mapping[str, Any]", yaml.safe_load((folder / "alerts.yaml").read_text()))
    return tuple(rule for alert in content["alerts"] for rule in _rules(alert))


def boards(folder: Path = FOLDER) -> tuple[Board, ...]:
    """Return the boards, by file name."""
    files = sorted((folder / "grafana").glob("*.json"))
    return tuple(Board(name=path.stem, content=path.read_text()) for path in files)


def _rules(alert: Mapping[str, Any]) -> Iterator[AlertRule]:
    for rule in alert["rules"]:
        if rule.get("evaluated") != BY_SCHEDULE:
            yield AlertRule(
                name=rule["name"],
                alert=alert["name"],
                summary=alert["summary"],
                runbook=alert["runbook"],
                severity=rule["severity"],
                over=rule["over"],
                every=rule["every"],
                query=rule["query"],
            )
