"""How many instances of a plan run: by what their processors do."""

import pulumi
from pulumi_azure_native import monitor

from eva_infra.context import Context, child

BUSY_PERCENT = 65
IDLE_PERCENT = 30


def scale_plan(
    ctx: Context, plan: pulumi.Output[str], parent: pulumi.Resource
) -> monitor.AutoscaleSetting:
    """Let a plan grow quickly and shrink slowly between the stack's bounds."""
    settings = ctx.settings
    return monitor.AutoscaleSetting(
        "autoscale",
        autoscale_setting_name=ctx.name("as"),
        name=ctx.name("as"),
        resource_group_name=ctx.group,
        location=settings.location,
        enabled=True,
        target_resource_uri=plan,
        profiles=[
            monitor.AutoscaleProfileArgs(
                name="by-cpu",
                capacity=monitor.ScaleCapacityArgs(
                    minimum=str(settings.least_instances),
                    default=str(settings.least_instances),
                    maximum=str(settings.most_instances),
                ),
                rules=[_rule(plan, grow=True), _rule(plan, grow=False)],
            )
        ],
        tags=ctx.tags,
        opts=child(parent),
    )


def _rule(plan: pulumi.Output[str], *, grow: bool) -> monitor.ScaleRuleArgs:
    greater = monitor.ComparisonOperationType.GREATER_THAN
    return monitor.ScaleRuleArgs(
        metric_trigger=monitor.MetricTriggerArgs(
            metric_name="CpuPercentage",
            metric_resource_uri=plan,
            time_grain="PT1M",
            statistic=monitor.MetricStatisticType.AVERAGE,
            time_window="PT5M" if grow else "PT15M",
            time_aggregation=monitor.TimeAggregationType.AVERAGE,
            operator=greater if grow else monitor.ComparisonOperationType.LESS_THAN,
            threshold=BUSY_PERCENT if grow else IDLE_PERCENT,
        ),
        scale_action=monitor.ScaleActionArgs(
            direction=monitor.ScaleDirection.INCREASE if grow else monitor.ScaleDirection.DECREASE,
            type=monitor.ScaleType.CHANGE_COUNT,
            value="2" if grow else "1",
            cooldown="PT3M" if grow else "PT15M",
        ),
    )
