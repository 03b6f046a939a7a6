"""Which items a WHERE selects: what it joins with AND is asked one after the other.

Only true selects, so each part may leave out items on its own. The usual parts, a member of the
item beside a constant, are asked of all items at once, with the answers that `meaning` has.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from tests.peers.cosmos.meaning import ORDERS, Given, meaning, value
from tests.peers.cosmos.tree import Expression, Literal, Operation, Parameter, Path

Items: TypeAlias = Sequence[dict[str, Any]]
Selection: TypeAlias = Callable[[Items], Items]


def selected(where: Expression | None, items: Items, given: Given) -> Items:
    """Return the items that a condition is true of; 400 outside of the subset."""
    for selection in [_selection(one, given) for one in _joined(where)]:
        items = selection(items)
    return items


def kind_of(where: Expression | None, given: Given) -> str | None:
    """Return the only kind of item that a condition can be true of, if it names one."""
    for one in _joined(where):
        match one:
            case Operation(sign="=", operands=[Path(root="c", parts=["kind"]), constant]) if (
                isinstance(constant, Parameter | Literal)
            ):
                wanted = value(constant, given)
                if isinstance(wanted, str):
                    return wanted
    return None


def _joined(where: Expression | None) -> Iterator[Expression]:
    if isinstance(where, Operation) and where.sign == "and":
        for operand in where.operands:
            yield from _joined(operand)
    elif where is not None:
        yield where


def _selection(condition: Expression, given: Given) -> Selection:
    match condition:
        case Operation(sign=sign, operands=[Path(root="c", parts=[name]), *others]) if all(
            isinstance(one, Parameter | Literal) for one in others
        ):
            quick = _quick(sign, name, [value(one, given) for one in others])
        case _:
            quick = None
    if quick is not None:
        return quick
    passes = meaning(condition, given)
    return lambda items: [item for item in items if passes({"c": item}) is True]


def _quick(sign: str, name: str, wanted: list[Any]) -> Selection | None:
    """Return how constants of these types are compared with a member; none for others."""
    types = {type(one) for one in wanted}
    if sign == "=" and types == {bool}:
        [flag] = wanted
        return lambda items: [item for item in items if item.get(name) is flag]
    if sign in ("=", "in") and types == {str}:
        texts = frozenset(wanted)
        return lambda items: [
            item for item in items if type(one := item.get(name)) is str and one in texts
        ]
    if sign in ORDERS and types in ({int}, {float}):
        [limit] = wanted
        test = ORDERS[sign]
        return lambda items: [
            item
            for item in items
            if isinstance(one := item.get(name), int | float)
            and not isinstance(one, bool)
            and test(one, limit)
        ]
    return None
