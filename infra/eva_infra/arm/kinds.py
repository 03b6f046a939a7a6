"""Where each kind of resource is in Azure: its path of types and names.

A name in braces is an input of the SDK's; the API version is the one that the SDK was built for.
"""

import importlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

PATHS: Mapping[str, str] = {
    "network:VirtualNetwork": "Microsoft.Network/virtualNetworks/{virtualNetworkName}",
    "network:Subnet": "Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    "network:NetworkSecurityGroup": "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    "network:PrivateEndpoint": "Microsoft.Network/privateEndpoints/{privateEndpointName}",
    "network:PrivateDnsZoneGroup": "Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
    "privatedns:PrivateZone": "Microsoft.Network/privateDnsZones/{privateZoneName}",
    "privatedns:VirtualNetworkLink": "Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
    "cosmosdb:DatabaseAccount": "Microsoft.DocumentDB/databaseAccounts/{accountName}",
    "cosmosdb:SqlResourceSqlDatabase": "Microsoft.DocumentDB/databaseAccounts/{accountName}/sqlDatabases/{databaseName}",
    "cosmosdb:SqlResourceSqlContainer": "Microsoft.DocumentDB/databaseAccounts/{accountName}/sqlDatabases/{databaseName}/containers/{containerName}",
    "cosmosdb:SqlResourceSqlRoleAssignment": "Microsoft.DocumentDB/databaseAccounts/{accountName}/sqlRoleAssignments/{roleAssignmentId}",
    "storage:StorageAccount": "Microsoft.Storage/storageAccounts/{accountName}",
    "storage:BlobServiceProperties": "Microsoft.Storage/storageAccounts/{accountName}/blobServices/{blobServicesName}",
    "storage:BlobContainer": "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
    "storage:BlobContainerImmutabilityPolicy": "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}/immutabilityPolicies/{immutabilityPolicyName}",
    "storage:ManagementPolicy": "Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}",
    "storage:Queue": "Microsoft.Storage/storageAccounts/{accountName}/queueServices/default/queues/{queueName}",
    "cognitiveservices:Account": "Microsoft.CognitiveServices/accounts/{accountName}",
    "cognitiveservices:Deployment": "Microsoft.CognitiveServices/accounts/{accountName}/deployments/{deploymentName}",
    "keyvault:Vault": "Microsoft.KeyVault/vaults/{vaultName}",
    "managedidentity:UserAssignedIdentity": "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    "managedidentity:FederatedIdentityCredential": "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    "authorization:RoleAssignment": "Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    "authorization:ManagementLockByScope": "Microsoft.Authorization/locks/{lockName}",
    "web:AppServicePlan": "Microsoft.Web/serverfarms/{name}",
    "web:WebApp": "Microsoft.Web/sites/{name}",
    "web:WebAppSlot": "Microsoft.Web/sites/{name}/slots/{slot}",
    "web:WebAppSlotConfigurationNames": "Microsoft.Web/sites/{name}/config/slotConfigNames",
    "web:WebAppFtpAllowed": "Microsoft.Web/sites/{name}/basicPublishingCredentialsPolicies/ftp",
    "web:WebAppScmAllowed": "Microsoft.Web/sites/{name}/basicPublishingCredentialsPolicies/scm",
    "app:ManagedEnvironment": "Microsoft.App/managedEnvironments/{environmentName}",
    "app:ContainerApp": "Microsoft.App/containerApps/{containerAppName}",
    "operationalinsights:Workspace": "Microsoft.OperationalInsights/workspaces/{workspaceName}",
    "applicationinsights:Component": "Microsoft.Insights/components/{resourceName}",
    "applicationinsights:Workbook": "Microsoft.Insights/workbooks/{resourceName}",
    "monitor:PrivateLinkScope": "Microsoft.Insights/privateLinkScopes/{scopeName}",
    "monitor:PrivateLinkScopedResource": "Microsoft.Insights/privateLinkScopes/{scopeName}/scopedResources/{name}",
    "monitor:ScheduledQueryRule": "Microsoft.Insights/scheduledQueryRules/{ruleName}",
    "monitor:ActionGroup": "Microsoft.Insights/actionGroups/{actionGroupName}",
    "monitor:DiagnosticSetting": "Microsoft.Insights/diagnosticSettings/{name}",
    "monitor:AutoscaleSetting": "Microsoft.Insights/autoscaleSettings/{autoscaleSettingName}",
    "consumption:Budget": "Microsoft.Consumption/budgets/{budgetName}",
    "dashboard:Dashboard": "Microsoft.Dashboard/dashboards/{dashboardName}",
    "dashboard:DashboardDefinition": "Microsoft.Dashboard/dashboards/{dashboardName}/dashboardDefinitions/{definitionName}",
    "cdn:Profile": "Microsoft.Cdn/profiles/{profileName}",
    "cdn:AFDEndpoint": "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}",
    "cdn:AFDCustomDomain": "Microsoft.Cdn/profiles/{profileName}/customDomains/{customDomainName}",
    "cdn:AFDOriginGroup": "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}",
    "cdn:AFDOrigin": "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}/origins/{originName}",
    "cdn:Route": "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}/routes/{routeName}",
    "cdn:SecurityPolicy": "Microsoft.Cdn/profiles/{profileName}/securityPolicies/{securityPolicyName}",
    "frontdoor:Policy": "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies/{policyName}",
    "redisenterprise:RedisEnterprise": "Microsoft.Cache/redisEnterprise/{clusterName}",
    "redisenterprise:Database": "Microsoft.Cache/redisEnterprise/{clusterName}/databases/{databaseName}",
    "redisenterprise:AccessPolicyAssignment": "Microsoft.Cache/redisEnterprise/{clusterName}/databases/{databaseName}/accessPolicyAssignments/{accessPolicyAssignmentName}",
    "containerregistry:Registry": "Microsoft.ContainerRegistry/registries/{registryName}",
}
# Inputs that say where an extension of another resource is attached.
SCOPES = ("scope", "resourceUri")
GROUP = "resources:ResourceGroup"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"


