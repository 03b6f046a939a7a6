"""The web application firewall in front of the service."""

import pulumi
from pulumi_azure_native import frontdoor

from eva_infra.context import Context, child

REQUESTS_PER_ADDRESS = 6000  # a minute: what the service itself allows an address by default


def firewall(ctx: Context, parent: pulumi.Resource) -> frontdoor.Policy:
    """Return a policy of Microsoft's rule sets, and a bound on what one address may ask."""
    return frontdoor.Policy(
        "firewall",
        policy_name=ctx.name("fdfp"),
        resource_group_name=ctx.group,
        location="global",
        sku=frontdoor.SkuArgs(name=frontdoor.SkuName.PREMIUM_AZURE_FRONT_DOOR),
        policy_settings=frontdoor.PolicySettingsArgs(
            enabled_state=frontdoor.PolicyEnabledState.ENABLED,
            mode=ctx.settings.waf_mode,
            request_body_check=frontdoor.PolicyRequestBodyCheck.ENABLED,
        ),
        managed_rules=frontdoor.ManagedRuleSetListArgs(
            managed_rule_sets=[
                frontdoor.ManagedRuleSetArgs(
                    rule_set_type="Microsoft_DefaultRuleSet",
                    rule_set_version="2.1",
                    rule_set_action=frontdoor.ManagedRuleSetActionType.BLOCK,
                ),
                frontdoor.ManagedRuleSetArgs(
                    rule_set_type="Microsoft_BotManagerRuleSet", rule_set_version="1.1"
                ),
            ]
        ),
        custom_rules=frontdoor.CustomRuleListArgs(rules=[_not_too_often()]),
        tags=ctx.tags,
        opts=child(parent),
    )


def _not_too_often() -> frontdoor.CustomRuleArgs:
    return frontdoor.CustomRuleArgs(
        name="NotTooOften",
        priority=100,
        enabled_state=frontdoor.CustomRuleEnabledState.ENABLED,
        rule_type=frontdoor.RuleType.RATE_LIMIT_RULE,
        rate_limit_duration_in_minutes=1,
        rate_limit_threshold=REQUESTS_PER_ADDRESS,
        match_conditions=[  # every address, of either kind
            frontdoor.MatchConditionArgs(
                match_variable=frontdoor.MatchVariable.SOCKET_ADDR,
                operator=frontdoor.Operator.IP_MATCH,
                match_value=["0.0.0.0/0", "::/0"],
            )
        ],
        action=frontdoor.ActionType.BLOCK,
    )
