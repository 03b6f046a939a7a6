"""Who used how much: by principal and space, and by the department that is charged.

A key's department is said when it is made, a space's by a tag such as `department:finance`. The
key's comes first. Both are looked up now: who moves to another department takes its past along.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.access import Principal
from app.core.kinds import API_KEYS, SPACES
from app.core.models.spending import Spending
from app.core.ports import Ports

TAG = "department:"
_KEY = "key:"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet might take for a formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was used altogether; money in millionths."""

    requests: int = 0
    questions: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: int = 0

    @classmethod
    def of(cls, rows: Iterable[Spending]) -> "Sum":
        """Add up."""
        listed = list(rows)
        return cls(
            requests=sum(row.requests for row in listed),
            questions=sum(row.questions for row in listed),
            prompt_tokens=sum(row.prompt_tokens for row in listed),
            completion_tokens=sum(row.completion_tokens for row in listed),
            money=sum(row.money for row in listed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one principal used in one space."""

    department: str
    principal_id: str
    space_id: str
    used: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a tenant used from one day to another (UTC), both included."""

    first_day: str
    last_day: str
    total: Sum
    departments: Mapping[str, Sum]  # "" for what nobody is charged for
    lines: Sequence[Line]


async def statement(ports: Ports, principal: Principal, first: str, last: str) -> Statement:
    """Return what was used by everyone in every space of the tenant."""
    rows = await ports.meter.between(principal.tenant_id, first, last)
    groups: dict[tuple[str, str], list[Spending]] = {}
    for row in rows:
        groups.setdefault((row.principal_id, row.space_id), []).append(row)
    named = await _departments(ports, principal, groups)
    by_department: dict[str, list[Spending]] = {}
    for pair, group in groups.items():
        by_department.setdefault(named[pair], []).extend(group)
    return Statement(
        first_day=first,
        last_day=last,
        total=Sum.of(rows),
        departments={name: Sum.of(group) for name, group in sorted(by_department.items())},
        lines=tuple(
            Line(
                department=named[pair],
                principal_id=pair[0],
                space_id=pair[1],
                used=Sum.of(groups[pair]),
            )
            for pair in sorted(groups)
        ),
    )


async def _departments(
    ports: Ports, principal: Principal, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    listed = list(pairs)
    key_ids = sorted({who.removeprefix(_KEY) for who, _ in listed if who.startswith(_KEY)})
    keys = await ports.records.get_many(API_KEYS, principal.home, key_ids)
    space_ids = sorted({where for _, where in listed if where})
    spaces = await ports.records.get_many(SPACES, principal.home, space_ids)
    of_space = {
        id_: tag.removeprefix(TAG)
        for id_, space in spaces.items()
        for tag in reversed(space.value.tags)
        if tag.startswith(TAG)
    }
    of_key = {f"{_KEY}{id_}": key.value.department for id_, key in keys.items()}
    return {(who, where): of_key.get(who) or of_space.get(where, "") for who, where in listed}


def cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
