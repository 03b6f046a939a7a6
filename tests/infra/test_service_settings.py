"""What the stacks tell the service: each of its settings is given, or left for a reason."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from eva_infra.components.app_service import STAYS_WITH_SLOT
from eva_infra.recording import Graph
from eva_infra.settings import SettingsError, settings_of
from eva_infra.settings.of_service import left_alone, left_to_owners
from tests.infra.variants import VARIANTS, GraphOf

ROOT = Path(__file__).parents[2]
ELSEWHERE = ("The command line as a client", "Read by other programs", "Without effect")


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def graph(request: pytest.FixtureRequest, graph_of: GraphOf) -> Graph:
    stack, replaced = request.param
    return graph_of(stack, **replaced)


def told(graph: Graph) -> Iterator[dict[str, str]]:
    """Yield the settings of each process that serves or works."""
    for site in graph.of("web:WebApp") + graph.of("web:WebAppSlot"):
        rows = site.inputs["siteConfig"]["appSettings"]
        yield {row["name"]: row["value"] for row in rows}
    for app in graph.of("app:ContainerApp"):
        rows = app.inputs["template"]["containers"][0]["env"]
        yield {row["name"]: row.get("value", "") for row in rows}


def documented() -> Mapping[str, set[str]]:
    """Return every name of each setting that the service itself reads, by the first of them."""
    page = (ROOT / "docs/settings.md").read_text()
    sections = [one for one in page.split("\n## ")[1:] if not one.startswith(ELSEWHERE)]
    cells = [re.findall(r"^\| (`.+?`) \|", one, re.MULTILINE) for one in sections]
    found = [re.findall(r"`(\w+)`", cell) for section in cells for cell in section]
    return {names[0]: set(names) for names in found}


def of_the_service(settings: Mapping[str, Any]) -> set[str]:
    """Return the names that are not for App Service itself."""
    return {name for name in settings if not name.startswith("WEBSITE")}


def test_every_setting_is_given_or_left_for_a_reason_and_not_both(graph: Graph) -> None:
    given = set[str]().union(*map(of_the_service, told(graph)))
    optional = {"EVA_ADDRESS_LIMIT"}  # only where an edge counts addresses
    left = {**left_to_owners(), **left_alone()}
    assert len(left) == len(left_to_owners()) + len(left_alone())
    assert given & set(left) == set()
    assert (given | optional) | set(left) == set(documented())
    assert all(len(why) > 3 for why in left.values())


def test_every_process_is_told_the_same_but_for_who_works(graph: Graph) -> None:
    first, *others = told(graph)
    assert others
    for other in others:
        differing = {n for n in {*first, *other} if first.get(n) != other.get(n)}
        assert differing <= set(STAYS_WITH_SLOT)


def test_a_name_is_answered_to_by_which_the_edge_or_a_developer_calls_and_by_no_other(
    graph: Graph,
) -> None:
    origins = {one.inputs["originHostHeader"] for one in graph.of("cdn:AFDOrigin")}
    called = origins or {graph.outputs["serviceHost"], graph.outputs["stagingHost"]}
    for settings in told(graph):
        assert set(settings["EVA_ALLOWED_HOSTS"].split(",")) == called
        assert settings["EVA_REQUIRE_HTTPS"] == "true"
        assert settings["EVA_TRUSTED_PROXIES"], "else nobody's word is taken that it was https"


def test_a_platform_asks_for_health_where_any_name_is_answered(graph: Graph) -> None:
    """The paths of probes that the service's own tests ask by an address, over plain HTTP."""
    asked = {
        group.inputs["healthProbeSettings"]["probePath"] for group in graph.of("cdn:AFDOriginGroup")
    }
    for site in graph.of("web:WebApp") + graph.of("web:WebAppSlot"):
        asked.add(site.inputs["siteConfig"]["healthCheckPath"])
        rows = {row["name"]: row["value"] for row in site.inputs["siteConfig"]["appSettings"]}
        asked.add(rows["WEBSITE_SWAP_WARMUP_PING_PATH"])
    for app in graph.of("app:ContainerApp"):
        probes = app.inputs["template"]["containers"][0].get("probes", [])
        asked |= {probe["httpGet"]["path"] for probe in probes}
    assert asked
    assert asked <= {"/livez", "/readyz"}


def test_the_build_that_waits_does_no_background_work(graph_of: GraphOf) -> None:
    prod = graph_of("prod")
    site, slot = told(prod)
    assert (site["EVA_WORKER"], slot["EVA_WORKER"]) == ("true", "false")
    [kept] = prod.of("web:WebAppSlotConfigurationNames")
    assert kept.inputs["appSettingNames"] == ["EVA_WORKER"]


@pytest.mark.parametrize(("sku", "cores"), [("P0v3", "1"), ("P1v3", "2"), ("P3v3", "8")])
def test_so_many_processes_answer_as_an_instance_has_cores(
    graph_of: GraphOf, sku: str, cores: str
) -> None:
    plan = {"planSku": sku}
    assert {one["EVA_PROCESSES"] for one in told(graph_of("prod", **plan))} == {cores}


OWN = {"AZURE_ENTRA_TENANT_ID": "t", "EVA_OIDC_ISSUERS": [{"issuer": "https://id.example.ca"}]}


def test_what_is_left_to_owners_reaches_every_process(graph_of: GraphOf) -> None:
    for settings in told(graph_of("prod", service=json.dumps(OWN))):
        assert settings["EVA_BACKEND"] == "azure"
        assert settings["AZURE_ENTRA_TENANT_ID"] == "t"
        assert yaml.safe_load(settings["EVA_OIDC_ISSUERS"]) == OWN["EVA_OIDC_ISSUERS"]


@pytest.mark.parametrize("name", ["EVA_BACKEND", "AZURE_COSMOS_KEY", "EVA_AUDIT_KEY", "EVA_LGO"])
def test_what_is_not_left_to_owners_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"service: {name} is not left to a stack file"):
        settings_of("prod", service=json.dumps({name: "x"}))
