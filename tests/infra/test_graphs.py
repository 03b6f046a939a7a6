import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eva_infra.arm.kinds import GROUP, PATHS
from eva_infra.recording import Graph, Recorded
from eva_infra.roles import Role
from tests.infra.variants import VARIANTS, GraphOf

ROOT = Path(__file__).parents[2]
PHYSICAL = re.compile(r"[A-Za-z0-9._-]+")


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def graph(request: pytest.FixtureRequest, graph_of: GraphOf) -> Graph:
    stack, replaced = request.param
    return graph_of(stack, **replaced)


@pytest.fixture
def prod(graph_of: GraphOf) -> Graph:
    return graph_of("prod")


def test_every_stack_file_builds_a_whole_stack(graph: Graph) -> None:
    kinds = {one.kind for one in graph.custom}
    assert len(list(graph.custom)) > 90
    assert kinds <= {*PATHS, GROUP}
    assert kinds >= {"cosmosdb:DatabaseAccount", "keyvault:Vault", "consumption:Budget"}
    assert set(graph.outputs) - {"domainProof"} == {
        "serviceHost", "stagingHost", "serviceId", "resourceGroup", "registry", "vaultUri",
        "previewClientId", "deployerClientId", "cacheHost",
    }  # fmt: skip
    assert all(graph.outputs.values())


def test_every_resource_has_its_own_urn_and_id(graph: Graph) -> None:
    urns = [one.urn for one in graph.resources]
    ids = [one.id for one in graph.custom]
    assert len(urns) == len(set(urns))
    assert len(ids) == len(set(ids))
    assert all(one.startswith("/subscriptions/") and "None" not in one for one in ids)


def test_every_name_is_said_and_not_left_to_chance(graph: Graph) -> None:
    for one in graph.custom:
        assert PHYSICAL.fullmatch(one.id.rsplit("/", 1)[1]), one.urn


def test_no_resource_depends_on_what_is_not_there(graph: Graph) -> None:
    known = {one.urn for one in graph.resources}
    needed = {needed for one in graph.resources for needed in one.dependencies}
    assert needed
    assert needed <= known


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
    elif isinstance(value, str) and value.startswith("/subscriptions/"):
        yield value


def test_every_reference_leads_to_a_resource_of_the_stack(graph: Graph) -> None:
    ids = {one.id for one in graph.custom}
    elsewhere = re.compile(
        r".*/(roleDefinitions|sqlRoleDefinitions)/[0-9a-f-]+|.*/(blob|queue)Services/default"
    )
    found = {ref for one in graph.custom for ref in references(dict(one.inputs))}
    assert len(found) > 20
    assert {ref for ref in found - ids if not elsewhere.fullmatch(ref)} == set()


def test_what_is_ignored_exists_among_the_inputs(graph: Graph) -> None:
    ignoring = [(one, path) for one in graph.custom for path in one.ignore_changes]
    assert ignoring
    for one, path in ignoring:
        found: Any = one.inputs
        for step in re.findall(r"[^.\[\]]+", path):
            found = found[int(step)] if step.isdigit() else found[step]
        assert found is not None, (one.urn, path)


def depends(one: Recorded, other: Recorded) -> bool:
    return other.urn in one.dependencies


def test_what_azure_changes_one_at_a_time_is_chained(graph: Graph) -> None:
    subnet = graph.named("network:Subnet", "snet-endpoints")
    assert depends(subnet, graph.named("network:Subnet", "snet-service"))
    embeddings = graph.named("cognitiveservices:Deployment", "deployment-text-embedding-3-small")
    assert depends(
        embeddings, graph.named("cognitiveservices:Deployment", "deployment-gpt-4.1-mini")
    )


def test_a_route_waits_for_its_origin(prod: Graph) -> None:
    for role in ("service", "staging"):
        route = prod.named("cdn:Route", f"route-{role}")
        assert depends(route, prod.named("cdn:AFDOrigin", f"origin-{role}"))


