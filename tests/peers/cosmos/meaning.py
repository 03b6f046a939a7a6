"""What an expression gives for one item. A comparison of different types is undefined, not false.

Only true counts in a WHERE: what is undefined is left out, and so is its negation. An expression is
bound to a query's parameters once, and then asked of each item.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

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
Names: TypeAlias = Mapping[str, Any]  # the item by its name, and a member of it
Meaning: TypeAlias = Callable[[Names], Any]
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


@dataclass(frozen=True)
class Given:
    """What a query comes with: parameters, full-text statistics, the vectors there are."""

    parameters: Mapping[str, Any]
    statistics: Statistics | None = None
    distances: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def meaning(expression: Expression, given: Given) -> Meaning:
    """Return what gives the expression's value for an item; 400 outside of the subset."""
    match expression:
        case Literal() | Parameter():
            constant = value(expression, given)
            return lambda _: constant
        case Path(root=root, parts=parts):
            return _path(root, parts)
        case Call():
            return _call(expression, given)
        case Exists(alias=alias, source=source, where=where):
            return _exists(alias, meaning(source, given), meaning(where, given))
        case Operation(sign=sign, operands=operands):
            return _operation(sign, [meaning(one, given) for one in operands])


def value(expression: Expression, given: Given) -> Any:
    """Return the value of an expression that is no item's."""
    match expression:
        case Literal(value=said):
            return said
        case Parameter(name=name) if name in given.parameters:
            return given.parameters[name]
        case Parameter(name=name):
            raise bad(f"the parameter {name} is not given")
        case _:
            raise bad("not in the allowed subset: an expression in place of a parameter")


def type_of(found: Any) -> str:
    return _TYPES.get(type(found), "undefined")


def _path(root: str, parts: Sequence[str]) -> Meaning:
    if len(parts) == 1:
        return _member(root, parts[0])

    def looked_up(names: Names) -> Any:
        if root not in names:
            raise bad(f"not in the allowed subset: the name {root}")
        found = names[root]
        for part in parts:
            found = found.get(part, UNDEFINED) if isinstance(found, dict) else UNDEFINED
        return found

    return looked_up


def _member(root: str, part: str) -> Meaning:
    """What most paths are, without what the others need."""

    def looked_up(names: Names) -> Any:
        if root not in names:
            raise bad(f"not in the allowed subset: the name {root}")
        found = names[root]
        return found.get(part, UNDEFINED) if type(found) is dict else UNDEFINED

    return looked_up


def _exists(alias: str, source: Meaning, where: Meaning) -> Meaning:
    def exists(names: Names) -> Any:
        members = source(names)
        inside = members if isinstance(members, list) else []
        return any(where({**names, alias: member}) is True for member in inside)

    return exists


def _operation(sign: str, operands: Sequence[Meaning]) -> Meaning:
    match sign:
        case "and" | "or":
            return _joined(operands, sign == "or")
        case "not":
            [negated] = operands
            return lambda names: _negated(negated(names))
        case "in":
            left, *others = operands
            return _joined([_compared("=", left, one) for one in others], True)
        case _:
            return _compared(sign, *operands)


def _negated(found: Any) -> Any:
    return not found if isinstance(found, bool) else UNDEFINED


def _joined(operands: Sequence[Meaning], decisive: bool) -> Meaning:
    """Return `and` (false decides) or `or` (true does), looking no further than need be."""

    def joined(names: Names) -> Any:
        result: Any = not decisive
        for operand in operands:
            one = operand(names)
            if one is decisive:
                return decisive
            if one is not (not decisive):
                result = UNDEFINED
        return result

    return joined


def _compared(sign: str, left: Meaning, right: Meaning) -> Meaning:
    test = _equal if sign == "=" else _ordered(ORDERS[sign])
    return lambda names: test(left(names), right(names))


def _equal(left: Any, right: Any) -> Any:
    kind = type_of(left)
    return left == right if kind == type_of(right) != "undefined" else UNDEFINED


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def ordered(left: Any, right: Any) -> Any:
        kind = type_of(left)
        good = kind == type_of(right) and kind in ("number", "string")
        return test(left, right) if good else UNDEFINED

    return ordered


def _call(call: Call, given: Given) -> Meaning:
    first, others = meaning(call.arguments[0], given), call.arguments[1:]
    match call.name:
        case "is_defined":
            return lambda names: first(names) is not UNDEFINED
        case "array_contains":
            wanted = meaning(others[0], given)
            return lambda names: _contains(first(names), wanted(names))
        case "startswith":
            start = meaning(others[0], given)
            return lambda names: _starts(first(names), start(names))
        case "vectordistance":
            return _distance(str(call.arguments[0]), first, value(others[0], given), given)
        case "fulltextscore":
            return _score(first, [value(one, given) for one in others], given.statistics)
        case _:
            terms = {str(value(one, given)).lower() for one in others}
            return lambda names: not terms.isdisjoint(words(first(names)))


def _starts(text: Any, start: Any) -> Any:
    texts = isinstance(text, str) and isinstance(start, str)
    return text.startswith(start) if texts else UNDEFINED


def _contains(array: Any, wanted: Any) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    return any(_equal(member, wanted) is True for member in array)


def _score(text: Meaning, terms: list[Any], known: Statistics | None) -> Meaning:
    if known is None:
        raise bad("FullTextScore is for ORDER BY RANK only")
    return lambda names: score(text(names), terms, known)


def _distance(path: str, vector: Meaning, wanted: Any, given: Given) -> Meaning:
    declared = given.distances.get(path)
    if declared is None:
        raise bad(f"VectorDistance: no vector is declared at {path}")
    if not isinstance(wanted, list) or len(wanted) != declared["dimensions"]:
        raise bad(f"VectorDistance: {declared['dimensions']} dimensions are declared")
    length = math.hypot(*wanted)

    def cosine(names: Names) -> Any:
        found = vector(names)
        if not isinstance(found, list) or len(found) != len(wanted):
            return UNDEFINED
        lengths = length * math.hypot(*found)
        return sum(map(operator.mul, found, wanted)) / lengths if lengths else 0.0

    return cosine
