"""What is known of a stack without deploying it: its graph, its violations, its verdicts."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eva_infra.arm.export import template
from eva_infra.arm.types import Types, Verdict
from eva_infra.program import deploy
from eva_infra.recording import Graph, record
from eva_infra.settings import PROJECT, STACKS, config_of
from policy.policies import POLICIES, Violation, violations

TYPES = "EVA_BICEP_TYPES"
TYPES_DEFAULT = Path(__file__).parents[3] / "shared/data/bicep-types"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was found of one stack; `verdicts` is None where there are no published types."""

    stack: str
    resources: int
    policies: int
    violations: tuple[Violation, ...]
    verdicts: tuple[Verdict, ...] | None

    @property
    def passed(self) -> bool:
        """Tell whether nothing was found. What could not be checked is told, not passed over."""
        wrong = [one for one in self.verdicts or () if one.problems]
        return not self.violations and not wrong


def graph(stack: str, **replaced: str) -> Graph:
    """Return a stack's recorded graph; settings may be replaced by name."""
    config = config_of(stack) | {f"{PROJECT}:{name}": value for name, value in replaced.items()}
    return _recorded(stack, tuple(sorted(config.items())))


@cache
def _recorded(stack: str, config: tuple[tuple[str, str], ...]) -> Graph:
    return record(stack, deploy, dict(config))


def prove(recorded: Graph, types: Types | None) -> Proof:
    """Ask every policy, and every published type, about a recorded graph."""
    verdicts = tuple(types.check_all(template(recorded))) if types else None
    return Proof(
        stack=recorded.stack,
        resources=len(list(recorded.custom)),
        policies=len(POLICIES),
        violations=tuple(violations(recorded)),
        verdicts=verdicts,
    )


def stacks(name: str) -> tuple[str, ...]:
    """Return the stacks that a name stands for: itself, or all."""
    return STACKS if name == "all" else (name,)
