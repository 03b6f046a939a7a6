"""Who reaches a stack, and what it reaches: by which names, through what."""

import pytest

from eva_infra.recording import Graph
from eva_infra.recording.azure import FRONT_DOOR
from tests.infra.variants import VARIANTS, GraphOf

# What no stack file says yet.
OTHERWISE = {"privateQueries": "true", "calledAddresses": '["198.51.100.7/32"]'}


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def graph(request: pytest.FixtureRequest, graph_of: GraphOf) -> Graph:
    stack, replaced = request.param
    return graph_of(stack, **replaced)


@pytest.fixture
def prod(graph_of: GraphOf) -> Graph:
    return graph_of("prod")


def test_only_the_stacks_own_front_door_is_let_in(prod: Graph) -> None:
    for site in prod.of("web:WebApp") + prod.of("web:WebAppSlot"):
        [rule] = site.inputs["siteConfig"]["ipSecurityRestrictions"]
        assert rule["headers"] == {"x-azure-fdid": [FRONT_DOOR]}
        assert site.inputs["siteConfig"]["ipSecurityRestrictionsDefaultAction"] == "Deny"


def test_dev_without_an_edge_lets_named_addresses_in(graph_of: GraphOf) -> None:
    dev = graph_of("dev")
    [site] = dev.of("web:WebApp")
    [rule] = site.inputs["siteConfig"]["ipSecurityRestrictions"]
    assert rule["ipAddress"] == "203.0.113.0/24"
    assert dev.of("cdn:Profile") == []


def let_out(graph: Graph) -> list[str]:
    rules = graph.named("network:NetworkSecurityGroup", "nsg-service").inputs["securityRules"]
    assert [one["access"] for one in rules] == ["Allow"] * (len(rules) - 1) + ["Deny"]
    assert {one["direction"] for one in rules} == {"Outbound"}
    return [one["destinationAddressPrefix"] for one in rules]


def test_calls_go_to_private_endpoints_and_the_identity_only(graph_of: GraphOf) -> None:
    prod = graph_of("prod")
    endpoints = prod.named("network:Subnet", "snet-endpoints").inputs["addressPrefix"]
    assert let_out(prod) == [endpoints, "AzureActiveDirectory", "*"]
    for site in prod.of("web:WebApp") + prod.of("web:WebAppSlot"):
        assert site.inputs["outboundVnetRouting"]["allTraffic"] is True
    assert let_out(graph_of("dev", **OTHERWISE))[1:-1] == [
        "AzureActiveDirectory",
        "198.51.100.7/32",
    ]
    apps = let_out(graph_of("prod", hosting="containerapps"))
    assert {"MicrosoftContainerRegistry", "AzureFrontDoor.FirstParty"} <= set(apps)


def test_telemetry_goes_by_private_link_and_under_every_name_that_it_uses(graph: Graph) -> None:
    [scope] = graph.of("monitor:PrivateLinkScope")
    linked = {
        one.inputs["linkedResourceId"] for one in graph.of("monitor:PrivateLinkScopedResource")
    }
    takes = graph.of("operationalinsights:Workspace") + graph.of("applicationinsights:Component")
    assert linked == {one.id for one in takes}
    endpoint = graph.named("network:PrivateEndpoint", "pep-telemetry")
    [link] = endpoint.inputs["privateLinkServiceConnections"]
    assert link["privateLinkServiceId"] == scope.id
    configs = graph.named("network:PrivateDnsZoneGroup", "dns-telemetry").inputs
    zones = {one["privateDnsZoneId"].rsplit("/", 1)[1] for one in configs["privateDnsZoneConfigs"]}
    assert zones == {
        "privatelink.monitor.azure.com", "privatelink.oms.opinsights.azure.com",
        "privatelink.ods.opinsights.azure.com", "privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    }  # fmt: skip


def test_logs_are_read_from_outside_unless_a_stack_says_otherwise(graph_of: GraphOf) -> None:
    for graph, access, mode in (
        (graph_of("dev"), "Enabled", "Open"),
        (graph_of("dev", **OTHERWISE), "Disabled", "PrivateOnly"),
    ):
        [workspace] = graph.of("operationalinsights:Workspace")
        [insights] = graph.of("applicationinsights:Component")
        [scope] = graph.of("monitor:PrivateLinkScope")
        assert workspace.inputs["publicNetworkAccessForQuery"] == access
        assert insights.inputs["publicNetworkAccessForQuery"] == access
        assert scope.inputs["accessModeSettings"]["queryAccessMode"] == mode


def test_the_services_own_name_has_a_managed_certificate_and_leads_to_the_service(
    graph_of: GraphOf,
) -> None:
    prod = graph_of("prod")
    [domain] = prod.of("cdn:AFDCustomDomain")
    assert domain.inputs["hostName"] == "eva-api.example.org"
    assert domain.inputs["tlsSettings"] == {
        "certificateType": "ManagedCertificate",
        "minimumTlsVersion": "TLS12",
        "cipherSuiteSetType": "TLS12_2023",
    }
    route = prod.named("cdn:Route", "route-service").inputs
    assert route["customDomains"] == [{"id": domain.id}]
    assert prod.named("cdn:Route", "route-staging").inputs["customDomains"] == []
    assert prod.outputs["domainProof"] == "_token"
    staging = graph_of("staging")
    assert staging.of("cdn:AFDCustomDomain") == []
    assert "domainProof" not in staging.outputs
