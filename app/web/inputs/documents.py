"""What clients say of documents, and how they list them."""

import contextlib
from typing import Annotated, Self

import orjson
from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core import filters
from app.core.documents import Description
from app.core.errors import InvalidInputError
from app.core.filters import AllOf, Condition, Filter, Op
from app.core.models import Document, DocumentStatus, Scalar
from app.web.inputs.fields import OMITTABLE, Input, Metadata, Name, Tag, Tags
from app.web.inputs.paging import Paging

_FAMILY = "metadata."
# An address has at most 64 KiB; every parameter has its share.
MOST_FACTS = 5
LONGEST_FACT = 200
_TITLE = "What the document is called; its file name if left out."


class DocumentPatch(Input):
    """What is to change of a document's description; what is left out stays."""

    title: Annotated[Name | None, OMITTABLE, Field(description=_TITLE)] = None
    metadata: Annotated[Metadata | None, OMITTABLE] = None
    tags: Annotated[Tags | None, OMITTABLE] = None

    def description(self, document: Document) -> Description:
        """Return the document's description with the changes."""
        return Description(
            title=document.title if self.title is None else self.title,
            metadata=document.metadata if self.metadata is None else self.metadata,
            tags=document.tags if self.tags is None else tuple(self.tags),
        )


class UploadFields(Input):
    """The fields that may stand beside the file in an upload."""

    title: Annotated[Name | None, OMITTABLE, Field(description=_TITLE)] = None
    metadata: Metadata = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)

    def description(self, filename: str) -> Description:
        """Return what the use case takes."""
        return Description(
            title=filename if self.title is None else self.title,
            metadata=self.metadata,
            tags=tuple(self.tags),
        )


class DocumentListing(Paging):
    """The query parameters of a list of documents; `metadata.<key>` may be any number of them."""

    model_config = ConfigDict(extra="allow")

    status: Annotated[
        DocumentStatus | None, OMITTABLE, Field(description="The newest version's state.")
    ] = None
    type: Annotated[
        str | None,
        OMITTABLE,
        Field(max_length=200, description="A media type, such as `application/pdf`."),
    ] = None
    tag: Annotated[
        list[Tag],
        Field(max_length=10, description="A label that it must have; may be repeated."),
    ] = Field(default_factory=list)
    filter: Annotated[
        str | None,
        OMITTABLE,
        Field(max_length=2000, description="A filter as JSON, as in a query."),
    ] = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        facts = self.model_extra or {}
        if not all(name.startswith(_FAMILY) for name in facts):
            raise PydanticCustomError("extra_forbidden", "unknown")
        longest = max((len(text) for fact in facts.items() for text in fact), default=0)
        if len(facts) > MOST_FACTS or longest > LONGEST_FACT:
            raise PydanticCustomError(
                "metadata_keys", "keys", {"most": MOST_FACTS, "longest": LONGEST_FACT}
            )
        return self

    def where(self) -> Filter | None:
        """Return what documents have to match; InvalidInputError."""
        parts: list[Filter] = [Condition("tags", Op.EQ, tag) for tag in self.tag]
        if self.status is not None:
            parts.append(Condition("status", Op.EQ, self.status.value))
        if self.type is not None:
            parts.append(Condition("type", Op.EQ, self.type))
        for name, value in (self.model_extra or {}).items():
            parts.append(Condition(name, Op.EQ, _literal(str(value))))
        if self.filter is not None:
            parts.append(_parsed(self.filter))
        return AllOf(tuple(parts)) if parts else None


def _literal(text: str) -> Scalar:
    """Return a JSON number, boolean or string if the text is one, else the text itself."""
    with contextlib.suppress(ValueError):
        value = orjson.loads(text)
        if isinstance(value, bool | int | float | str):
            return value
    return text


def _parsed(text: str) -> Filter:
    try:
        return filters.parse(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise InvalidInputError(pointer="query:filter", reason="must be JSON") from None
    except InvalidInputError as error:
        inside = str(error.facts["pointer"]).removeprefix("/")
        raise InvalidInputError(pointer=f"query:{inside}", reason=error.facts["reason"]) from None


def metadata_of(text: str) -> object:
    """Return the metadata that a form field holds as JSON; InvalidInputError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInputError(pointer="/metadata", reason="must be JSON") from None


def tags_of(text: str) -> object:
    """Return the tags that a form field holds: a JSON list, or words between commas."""
    if text.lstrip().startswith("["):
        with contextlib.suppress(orjson.JSONDecodeError):
            return orjson.loads(text)
        return text  # refused by the model: not a list
    return [tag for part in text.split(",") if (tag := part.strip())]
