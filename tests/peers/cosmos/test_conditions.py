"""What is asked of all items at once is what is asked of each."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.cosmos.conditions import kind_of, selected
from tests.peers.cosmos.meaning import Given, meaning
from tests.peers.cosmos.sql import Reader

VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, True, False, 0, 1, 2, 1.0, 1.5, "", "0", "1", "a", [], [1], {}]
)
ITEMS = st.lists(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), max_size=6)
PARTS = st.sampled_from(
    [f"c.{name} {sign} @{given}" for name in "ab" for sign in ("=", "<", ">=") for given in "xy"]
    + ["c.a IN (@x, @y)", "NOT c.b = @x", "c.b = 1", "c.a = true", "(c.a > 0 OR c.b = @y)"]
)


@given(ITEMS, st.lists(PARTS, min_size=1, max_size=4), VALUES, VALUES)
@settings(max_examples=400, deadline=None)
def test_a_condition_selects_the_items_that_it_is_true_of(
    items: list[dict[str, Any]], parts: list[str], x: object, y: object
) -> None:
    where = Reader(f"SELECT VALUE c.id FROM c WHERE {' AND '.join(parts)}").query().where  # noqa: S608 - ours
    assert where is not None
    known = Given({"@x": x, "@y": y})
    passes = meaning(where, known)
    assert selected(where, items, known) == [one for one in items if passes({"c": one}) is True]


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("c.kind = @kind", "query"),
        ("c.key > @key AND c.kind = @kind", "query"),
        ("c.kind = @kind OR c.key = @key", None),
        ("NOT c.kind = @kind", None),
        ("c.kind = @number", None),
        ("c.kind IN (@kind, @key)", None),
    ],
)
def test_only_a_condition_that_names_one_kind_is_answered_from_the_items_of_it(
    where: str, kind: str | None
) -> None:
    read = Reader(f"SELECT VALUE c.id FROM c WHERE {where}").query().where  # noqa: S608 - ours
    assert kind_of(read, Given({"@kind": "query", "@key": "a", "@number": 1})) == kind
