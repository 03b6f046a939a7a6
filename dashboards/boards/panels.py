"""Grafana JSON for "Azure Monitor dashboards with Grafana": only the few kinds of panels used here.

A builder of our own rather than Grafana's SDK: four kinds of panels need a hundred lines, and the
SDK's version would have to be pinned to the Grafana that Azure happens to run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

COLUMNS = 24
SOURCE = {"type": "grafana-azure-monitor-datasource", "uid": "${source}"}
SCHEMA = 41  # of Grafana 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture: what it shows, in which unit, and the KQL that asks for it."""

    title: str
    about: str
    unit: str
    query: str
    kind: str = "timeseries"  # or stat, table, bargauge
    width: int = 8
    height: int = 7
    steps: Mapping[str, float] = field(default_factory=dict)  # colour from this value on


def series(metric: str, rows: str) -> str:
    """Return KQL over a metric within the time that the dashboard shows."""
    selected = f'| where $__timeFilter(TimeGenerated) and Name == "{metric}"'
    return f"AppMetrics\n{selected}\n{rows.strip()}\n"


def dashboard(uid: str, title: str, about: str, panels: Iterable[Panel]) -> dict[str, Any]:
    """Return a dashboard; panels fill rows from left to right."""
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["eva-api"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "1m",
        "timezone": "utc",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": list(_placed(panels)),
    }


def _variables() -> list[dict[str, Any]]:
    source = {
        "name": "source",
        "label": "Azure Monitor",
        "type": "datasource",
        "query": SOURCE["type"],
    }
    workspace = {
        "name": "workspace",
        "label": "Log Analytics workspace (resource id)",
        "type": "textbox",
    }
    return [source, workspace]


def _placed(panels: Iterable[Panel]) -> Iterable[dict[str, Any]]:
    left = top = height = 0
    for number, panel in enumerate(panels, 1):
        if left + panel.width > COLUMNS:
            left, top, height = 0, top + height, 0
        position = {"x": left, "y": top, "w": panel.width, "h": panel.height}
        yield _drawn(panel, number, position)
        left, height = left + panel.width, max(height, panel.height)


def _drawn(panel: Panel, number: int, position: Mapping[str, int]) -> dict[str, Any]:
    form = "time_series" if panel.kind == "timeseries" else "table"
    asked = {
        "query": panel.query,
        "resources": ["${workspace}"],
        "resultFormat": form,
        "dashboardTime": True,
        "timeColumn": "TimeGenerated",
    }
    steps = {"green": None, **panel.steps}
    colours = [{"color": colour, "value": value} for colour, value in steps.items()]
    defaults = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": colours}}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": position,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {
                "refId": "A",
                "datasource": SOURCE,
                "queryType": "Azure Log Analytics",
                "azureLogAnalytics": asked,
            }
        ],
    }
