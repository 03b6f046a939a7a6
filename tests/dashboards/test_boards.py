"""Dashboards and the workbook say of everything what it is, and ask only for what is emitted."""

import json
import re
from typing import Any

import pytest
import yaml

from dashboards import signals
from dashboards.generate import outputs
from dashboards.signals import strangers
from tests.dashboards.queries import BOARDS, WORKBOOK, of_alerts, of_boards, of_workbook, panels
from tests.dashboards.small_project import ROOT

MADE = outputs(ROOT)
PANELS = [(path.removeprefix(BOARDS), panel) for path, panel in panels(MADE)]
UNITS = ("reqps", "ops", "cpm", "s", "bytes", "percentunit", "short")


def test_there_are_the_four_dashboards() -> None:
    boards = [path.removeprefix(BOARDS) for path in MADE if path.startswith(BOARDS)]
    assert boards == [
        *("service.json", "dependencies.json", "tenants-and-cost.json", "release.json"),
    ]


@pytest.mark.parametrize("made", PANELS, ids=lambda made: f"{made[0]} {made[1]['title']}")
def test_a_panel_has_a_title_a_unit_a_source_and_a_query(made: tuple[str, dict[str, Any]]) -> None:
    _, panel = made
    assert panel["title"].strip()
    assert panel["description"].endswith((".", ")."))
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    [target] = panel["targets"]
    assert target["datasource"] == panel["datasource"]
    assert panel["datasource"]["type"] == "grafana-azure-monitor-datasource"
    assert target["azureLogAnalytics"]["query"].strip()
    assert target["azureLogAnalytics"]["resources"] == ["${workspace}"]


@pytest.mark.parametrize("path", [path for path in MADE if path.startswith(BOARDS)])
def test_panels_do_not_overlap_and_stay_within_the_board(path: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(MADE[path])["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_titles_and_numbers_of_panels_are_used_once() -> None:
    for path in {path for path, _ in PANELS}:
        mine = [panel for at, panel in PANELS if at == path]
        for key in ("title", "id"):
            assert len({panel[key] for panel in mine}) == len(mine), (path, key)


def test_every_objective_has_its_budget_on_the_dashboard() -> None:
    budgets = [panel for _, panel in PANELS if "Error budget left" in panel["description"]]
    listed = yaml.safe_load(MADE["dashboards/alerts.yaml"])["alerts"]
    assert len(budgets) == len([alert for alert in listed if "objective" in alert]) == 10


def test_every_query_asks_for_what_is_emitted_only() -> None:
    contract = signals.load(ROOT)
    queries = {**of_alerts(MADE), **of_boards(MADE), **of_workbook(MADE)}
    assert len(queries) > 80
    asked = {name: strangers(contract, query) for name, query in queries.items()}
    assert {name: unknown for name, unknown in asked.items() if unknown} == {}


def test_every_metric_that_is_emitted_is_of_use() -> None:
    everything = "\n".join([*of_alerts(MADE).values(), *of_boards(MADE).values()])
    shown = set(re.findall(r'Name == "([^"]+)"', everything))
    unused = set(signals.load(ROOT).metrics) - shown
    # Told in runbooks, and read on the machine itself.
    assert unused == {
        "eva.answer.citations",
        "eva.tasks",
        "process.open_file_descriptor.count",
    }


def test_the_workbook_leads_from_a_symptom_to_one_request() -> None:
    items = json.loads(MADE[WORKBOOK])["items"]
    titles = [item["content"]["title"] for item in items if item["type"] == 3]
    assert [title[0] for title in titles] == list("123456")
    assert all(
        item["content"]["timeContextFromParameter"] == "TimeRange"
        for item in items
        if item["type"] == 3
    )


def test_the_workbook_names_the_runbook_of_every_alert_that_wakes_somebody() -> None:
    text = MADE[WORKBOOK]
    listed = yaml.safe_load(MADE["dashboards/alerts.yaml"])["alerts"]
    pages = [a for a in listed if any(rule["severity"] == "page" for rule in a["rules"])]
    assert len(pages) > 10
    assert [alert["name"] for alert in pages if alert["runbook"] not in text] == []
