"""Every query that is generated, with macros replaced as Azure and Grafana would."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

BOARDS = "dashboards/grafana/"
WORKBOOK = "dashboards/workbooks/incident-response.json"
MACROS = {
    "$__timeFilter(TimeGenerated)": "TimeGenerated > ago(1h)",
    "TimeGenerated {TimeRange}": "TimeGenerated > ago(1h)",
    "$__interval": "300000ms",
}


def plain(query: str) -> str:
    """Return a query with its macros replaced."""
    for macro, text in MACROS.items():
        query = query.replace(macro, text)
    return query


def of_alerts(made: Mapping[str, str]) -> dict[str, str]:
    """The queries of all rules, by name."""
    listed = yaml.safe_load(made["dashboards/alerts.yaml"])["alerts"]
    return {rule["name"]: rule["query"] for alert in listed for rule in alert["rules"]}


def panels(made: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel of every dashboard, with the dashboard's file."""
    for path, text in made.items():
        if path.startswith(BOARDS):
            yield from ((path, panel) for panel in json.loads(text)["panels"])


def of_boards(made: Mapping[str, str]) -> dict[str, str]:
    """The queries of all panels, by file, kind and title."""
    return {
        f"{path} {panel['type']} {panel['title']}": plain(target["azureLogAnalytics"]["query"])
        for path, panel in panels(made)
        for target in panel["targets"]
    }


def of_workbook(made: Mapping[str, str]) -> dict[str, str]:
    """The queries of the workbook, by title."""
    items = [item["content"] for item in json.loads(made[WORKBOOK])["items"] if item["type"] == 3]
    return {f"workbook {item['title']}": plain(item["query"]) for item in items}
