"""Queries over HTTP. A ranked one (full text) is answered with a plan first, as the service does.

The texts in a plan are private to whoever made it: here they are the query behind a mark, with
the places where a client puts the statistics that it added up.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tests.peers.cosmos.answering import answer, statistics, terms_of
from tests.peers.cosmos.conditions import kind_of
from tests.peers.cosmos.meaning import Given
from tests.peers.cosmos.ranges import RANGES, position, range_of
from tests.peers.cosmos.refusal import Refused, bad
from tests.peers.cosmos.sql import Reader
from tests.peers.cosmos.store import Container, Store
from tests.peers.cosmos.tree import Operation, Query
from tests.peers.cosmos.words import Statistics

_STATISTICS = "~statistics~ "
_COMPONENT = re.compile(r"~component (\d+) (\d+) (\[[\d,]*\])~ (.*)", re.DOTALL)
_PLACES = (
    "~component {documentdb-formattablehybridsearchquery-totaldocumentcount}"
    " {documentdb-formattablehybridsearchquery-totalwordcount-0}"
    " {documentdb-formattablehybridsearchquery-hitcountsarray-0}~ "
)


@lru_cache(1000)
def read(text: str) -> Query:
    """Return a query as a tree; 400 outside of the subset."""
    return Reader(text).query()


def plan(container: Container, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a client is to run a ranked query; others need no plan here."""
    text = str(body["query"])
    query = read(text)
    if not query.rank:
        raise bad("not in the allowed subset: a query over several partitions")
    parameters = _parameters(body)
    take = parameters[query.top.name] if hasattr(query.top, "name") else query.top.value  # type: ignore[union-attr]
    component = {
        "distinctType": "None",
        "orderBy": ["Descending"],
        "orderByExpressions": [_PLACES],
        "hasNonStreamingOrderBy": True,
        "rewrittenQuery": _PLACES + text,
    }
    return {
        "partitionedQueryExecutionInfoVersion": 2,
        "hybridSearchQueryInfo": {
            "globalStatisticsQuery": _STATISTICS + text,
            "componentQueryInfos": [component],
            "componentWithoutPayloadQueryInfos": [],
            "projectionQueryInfo": None,
            "skip": None,
            "take": take,
            "requiresGlobalStatistics": True,
        },
        "queryRanges": [_range(container, query, parameters)],
    }


def _range(container: Container, query: Query, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a query has to look: one point, if its conditions name a whole key."""
    said = {
        str(one.operands[0]): parameters.get(getattr(one.operands[1], "name", ""))
        for one in getattr(query.where, "operands", ())
        if isinstance(one, Operation) and one.sign == "="
    }
    if not all(said.get(path) for path in container.paths):
        return {"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}
    point = position(container.paths, json.dumps([said[path] for path in container.paths]))
    return {"min": point, "max": point, "isMinInclusive": True, "isMaxInclusive": True}


def run(
    store: Store, container: Container, body: Mapping[str, Any], partition: str, range_: str | None
) -> list[Any]:
    """Return the rows of a query in one logical partition."""
    text, parameters = str(body["query"]), _parameters(body)
    elsewhere = range_ is not None and range_of(container.paths, partition) != range_
    if range_ not in (None, *(one["id"] for one in RANGES)):
        raise Refused(410, "no such range", substatus=1002)
    component = _COMPONENT.fullmatch(text)
    query = read(component[4] if component else text.removeprefix(_STATISTICS))
    if text.startswith(_STATISTICS):
        items = [] if elsewhere else store.partition(container, partition)
        return [_counted(query, items, parameters)]
    if query.rank and not component:
        container.policy.require(query)
        raise Refused(400, "a ranked query is run by its plan", substatus=1004)
    kind = kind_of(query.where, Given(parameters))
    items = [] if elsewhere else store.partition(container, partition, kind)
    known = None
    if component:
        documents, words, hits, _ = component.groups()
        known = Statistics(int(documents), int(words), tuple(json.loads(hits)))
    return answer(query, items, parameters, container.policy, known)


def _counted(query: Query, items: list[Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    if not items:
        terms = terms_of(query, parameters)
        known = Statistics(0, 0, (0,) * len(terms))
    else:
        known = statistics(query, items, parameters)
    return {
        "documentCount": known.documents,
        "fullTextStatistics": [{"totalWordCount": known.words, "hitCounts": list(known.hits)}],
    }


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in body.get("parameters", [])}
