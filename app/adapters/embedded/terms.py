"""Attributes as sortable terms, so that SQL compares exactly as `app.core.filters.matches` does.

Each member of an attribute becomes one text, `<length of field>:<field><type><value>`, and a
record carries the JSON list of its terms. An equality is membership in that list, an order is a
range of terms with the same field and type. SQLite's own JSON values would not do: they end at a
NUL, round numbers, and take `true` for 1.
"""

import struct
from collections.abc import Iterable, Iterator
from itertools import chain

import orjson

from app.core.errors import InvalidInputError
from app.core.filters import AllOf, AnyOf, Attributes, Condition, Filter, Op
from app.core.models import Scalar

Sql = tuple[str, tuple[str, ...]]
_SIGN = 1 << 63
_ALL_BITS = (1 << 64) - 1
_RESIDUE = 1 << 11  # a 64-bit integer is at most 2^10 from its nearest double
_NEVER: Sql = ("0", ())


def terms(attributes: Attributes) -> str | None:
    """Return what is stored beside a record for filters to look at; None if there is nothing."""
    found = [_field(name) + t for name, value in attributes.items() for t in _members(value)]
    return orjson.dumps(found).decode() if found else None


def compiled(where: Filter) -> Sql:
    """Return the SQL condition on a row of `records`, and its parameters."""
    match where:
        case AllOf(parts):
            return _joined(" AND ", parts, "1")
        case AnyOf(parts):
            return _joined(" OR ", parts, "0")
        case Condition(op=Op.NE):
            sql, parameters = _equal(where)
            return f"NOT {sql}", parameters
        case Condition(op=Op.EQ | Op.IN):
            return _equal(where)
        case Condition():
            return _ordered(where)


def _joined(word: str, parts: Iterable[Filter], empty: str) -> Sql:
    done = [compiled(part) for part in parts]
    sql = word.join(sql for sql, _ in done) or empty
    return f"({sql})", tuple(chain.from_iterable(parameters for _, parameters in done))


def _equal(condition: Condition) -> Sql:
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    field = _field(condition.field)
    parameters = tuple(field + term for value in wanted for term in _members(value))
    if not parameters:
        return _NEVER
    marks = ",".join("?" * len(parameters))
    return _some(f"value IN ({marks})"), parameters


def _ordered(condition: Condition) -> Sql:
    """Compare within the terms of one field and type: they lie between the type and the next."""
    field = _field(condition.field)
    value = condition.value
    term = None if isinstance(value, bool | tuple) else next(_members(value), None)
    if term is None:
        return _NEVER
    low, high = field + term[0], field + chr(ord(term[0]) + 1)
    bounds = {
        Op.GT: ("value > ? AND value < ?", (field + term, high)),
        Op.GTE: ("value >= ? AND value < ?", (field + term, high)),
        Op.LT: ("value >= ? AND value < ?", (low, field + term)),
        Op.LTE: ("value >= ? AND value <= ?", (low, field + term)),
    }
    test, parameters = bounds[condition.op]
    return _some(test), parameters


def _some(test: str) -> str:
    return f"EXISTS (SELECT 1 FROM json_each(terms) WHERE {test})"  # noqa: S608  # nosec B608


def _field(name: str) -> str:
    """Return the field as a prefix that no other field's prefix begins with."""
    return f"{len(name)}:{_text(name)}"


def _members(value: Scalar | list[str]) -> Iterator[str]:
    """Yield type and value of each member; NaN, equal to nothing, yields none."""
    for member in value if isinstance(value, list) else (value,):
        if isinstance(member, bool):
            yield f"b{member:d}"
        elif isinstance(member, str):
            yield f"s{_text(member)}"
        elif member == member:  # noqa: PLR0124 - false for NaN alone
            yield f"n{_number(member)}"


def _text(value: str) -> str:
    """Keep the order of code points and lose NUL, at which SQLite's JSON ends a text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(pointer="/filter", reason="must be valid Unicode") from None
    return value.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")


def _number(value: float) -> str:
    """Return digits that sort as the numbers do, integers and doubles together, exactly.

    First the nearest double (its bits, made to sort), then how far the number is from it.
    """
    try:
        nearest = float(value)
    except OverflowError:
        raise _too_large() from None
    [bits] = struct.unpack(">Q", struct.pack(">d", nearest + 0.0))  # + 0.0: -0.0 equals 0.0
    bits = bits ^ _ALL_BITS if bits & _SIGN else bits | _SIGN
    residue = value - int(nearest) if isinstance(value, int) else 0
    if not -_RESIDUE < residue < _RESIDUE:
        raise _too_large()
    return f"{bits:016x}{residue + _RESIDUE:03x}"


def _too_large() -> InvalidInputError:
    return InvalidInputError(pointer="/filter", reason="must be a 64-bit number")
