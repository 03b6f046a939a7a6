"""The kinds of value that inputs are made of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError

from app.core.errors import NotFoundError

_ID = "[0-9a-hjkmnp-tv-z]{26}"
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_NO_NUL = r"^[^\x00]*$"
_SOMETHING = r"^[^\x00]*[^\s\x00][^\x00]*$"  # more than white space
MAX_METADATA = 50
MAX_METADATA_KEY = 100
MAX_METADATA_VALUE = 1000
MAX_TAGS = 50


class Input(BaseModel):
    """A JSON object (or query parameters) from a client; what is not declared is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _written(value: object) -> object:
    """Refuse what is no RFC 3339 time: pydantic would take numbers and dates for times."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("datetime_parsing", "not a time")
    return value


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # in the last hours of the year 9999, or the first of the year 1
        raise PydanticCustomError("datetime_parsing", "not a time") from None


Moment: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_utc)]


class _Omittable:
    """Marks what may be left out (it is None then), but may not be said to be null.

    A client that sends null for whatever it does not set would else seem to set it.
    """

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        found = handler(source)
        return found["schema"] if found["type"] == "nullable" else found


OMITTABLE = _Omittable()


def _existing(prefix: str) -> Callable[[str], str]:
    """Return a check that an id in a path has the form of ids: what has not, does not exist."""
    form = re.compile(prefix + _ID)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise NotFoundError
        return value

    return check


def _form(prefix: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{prefix}{_ID}$"})


SpaceInPath: TypeAlias = Annotated[
    str, AfterValidator(_existing("spc_")), _form("spc_"), Path(description="A space's id.")
]
DocumentInPath: TypeAlias = Annotated[
    str, AfterValidator(_existing("doc_")), _form("doc_"), Path(description="A document's id.")
]
QueryInPath: TypeAlias = Annotated[
    str, AfterValidator(_existing("qry_")), _form("qry_"), Path(description="A query's id.")
]
KeyInPath: TypeAlias = Annotated[
    str, AfterValidator(_existing("")), _form(""), Path(description="An API key's id.")
]
JobInPath: TypeAlias = Annotated[
    str, AfterValidator(_existing("job_")), _form("job_"), Path(description="A dead job's id.")
]
ReceiptInPath: TypeAlias = Annotated[
    str,
    AfterValidator(_existing("(spc|doc)_")),
    _form("(spc|doc)_"),
    Path(description="The id of the deleted document or space."),
]

SpaceId: TypeAlias = Annotated[str, Field(pattern=f"^spc_{_ID}$")]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=255, pattern=_SOMETHING)]
Text: TypeAlias = Annotated[str, Field(max_length=1000, pattern=_NO_NUL)]
Tag: TypeAlias = Annotated[str, Field(min_length=1, max_length=100, pattern=_NO_NUL)]
Tags: TypeAlias = Annotated[
    list[Tag],
    Field(max_length=MAX_TAGS, description="Labels to filter by; doubles are dropped."),
    AfterValidator(lambda tags: list(dict.fromkeys(tags))),
]


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > MAX_METADATA or not all(_is_key(key) for key in value):
        raise PydanticCustomError(
            "metadata_keys", "keys", {"most": MAX_METADATA, "longest": MAX_METADATA_KEY}
        )
    for item in value.values():
        if not _is_value(item):
            raise PydanticCustomError("metadata_value", "value", {"longest": MAX_METADATA_VALUE})
    return value


def _is_key(key: str) -> bool:
    return 0 < len(key) <= MAX_METADATA_KEY and "\0" not in key


def _is_value(item: object) -> bool:
    if isinstance(item, list):
        return len(item) <= MAX_TAGS and all(isinstance(i, str) and _is_value(i) for i in item)
    if isinstance(item, str):
        return len(item) <= MAX_METADATA_VALUE and "\0" not in item
    return isinstance(item, bool | int | float)


_STRING: dict[str, Any] = {"type": "string", "maxLength": MAX_METADATA_VALUE, "pattern": _NO_NUL}
Metadata: TypeAlias = Annotated[
    dict[str, Any],
    AfterValidator(_metadata),
    WithJsonSchema(
        {
            "type": "object",
            "description": "Your own facts, to filter by. Numbers and strings never compare.",
            "maxProperties": MAX_METADATA,
            "propertyNames": {
                "minLength": 1,
                "maxLength": MAX_METADATA_KEY,
                "pattern": _NO_NUL,
            },
            "additionalProperties": {
                "anyOf": [
                    _STRING,
                    {"type": "number"},
                    {"type": "boolean"},
                    {"type": "array", "items": _STRING, "maxItems": MAX_TAGS},
                ]
            },
        }
    ),
]
