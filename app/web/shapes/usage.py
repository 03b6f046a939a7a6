"""What was used, and who is charged."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core import chargeback
from app.core.budgets import MILLIONTHS


class Used(TypedDict):
    """What was used altogether."""

    requests: int
    questions: int
    prompt_tokens: int
    completion_tokens: int
    money: Annotated[float, Field(description="In the currency that prices are set in.")]


class DepartmentUsage(Used):
    """What a department used."""

    department: Annotated[str, Field(description="Empty: neither key nor space names one.")]


class UsageLine(DepartmentUsage):
    """What one principal used in one space."""

    principal_id: str
    space_id: Annotated[str, Field(description="Empty: requests, whatever their space.")]


class UsageStatement(TypedDict):
    """What the tenant used."""

    first_day: str
    last_day: str
    total: Used
    departments: list[DepartmentUsage]
    lines: list[UsageLine]


def used(found: chargeback.Sum) -> Used:
    """Show a sum."""
    return Used(
        requests=found.requests,
        questions=found.questions,
        prompt_tokens=found.prompt_tokens,
        completion_tokens=found.completion_tokens,
        money=found.money / MILLIONTHS,
    )


def usage_statement(found: chargeback.Statement) -> UsageStatement:
    """Show a statement."""
    return UsageStatement(
        first_day=found.first_day,
        last_day=found.last_day,
        total=used(found.total),
        departments=[{"department": name, **used(one)} for name, one in found.departments.items()],
        lines=[
            {
                "department": line.department,
                "principal_id": line.principal_id,
                "space_id": line.space_id,
                **used(line.used),
            }
            for line in found.lines
        ],
    )
