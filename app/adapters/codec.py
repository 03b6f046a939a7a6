"""Models to JSON and back: one decoder a class, built once.

orjson writes dataclasses, UTC times, enums and tuples by itself. Reading ignores fields it does
not know (a newer release wrote them) and gives missing ones their defaults (an older one did).
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias, TypeVar, Union

import orjson

from app.core.errors import InvalidInputError

T = TypeVar("T")
Convert: TypeAlias = Callable[[Any], Any]
_decoders: dict[type[Any], Convert] = {}


def encode(value: object) -> bytes:
    """Return the JSON of a model.

    Raises InvalidInputError for what JSON can't carry: lone surrogates, integers over 64 bits.
    """
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_NAIVE_UTC)
    except TypeError as error:
        raise InvalidInputError(pointer="", reason=f"can't be stored as JSON: {error}") from error


def decode(model: type[T], stored: bytes | str) -> T:
    """Read a model back; raises TypeError if a field without a default is missing."""
    found: T = _decoder(model)(orjson.loads(stored))
    return found


def _decoder(model: type[Any]) -> Convert:
    """Return what builds the model, a dataclass, from a JSON object."""
    read = _decoders.get(model)
    if read is None:
        read = _decoders[model] = _built(model)
    return read


def _built(model: type[Any]) -> Convert:
    hints = typing.get_type_hints(model)
    known = frozenset(field.name for field in dataclasses.fields(model))
    converters = tuple((name, c) for name in known if (c := _converter(hints[name])) is not None)

    def read(found: dict[str, Any]) -> object:
        if not known.issuperset(found):
            found = {name: value for name, value in found.items() if name in known}
        for name, convert in converters:
            if name in found:
                found[name] = convert(found[name])
        return model(**found)

    return read


def _plain(value: object) -> object:
    """Return what orjson can write of a mapping that is not a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a stored type")


def _converter(hint: object) -> Convert | None:
    """Return how JSON becomes a value of this type; None if it is one already."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(hint, type):
        return _of_class(hint)
    return None  # Mapping[str, …] of scalars, Any


def _of_class(hint: type[Any]) -> Convert | None:
    if hint is datetime:
        return datetime.fromisoformat
    if dataclasses.is_dataclass(hint):
        return _decoder(hint)
    if issubclass(hint, Enum):
        return {member.value: member for member in hint}.__getitem__
    return None


def _optional(arguments: tuple[Any, ...]) -> Convert | None:
    """Convert `X | None`; a union of JSON's own types needs nothing."""
    inner = [c for a in arguments if a is not type(None) and (c := _converter(a)) is not None]
    if not inner:
        return None
    [convert] = inner  # two convertible types in one union would be ambiguous
    return lambda value: None if value is None else convert(value)


def _tuple(arguments: tuple[Any, ...]) -> Convert:
    if arguments[-1] is not Ellipsis:
        parts = tuple(_converter(argument) for argument in arguments)
        return lambda values: tuple(
            value if convert is None else convert(value)
            for convert, value in zip(parts, values, strict=True)
        )
    convert = _converter(arguments[0])
    return tuple if convert is None else lambda values: tuple(map(convert, values))