def arm_type(kind: str) -> str:
    """Return the type as Resource Manager spells it."""
    if kind == GROUP:
        return GROUP_TYPE
    namespace, *parts = PATHS[kind].split("/")
    return "/".join([namespace, *parts[::2]])


def names(kind: str, inputs: Mapping[str, Any]) -> list[str]:
    """Return a resource's names, from the outermost to its own."""
    if kind == GROUP:
        return [inputs["resourceGroupName"]]
    return [_filled(part, inputs) for part in PATHS[kind].split("/")[2::2]]


def named_by(kind: str) -> set[str]:
    """Return the inputs that are in a resource's path and not in its body."""
    return {"resourceGroupName", *re.findall(r"{(\w+)}", PATHS.get(kind, ""))}


def id_of(kind: str, inputs: Mapping[str, Any], subscription: str) -> str:
    """Return the id that Azure gives a resource."""
    group = f"/subscriptions/{subscription}/resourceGroups/{inputs.get('resourceGroupName')}"
    if kind == GROUP:
        return group
    scope = next((inputs[name] for name in SCOPES if _extends(kind, name, inputs)), group)
    path = "/".join(_filled(part, inputs) for part in PATHS[kind].split("/"))
    return f"{scope}/providers/{path}"


@cache
def api_version(kind: str) -> str:
    """Return the version that the SDK speaks for a kind."""
    module, _, name = kind.partition(":")
    package = importlib.import_module(f"pulumi_azure_native.{module}")
    source = Path(importlib.import_module(getattr(package, name).__module__).__file__ or "")
    found = re.search(r"Uses Azure REST API version ([\w-]+)", source.read_text())
    if found is None:
        raise LookupError(f"{kind} does not tell its API version")
    return found[1].rstrip("-")


def _filled(part: str, inputs: Mapping[str, Any]) -> str:
    return str(inputs[part[1:-1]]) if part.startswith("{") else part


def _extends(kind: str, name: str, inputs: Mapping[str, Any]) -> bool:
    # A Cosmos role assignment's scope is a property of it, not where it is attached.
    return name in inputs and not kind.startswith("cosmosdb:")
