"""Typed filters over attributes: `{"field", "op", "value"}`, `{"and": […]}`, `{"or": […]}`.

The meaning is `matches`; a backend that filters by other means (SQL) must agree with it, and the
contract suite holds them together. Values of different types never compare: they do not match.
A list attribute (tags) matches when one of its members does; `ne` is the negation of `eq`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from app.core.errors import InvalidInputError
from app.core.models import Scalar

Attributes: TypeAlias = Mapping[str, Scalar | list[str]]
MAX_DEPTH = 5
MAX_CONDITIONS = 50
MAX_VALUES = 100
MAX_FIELD = 200


class Op(StrEnum):
    """Comparison operators."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `value` is a tuple for `in` only."""

    field: str
    op: Op
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part matches."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part matches."""

    parts: tuple["Filter", ...]


Filter: TypeAlias = Condition | AllOf | AnyOf

_ORDER: Mapping[Op, Callable[[float | str, float | str], bool]] = {
    Op.GT: lambda a, b: a > b,  # type: ignore[operator]
    Op.GTE: lambda a, b: a >= b,  # type: ignore[operator]
    Op.LT: lambda a, b: a < b,  # type: ignore[operator]
    Op.LTE: lambda a, b: a <= b,  # type: ignore[operator]
}


def matches(where: Filter, attributes: Attributes) -> bool:
    """Tell whether an object with these attributes passes the filter."""
    match where:
        case AllOf(parts):
            return all(matches(part, attributes) for part in parts)
        case AnyOf(parts):
            return any(matches(part, attributes) for part in parts)
        case Condition():
            return _holds(where, attributes.get(where.field))


def _holds(condition: Condition, found: Scalar | list[str] | None) -> bool:
    if condition.op is Op.NE:
        return not _holds(Condition(condition.field, Op.EQ, condition.value), found)
    if found is None:
        return False
    members = found if isinstance(found, list) else [found]
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if condition.op in (Op.EQ, Op.IN):
        return any(_same_type(m, w) and m == w for m in members for w in wanted)
    compare = _ORDER[condition.op]
    return any(
        _same_type(m, w) and not isinstance(m, bool) and compare(m, w)
        for m in members
        for w in wanted
    )


def _same_type(left: Scalar, right: Scalar) -> bool:
    return _type(left) == _type(right)


def _type(value: Scalar) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def parse(raw: object) -> Filter:
    """Read the JSON form.

    Raises InvalidInputError naming the JSON pointer of what is wrong below `/filter`.
    """
    budget = [MAX_CONDITIONS]
    return _parse(raw, "/filter", 1, budget)


def _parse(raw: object, pointer: str, depth: int, budget: list[int]) -> Filter:
    if not isinstance(raw, Mapping):
        raise InvalidInputError(pointer=pointer, reason="must be an object")
    if depth > MAX_DEPTH:
        raise InvalidInputError(pointer=pointer, reason=f"nested deeper than {MAX_DEPTH}")
    for name, kind in (("and", AllOf), ("or", AnyOf)):
        if name in raw:
            return kind(_parts(raw, name, f"{pointer}/{name}", (depth, budget)))
    budget[0] -= 1
    if budget[0] < 0:
        raise InvalidInputError(pointer=pointer, reason=f"more than {MAX_CONDITIONS} conditions")
    return _condition(raw, pointer)


def _parts(
    raw: Mapping[object, object], name: str, pointer: str, state: tuple[int, list[int]]
) -> tuple[Filter, ...]:
    parts = raw[name]
    if len(raw) != 1 or not isinstance(parts, list) or not parts:
        raise InvalidInputError(pointer=pointer, reason="must be a non-empty list, alone")
    depth, budget = state
    return tuple(_parse(p, f"{pointer}/{n}", depth + 1, budget) for n, p in enumerate(parts))


def _condition(raw: Mapping[object, object], pointer: str) -> Condition:
    if set(raw) != {"field", "op", "value"}:
        raise InvalidInputError(pointer=pointer, reason="needs exactly field, op and value")
    field, value = raw["field"], raw["value"]
    if not isinstance(field, str) or not 0 < len(field) <= MAX_FIELD:
        raise InvalidInputError(pointer=f"{pointer}/field", reason="must be a field name")
    try:
        op = Op(str(raw["op"]))
    except ValueError:
        known = ", ".join(Op)
        raise InvalidInputError(pointer=f"{pointer}/op", reason=f"must be one of {known}") from None
    if op is Op.IN:
        return Condition(field, op, _values(value, f"{pointer}/value"))
    if not isinstance(value, Scalar):
        raise InvalidInputError(pointer=f"{pointer}/value", reason="must be a scalar")
    return Condition(field, op, value)


def _values(value: object, pointer: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_VALUES:
        raise InvalidInputError(pointer=pointer, reason=f"must be a list of 1 to {MAX_VALUES}")
    if not all(isinstance(item, Scalar) for item in value):
        raise InvalidInputError(pointer=pointer, reason="must hold scalars only")
    return tuple(value)
