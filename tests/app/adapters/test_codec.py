import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters import codec
from app.core.errors import InvalidInputError
from app.core.kinds import KINDS
from app.core.models import Job, Partition, Space
from tests.contract.sample import NOW, a_document, a_job, a_space

HOME = Partition("ten_default")
MODELS = [kind.model for kind in KINDS] + [Job]
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
PLAIN: Mapping[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    object: TEXT | st.booleans() | st.lists(st.integers(-9, 9), max_size=3),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """A strategy for every type that a model's field may have; an unknown one is an error."""
    if hint in PLAIN:
        return PLAIN[hint]
    if typing.get_origin(hint) is not None:
        return composed(typing.get_origin(hint), typing.get_args(hint))
    return st.sampled_from(hint) if issubclass(hint, Enum) else model(hint)


def composed(origin: object, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(anything, arguments))
    if origin is Mapping:
        return st.dictionaries(TEXT, anything(arguments[1]), max_size=3)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*map(anything, arguments))
    members = st.lists(anything(arguments[0]), max_size=3)
    return members.map(tuple) if origin is tuple else members


def model(cls: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(
        cls, **{field.name: anything(hints[field.name]) for field in dataclasses.fields(cls)}
    )


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_stored_model_survives_the_round_trip(cls: type[Any], data: st.DataObject) -> None:
    value = data.draw(model(cls))
    assert codec.decode(cls, codec.encode(value)) == value


def test_what_is_stored_is_plain_json() -> None:
    stored = orjson.loads(codec.encode(a_space(HOME, tags=("hr",))))
    assert stored["tags"] == ["hr"]
    assert stored["created_at"] == "2026-11-22T12:30:15.123456+00:00"
    assert orjson.loads(codec.encode(a_job(HOME)))["kind"] == "ingest"


def test_a_field_that_a_newer_release_wrote_is_ignored() -> None:
    space = a_space(HOME)
    stored = orjson.loads(codec.encode(space)) | {"colour": "blue"}
    assert codec.decode(Space, orjson.dumps(stored)) == space


def test_a_field_that_an_older_release_did_not_write_takes_its_default() -> None:
    document = a_document(HOME)
    stored = orjson.loads(codec.encode(document))
    for missing in ("tags", "current", "metadata"):
        del stored[missing]
    del stored["versions"][0]["status"]
    assert codec.decode(type(document), orjson.dumps(stored)) == document


def test_a_record_without_a_required_field_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="name"):
        codec.decode(Space, b'{"id": "spc_1"}')


def test_another_time_zone_is_read_back_as_the_same_instant() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    space = dataclasses.replace(a_space(HOME), created_at=elsewhere)
    assert codec.decode(Space, codec.encode(space)).created_at == NOW


def test_a_mapping_that_is_not_a_dictionary_is_stored_all_the_same() -> None:
    space = dataclasses.replace(a_space(HOME), metadata=MappingProxyType({"a": 1}))
    assert codec.decode(Space, codec.encode(space)).metadata == {"a": 1}


@pytest.mark.parametrize("value", ["\ud800", 2**64, {1}], ids=["surrogate", "65 bits", "a set"])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match="can't be stored as JSON"):
        codec.encode(dataclasses.replace(a_space(HOME), metadata={"value": value}))
