"""Where the stacks meet the rest of the repository: through files."""

import json
import re
from pathlib import Path

import pytest
import yaml

from eva_infra.containers import DECLARATION, declared
from eva_infra.recording import Graph
from tests.infra.variants import VARIANTS, GraphOf

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def graph(request: pytest.FixtureRequest, graph_of: GraphOf) -> Graph:
    stack, replaced = request.param
    return graph_of(stack, **replaced)


def test_containers_are_what_the_service_declares(graph: Graph) -> None:
    wanted = {one["id"]: one for one in json.loads(DECLARATION.read_text())}
    made = {
        one.inputs["containerName"]: one for one in graph.of("cosmosdb:SqlResourceSqlContainer")
    }
    assert set(made) == set(wanted)
    assert {one.id for one in declared()} == set(wanted)
    for name, said in wanted.items():
        told = made[name].inputs["resource"]
        assert told["partitionKey"]["paths"] == said["partitionKey"]["paths"]
        assert told.get("defaultTtl") == said.get("defaultTtl")
        assert told["indexingPolicy"] == said["indexingPolicy"]
        assert told.get("vectorEmbeddingPolicy") == said.get("vectorEmbeddingPolicy")
        assert told.get("fullTextPolicy") == said.get("fullTextPolicy")


def test_alerts_are_those_of_the_dashboards_folder(graph: Graph) -> None:
    content = yaml.safe_load((ROOT / "dashboards/alerts.yaml").read_text())
    wanted = {
        rule["name"]: rule
        for alert in content["alerts"]
        for rule in alert["rules"]
        if rule["evaluated"] == "by-azure"
    }
    made = {one.inputs["ruleName"]: one.inputs for one in graph.of("monitor:ScheduledQueryRule")}
    assert set(made) == set(wanted)
    for name, inputs in made.items():
        [condition] = inputs["criteria"]["allOf"]
        assert condition["query"] == wanted[name]["query"]


def test_boards_and_workbooks_are_those_of_the_dashboards_folder_and_ask_the_stack(
    graph: Graph,
) -> None:
    [workspace] = graph.of("operationalinsights:Workspace")
    files = {path.stem: path for path in (ROOT / "dashboards/grafana").glob("*.json")}
    boards = {one.name: one.inputs for one in graph.of("dashboard:DashboardDefinition")}
    assert set(boards) == {f"panels-{name}" for name in files}
    for name, path in files.items():
        shown = json.loads(boards[f"panels-{name}"]["properties"]["serializedData"])
        assert shown["panels"] == json.loads(path.read_text())["panels"]
        [asked] = [one for one in shown["templating"]["list"] if one["name"] == "workspace"]
        assert asked["current"]["value"] == asked["query"] == workspace.id
    files = {path.stem: path for path in (ROOT / "dashboards/workbooks").glob("*.json")}
    workbooks = {one.name: one.inputs for one in graph.of("applicationinsights:Workbook")}
    assert set(workbooks) == {f"workbook-{name}" for name in files}
    for name, path in files.items():
        inputs = workbooks[f"workbook-{name}"]
        shown = json.loads(inputs["serializedData"])
        assert shown["items"] == json.loads(path.read_text())["items"]
        assert shown["fallbackResourceIds"] == [inputs["sourceId"]] == [workspace.id]


@pytest.mark.parametrize("path", sorted((ROOT / "infra/eva_infra").rglob("*.py")), ids=str)
def test_infrastructure_and_service_meet_through_files_only(path: Path) -> None:
    imported = re.findall(
        r"^(?:from|import) (app|pipelines|dashboards)\b", path.read_text(), re.MULTILINE
    )
    assert imported == []


def test_workflows_are_trusted_by_ids_in_their_environments_only(graph: Graph) -> None:
    found = {
        one.name: one.inputs["subject"]
        for one in graph.of("managedidentity:FederatedIdentityCredential")
    }
    environment = {"prod": "production"}.get(graph.stack, graph.stack)
    assert found == {
        "github-preview": "repo:example-org-0/eva-api-0:environment:preview",
        "github-deployer": f"repo:example-org-0/eva-api-0:environment:{environment}",
    }
    workflows = "".join(path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml"))
    named = set(re.findall(r"^ *environment: (\w+)$", workflows, re.MULTILINE))
    assert {"preview", "staging", "production"} <= named
