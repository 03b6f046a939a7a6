"""A recorded graph as a Resource Manager template, in Azure's spelling instead of the SDK's."""

from collections.abc import Iterator, Mapping
from typing import Any

from eva_infra.arm.kinds import GROUP, SCOPES, api_version, arm_type, named_by, names
from eva_infra.recording.graph import Graph, Recorded

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
TOP_LEVEL = frozenset(
    {
        "location",
        "tags",
        "sku",
        "kind",
        "identity",
        "zones",
        "plan",
        "managedBy",
        "extendedLocation",
    }
)
Value = Any

# Where the SDK calls a property otherwise than Azure does.
RENAMED: Mapping[str, Mapping[str, str]] = {
    "storage:StorageAccount": {
        "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
        "networkRuleSet": "networkAcls",
    },
    "applicationinsights:Component": {
        "applicationType": "Application_Type",
        "workspaceResourceId": "WorkspaceResourceId",
        "disableLocalAuth": "DisableLocalAuth",
        "ingestionMode": "IngestionMode",
        "flowType": "Flow_Type",
        "requestSource": "Request_Source",
    },
}
# Lists whose items Azure wants as `{name, properties}`.
WRAPPED: Mapping[str, tuple[str, ...]] = {
    "network:NetworkSecurityGroup": ("securityRules",),
    "network:Subnet": ("delegations",),
    "network:PrivateEndpoint": ("privateLinkServiceConnections",),
    "network:PrivateDnsZoneGroup": ("privateDnsZoneConfigs",),
}
# Of these only the id is told: the rest is another resource's.
BY_ID: Mapping[str, tuple[str, ...]] = {
    "network:PrivateEndpoint": ("subnet",),
    "network:Subnet": ("networkSecurityGroup",),
}
NAME_STAYS = frozenset({"monitor:AutoscaleSetting"})
SKU_IN_PROPERTIES = frozenset({"operationalinsights:Workspace"})
BODILESS = frozenset({"managedidentity:UserAssignedIdentity"})


def template(graph: Graph) -> dict[str, Value]:
    """Return the whole template."""
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "resources": sorted(
            map(resource, graph.custom), key=lambda one: (one["type"], one["name"])
        ),
    }


def resource(one: Recorded) -> dict[str, Value]:
    """Return one resource of the template."""
    kind = one.kind
    made: dict[str, Value] = {
        "type": arm_type(kind),
        "apiVersion": api_version(kind),
        "name": "/".join(names(kind, one.inputs)),
    }
    properties: dict[str, Value] = {}
    for name, value in _own(one):
        if name in SCOPES and kind != "cosmosdb:SqlResourceSqlRoleAssignment":
            made["scope"] = value
        elif name in TOP_LEVEL and not (name == "sku" and kind in SKU_IN_PROPERTIES):
            made[name] = _identity(value) if name == "identity" else value
        elif name == "properties":
            properties |= value
        else:
            properties[RENAMED.get(kind, {}).get(name, name)] = _shaped(kind, name, value)
    if properties and kind not in BODILESS:
        made["properties"] = properties
    return made


def _own(one: Recorded) -> Iterator[tuple[str, Value]]:
    """Yield the inputs that are in a resource's body."""
    left_out = named_by(one.kind)
    if one.kind in NAME_STAYS:
        left_out = left_out - {"name"}
    if one.kind == GROUP:
        left_out = left_out | {"resourceGroupName"}
    for name, value in one.inputs.items():
        if name not in left_out:
            yield name, plain(value)


def plain(value: Value) -> Value:
    """Return a value as JSON has it: whole numbers whole, `odata.type` under its own name."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {("odata.type" if k == "odataType" else k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _shaped(kind: str, name: str, value: Value) -> Value:
    if name in WRAPPED.get(kind, ()):
        return [_wrapped(one) for one in value]
    if name in BY_ID.get(kind, ()):
        return {"id": value["id"]}
    return value


def _wrapped(item: Mapping[str, Value]) -> dict[str, Value]:
    return {"name": item["name"], "properties": {k: v for k, v in item.items() if k != "name"}}


def _identity(value: Mapping[str, Value]) -> dict[str, Value]:
    assigned = value.get("userAssignedIdentities")
    return {**value, **({"userAssignedIdentities": {i: {} for i in assigned}} if assigned else {})}
