"""Every query is read by Microsoft's language service, and means something to it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboards import signals
from dashboards.generate import outputs
from dashboards.signals import strangers
from tests.dashboards.queries import of_alerts, of_boards, of_workbook
from tests.runbooks.pages import kql

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "dashboards/kql"
MICROSOFTS = Path(os.environ.get("EVA_KQL_SCHEMA", ROOT / "../shared/data/kql-schema.json"))
TABLES = signals.load(ROOT).tables
WRONG = {
    'AppMetrics | where Namee == "eva.up"': "KS142",
    "AppMetricsOfYesterday | count": "KS204",
    "AppMetrics | sumarize count()": "KS176",
    "AppMetrics | summarize sum(Name)": "KS138",
}


def check(queries: Mapping[str, str]) -> dict[str, Any]:
    """What the language service says of queries, by name; bound to Microsoft's columns if known."""
    schema = json.loads(MICROSOFTS.read_text()) if MICROSOFTS.is_file() else TABLES
    if shutil.which("node") is None:
        pytest.skip("!! node is not installed: NO QUERY WAS CHECKED by the language service")
    if not (SERVICE / "node_modules").is_dir():
        pytest.skip("!! run `make setup` with npm there: NO QUERY WAS CHECKED")
    done = subprocess.run(
        ["node", "check.js"],
        cwd=SERVICE,
        input=json.dumps({"schema": schema, "queries": queries}),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def queries() -> Mapping[str, str]:
    """Every query of what is generated, by where it is."""
    made = outputs(ROOT)
    return {**of_alerts(made), **of_boards(made), **of_workbook(made), **kql()}


@pytest.fixture(scope="module")
def said(queries: Mapping[str, str]) -> Mapping[str, Any]:
    """What is said of all of them, and of some that are wrong: the service takes 2 s to start."""
    return check({**queries, **{wrong: wrong for wrong in WRONG}})


@pytest.fixture(scope="module")
def judged(queries: Mapping[str, str], said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: said[name] for name in queries}


def test_every_query_is_understood(judged: Mapping[str, Any]) -> None:
    assert len(judged) > 120
    assert {
        name: found["diagnostics"] for name, found in judged.items() if found["diagnostics"]
    } == {}


def test_every_query_of_a_runbook_asks_for_what_is_emitted() -> None:
    contract = signals.load(ROOT)
    assert len(kql()) > 25
    asked = {name: strangers(contract, query) for name, query in kql().items()}
    assert {name: unknown for name, unknown in asked.items() if unknown} == {}


def test_every_query_returns_columns(judged: Mapping[str, Any]) -> None:
    assert [name for name, found in judged.items() if not found["columns"]] == []


def test_every_series_has_a_time_and_a_number(judged: Mapping[str, Any]) -> None:
    series = {name: found["columns"] for name, found in judged.items() if "timeseries" in name}
    assert len(series) > 20
    for name, columns in series.items():
        assert columns[0] == "TimeGenerated:datetime", name
        assert re.search(":(real|long|int)$", columns[-1]), name


@pytest.mark.parametrize(("wrong", "code"), WRONG.items())
def test_a_query_that_is_wrong_is_found(said: Mapping[str, Any], wrong: str, code: str) -> None:
    assert code in said[wrong]["diagnostics"][0]


def test_the_columns_of_the_contract_are_microsofts() -> None:
    if not MICROSOFTS.is_file():
        pytest.skip(f"!! no {MICROSOFTS} (EVA_KQL_SCHEMA): queries were bound to our columns")
    published = json.loads(MICROSOFTS.read_text())
    for table, columns in TABLES.items():
        assert columns.items() <= published[table].items(), table
