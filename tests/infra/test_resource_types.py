"""Resources against Azure's published types, where those are at hand."""

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eva_infra.arm.export import template
from eva_infra.arm.types import Types, nearest
from eva_infra.reports import TYPES, TYPES_DEFAULT
from tests.infra.mutating import put
from tests.infra.variants import VARIANTS, GraphOf

# No types of these are published in what is checked against: the SDK's own types have to do.
WITHOUT = {
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.Dashboard/dashboards",
    "Microsoft.Dashboard/dashboards/dashboardDefinitions",
    "Microsoft.Insights/privateLinkScopes",
    "Microsoft.Insights/privateLinkScopes/scopedResources",
}
SPOILED = {
    "a name that is none": ("Microsoft.Storage/storageAccounts", "name", "Not_A_Name"),
    "a time out of range": (
        "Microsoft.Storage/storageAccounts/blobServices",
        "properties.deleteRetentionPolicy.days",
        9999,
    ),
    "text for a number": (
        "Microsoft.OperationalInsights/workspaces",
        "properties.retentionInDays",
        "long",
    ),
    "text for a list": (
        "Microsoft.Network/virtualNetworks",
        "properties.addressSpace.addressPrefixes",
        "10.0.0.0/16",
    ),
    "an unknown property": ("Microsoft.KeyVault/vaults", "properties.enableMagic", True),
    "a word of another list": (
        "Microsoft.Storage/storageAccounts",
        "properties.networkAcls.defaultAction",
        "Maybe",
    ),
    "another kind of backup": (
        "Microsoft.DocumentDB/databaseAccounts",
        "properties.backupPolicy.type",
        "Sometimes",
    ),
    "what Azure itself writes": (
        "Microsoft.DocumentDB/databaseAccounts",
        "properties.documentEndpoint",
        "https://example.org",
    ),
    "the wrong case": ("Microsoft.Web/sites", "properties.httpsonly", True),
}


@pytest.fixture(scope="module")
def types() -> Types:
    folder = Path(os.environ.get(TYPES) or TYPES_DEFAULT)
    if not folder.is_dir():
        pytest.skip(f"NO RESOURCE TYPES: set {TYPES} to a folder of Azure/bicep-types-az files")
    return Types(folder)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_resource_is_valid_by_the_published_types(
    types: Types, graph_of: GraphOf, variant: str
) -> None:
    stack, replaced = VARIANTS[variant]
    verdicts = list(types.check_all(template(graph_of(stack, **replaced))))
    assert {one.type for one in verdicts if one.against is None} == WITHOUT
    assert [problem for one in verdicts for problem in one.problems] == []
    assert len([one for one in verdicts if one.against is not None]) > 165


def spoiled(found: Mapping[str, Any], type_: str, path: str, value: object) -> Mapping[str, Any]:
    resource = next(one for one in found["resources"] if one["type"] == type_)
    broken: dict[str, Any] = copy.deepcopy(dict(resource))
    put(broken, path, value)
    return broken


@pytest.mark.parametrize("case", SPOILED.values(), ids=list(SPOILED))
def test_what_azure_would_refuse_is_found(
    types: Types, graph_of: GraphOf, case: tuple[str, str, object]
) -> None:
    type_, path, value = case
    problems = types.check(spoiled(template(graph_of("prod")), type_, path, value)).problems
    assert problems
    assert all(f"{type_}.{path}" in problem for problem in problems)


def test_a_missing_property_is_found(types: Types, graph_of: GraphOf) -> None:
    found = template(graph_of("prod"))
    broken = spoiled(found, "Microsoft.KeyVault/vaults", "properties.enableSoftDelete", True)
    del broken["properties"]["tenantId"]
    [problem] = types.check(broken).problems
    assert problem == "Microsoft.KeyVault/vaults.properties.tenantId: is missing"


def test_a_template_says_for_each_resource_what_it_is(graph_of: GraphOf) -> None:
    graph = graph_of("prod")
    found = template(graph)["resources"]
    assert len(found) == len(list(graph.custom))
    assert len({(one["type"], one["name"], one.get("scope")) for one in found}) == len(found)
    assert all({"type", "apiVersion", "name"} <= set(one) for one in found)


def test_the_nearest_newer_version_stands_for_one_that_is_not_there() -> None:
    known = ["2023-01-01", "2025-03-01", "2026-01-01"]
    assert nearest(known, "2025-03-01") == "2025-03-01"
    assert nearest(known, "2025-05-01") == "2026-01-01"
    assert nearest(known, "2027-01-01") == "2026-01-01"
