"""Azure Monitor's private link scope: telemetry leaves and enters by the network only."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from eva_infra.components.network import Network
from eva_infra.components.private_access import PrivateAccess, PrivateAccessArgs
from eva_infra.context import Context, child


@dataclass(frozen=True, kw_only=True)
class TelemetryLinkArgs:
    """Where telemetry comes from, and what takes it."""

    network: Network
    workspace: pulumi.Output[str]
    insights: pulumi.Output[str]


class TelemetryLink(pulumi.ComponentResource):
    """The one scope of the network: nothing can be sent from it to anybody else's telemetry."""

    id: pulumi.Output[str]

    def __init__(self, ctx: Context, args: TelemetryLinkArgs) -> None:
        super().__init__("eva:observability:TelemetryLink", "telemetry-link")
        queries = (
            monitor.AccessMode.PRIVATE_ONLY
            if ctx.settings.private_queries
            else monitor.AccessMode.OPEN
        )
        scope = monitor.PrivateLinkScope(
            "telemetry",
            scope_name=ctx.name("ampls"),
            resource_group_name=ctx.group,
            location="global",
            access_mode_settings=monitor.AccessModeSettingsArgs(
                ingestion_access_mode=monitor.AccessMode.PRIVATE_ONLY,
                query_access_mode=queries,
            ),
            tags=ctx.tags,
            opts=child(self),
        )
        linked: list[pulumi.Resource] = []
        for role, target in (("workspace", args.workspace), ("insights", args.insights)):
            made = monitor.PrivateLinkScopedResource(
                f"linked-{role}",
                name=role,
                scope_name=scope.name,
                resource_group_name=ctx.group,
                linked_resource_id=target,
                opts=child(self, depends_on=list(linked)),  # a scope changes one at a time
            )
            linked.append(made)
        access = PrivateAccessArgs(
            role="telemetry",
            target=scope.id,
            group="azuremonitor",
            network=args.network,
            after=tuple(linked),
        )
        PrivateAccess(ctx, access, self)
        self.id = scope.id
        self.register_outputs({"id": self.id})
