"""A private endpoint: the only way to a resource whose public side is off."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from eva_infra.components.network import Network
from eva_infra.context import Context, child


@dataclass(frozen=True, kw_only=True)
class PrivateAccessArgs:
    """What is reached (`group` is the sub-resource), through which network, and after what."""

    role: str
    target: pulumi.Input[str]
    group: str
    network: Network
    after: tuple[pulumi.Resource, ...] = ()


class PrivateAccess(pulumi.ComponentResource):
    """An address in the network for one sub-resource, and its name in private DNS."""

    id: pulumi.Output[str]

    def __init__(self, ctx: Context, args: PrivateAccessArgs, parent: pulumi.Resource) -> None:
        super().__init__("eva:network:PrivateAccess", args.role, opts=child(parent))
        endpoint = network.PrivateEndpoint(
            f"pep-{args.role}",
            private_endpoint_name=ctx.name("pep", args.role),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            subnet=network.SubnetArgs(id=args.network.endpoint_subnet),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=args.role,
                    group_ids=[args.group],
                    private_link_service_id=args.target,
                )
            ],
            tags=ctx.tags,
            opts=child(self, depends_on=list(args.after)),
        )
        network.PrivateDnsZoneGroup(
            f"dns-{args.role}",
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=ctx.group,
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name=name.lower(), private_dns_zone_id=zone)
                for name, zone in args.network.zones(args.group).items()
            ],
            opts=child(self),
        )
        self.id = endpoint.id
        self.register_outputs({"id": self.id})
