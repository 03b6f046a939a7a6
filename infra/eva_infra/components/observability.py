"""Where telemetry goes, who is told of alerts, and what may be spent."""

import pulumi
from pulumi_azure_native import applicationinsights, consumption, monitor, operationalinsights

from eva_infra.context import Context, child

BUDGET_STEPS = {
    "half": (50, "Actual"),
    "most": (80, "Actual"),
    "all": (100, "Actual"),
    "soon": (110, "Forecasted"),
}


class Observability(pulumi.ComponentResource):
    """A workspace, Application Insights on it, a group of people, a budget.

    Telemetry is taken from identities, by the network only: the connection string alone sends
    nothing.
    """

    workspace: pulumi.Output[str]
    insights: pulumi.Output[str]
    connection_string: pulumi.Output[str]
    people: pulumi.Output[str]

    def __init__(self, ctx: Context) -> None:
        super().__init__("eva:observability:Observability", "observability")
        self._ctx = ctx
        self._queries = "Disabled" if ctx.settings.private_queries else "Enabled"
        workspace = self._workspace()
        insights = self._insights(workspace)
        people = self._people()
        self._budget(people)
        self.workspace = workspace.id
        self.insights = insights.id
        self.connection_string = insights.connection_string
        self.people = people.id
        self.register_outputs({"workspace": self.workspace})

    def _workspace(self) -> operationalinsights.Workspace:
        ctx = self._ctx
        return operationalinsights.Workspace(
            "workspace",
            workspace_name=ctx.name("log"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            sku=operationalinsights.WorkspaceSkuArgs(
                name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018
            ),
            retention_in_days=ctx.settings.log_days,
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True, enable_log_access_using_only_resource_permissions=True
            ),
            public_network_access_for_ingestion="Disabled",
            public_network_access_for_query=self._queries,
            tags=ctx.tags,
            opts=ctx.data(self),
        )

    def _insights(self, workspace: operationalinsights.Workspace) -> applicationinsights.Component:
        ctx = self._ctx
        return applicationinsights.Component(
            "insights",
            resource_name_=ctx.name("appi"),
            resource_group_name=ctx.group,
            location=ctx.settings.location,
            kind="web",
            application_type=applicationinsights.ApplicationType.WEB,
            ingestion_mode=applicationinsights.IngestionMode.LOG_ANALYTICS,
            workspace_resource_id=workspace.id,
            disable_local_auth=True,
            public_network_access_for_ingestion="Disabled",
            public_network_access_for_query=self._queries,
            tags=ctx.tags,
            opts=child(self),
        )

    def _people(self) -> monitor.ActionGroup:
        ctx = self._ctx
        return monitor.ActionGroup(
            "people",
            action_group_name=ctx.name("ag"),
            resource_group_name=ctx.group,
            location="global",
            group_short_name=f"eva-{ctx.settings.environment}"[:12],
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=f"person-{place}", email_address=address, use_common_alert_schema=True
                )
                for place, address in enumerate(ctx.settings.alert_emails)
            ],
            tags=ctx.tags,
            opts=child(self),
        )

    def _budget(self, people: monitor.ActionGroup) -> None:
        ctx, settings = self._ctx, self._ctx.settings
        consumption.Budget(
            "budget",
            budget_name=ctx.name("budget"),
            scope=ctx.group_id,
            amount=settings.monthly_budget,
            category=consumption.CategoryType.COST,
            time_grain=consumption.TimeGrainType.MONTHLY,
            time_period=consumption.BudgetTimePeriodArgs(
                start_date=f"{settings.budget_start.isoformat()}T00:00:00Z"
            ),
            notifications={
                name: consumption.NotificationArgs(
                    enabled=True,
                    operator=consumption.OperatorType.GREATER_THAN_OR_EQUAL_TO,
                    threshold=percent,
                    threshold_type=kind,
                    contact_emails=list(settings.alert_emails),
                    contact_groups=[people.id],
                )
                for name, (percent, kind) in BUDGET_STEPS.items()
            },
            opts=child(self),
        )
