import contextlib
import sqlite3
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.adapters.embedded.terms import compiled, terms
from app.core.errors import InvalidInputError
from app.core.filters import AllOf, AnyOf, Attributes, Condition, Filter, Op, matches
from app.core.models import Scalar

# A few values, so that conditions often hold, and all there are, so that none is special.
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=4)
FIELDS = st.sampled_from(["a", "b", "metadata.a", "1:a", "", "\x00", "\x01"]) | ANY_TEXT
STRINGS = st.sampled_from(["", "a", "b", "1", "true", "a\x00", "a\x01", "\U0001f600"]) | ANY_TEXT
NUMBERS = (
    st.sampled_from([0, 1, -1, 0.0, -0.0, 1.0, 1.5, 2**53, 2**53 + 1, float(2**53), 2**63 - 1])
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
)
SCALARS: st.SearchStrategy[Scalar] = st.booleans() | STRINGS | NUMBERS
ATTRIBUTES = st.dictionaries(FIELDS, SCALARS | st.lists(STRINGS, max_size=3), max_size=4)


def conditions() -> st.SearchStrategy[Filter]:
    plain = st.builds(
        Condition, FIELDS, st.sampled_from([op for op in Op if op is not Op.IN]), SCALARS
    )
    listed = st.builds(
        Condition, FIELDS, st.just(Op.IN), st.lists(SCALARS, min_size=1, max_size=4).map(tuple)
    )
    return plain | listed


FILTERS = st.recursive(
    conditions(),
    lambda inner: (
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


def selects(where: Filter, attributes: Attributes) -> bool:
    sql, parameters = compiled(where)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        statement = f"SELECT count(*) FROM (SELECT ? AS terms) WHERE {sql}"  # noqa: S608
        [found] = connection.execute(statement, (terms(attributes), *parameters)).fetchone()
        return bool(found)


@settings(max_examples=600, deadline=None)
@given(where=FILTERS, attributes=ATTRIBUTES)
@example(Condition("a", Op.EQ, True), {"a": 1})
@example(Condition("a", Op.EQ, 1.0), {"a": 1})
@example(Condition("a", Op.GT, 2**53), {"a": 2**53 + 1})
@example(Condition("a", Op.LTE, float("inf")), {"a": 2**63 - 1})
@example(Condition("a", Op.NE, "x"), {})
@example(Condition("a", Op.LT, "a\x01"), {"a": "a\x00z"})
@example(Condition("a", Op.EQ, float("nan")), {"a": 1})
@example(Condition("a", Op.NE, float("nan")), {"a": 1})
@example(Condition("a", Op.GT, True), {"a": True})
@example(AllOf(()), {})
@example(AnyOf(()), {"a": 1})
def test_sql_and_python_agree_on_what_a_filter_selects(
    where: Filter, attributes: Attributes
) -> None:
    assert selects(where, attributes) is matches(where, attributes)


@settings(max_examples=300, deadline=None)
@given(left=NUMBERS, right=NUMBERS)
def test_numbers_keep_their_order_as_terms(left: float, right: float) -> None:
    where = Condition("n", Op.LT, right)
    assert selects(where, {"n": left}) is (left < right)


@pytest.mark.parametrize("value", ["\ud800", 10**400, -(10**30)], ids=["surrogate", "huge", "big"])
@pytest.mark.parametrize("op", [Op.EQ, Op.GT, Op.NE])
def test_a_value_that_no_record_can_hold_is_refused(op: Op, value: Any) -> None:
    with pytest.raises(InvalidInputError, match="must be"):
        compiled(Condition("a", op, value))


def test_a_record_without_attributes_has_no_terms() -> None:
    assert terms({}) is None
    assert terms({"tags": []}) is None
