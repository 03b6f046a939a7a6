"""What runs, what it is called, and whether anybody sees it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from policy.reach import SITES
from policy.rules import ResourceRule, Rule, Seen, StackRule

TAGS = ("workload", "env", "owner", "cost-center", "managed-by")
# The name of each kind, and the abbreviation that it begins with.
NAMED: Mapping[str, tuple[str, str]] = {
    "resources:ResourceGroup": ("resourceGroupName", "rg"),
    "network:VirtualNetwork": ("virtualNetworkName", "vnet"),
    "network:Subnet": ("subnetName", "snet"),
    "network:NetworkSecurityGroup": ("networkSecurityGroupName", "nsg"),
    "network:PrivateEndpoint": ("privateEndpointName", "pep"),
    "cosmosdb:DatabaseAccount": ("accountName", "cosno"),
    "storage:StorageAccount": ("accountName", "st"),
    "cognitiveservices:Account": ("accountName", "oai"),
    "keyvault:Vault": ("vaultName", "kv"),
    "redisenterprise:RedisEnterprise": ("clusterName", "amr"),
    "containerregistry:Registry": ("registryName", "cr"),
    "managedidentity:UserAssignedIdentity": ("resourceName", "id"),
    "web:AppServicePlan": ("name", "asp"),
    "web:WebApp": ("name", "app"),
    "app:ManagedEnvironment": ("environmentName", "cae"),
    "app:ContainerApp": ("containerAppName", "ca"),
    "operationalinsights:Workspace": ("workspaceName", "log"),
    "applicationinsights:Component": ("resourceName", "appi"),
    "monitor:ActionGroup": ("actionGroupName", "ag"),
    "cdn:Profile": ("profileName", "afd"),
    "cdn:AFDEndpoint": ("endpointName", "fde"),
    "frontdoor:Policy": ("policyName", "fdfp"),
}
# Whose logs or metrics are kept; blobs have theirs beside the account.
OBSERVED = (
    "cosmosdb:DatabaseAccount",
    "storage:StorageAccount",
    "cognitiveservices:Account",
    "keyvault:Vault",
    "redisenterprise:RedisEnterprise",
    "containerregistry:Registry",
    "web:WebApp",
    "web:WebAppSlot",
    "web:AppServicePlan",
    "app:ManagedEnvironment",
    "app:ContainerApp",
    "cdn:Profile",
    "redisenterprise:Database",
    "network:VirtualNetwork",
    "network:NetworkSecurityGroup",
    "monitor:AutoscaleSetting",
    "operationalinsights:Workspace",
)
WORKER = "EVA_WORKER"  # whether a build does background work
_DIGEST = re.compile(r".+/.+@sha256:[0-9a-f]{64}")


def _tags(seen: Seen) -> Iterator[str]:
    if seen.kind in NAMED and seen.kind != "network:Subnet":
        missing = [tag for tag in TAGS if not seen.get("tags") or not seen.get("tags").get(tag)]
        if missing:
            yield f"has no {', '.join(missing)}"


def _names(seen: Seen) -> Iterator[str]:
    if seen.kind in NAMED:
        property_, abbreviation = NAMED[seen.kind]
        name = str(seen.get(property_))
        if not re.match(rf"{abbreviation}-?eva-?", name):
            yield f"{name!r} does not begin with {abbreviation} and the workload"


def _digests(seen: Seen) -> Iterator[str]:
    site = seen.get("siteConfig.linuxFxVersion")
    images = [str(site).removeprefix("DOCKER|")] if site else []
    images += [one.get("image", "") for one in seen.get("template.containers") or []]
    for image in images:
        if not _DIGEST.fullmatch(image):
            yield f"runs {image!r}, which a tag may change: name a digest"


def _observed(stack: Sequence[Seen]) -> Iterator[str]:
    watched = [
        str(seen.get("resourceUri")) for seen in stack if seen.kind == "monitor:DiagnosticSetting"
    ]
    for seen in stack:
        id_ = str(seen.get("id"))
        if (
            seen.kind in OBSERVED
            and id_ not in watched
            and f"{id_}/blobServices/default" not in watched
        ):
            yield f"{seen.name} has no diagnostic setting"


def _healthy(seen: Seen) -> Iterator[str]:
    if seen.kind in SITES:
        if not seen.get("siteConfig.healthCheckPath"):
            yield "is never asked whether it is alive"
        if seen.get("siteConfig.alwaysOn") is not True:
            yield "is put to sleep when nobody calls"
    if seen.kind == "app:ContainerApp" and seen.get("configuration.ingress"):
        [container] = seen.get("template.containers")
        probed = {one["type"] for one in container.get("probes") or []}
        for kind in sorted({"Liveness", "Readiness"} - probed):
            yield f"has no probe for {kind.lower()}"
    if seen.kind == "cdn:AFDOriginGroup" and not seen.get("healthProbeSettings.probePath"):
        yield "sends requests to origins whose health it does not know"


def _scaled(stack: Sequence[Seen]) -> Iterator[str]:
    scaled = {
        str(seen.get("targetResourceUri"))
        for seen in stack
        if seen.kind == "monitor:AutoscaleSetting"
        and seen.get("enabled")
        and all(len(profile.get("rules") or []) > 1 for profile in seen.get("profiles"))
    }
    for seen in stack:
        if seen.kind == "web:AppServicePlan" and seen.get("id") not in scaled:
            yield f"{seen.name} does not grow and shrink by itself"
        if seen.kind == "app:ContainerApp" and not seen.get("template.scale.rules"):
            yield f"{seen.name} does not grow and shrink by itself"


def _slots(stack: Sequence[Seen]) -> Iterator[str]:
    kept = {
        name
        for seen in stack
        if seen.kind == "web:WebAppSlotConfigurationNames"
        for name in seen.get("appSettingNames") or []
    }
    for seen in stack:
        if seen.kind != "web:WebAppSlot":
            continue
        settings = {one["name"]: one["value"] for one in seen.get("siteConfig.appSettings") or []}
        if settings.get(WORKER) != "false":
            yield f"{seen.name} does background work before it is in use"
        if WORKER not in kept:
            yield f"{WORKER} would be swapped with the build"


def _alerts(stack: Sequence[Seen]) -> Iterator[str]:
    rules = [seen for seen in stack if seen.kind == "monitor:ScheduledQueryRule"]
    if not rules:
        yield "nothing is alerted"
    for seen in rules:
        if not seen.get("actions.actionGroups"):
            yield f"{seen.name} tells nobody"
        if not str(seen.get("actions.customProperties.runbook")).endswith(".md"):
            yield f"{seen.name} names no runbook"
    if not any(seen.kind == "consumption:Budget" for seen in stack):
        yield "there is no budget"


RULES: tuple[Rule, ...] = (
    ResourceRule(name="tags", statement="Everything says whose it is and who pays.", find=_tags),
    ResourceRule(name="names", statement="Names follow the Cloud Adoption Framework.", find=_names),
    ResourceRule(
        name="image-by-digest",
        statement="What runs is named by digest, so that it is what was tested and signed.",
        find=_digests,
    ),
    ResourceRule(
        name="known-to-be-alive",
        statement="What serves is asked whether it is alive, and gets no requests when it is not.",
        find=_healthy,
    ),
    StackRule(
        name="scales-by-itself",
        statement="What serves grows and shrinks with what it has to do.",
        find=_scaled,
    ),
    StackRule(
        name="a-waiting-build-waits",
        statement="A build that waits in a slot does no background work; that stays with the slot.",
        find=_slots,
    ),
    StackRule(
        name="everything-observed",
        statement="Everything that has logs or metrics sends them to the workspace.",
        find=_observed,
    ),
    StackRule(
        name="somebody-is-told",
        statement="Alerts reach people, with a runbook; so does what is spent.",
        find=_alerts,
    ),
)
