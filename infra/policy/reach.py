"""Who can reach what."""

from collections.abc import Iterator, Mapping, Sequence

from policy.rules import ResourceRule, Rule, Seen, StackRule, Wanted, must_be

NO_PUBLIC_SIDE: Wanted = {
    "cosmosdb:DatabaseAccount": {"publicNetworkAccess": "Disabled"},
    "storage:StorageAccount": {
        "publicNetworkAccess": "Disabled",
        "networkRuleSet.defaultAction": "Deny",
        "allowBlobPublicAccess": False,
    },
    "storage:BlobContainer": {"publicAccess": "None"},
    "cognitiveservices:Account": {
        "properties.publicNetworkAccess": "Disabled",
        "properties.networkAcls.defaultAction": "Deny",
    },
    "keyvault:Vault": {
        "properties.publicNetworkAccess": "Disabled",
        "properties.networkAcls.defaultAction": "Deny",
    },
    "redisenterprise:RedisEnterprise": {"publicNetworkAccess": "Disabled"},
    "operationalinsights:Workspace": {"publicNetworkAccessForIngestion": "Disabled"},
    "applicationinsights:Component": {"publicNetworkAccessForIngestion": "Disabled"},
    "monitor:PrivateLinkScope": {"accessModeSettings.ingestionAccessMode": "PrivateOnly"},
    "containerregistry:Registry": {"publicNetworkAccess": "Disabled"},
    "app:ManagedEnvironment": {
        "publicNetworkAccess": "Disabled",
        "vnetConfiguration.internal": True,
    },
}
# What holds data or answers, with the sub-resource by which it is reached.
PRIVATE: Mapping[str, str] = {
    "cosmosdb:DatabaseAccount": "Sql",
    "storage:StorageAccount": "blob",
    "cognitiveservices:Account": "account",
    "keyvault:Vault": "vault",
    "redisenterprise:RedisEnterprise": "redisEnterprise",
    "containerregistry:Registry": "registry",
    "monitor:PrivateLinkScope": "azuremonitor",
}
TELEMETRY = ("operationalinsights:Workspace", "applicationinsights:Component")
PUBLIC_NAMES = ("cdn:AFDEndpoint", "cdn:AFDCustomDomain")
ANYWHERE = (None, "*", "Internet", "0.0.0.0/0", "AzureCloud")
SITES = ("web:WebApp", "web:WebAppSlot")


def _private_endpoints(stack: Sequence[Seen]) -> Iterator[str]:
    reached = {
        (link["privateLinkServiceId"], group)
        for seen in stack
        if seen.kind == "network:PrivateEndpoint"
        for link in seen.get("privateLinkServiceConnections") or []
        for group in link["groupIds"]
    }
    for seen in stack:
        group = PRIVATE.get(seen.kind)
        if group and (seen.get("id"), group) not in reached:
            yield f"{seen.name} has no private endpoint for {group}"


def _telemetry(stack: Sequence[Seen]) -> Iterator[str]:
    linked = {
        seen.get("linkedResourceId")
        for seen in stack
        if seen.kind == "monitor:PrivateLinkScopedResource"
    }
    for seen in stack:
        if seen.kind in TELEMETRY and seen.get("id") not in linked:
            yield f"{seen.name} is in no private link scope"


def _private_names(stack: Sequence[Seen]) -> Iterator[str]:
    named = {
        seen.get("privateEndpointName")
        for seen in stack
        if seen.kind == "network:PrivateDnsZoneGroup" and seen.get("privateDnsZoneConfigs")
    }
    for seen in stack:
        if seen.kind == "network:PrivateEndpoint" and seen.get("privateEndpointName") not in named:
            yield f"{seen.name} is in no private DNS zone"


