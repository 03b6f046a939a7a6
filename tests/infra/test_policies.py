from collections.abc import Callable

import pytest

from eva_infra.recording import Graph
from eva_infra.settings import STACKS
from policy import keeping, reach, secrecy
from policy.policies import POLICIES, RULES, violations
from tests.infra.mutating import Mutation, beside_the_audit_trail, dropped, unprotected

GraphOf = Callable[..., Graph]
TABLES = {
    "no-public-data-plane": reach.NO_PUBLIC_SIDE,
    "no-keys": secrecy.NO_KEYS,
    "encrypted-on-the-way": secrecy.ENCRYPTED,
    "guarded-vault": secrecy.GUARDED_VAULT,
    "recoverable": keeping.RECOVERABLE,
}
OF_TABLES = [
    Mutation(policy=policy, kind=kind, path=path, value=None)
    for policy, table in TABLES.items()
    for kind, wanted in table.items()
    for path in wanted
]
EVERYBODY = {"name": "all", "action": "Allow", "ipAddress": "0.0.0.0/0"}
ANY_FRONT_DOOR = {
    "name": "afd", "action": "Allow", "tag": "ServiceTag", "ipAddress": "AzureFrontDoor.Backend",
}  # fmt: skip
PASSWORD = [{"name": "REDIS_PASSWORD", "value": "hunter2"}]  # pragma: allowlist secret
OWNER = "/x/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BY_TAG = "DOCKER|cr.azurecr.io/eva-api:latest"
SITE, SLOT, ROLE = "web:WebApp", "web:WebAppSlot", "authorization:RoleAssignment"
COSMOS, REDIS = "cosmosdb:DatabaseAccount", "redisenterprise:RedisEnterprise"
SUBNET, VAULT = "network:Subnet", "keyvault:Vault"
SQL, TRUST = "cosmosdb:SqlResourceSqlContainer", "managedidentity:FederatedIdentityCredential"
IMMUTABLE = "storage:BlobContainerImmutabilityPolicy"
NSG, SCOPED = "network:NetworkSecurityGroup", "monitor:PrivateLinkScopedResource"
SCALE, STICKY = "monitor:AutoscaleSetting", "web:WebAppSlotConfigurationNames"
DIAGNOSED, CONFIG = "monitor:DiagnosticSetting", "siteConfig"
OBSERVED = (
    "cosmos", "documents", "audit", "openai", "vault", "redis", "redis-database", "registry",
    "network", "nsg-service", "nsg-endpoints", "service", "service-staging", "plan", "autoscale",
    "edge", "workspace",
)  # fmt: skip
RULES_OF = "siteConfig.ipSecurityRestrictions"
BY_HAND = [
    Mutation(policy="private-endpoints", kind="network:PrivateEndpoint", change=dropped),
    Mutation(policy="private-names", kind="network:PrivateDnsZoneGroup", change=dropped),
    Mutation(policy="only-our-edge", kind=SITE, path=RULES_OF, value=[EVERYBODY]),
    Mutation(policy="only-our-edge", kind=SLOT, path=RULES_OF, value=[ANY_FRONT_DOOR]),
    Mutation(
        policy="only-our-edge",
        kind=SITE,
        path="siteConfig.ipSecurityRestrictionsDefaultAction",
        value="Allow",
    ),
    Mutation(policy="subnets-are-closed", kind=SUBNET, path="defaultOutboundAccess", value=True),
    Mutation(policy="subnets-are-closed", kind=SUBNET, path="networkSecurityGroup", value=None),
    Mutation(
        policy="subnets-are-closed",
        kind=SUBNET,
        path="privateEndpointNetworkPolicies",
        value="Disabled",
    ),
    Mutation(policy="telemetry-by-private-link", kind=SCOPED, change=dropped),
    Mutation(policy="telemetry-by-private-link", kind=SCOPED, path="linkedResourceId", value="x"),
    Mutation(
        policy="way-out-is-named", kind=SITE, path="outboundVnetRouting.allTraffic", value=False
    ),
    Mutation(
        policy="way-out-is-named", kind=SLOT, path="outboundVnetRouting.allTraffic", value=None
    ),
    Mutation(
        policy="way-out-is-named", kind=NSG, name="nsg-service", path="securityRules", value=[]
    ),
    Mutation(
        policy="way-out-is-named",
        kind=NSG,
        name="nsg-service",
        path="securityRules.1.destinationAddressPrefix",
        value="Internet",
    ),
    Mutation(policy="firewall-in-front", kind="cdn:SecurityPolicy", change=dropped),
    Mutation(
        policy="firewall-in-front",
        kind="cdn:SecurityPolicy",
        path="parameters.associations.0.domains.2.id",  # the stack's own name
        value="another",
    ),
    Mutation(policy="firewall-in-front", kind="frontdoor:Policy", path="managedRules", value={}),
    Mutation(
        policy="secrets-in-the-vault", kind=SITE, path="siteConfig.appSettings", value=PASSWORD
    ),
    Mutation(policy="protected-in-production", kind=COSMOS, change=unprotected),
    Mutation(policy="protected-in-production", kind=VAULT, change=unprotected),
    Mutation(
        policy="protected-in-production",
        kind="authorization:ManagementLockByScope",
        change=dropped,
    ),
    Mutation(
        policy="zones-in-production", kind="web:AppServicePlan", path="zoneRedundant", value=False
    ),
    Mutation(
        policy="zones-in-production", kind=COSMOS, path="locations.0.isZoneRedundant", value=False
    ),
    Mutation(policy="zones-in-production", kind=REDIS, path="highAvailability", value="Disabled"),
    Mutation(
        policy="zones-in-production",
        kind="storage:StorageAccount",
        path="sku.name",
        value="Standard_LRS",
    ),
    Mutation(
        policy="zones-in-production",
        kind="containerregistry:Registry",
        path="zoneRedundancy",
        value="Disabled",
    ),
    Mutation(
        policy="zones-in-production",
        kind="monitor:AutoscaleSetting",
        path="profiles.0.capacity.minimum",
        value="1",
    ),
    Mutation(
        policy="second-region-in-production",
        kind=COSMOS,
        path="locations.1.locationName",
        value="canadacentral",
    ),
    Mutation(
        policy="second-region-in-production",
        kind=COSMOS,
        path="enableAutomaticFailover",
        value=False,
    ),
    Mutation(policy="immutable-audit", kind=IMMUTABLE, change=dropped),
    Mutation(
        policy="immutable-audit", kind=IMMUTABLE, path="allowProtectedAppendWrites", value=False
    ),
    Mutation(
        policy="immutable-audit",
        kind="storage:BlobContainer",
        name="container-documents",
        change=beside_the_audit_trail,
    ),
    Mutation(policy="least-roles", kind=ROLE, path="roleDefinitionId", value=OWNER),
    Mutation(policy="least-roles", kind=ROLE, path="scope", value="/subscriptions/one"),
    Mutation(policy="least-roles", kind=ROLE, path="principalType", value="User"),
    Mutation(policy="least-roles", kind=ROLE, name="deployer-grant", path="condition", value=None),
    Mutation(
        policy="immutable-subjects",
        kind=TRUST,
        path="subject",
        value="repo:example-org/eva-api:environment:prod",
    ),
    Mutation(policy="immutable-subjects", kind=TRUST, path="issuer", value="https://example.org"),
    Mutation(policy="tags", kind=VAULT, path="tags", value={}),
    Mutation(policy="names", kind=VAULT, path="vaultName", value="secrets"),
    Mutation(policy="image-by-digest", kind=SITE, path="siteConfig.linuxFxVersion", value=BY_TAG),
    Mutation(policy="known-to-be-alive", kind=SITE, path=f"{CONFIG}.healthCheckPath", value=None),
    Mutation(policy="known-to-be-alive", kind=SLOT, path=f"{CONFIG}.alwaysOn", value=False),
    Mutation(
        policy="known-to-be-alive",
        kind="app:ContainerApp",
        name="service",
        path="template.containers.0.probes",
        value=[],
    ),
    Mutation(
        policy="known-to-be-alive",
        kind="cdn:AFDOriginGroup",
        path="healthProbeSettings",
        value=None,
    ),
    Mutation(policy="scales-by-itself", kind=SCALE, change=dropped),
    Mutation(policy="scales-by-itself", kind=SCALE, path="profiles.0.rules", value=[]),
    Mutation(
        policy="scales-by-itself", kind="app:ContainerApp", path="template.scale.rules", value=[]
    ),
    Mutation(policy="a-waiting-build-waits", kind=STICKY, change=dropped),
    Mutation(policy="a-waiting-build-waits", kind=STICKY, path="appSettingNames", value=[]),
    Mutation(policy="a-waiting-build-waits", kind=SLOT, path=f"{CONFIG}.appSettings", value=[]),
    *(
        Mutation(policy="everything-observed", kind=DIAGNOSED, name=f"diag-{role}", change=dropped)
        for role in OBSERVED
    ),
    Mutation(
        policy="somebody-is-told",
        kind="monitor:ScheduledQueryRule",
        path="actions.actionGroups",
        value=[],
    ),
    Mutation(
        policy="somebody-is-told",
        kind="monitor:ScheduledQueryRule",
        path="actions.customProperties",
        value={},
    ),
    Mutation(policy="somebody-is-told", kind="consumption:Budget", change=dropped),
]
PASSAGES = "container-passages-text-embedding-3-small-1536"
INDEXING = "resource.indexingPolicy"
VECTORS = [
    Mutation(
        policy="vectors-indexed-once", kind=SQL, name=PASSAGES, path=f"{INDEXING}.{path}", value=[]
    )
    for path in ("vectorIndexes", "excludedPaths")
]
MUTATIONS = [*OF_TABLES, *BY_HAND, *VECTORS]


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_is_violated_by_any_stack(graph_of: GraphOf, stack: str) -> None:
    assert violations(graph_of(stack)) == []


def test_no_policy_is_violated_by_prod_on_container_apps(graph_of: GraphOf) -> None:
    assert violations(graph_of("prod", hosting="containerapps")) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[one.id for one in MUTATIONS])
def test_a_policy_notices_what_was_broken(graph_of: GraphOf, mutation: Mutation) -> None:
    replaced = {"hosting": "containerapps"} if mutation.kind.startswith("app:") else {}
    broken = mutation.applied(graph_of("prod", **replaced))
    [policy] = [one for one in POLICIES if one.name == mutation.policy]
    assert violations(broken, [policy])


def test_every_policy_is_seen_to_bite() -> None:
    assert {one.policy for one in MUTATIONS} == {one.name for one in POLICIES}
    assert len(RULES) == len(POLICIES) == len({one.name for one in RULES})
