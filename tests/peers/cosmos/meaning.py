"""What an expression gives for one item. A comparison of different types is undefined, not false.

Only true counts in a WHERE: what is undefined is left out, and so is its negation.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.peers.cosmos.refusal import bad
from tests.peers.cosmos.tree import (
    Call,
    Exists,
    Expression,
    Literal,
    Operation,
    Parameter,
    Path,
)
from tests.peers.cosmos.words import Statistics, score, words

UNDEFINED: Any = type("Undefined", (), {"__repr__": lambda _: "undefined"})()


@dataclass(frozen=True)
class Scope:
    """What names stand for: the item (and a member of it), parameters, full-text statistics."""

    names: Mapping[str, Any]
    parameters: Mapping[str, Any]
    statistics: Statistics | None = None
    distances: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def within(self, alias: str, member: object) -> "Scope":
        names = {**self.names, alias: member}
        return Scope(names, self.parameters, self.statistics, self.distances)


def value(expression: Expression, scope: Scope) -> Any:
    match expression:
        case Literal(value=given):
            return given
        case Parameter(name=name):
            if name not in scope.parameters:
                raise bad(f"the parameter {name} is not given")
            return scope.parameters[name]
        case Path():
            return _looked_up(expression, scope)
        case Call(name=name, arguments=arguments):
            return _called(name, arguments, scope)
        case Exists(alias=alias, source=source, where=where):
            members = value(source, scope)
            inside = members if isinstance(members, list) else []
            return any(value(where, scope.within(alias, member)) is True for member in inside)
        case Operation(sign=sign, operands=operands):
            return _operated(sign, operands, scope)


def _looked_up(path: Path, scope: Scope) -> Any:
    if path.root not in scope.names:
        raise bad(f"not in the allowed subset: the name {path.root}")
    found = scope.names[path.root]
    for part in path.parts:
        found = found.get(part, UNDEFINED) if isinstance(found, dict) else UNDEFINED
    return found


def _operated(sign: str, operands: Sequence[Expression], scope: Scope) -> Any:
    if sign in ("and", "or"):
        return _joined((value(operand, scope) for operand in operands), sign == "or")
    values = [value(operand, scope) for operand in operands]
    if sign == "not":
        return not values[0] if isinstance(values[0], bool) else UNDEFINED
    if sign == "in":
        return _joined((_compared("=", values[0], other) for other in values[1:]), True)
    return _compared(sign, *values)


def _joined(values: Iterable[Any], decisive: bool) -> Any:
    """Return `and` (false decides) or `or` (true does), looking no further than need be."""
    joined: Any = not decisive
    for one in values:
        if one is decisive:
            return decisive
        if one is not (not decisive):
            joined = UNDEFINED
    return joined


def _compared(sign: str, left: Any, right: Any) -> Any:
    if left is UNDEFINED or right is UNDEFINED or type_of(left) != type_of(right):
        return UNDEFINED
    if sign == "=":
        return left == right
    if type_of(left) not in ("number", "string"):
        return UNDEFINED
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def type_of(found: Any) -> str:
    if isinstance(found, bool):
        return "boolean"
    if isinstance(found, int | float):
        return "number"
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return names.get(type(found), "undefined")


def _called(name: str, arguments: Sequence[Expression], scope: Scope) -> Any:
    first, *others = (value(argument, scope) for argument in arguments)
    match name:
        case "is_defined":
            return first is not UNDEFINED
        case "array_contains":
            return _contains(first, others[0])
        case "startswith":
            texts = isinstance(first, str) and isinstance(others[0], str)
            return first.startswith(others[0]) if texts else UNDEFINED
        case "vectordistance":
            return _distance(arguments[0], first, others[0], scope)
        case "fulltextscore":
            return _score(first, others, scope.statistics)
        case _:
            return any(str(term).lower() in words(first) for term in others)


def _contains(array: Any, wanted: Any) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    return any(_compared("=", member, wanted) is True for member in array)


def _score(text: Any, terms: list[Any], known: Statistics | None) -> float:
    if known is None:
        raise bad("FullTextScore is for ORDER BY RANK only")
    return score(text, terms, known)


def _distance(path: Expression, vector: Any, wanted: Any, scope: Scope) -> Any:
    declared = scope.distances.get(str(path))
    if declared is None:
        raise bad(f"VectorDistance: no vector is declared at {path}")
    if not isinstance(wanted, list) or len(wanted) != declared["dimensions"]:
        raise bad(f"VectorDistance: {declared['dimensions']} dimensions are declared")
    if not isinstance(vector, list) or len(vector) != len(wanted):
        return UNDEFINED
    product = sum(map(operator.mul, vector, wanted))
    lengths = math.hypot(*vector) * math.hypot(*wanted)
    return product / lengths if lengths else 0.0
