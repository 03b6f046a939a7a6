"""Filters as queries: what they select is what `filters.matches` says."""

from hypothesis import given, settings

from app.adapters import sortable
from app.adapters.azure.cosmos.listing import Parameters, condition, query
from app.core.filters import Attributes, Condition, Filter, Op, matches
from app.core.ports import Listing
from tests.app.adapters.embedded.test_terms import ATTRIBUTES, FILTERS
from tests.peers.cosmos.answering import answer
from tests.peers.cosmos.policy import Policy
from tests.peers.cosmos.sql import Reader

DECLARED = {
    "partitionKey": {"paths": ["/tenant_id", "/space_id"]},
    "indexingPolicy": {
        "includedPaths": [{"path": "/kind/?"}, {"path": "/key/?"}, {"path": "/terms/[]/?"}],
        "excludedPaths": [{"path": "/*"}],
    },
}


def selects(where: Filter, attributes: Attributes) -> bool:
    parameters = Parameters()
    sql = f"SELECT VALUE c.id FROM c WHERE {condition(where, parameters)}"  # noqa: S608 - marks
    item = {"id": "a", "terms": sortable.terms(attributes)}
    found = answer(Reader(sql).query(), [item], parameters.values, Policy(DECLARED))
    return found == ["a"]


@given(where=FILTERS, attributes=ATTRIBUTES)
@settings(max_examples=300, deadline=None)
def test_a_filter_selects_what_matches_it(where: Filter, attributes: Attributes) -> None:
    assert selects(where, attributes) is matches(where, attributes)


def test_nothing_that_comes_from_outside_is_in_the_text_of_a_query() -> None:
    hostile = "x') OR 1=1 --"
    where = Condition(hostile, Op.EQ, hostile)
    sql, given_ = query("document", Listing(where=where, after=hostile, prefix=hostile, limit=3))
    assert hostile not in sql
    assert given_["@top"] == 4
    assert any(hostile in str(value) for value in given_.values())
