"""The stack's registry. Released images are imported into it by digest; nobody pushes."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry as registry

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context, child


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """Where images are pulled from."""

    network: Network


class Registry(pulumi.ComponentResource):
    """Images, reached from the network only; `az acr import` works without a public side."""

    id: pulumi.Output[str]
    server: pulumi.Output[str]

    def __init__(self, ctx: Context, args: RegistryArgs) -> None:
        super().__init__("eva:service:Registry", "registry")
        name = ctx.name("cr")
        zones = registry.ZoneRedundancy
        made = registry.Registry(
            "registry",
            registry_name=name,
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            sku=registry.SkuArgs(name=registry.SkuName.PREMIUM),  # the least with private endpoints
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access=registry.PublicNetworkAccess.DISABLED,
            network_rule_bypass_options=registry.NetworkRuleBypassOptions.NONE,
            zone_redundancy=zones.ENABLED if ctx.settings.zones else zones.DISABLED,
            tags=ctx.tags,
            opts=child(self),
        )
        access = PrivateAccessArgs(
            role="registry", target=made.id, group="registry", network=args.network
        )
        PrivateAccess(ctx, access, self)
        self.id = made.id
        self.server = pulumi.Output.from_input(f"{name}.azurecr.io")
        self.register_outputs({"server": self.server})
