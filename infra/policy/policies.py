"""The rules as policies, which the Pulumi command line runs, and tests run without it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from eva_infra.recording import Graph, Recorded
from policy import granting, keeping, reach, running, secrecy
from policy.rules import ResourceRule, Rule, Seen, StackRule

PROVIDER = "azure-native:"
RULES: tuple[Rule, ...] = (
    *reach.RULES,
    *secrecy.RULES,
    *keeping.RULES,
    *granting.RULES,
    *running.RULES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a graph breaks, and where."""

    policy: str
    message: str


def _resource_policy(rule: ResourceRule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type.startswith(PROVIDER):
            for problem in rule.find(_seen(args)):
                report(f"{args.name} {problem}", None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.statement,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


def _stack_policy(rule: StackRule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        seen = [_seen(one) for one in args.resources if one.resource_type.startswith(PROVIDER)]
        for problem in rule.find(seen):
            report(problem, None)

    return StackValidationPolicy(
        name=rule.name,
        description=rule.statement,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


def _seen(args: ResourceValidationArgs | PolicyResource) -> Seen:
    return Seen(
        kind=args.resource_type.removeprefix(PROVIDER),
        name=args.name,
        props=args.props,
        protected=args.opts.protect,
    )


def _policy(rule: Rule) -> Policy:
    return _resource_policy(rule) if isinstance(rule, ResourceRule) else _stack_policy(rule)


POLICIES: tuple[Policy, ...] = tuple(_policy(rule) for rule in RULES)


def violations(graph: Graph, policies: Iterable[Policy] = POLICIES) -> list[Violation]:
    """Return what policies hold against a recorded graph, as they would in a preview."""
    resources = list(graph.custom)
    return [found for policy in policies for found in _asked(policy, resources)]


def _asked(policy: Policy, resources: list[Recorded]) -> Iterator[Violation]:
    said: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        said.append(message)

    if isinstance(policy, ResourceValidationPolicy):
        for one in resources:
            policy.validate(
                ResourceValidationArgs(
                    one.type, one.inputs, one.urn, one.name, _options(one), None
                ),
                report,
            )
    elif isinstance(policy, StackValidationPolicy):
        policy.validate(StackValidationArgs([_resource(one) for one in resources]), report)
    return (Violation(policy=policy.name, message=message) for message in said)


def _resource(one: Recorded) -> PolicyResource:
    props = {**one.inputs, "id": one.id}
    return PolicyResource(one.type, props, one.urn, one.name, _options(one), None, None, [], {})


def _options(one: Recorded) -> PolicyResourceOptions:
    never = PolicyCustomTimeouts(0, 0, 0)
    return PolicyResourceOptions(
        one.protect, list(one.ignore_changes), one.delete_before_replace, [], never, []
    )
