"""Keyset pages as queries within one logical partition, and filters as conditions of them.

Only parameters carry what comes from outside; the texts are made of constants.
"""

from collections.abc import Iterable, Iterator

from app.adapters import sortable
from app.adapters.sortable import Among, Between
from app.core.filters import AllOf, AnyOf, Condition, Filter, Op
from app.core.ports import Listing

_HIGHEST = "\U0010ffff"  # sorts behind every character that an id may hold


class Parameters:
    """Values of a query, named as they come."""

    def __init__(self, given: dict[str, object] | None = None) -> None:
        self.values = given or {}

    def add(self, value: object) -> str:
        """Return the name that stands for a value."""
        name = f"@p{len(self.values)}"
        self.values[name] = value
        return name


def query(kind: str, listing: Listing) -> tuple[str, dict[str, object]]:
    """Return the query for a page and its parameters; it asks for one more than the page holds."""
    parameters = Parameters({"@kind": kind, "@top": listing.limit + 1})
    tests = ["c.kind = @kind", *_bounds(listing, parameters)]
    if listing.where is not None:
        tests.append(condition(listing.where, parameters))
    order = "DESC" if listing.descending else "ASC"
    sql = (
        f"SELECT TOP @top c.key, c.body, c._etag FROM c WHERE {' AND '.join(tests)}"  # noqa: S608  # nosec B608
        f" ORDER BY c.key {order}"
    )
    return sql, parameters.values


def condition(where: Filter, parameters: Parameters) -> str:
    """Return the condition on an item's `terms`."""
    match where:
        case AllOf(parts):
            return _joined(" AND ", parts, parameters, "true")
        case AnyOf(parts):
            return _joined(" OR ", parts, parameters, "false")
        case Condition(op=Op.NE):
            return f"NOT {_some(where, parameters)}"
        case Condition():
            return _some(where, parameters)


def _bounds(listing: Listing, parameters: Parameters) -> Iterator[str]:
    if listing.prefix:
        yield f"c.key >= {parameters.add(listing.prefix)}"
        yield f"c.key < {parameters.add(listing.prefix + _HIGHEST)}"
    if listing.after is not None:
        yield f"c.key {'<' if listing.descending else '>'} {parameters.add(listing.after)}"


def _joined(word: str, parts: Iterable[Filter], parameters: Parameters, empty: str) -> str:
    return f"({word.join(condition(part, parameters) for part in parts) or empty})"


def _some(one: Condition, parameters: Parameters) -> str:
    match sortable.wanted(one):
        case Among(()):
            return "(false)"
        case Among(terms):
            tests = [f"ARRAY_CONTAINS(c.terms, {parameters.add(term)})" for term in terms]
            return f"({' OR '.join(tests)})"
        case Between(low, low_included, high, high_included):
            above, below = (">=" if low_included else ">"), ("<=" if high_included else "<")
            test = f"t {above} {parameters.add(low)} AND t {below} {parameters.add(high)}"
            return f"EXISTS(SELECT VALUE t FROM t IN c.terms WHERE {test})"  # noqa: S608  # nosec B608
