"""What typed filters mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInputError
from app.core.filters import AllOf, AnyOf, Condition, Op, matches, parse
from app.core.models import Scalar

scalars = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.floats(allow_nan=False))
ORDERED = (Op.GT, Op.GTE, Op.LT, Op.LTE)


def condition(op: str, value: object, field: str = "metadata.x") -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("op", "value", "found", "expected"),
    [
        ("eq", "a", "a", True),
        ("eq", 1, 1.0, True),
        ("eq", 1, True, False),
        ("eq", "1", 1, False),
        ("ne", "a", "b", True),
        ("ne", "a", None, True),
        ("gt", 2, 3, True),
        ("gt", 3, 3, False),
        ("gte", 3, 3, True),
        ("lt", "2026-01-01", "2025-12-31", True),
        ("lte", 3, "3", False),
        ("gt", False, True, False),
        ("in", ["a", "b"], "b", True),
        ("in", ["a", "b"], "c", False),
        ("eq", "red", ["blue", "red"], True),
        ("ne", "red", ["blue", "red"], False),
        ("in", ["green", "red"], ["blue", "red"], True),
    ],
)
def test_a_comparison_holds_as_documented(
    op: str, value: object, found: Scalar | list[str] | None, expected: bool
) -> None:
    attributes = {} if found is None else {"metadata.x": found}
    assert matches(parse(condition(op, value)), attributes) is expected


@given(scalars, scalars)
def test_ne_is_the_negation_of_eq(value: Scalar, found: Scalar) -> None:
    attributes = {"x": found}
    assert matches(Condition("x", Op.NE, value), attributes) is not matches(
        Condition("x", Op.EQ, value), attributes
    )


@given(scalars, st.sampled_from(ORDERED))
def test_a_missing_field_is_in_no_order(value: Scalar, op: Op) -> None:
    assert not matches(Condition("x", op, value), {})


@given(st.lists(st.booleans(), min_size=1, max_size=4))
def test_and_or_combine_as_in_logic(truths: list[bool]) -> None:
    parts = tuple(Condition("x", Op.EQ, value=truth) for truth in truths)
    assert matches(AllOf(parts), {"x": True}) is all(truths)
    assert matches(AnyOf(parts), {"x": True}) is any(truths)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ([], "/filter"),
        ({}, "/filter"),
        ({"field": "x", "op": "eq"}, "/filter"),
        ({"field": "x", "op": "like", "value": 1}, "/filter/op"),
        ({"field": "", "op": "eq", "value": 1}, "/filter/field"),
        ({"field": "x", "op": "eq", "value": None}, "/filter/value"),
        ({"field": "x", "op": "eq", "value": [1]}, "/filter/value"),
        ({"field": "x", "op": "in", "value": []}, "/filter/value"),
        ({"field": "x", "op": "in", "value": [[1]]}, "/filter/value"),
        ({"and": []}, "/filter/and"),
        ({"and": [{"or": [3]}]}, "/filter/and/0/or/0"),
        ({"or": [condition("eq", 1)], "and": []}, "/filter/and"),
    ],
)
def test_a_malformed_filter_is_refused_with_the_pointer_to_what_is_wrong(
    raw: object, pointer: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse(raw)
    assert refused.value.facts["pointer"] == pointer


def test_a_filter_nested_too_deep_is_refused() -> None:
    raw: object = condition("eq", 1)
    for _ in range(6):
        raw = {"and": [raw]}
    with pytest.raises(InvalidInputError, match="nested deeper"):
        parse(raw)


def test_a_filter_of_too_many_conditions_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="more than 50 conditions"):
        parse({"or": [condition("eq", 1)] * 51})


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["field", "op", "value", "and", "or", "z"]), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_either_a_filter_or_refused_with_a_pointer(raw: object) -> None:
    try:
        where = parse(raw)
    except InvalidInputError as refused:
        assert str(refused.facts["pointer"]).startswith("/filter")
    else:
        assert matches(where, {}) in (True, False)