def _only_our_edge(seen: Seen) -> Iterator[str]:
    if seen.kind not in SITES:
        return
    if seen.get("siteConfig.ipSecurityRestrictionsDefaultAction") != "Deny":
        yield "lets in whom no rule names"
    for rule in seen.get("siteConfig.ipSecurityRestrictions") or []:
        if rule.get("tag") == "ServiceTag" and not rule.get("headers", {}).get("x-azure-fdid"):
            yield f"rule {rule.get('name')} lets in anybody's Front Door: x-azure-fdid is missing"
        if rule.get("ipAddress") in {"0.0.0.0/0", "Any", "::/0"}:
            yield f"rule {rule.get('name')} lets in everybody"


def _subnets(seen: Seen) -> Iterator[str]:
    if seen.kind != "network:Subnet":
        return
    if seen.get("defaultOutboundAccess") is not False:
        yield "has Azure's default way out"
    if not seen.get("networkSecurityGroup.id"):
        yield "has no security group"
    if seen.get("privateEndpointNetworkPolicies") != "Enabled":
        yield "does not hold private endpoints to its security group"


def _way_out(stack: Sequence[Seen]) -> Iterator[str]:
    hosts = {
        str(seen.get("networkSecurityGroup.id"))
        for seen in stack
        if seen.kind == "network:Subnet" and seen.get("delegations")
    }
    for seen in stack:
        if seen.kind in SITES and seen.get("outboundVnetRouting.allTraffic") is not True:
            yield f"{seen.name} calls the Internet past the network"
        if seen.kind == "network:NetworkSecurityGroup" and seen.get("id") in hosts:
            yield from (f"{seen.name} {problem}" for problem in _let_out(seen))


def _let_out(seen: Seen) -> Iterator[str]:
    out = [one for one in seen.get("securityRules") or [] if one["direction"] == "Outbound"]
    allowed = [one for one in out if one["access"] == "Allow"]
    for rule in allowed:
        if rule.get("destinationAddressPrefix") in ANYWHERE:
            yield f"lets calls out to anywhere by {rule['name']}"
    if not any(
        one["access"] == "Deny" and one["protocol"] == one["destinationAddressPrefix"] == "*"
        for one in out
    ):
        yield "does not end with a refusal of all other calls"


def _firewalls(stack: Sequence[Seen]) -> Iterator[str]:
    guarded = {
        domain["id"]
        for seen in stack
        if seen.kind == "cdn:SecurityPolicy"
        for association in seen.get("parameters.associations") or []
        for domain in association["domains"]
    }
    for seen in stack:
        if seen.kind in PUBLIC_NAMES and seen.get("id") not in guarded:
            yield f"{seen.name} has no firewall in front"
        if seen.kind == "frontdoor:Policy":
            sets = seen.get("managedRules.managedRuleSets") or []
            if not any(one["ruleSetType"] == "Microsoft_DefaultRuleSet" for one in sets):
                yield f"{seen.name} is without Microsoft's rule set"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="no-public-data-plane",
        statement="What holds data is reached from the stack's network only.",
        find=must_be(NO_PUBLIC_SIDE),
    ),
    StackRule(
        name="private-endpoints",
        statement="What holds data has a private endpoint.",
        find=_private_endpoints,
    ),
    StackRule(
        name="telemetry-by-private-link",
        statement="Telemetry is taken from the stack's network only.",
        find=_telemetry,
    ),
    StackRule(
        name="private-names",
        statement="Every private endpoint is found by its service's name.",
        find=_private_names,
    ),
    ResourceRule(
        name="only-our-edge",
        statement="A site lets in its own Front Door or addresses that are named, nobody else.",
        find=_only_our_edge,
    ),
    ResourceRule(
        name="subnets-are-closed",
        statement="Subnets have a security group and no default way out.",
        find=_subnets,
    ),
    StackRule(
        name="way-out-is-named",
        statement="The service calls what is named, and nothing else of the Internet.",
        find=_way_out,
    ),
    StackRule(
        name="firewall-in-front",
        statement="Every public name stands behind a firewall with Microsoft's rule set.",
        find=_firewalls,
    ),
)
