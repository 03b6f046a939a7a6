"""Alerts of the service, made from what `dashboards/` holds."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from eva_infra.context import Context, child
from eva_infra.dashboards import AlertRule

SEVERITIES = {"page": 1, "ticket": 3}


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    """What is asked of which workspace, and who is told."""

    rules: tuple[AlertRule, ...]
    workspace: pulumi.Output[str]
    people: pulumi.Output[str]
    repository: str


class Alerts(pulumi.ComponentResource):
    """One log alert for each rule."""

    def __init__(self, ctx: Context, args: AlertsArgs) -> None:
        super().__init__("eva:observability:Alerts", "alerts")
        self._ctx = ctx
        for rule in args.rules:
            self._rule(rule, args)
        self.register_outputs({})

    def _rule(self, rule: AlertRule, args: AlertsArgs) -> None:
        runbook = f"https://github.com/{args.repository}/blob/main/{rule.runbook}"
        monitor.ScheduledQueryRule(
            f"alert-{rule.name}",
            rule_name=rule.name,
            display_name=rule.name,
            description=f"{rule.summary} Runbook: {runbook}",
            resource_group_name=self._ctx.group,
            location=self._ctx.settings.location,
            kind=monitor.Kind.LOG_ALERT,
            enabled=True,
            severity=SEVERITIES[rule.severity],
            scopes=[args.workspace],
            window_size=iso(rule.over),
            evaluation_frequency=iso(rule.every),
            auto_mitigate=True,
            # Tables exist only once telemetry came; a new stack has none yet.
            skip_query_validation=True,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(
                all_of=[
                    monitor.ConditionArgs(
                        query=rule.query,
                        time_aggregation=monitor.TimeAggregation.COUNT,
                        operator=monitor.ConditionOperator.GREATER_THAN,
                        threshold=0,
                        failing_periods=monitor.ConditionFailingPeriodsArgs(
                            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                        ),
                    )
                ]
            ),
            actions=monitor.ActionsArgs(
                action_groups=[args.people], custom_properties={"runbook": runbook}
            ),
            tags=self._ctx.tags,
            opts=child(self),
        )


def iso(duration: str) -> str:
    """Return a duration such as `10m`, `2h` or `1d` as ISO 8601 writes it."""
    number, unit = duration[:-1], duration[-1]
    if not number.isdigit() or unit not in "mhd":
        raise ValueError(f"{duration!r} is no duration such as 10m, 2h or 1d")
    return f"P{number}D" if unit == "d" else f"PT{number}{unit.upper()}"
