"""The virtual network: a subnet for the service, one for private endpoints, private DNS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network, privatedns

from eva_infra.components.traffic import Calls, calls, only_from
from eva_infra.context import Context, child

# The private DNS zone of each service that is reached by a private endpoint, by its group;
# Azure Monitor's endpoint answers for several names.
ZONES: Mapping[str, str] = {
    "Sql": "privatelink.documents.azure.com",
    "blob": "privatelink.blob.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "account": "privatelink.openai.azure.com",
    "vault": "privatelink.vaultcore.azure.net",
    "redisEnterprise": "privatelink.redis.azure.net",
    "registry": "privatelink.azurecr.io",
    "monitor": "privatelink.monitor.azure.com",
    "oms": "privatelink.oms.opinsights.azure.com",
    "ods": "privatelink.ods.opinsights.azure.com",
    "agentsvc": "privatelink.agentsvc.azure-automation.net",
}
ZONES_OF: Mapping[str, tuple[str, ...]] = {
    "azuremonitor": ("monitor", "oms", "ods", "agentsvc", "blob")
}
DELEGATIONS = {
    "appservice": "Microsoft.Web/serverFarms",
    "containerapps": "Microsoft.App/environments",
}


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """The addresses of the network, the host that the service's subnet is given to, its calls.

    `called` are public addresses that the service may call, beside what it always may.
    """

    space: IPv4Network
    hosting: str
    called: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class _Part:
    """One subnet: its role, its addresses, what may pass, to what kind of host it is given."""

    role: str
    space: IPv4Network
    rules: list[network.SecurityRuleArgs] = field(default_factory=list[network.SecurityRuleArgs])
    delegations: list[network.DelegationArgs] = field(default_factory=list[network.DelegationArgs])


class Network(pulumi.ComponentResource):
    """What all private traffic goes through."""

    id: pulumi.Output[str]
    service_subnet: pulumi.Output[str]
    endpoint_subnet: pulumi.Output[str]
    security_groups: Mapping[str, pulumi.Output[str]]

    def __init__(self, ctx: Context, args: NetworkArgs) -> None:
        super().__init__("eva:network:Network", "network")
        self._ctx = ctx
        self.security_groups = {}
        # The first half is the service's: hosts that scale out take many addresses.
        service, others = args.space.subnets(prefixlen_diff=1)
        endpoints = next(others.subnets(new_prefix=max(24, others.prefixlen)))
        vnet = network.VirtualNetwork(
            "vnet",
            virtual_network_name=ctx.name("vnet"),
            resource_group_name=ctx.group,
            address_space=network.AddressSpaceArgs(address_prefixes=[str(args.space)]),
            tags=ctx.tags,
            opts=child(self),
        )
        host = network.DelegationArgs(name="host", service_name=DELEGATIONS[args.hosting])
        out = calls(Calls(args.hosting, service, endpoints, args.called))
        subnet = self._subnet(vnet, _Part("service", service, rules=out, delegations=[host]))
        # Azure changes one subnet of a network at a time.
        only = _Part("endpoints", endpoints, rules=only_from(service))
        inner = self._subnet(vnet, only, after=[subnet])
        self.id = vnet.id
        self.service_subnet = subnet.id
        self.endpoint_subnet = inner.id
        self._zones = {group: self._zone(group, zone, vnet) for group, zone in ZONES.items()}
        self.register_outputs({"id": self.id})

    def zones(self, group: str) -> Mapping[str, pulumi.Output[str]]:
        """Return the private DNS zones, by name, of what is reached as this group."""
        return {name: self._zones[name] for name in ZONES_OF.get(group, (group,))}

    def _subnet(
        self, vnet: network.VirtualNetwork, part: "_Part", after: Sequence[pulumi.Resource] = ()
    ) -> network.Subnet:
        ctx = self._ctx
        group = network.NetworkSecurityGroup(
            f"nsg-{part.role}",
            network_security_group_name=ctx.name("nsg", part.role),
            resource_group_name=ctx.group,
            security_rules=part.rules,
            tags=ctx.tags,
            opts=child(self),
        )
        self.security_groups = {**self.security_groups, part.role: group.id}
        return network.Subnet(
            f"snet-{part.role}",
            subnet_name=ctx.name("snet", part.role),
            resource_group_name=ctx.group,
            virtual_network_name=vnet.name,
            address_prefix=str(part.space),
            default_outbound_access=False,
            private_endpoint_network_policies=(
                network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED
            ),
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
            delegations=part.delegations,
            opts=child(self, depends_on=list(after)),
        )

    def _zone(self, group: str, name: str, vnet: network.VirtualNetwork) -> pulumi.Output[str]:
        zone = privatedns.PrivateZone(
            f"zone-{group.lower()}",
            private_zone_name=name,
            resource_group_name=self._ctx.group,
            location="global",
            tags=self._ctx.tags,
            opts=child(self),
        )
        privatedns.VirtualNetworkLink(
            f"link-{group.lower()}",
            virtual_network_link_name=self._ctx.name("vnet"),
            private_zone_name=zone.name,
            resource_group_name=self._ctx.group,
            location="global",
            registration_enabled=False,
            virtual_network=privatedns.SubResourceArgs(id=vnet.id),
            tags=self._ctx.tags,
            opts=child(self),
        )
        return zone.id
