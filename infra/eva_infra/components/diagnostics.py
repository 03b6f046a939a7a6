"""Logs and metrics of everything, in one workspace."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from eva_infra.context import Context, child


@dataclass(frozen=True, kw_only=True)
class DiagnosticsArgs:
    """Where to, and of what: ids by role. Some have metrics only, some have logs only."""

    workspace: pulumi.Output[str]
    of: Mapping[str, pulumi.Output[str]]
    metrics_only: frozenset[str] = frozenset()
    logs_only: frozenset[str] = frozenset()


class Diagnostics(pulumi.ComponentResource):
    """One diagnostic setting for each resource."""

    def __init__(self, ctx: Context, args: DiagnosticsArgs) -> None:
        super().__init__("eva:observability:Diagnostics", "diagnostics")
        for role, target in args.of.items():
            monitor.DiagnosticSetting(
                f"diag-{role}",
                name=ctx.name("diag", role),
                resource_uri=target,
                workspace_id=args.workspace,
                log_analytics_destination_type="Dedicated",
                logs=[]
                if role in args.metrics_only
                else [monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=True)],
                metrics=[]
                if role in args.logs_only
                else [monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
                opts=child(self),
            )
        self.register_outputs({})
