"""Attributes as sortable terms: a store then compares exactly as `app.core.filters.matches` does.

Each member of an attribute becomes one text, `<length of field>:<field><type><value>`. A record
carries the list of its terms: an equality is membership in that list, an order is a range of terms
with the same field and type. A store's own JSON values would not do: SQLite's end at a NUL, round
numbers, and take `true` for 1; other stores need field names in the text of a query.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.errors import InvalidInputError
from app.core.filters import Attributes, Condition, Op
from app.core.models import Scalar

_SIGN = 1 << 63
_ALL_BITS = (1 << 64) - 1
_RESIDUE = 1 << 11  # a 64-bit integer is at most 2^10 from its nearest double


@dataclass(frozen=True, slots=True)
class Among:
    """One of these terms is there; none of none."""

    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A term is there from `low` to `high`, each itself included or not."""

    low: str
    low_included: bool
    high: str
    high_included: bool


def terms(attributes: Attributes) -> list[str]:
    """Return what is stored beside a record for filters to look at."""
    return [_field(name) + t for name, value in attributes.items() for t in _members(value)]


def wanted(condition: Condition) -> Among | Between:
    """Return which terms satisfy a condition; of `ne`, those that don't."""
    if condition.op in (Op.EQ, Op.NE, Op.IN):
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        field = _field(condition.field)
        return Among(tuple(field + term for value in values for term in _members(value)))
    return _ordered(condition)


def _ordered(condition: Condition) -> Among | Between:
    """Compare within the terms of one field and type: they lie between the type and the next."""
    field, value = _field(condition.field), condition.value
    term = None if isinstance(value, bool | tuple) else next(_members(value), None)
    if term is None:
        return Among(())
    low, high, here = field + term[0], field + chr(ord(term[0]) + 1), field + term
    return {
        Op.GT: Between(here, False, high, False),
        Op.GTE: Between(here, True, high, False),
        Op.LT: Between(low, True, here, False),
        Op.LTE: Between(low, True, here, True),
    }[condition.op]


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
