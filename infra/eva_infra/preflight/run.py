"""All checks, each with its own outcome: one that could not be made has not passed."""

from collections.abc import Iterable
from dataclasses import dataclass

from eva_infra.preflight.azure_cli import NotAnsweredError
from eva_infra.preflight.checks import CHECKS, Check, Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One check: what is true when it passes, and what is wrong."""

    check: str
    statement: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.problems


def run(one: Deployment, checks: Iterable[Check] = CHECKS) -> tuple[Outcome, ...]:
    """Return the outcome of each check."""
    return tuple(_outcome(one, check) for check in checks)


def _outcome(one: Deployment, check: Check) -> Outcome:
    try:
        problems = tuple(check(one))
    except NotAnsweredError as failed:
        problems = (f"could not be checked: {failed}",)
    return Outcome(
        check=check.__name__.replace("_", "-"),
        statement=(check.__doc__ or "").strip(),
        problems=problems,
    )