def test_assignments_of_roles_are_replaced_by_deleting_first(graph: Graph) -> None:
    assigned = graph.of("authorization:RoleAssignment")
    assert len(assigned) == 10
    assert all(one.delete_before_replace for one in assigned)
    assert all(re.fullmatch(r"[0-9a-f-]{36}", one.id.rsplit("/", 1)[1]) for one in assigned)


def test_the_service_has_the_least_roles_and_each_on_one_resource(graph: Graph) -> None:
    given = {
        one.inputs["roleDefinitionId"].rsplit("/", 1)[1]: one.inputs["scope"]
        for one in graph.of("authorization:RoleAssignment")
        if one.name.startswith("service-")
    }
    wanted = {
        Role.BLOB_DATA_CONTRIBUTOR, Role.QUEUE_DATA_CONTRIBUTOR, Role.OPENAI_USER,
        Role.VAULT_SECRETS_USER, Role.ACR_PULL, Role.MONITORING_METRICS_PUBLISHER,
    }  # fmt: skip
    assert set(given) == {role.value for role in wanted}
    assert all("/providers/" in scope for scope in given.values())


def test_container_apps_run_the_worker_apart_and_have_no_public_side(graph_of: GraphOf) -> None:
    graph = graph_of("prod", hosting="containerapps")
    service, worker = (graph.named("app:ContainerApp", name) for name in ("service", "worker"))
    assert worker.inputs["template"]["containers"][0]["command"] == ["eva", "worker"]
    assert "ingress" not in worker.inputs["configuration"]
    rules = worker.inputs["template"]["scale"]["rules"]
    assert "eva-jobs-ingest" in {rule["azureQueue"]["queueName"] for rule in rules}
    assert service.inputs["template"]["scale"]["minReplicas"] == 3
    for origin in graph.of("cdn:AFDOrigin"):
        assert origin.inputs["sharedPrivateLinkResource"]["groupId"] == "managedEnvironments"


def test_both_hosts_publish_the_same_names(graph_of: GraphOf) -> None:
    one, other = graph_of("prod"), graph_of("prod", hosting="containerapps")
    assert one.outputs["serviceHost"] == other.outputs["serviceHost"]
    assert one.outputs["stagingHost"] == other.outputs["stagingHost"]


def test_deployments_and_scaling_are_left_to_those_who_do_them(prod: Graph) -> None:
    for site in prod.of("web:WebApp") + prod.of("web:WebAppSlot"):
        assert site.ignore_changes == ["siteConfig.linuxFxVersion"]
    assert prod.of("web:AppServicePlan")[0].ignore_changes == ["sku.capacity"]


def test_what_is_deleted_or_overwritten_stays_for_a_month_and_old_versions_go(graph: Graph) -> None:
    for kept in graph.of("storage:BlobServiceProperties"):
        assert kept.inputs["isVersioningEnabled"] is True
        assert kept.inputs["deleteRetentionPolicy"] == {"enabled": True, "days": 30}
    [lifecycle] = graph.of("storage:ManagementPolicy")
    [rule] = lifecycle.inputs["policy"]["rules"]
    assert set(rule["definition"]["actions"]) == {"baseBlob", "version"}
    [cosmos] = graph.of("cosmosdb:DatabaseAccount")
    assert cosmos.inputs["backupPolicy"]["type"] == "Continuous"


def test_the_audit_trail_has_an_account_of_its_own_for_years(prod: Graph) -> None:
    [kept] = prod.of("storage:BlobContainerImmutabilityPolicy")
    assert kept.inputs["immutabilityPeriodSinceCreationInDays"] == 2555
    accounts = {
        one.inputs["containerName"]: one.inputs["accountName"]
        for one in prod.of("storage:BlobContainer")
    }
    assert kept.inputs["accountName"] == accounts["audit"] != accounts["documents"]


def test_production_spreads_and_replicates(prod: Graph) -> None:
    [account] = prod.of("cosmosdb:DatabaseAccount")
    places = account.inputs["locations"]
    assert [one["locationName"] for one in places] == ["canadacentral", "canadaeast"]
    assert [one["isZoneRedundant"] for one in places] == [True, False]
    assert prod.of("web:AppServicePlan")[0].inputs["zoneRedundant"] is True
