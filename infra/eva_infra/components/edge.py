"""Front Door: the one public name, its firewall, and the ways to the host behind it."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cdn

from eva_infra.components.firewall import firewall
from eva_infra.components.hosting import READY, Host, PrivateLink
from eva_infra.components.own_name import own_name
from eva_infra.context import Context, child

LONGEST_ANSWER_S = 240  # the most that Front Door takes; streams beat every 15 s


class Edge(pulumi.ComponentResource):
    """The profile and its firewall; `publish` gives a host a public name through it."""

    id: pulumi.Output[str]
    front_door_id: pulumi.Output[str]

    def __init__(self, ctx: Context) -> None:
        super().__init__("eva:edge:Edge", "edge")
        self._ctx = ctx
        self._profile = cdn.Profile(
            "profile",
            profile_name=ctx.name("afd"),
            resource_group_name=ctx.group,
            location="global",
            sku=cdn.SkuArgs(name=cdn.SkuName.PREMIUM_AZURE_FRONT_DOOR),  # the firewall's rule sets
            origin_response_timeout_seconds=LONGEST_ANSWER_S,
            tags=ctx.tags,
            opts=child(self),
        )
        self._firewall = firewall(ctx, self)
        self.id = self._profile.id
        self.front_door_id = self._profile.front_door_id
        self.register_outputs({"id": self.id})

    def publish(self, host: Host) -> "Published":
        """Give the build in use and the one that waits a public name each."""
        link = host.private_link
        domain = own_name(self._ctx, self._profile, self) if self._ctx.settings.domain else None
        service = self._way(_Way("service", host.host_name, link, domain))
        staging = self._way(_Way("staging", host.staging, link))
        guarded = [service.id, staging.id, *([domain.id] if domain else [])]
        cdn.SecurityPolicy(
            "guarded",
            security_policy_name="guarded",
            profile_name=self._profile.name,
            resource_group_name=self._ctx.group,
            parameters=cdn.SecurityPolicyWebApplicationFirewallParametersArgs(
                type="WebApplicationFirewall",
                waf_policy=cdn.ResourceReferenceArgs(id=self._firewall.id),
                associations=[
                    cdn.SecurityPolicyWebApplicationFirewallAssociationArgs(
                        domains=[cdn.ActivatedResourceReferenceArgs(id=id_) for id_ in guarded],
                        patterns_to_match=["/*"],
                    )
                ],
            ),
            opts=child(self),
        )
        return Published(
            service=service.host_name,
            staging=staging.host_name,
            proof=domain.validation_properties.validation_token if domain else None,
        )

    def _way(self, way: "_Way") -> cdn.AFDEndpoint:
        ctx = self._ctx
        endpoint = cdn.AFDEndpoint(
            f"endpoint-{way.role}",
            endpoint_name=ctx.name("fde", way.role),
            profile_name=self._profile.name,
            resource_group_name=ctx.group,
            location="global",
            enabled_state=cdn.EnabledState.ENABLED,
            tags=ctx.tags,
            opts=child(self),
        )
        group = self._origins(way)
        origin = self._origin(way, group)
        cdn.Route(
            f"route-{way.role}",
            route_name=way.role,
            endpoint_name=endpoint.name,
            profile_name=self._profile.name,
            resource_group_name=ctx.group,
            origin_group=cdn.ResourceReferenceArgs(id=group.id),
            patterns_to_match=["/*"],
            supported_protocols=[cdn.AFDEndpointProtocols.HTTP, cdn.AFDEndpointProtocols.HTTPS],
            https_redirect=cdn.HttpsRedirect.ENABLED,
            forwarding_protocol=cdn.ForwardingProtocol.HTTPS_ONLY,
            custom_domains=[cdn.ActivatedResourceReferenceArgs(id=way.domain.id)]
            if way.domain
            else [],
            link_to_default_domain=cdn.LinkToDefaultDomain.ENABLED,
            enabled_state=cdn.EnabledState.ENABLED,
            opts=child(self, depends_on=[origin]),  # a route to no origin is refused
        )
        return endpoint

    def _origins(self, way: "_Way") -> cdn.AFDOriginGroup:
        return cdn.AFDOriginGroup(
            f"origins-{way.role}",
            origin_group_name=self._ctx.name("fdog", way.role),
            profile_name=self._profile.name,
            resource_group_name=self._ctx.group,
            load_balancing_settings=cdn.LoadBalancingSettingsParametersArgs(
                sample_size=4, successful_samples_required=3, additional_latency_in_milliseconds=50
            ),
            health_probe_settings=cdn.HealthProbeParametersArgs(
                probe_path=READY,
                probe_protocol=cdn.ProbeProtocol.HTTPS,
                probe_request_type=cdn.HealthProbeRequestType.GET,
                probe_interval_in_seconds=30,
            ),
            session_affinity_state=cdn.EnabledState.DISABLED,
            opts=child(self),
        )

    def _origin(self, way: "_Way", group: cdn.AFDOriginGroup) -> cdn.AFDOrigin:
        return cdn.AFDOrigin(
            f"origin-{way.role}",
            origin_name="host",
            origin_group_name=group.name,
            profile_name=self._profile.name,
            resource_group_name=self._ctx.group,
            host_name=way.host_name,
            origin_host_header=way.host_name,
            http_port=80,
            https_port=443,
            enforce_certificate_name_check=True,
            enabled_state=cdn.EnabledState.ENABLED,
            priority=1,
            weight=1000,
            shared_private_link_resource=_shared(way.link),
            opts=child(self),
        )


@dataclass(frozen=True, kw_only=True)
class Published:
    """The public names of a host's two builds, and what proves whose the own name is.

    `proof` is to be the text of `_dnsauth.<domain>`: then Azure makes its certificate.
    """

    service: pulumi.Output[str]
    staging: pulumi.Output[str]
    proof: pulumi.Output[str] | None


@dataclass(frozen=True)
class _Way:
    role: str
    host_name: pulumi.Output[str]
    link: PrivateLink | None
    domain: cdn.AFDCustomDomain | None = None


def _shared(link: PrivateLink | None) -> cdn.SharedPrivateLinkResourcePropertiesArgs | None:
    if link is None:
        return None
    return cdn.SharedPrivateLinkResourcePropertiesArgs(
        group_id=link.group,
        private_link=cdn.ResourceReferenceArgs(id=link.target),
        private_link_location=link.location,
        request_message="Front Door of this stack",
    )
