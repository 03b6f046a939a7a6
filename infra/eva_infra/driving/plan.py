"""What a preview says would change, and whether that would destroy what is to be kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SAME = frozenset({"same", "read", "read-discard", "refresh"})
DESTRUCTIVE = frozenset({"delete", "replace", "delete-replaced", "create-replacement", "discard"})
# A change of these that deletes loses what people put there.
KEPT = frozenset(
    {
        "azure-native:resources:ResourceGroup",
        "azure-native:cosmosdb:DatabaseAccount",
        "azure-native:cosmosdb:SqlResourceSqlDatabase",
        "azure-native:cosmosdb:SqlResourceSqlContainer",
        "azure-native:storage:StorageAccount",
        "azure-native:storage:BlobContainer",
        "azure-native:storage:BlobContainerImmutabilityPolicy",
        "azure-native:keyvault:Vault",
        "azure-native:operationalinsights:Workspace",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step: what would be done to which resource, and because of which properties."""

    op: str
    type: str
    urn: str
    because: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the resource's logical name."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a preview of a stack found: changes, counts by operation, broken policies."""

    stack: str
    changes: tuple[Change, ...]
    counts: Mapping[str, int]
    policies: tuple[str, ...] = ()

    @property
    def endangered(self) -> tuple[Change, ...]:
        """Return the changes that would destroy data."""
        return tuple(one for one in self.changes if one.op in DESTRUCTIVE and one.type in KEPT)

    @property
    def changed(self) -> bool:
        """Tell whether anything would change."""
        return any(count for op, count in self.counts.items() if op not in SAME)

    def as_data(self) -> dict[str, Any]:
        """Return the plan as JSON has it."""
        return {
            "stack": self.stack,
            "counts": dict(self.counts),
            "changes": [_row(one) for one in self.changes],
            "endangered": [one.urn for one in self.endangered],
            "policies": list(self.policies),
        }


def _row(one: Change) -> dict[str, Any]:
    return {"op": one.op, "type": one.type, "name": one.name, "because": list(one.because)}


def comment(plans: Sequence[Plan]) -> str:
    """Return the plans as a comment on a pull request, in Markdown."""
    return "\n".join(line for plan in plans for line in _section(plan)) + "\n"


def _section(plan: Plan) -> Iterator[str]:
    counts = ", ".join(f"{count} {op}" for op, count in sorted(plan.counts.items()) if count)
    yield f"### Infrastructure: `{plan.stack}`"
    yield ""
    yield counts or "nothing"
    yield ""
    for one in plan.endangered:
        yield f"- :warning: **would destroy** `{one.type}` `{one.name}`"
    for said in plan.policies:
        yield f"- :x: policy: {said}"
    if plan.changes:
        yield ""
        yield "| | kind | name | because of |"
        yield "|---|---|---|---|"
    for one in plan.changes:
        yield f"| {one.op} | `{one.type}` | `{one.name}` | {', '.join(one.because)} |"
    yield ""
