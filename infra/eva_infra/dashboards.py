"""Alerts, boards and workbooks, as `dashboards/` at the root of the repository holds them."""

import json
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
    """A Grafana dashboard; somebody who opens it by hand is asked for a workspace."""

    name: str
    content: Mapping[str, Any]

    def asking(self, workspace: str) -> str:
        """Return it as text, with the workspace filled in that it asks."""
        filled = {"query": workspace, "current": {"text": workspace, "value": workspace}}
        variables = [
            {**one, **filled} if one["name"] == "workspace" else one
            for one in self.content["templating"]["list"]
        ]
        return json.dumps({**self.content, "templating": {"list": variables}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """An Azure workbook: questions in the order in which an incident asks them."""

    name: str
    content: Mapping[str, Any]

    def asking(self, workspace: str) -> str:
        """Return it as text; its questions go to the workspace unless a reader says otherwise."""
        return json.dumps({**self.content, "fallbackResourceIds": [workspace]})


def alert_rules(folder: Path = FOLDER) -> tuple[AlertRule, ...]:
    """Return the rules that Azure asks by itself."""
    if not (folder / "alerts.yaml").exists():
        return ()
    content = cast("Mapping[str, Any]", yaml.safe_load((folder / "alerts.yaml").read_text()))
    return tuple(rule for alert in content["alerts"] for rule in _rules(alert))


def boards(folder: Path = FOLDER) -> tuple[Board, ...]:
    """Return the boards, by file name."""
    return tuple(Board(name=name, content=found) for name, found in _read(folder / "grafana"))


def workbooks(folder: Path = FOLDER) -> tuple[Workbook, ...]:
    """Return the workbooks, by file name."""
    return tuple(Workbook(name=name, content=found) for name, found in _read(folder / "workbooks"))


def _read(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((path.stem, json.loads(path.read_text())) for path in sorted(folder.glob("*.json")))


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
