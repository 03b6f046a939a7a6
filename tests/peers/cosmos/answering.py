"""From a query and the items of one logical partition to its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.peers.cosmos.conditions import selected
from tests.peers.cosmos.meaning import UNDEFINED, Given, Meaning, Names, meaning, type_of, value
from tests.peers.cosmos.policy import Policy
from tests.peers.cosmos.refusal import bad
from tests.peers.cosmos.tree import Call, Expression, Path, Query
from tests.peers.cosmos.words import Statistics, count

_TYPES = ("undefined", "null", "boolean", "number", "string", "array", "object")
_RANKS = {kind: rank for rank, kind in enumerate(_TYPES)}


def answer(
    query: Query,
    items: Sequence[dict[str, Any]],
    parameters: Mapping[str, Any],
    policy: Policy,
    statistics: Statistics | None = None,
) -> list[Any]:
    """Return the rows; with statistics, as a component of a ranked query."""
    policy.require(query)
    given = Given(parameters, statistics, policy.vectors)
    kept: list[Names] = [{"c": item} for item in selected(query.where, items, given)]
    if query.counts:
        return [len(kept)]
    top = _top(query, given)
    for expression, descending in reversed(query.order):
        score = meaning(expression, given)
        kept.sort(key=lambda one: _rank(score(one)), reverse=descending)
        if isinstance(expression, Call):  # best first: cosine and BM25 are higher when nearer
            kept.reverse()
    row = _row(query, given)
    kept = kept if top is None else kept[:top]
    if statistics is not None:
        scores = [meaning(expression, given) for expression, _ in query.order]
        return [_component(one, row(one), [score(one) for score in scores]) for one in kept]
    return [made for one in kept if (made := row(one)) is not UNDEFINED]


def statistics(query: Query, items: Sequence[dict[str, Any]], parameters: Mapping[str, Any]) -> Any:
    """Return what a ranked query's score rests on, over all items of the partition."""
    [(scored, _)] = query.order
    path, terms = _scored(scored, parameters)
    text = meaning(path, Given(parameters))
    return count([text({"c": item}) for item in items], terms)


def terms_of(query: Query, parameters: Mapping[str, Any]) -> list[str]:
    [(scored, _)] = query.order
    return _scored(scored, parameters)[1]


def _scored(scored: Expression, parameters: Mapping[str, Any]) -> tuple[Path, list[str]]:
    if not isinstance(scored, Call) or not isinstance(scored.arguments[0], Path):
        raise bad("ORDER BY RANK needs FullTextScore of a path")
    given = Given(parameters)
    return scored.arguments[0], [str(value(one, given)) for one in scored.arguments[1:]]


def _top(query: Query, given: Given) -> int | None:
    if query.top is None:
        return None
    top = value(query.top, given)
    if not isinstance(top, int) or isinstance(top, bool) or not 0 < top <= 1000:
        raise bad("TOP must be a whole number from 1 to 1000")
    return top


def _row(query: Query, given: Given) -> Meaning:
    if query.value is not None:
        return meaning(query.value, given)
    members = [(name, meaning(expression, given)) for name, expression in query.items]

    def row(names: Names) -> dict[str, Any]:
        found = ((name, member(names)) for name, member in members)
        return {name: one for name, one in found if one is not UNDEFINED}

    return row


def _component(names: Names, row: Any, scores: list[Any]) -> dict[str, Any]:
    return {
        "_rid": names["c"]["_rid"],
        "orderByItems": [{"item": one} for one in scores],
        "payload": {"payload": row, "componentScores": scores},
    }


def _rank(found: Any) -> tuple[int, Any]:
    kind = type_of(found)
    return _RANKS[kind], found if kind in ("boolean", "number", "string") else 0
