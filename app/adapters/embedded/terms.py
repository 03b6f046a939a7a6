"""Filters as SQL over the sortable terms of a record."""

from collections.abc import Iterable
from itertools import chain

import orjson

from app.adapters import sortable
from app.adapters.sortable import Among, Between
from app.core.filters import AllOf, AnyOf, Attributes, Condition, Filter, Op

Sql = tuple[str, tuple[str, ...]]
_NEVER: Sql = ("0", ())


def terms(attributes: Attributes) -> str | None:
    """Return what is stored beside a record for filters to look at; None if there is nothing."""
    found = sortable.terms(attributes)
    return orjson.dumps(found).decode() if found else None


def compiled(where: Filter) -> Sql:
    """Return the SQL condition on a row of `records`, and its parameters."""
    match where:
        case AllOf(parts):
            return _joined(" AND ", parts, "1")
        case AnyOf(parts):
            return _joined(" OR ", parts, "0")
        case Condition(op=Op.NE):
            sql, parameters = _some(where)
            return f"NOT {sql}", parameters
        case Condition():
            return _some(where)


def _joined(word: str, parts: Iterable[Filter], empty: str) -> Sql:
    done = [compiled(part) for part in parts]
    sql = word.join(sql for sql, _ in done) or empty
    return f"({sql})", tuple(chain.from_iterable(parameters for _, parameters in done))


def _some(condition: Condition) -> Sql:
    match sortable.wanted(condition):
        case Among(()):
            return _NEVER
        case Among(found):
            return _exists(f"value IN ({','.join('?' * len(found))})"), found
        case Between(low, low_included, high, high_included):
            above, below = (">=" if low_included else ">"), ("<=" if high_included else "<")
            return _exists(f"value {above} ? AND value {below} ?"), (low, high)


def _exists(test: str) -> str:
    return f"EXISTS (SELECT 1 FROM json_each(terms) WHERE {test})"  # noqa: S608 - marks only  # nosec B608
