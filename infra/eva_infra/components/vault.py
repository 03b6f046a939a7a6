"""Key Vault: access by roles, no access policies, nothing deleted for good at once."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context


@dataclass(frozen=True, kw_only=True)
class VaultArgs:
    """Where it is reached from."""

    network: Network


class Vault(pulumi.ComponentResource):
    """Where secrets live. Their values are put there by people, never by this program."""

    id: pulumi.Output[str]
    uri: pulumi.Output[str]

    def __init__(self, ctx: Context, args: VaultArgs) -> None:
        super().__init__("eva:secrets:Vault", "vault")
        name = ctx.name("kv")
        vault = keyvault.Vault(
            "vault",
            vault_name=name,
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=ctx.client.tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=90,
                enable_purge_protection=True,
                public_network_access="Disabled",
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action=keyvault.NetworkRuleAction.DENY,
                    bypass=keyvault.NetworkRuleBypassOptions.NONE,
                ),
            ),
            tags=ctx.tags,
            opts=ctx.data(self),
        )
        access = PrivateAccessArgs(
            role="vault", target=vault.id, group="vault", network=args.network
        )
        PrivateAccess(ctx, access, self)
        self.id = vault.id
        self.uri = pulumi.Output.concat("https://", name, ".vault.azure.net/")
        self.register_outputs({"uri": self.uri})
