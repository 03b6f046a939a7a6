"""From a query and the items of one logical partition to its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.peers.cosmos.meaning import UNDEFINED, Scope, type_of, value
from tests.peers.cosmos.policy import Policy
from tests.peers.cosmos.refusal import bad
from tests.peers.cosmos.tree import Call, Expression, Path, Query
from tests.peers.cosmos.words import Statistics, count

_TYPES = ("undefined", "null", "boolean", "number", "string", "array", "object")


def answer(
    query: Query,
    items: Sequence[dict[str, Any]],
    parameters: Mapping[str, Any],
    policy: Policy,
    statistics: Statistics | None = None,
) -> list[Any]:
    """Return the rows; with statistics, as a component of a ranked query."""
    policy.require(query)
    scopes = [Scope({"c": item}, parameters, statistics, policy.vectors) for item in items]
    kept = [one for one in scopes if query.where is None or value(query.where, one) is True]
    if query.counts:
        return [len(kept)]
    top = _top(query, parameters)
    for expression, descending in reversed(query.order):
        kept.sort(key=lambda one: _rank(value(expression, one)), reverse=descending)
        if isinstance(expression, Call):  # best first: cosine and BM25 are higher when nearer
            kept.reverse()
    kept = kept if top is None else kept[:top]
    if statistics is not None:
        return [_component(query, one) for one in kept]
    rows = [_row(query, one) for one in kept]
    return [row for row in rows if row is not UNDEFINED]


def statistics(query: Query, items: Sequence[dict[str, Any]], parameters: Mapping[str, Any]) -> Any:
    """Return what a ranked query's score rests on, over all items of the partition."""
    [(scored, _)] = query.order
    path, terms = _scored(scored, parameters)
    return count([_text(path, item) for item in items], terms)


def terms_of(query: Query, parameters: Mapping[str, Any]) -> list[str]:
    [(scored, _)] = query.order
    return _scored(scored, parameters)[1]


def _scored(scored: Expression, parameters: Mapping[str, Any]) -> tuple[Path, list[str]]:
    if not isinstance(scored, Call) or not isinstance(scored.arguments[0], Path):
        raise bad("ORDER BY RANK needs FullTextScore of a path")
    scope = Scope({}, parameters)
    return scored.arguments[0], [str(value(one, scope)) for one in scored.arguments[1:]]


def _text(path: Path, item: dict[str, Any]) -> Any:
    return value(path, Scope({"c": item}, {}))


def _top(query: Query, parameters: Mapping[str, Any]) -> int | None:
    if query.top is None:
        return None
    top = value(query.top, Scope({}, parameters))
    if not isinstance(top, int) or isinstance(top, bool) or not 0 < top <= 1000:
        raise bad("TOP must be a whole number from 1 to 1000")
    return top


def _row(query: Query, scope: Scope) -> Any:
    if query.value is not None:
        return value(query.value, scope)
    found = {name: value(expression, scope) for name, expression in query.items}
    return {name: one for name, one in found.items() if one is not UNDEFINED}


def _component(query: Query, scope: Scope) -> dict[str, Any]:
    scores = [value(expression, scope) for expression, _ in query.order]
    return {
        "_rid": scope.names["c"]["_rid"],
        "orderByItems": [{"item": one} for one in scores],
        "payload": {"payload": _row(query, scope), "componentScores": scores},
    }


def _rank(found: Any) -> tuple[int, Any]:
    kind = type_of(found)
    return _TYPES.index(kind), found if kind in ("boolean", "number", "string") else 0
