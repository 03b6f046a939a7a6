"""What clients ask, and what they think of the answer."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.filters import Condition, Filter, Op
from app.core.models import QueryStatus
from app.core.queries import Asked
from app.web.inputs.fields import OMITTABLE, Input, SpaceId
from app.web.inputs.paging import Paging

_QUESTION = r"^[^\x00]*[^\s\x00][^\x00]*$"


class QuestionIn(Input):
    """A question, without saying of which space."""

    question: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            pattern=_QUESTION,
            description="The question, in English or French.",
        ),
    ]
    top_k: Annotated[
        int, Field(ge=1, le=50, strict=True, description="How many passages to rest on at most.")
    ] = 5
    filter: Annotated[
        dict[str, Any] | None,
        Field(
            description="Which documents count: `{field, op, value}`, `{and: […]}` or `{or: […]}`; "
            "`op` is eq, ne, gt, gte, lt, lte or in. Fields: document_id, title, type, status, "
            "language, tags, created_at, updated_at and metadata.<key>."
        ),
    ] = None
    language: Annotated[
        Literal["en", "fr"] | None,
        Field(description="The question's language; detected if left out."),
    ] = None

    def asked(self, space_ids: tuple[str, ...]) -> Asked:
        """Return what the use case takes."""
        return Asked(
            space_ids=space_ids,
            question=self.question,
            top_k=self.top_k,
            filter=self.filter,
            language=self.language,
        )


class QueryIn(QuestionIn):
    """A question asked of one or several spaces."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["space_ids"]}, {"required": ["space_id"]}]}
    )
    space_ids: Annotated[
        list[SpaceId] | None,
        OMITTABLE,
        Field(min_length=1, max_length=20, description="The spaces to ask."),
    ] = None
    space_id: Annotated[
        SpaceId | None, OMITTABLE, Field(description="The space to ask, if it is one.")
    ] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "QueryIn":
        if (self.space_ids is None) == (self.space_id is None):
            raise PydanticCustomError(
                "one_of_two", "one of two", {"first": "space_ids", "second": "space_id"}
            )
        return self

    @property
    def spaces(self) -> tuple[str, ...]:
        """Return the spaces to ask, however they were given."""
        return tuple(self.space_ids or [str(self.space_id)])


class FeedbackIn(Input):
    """A reader's verdict on an answer."""

    rating: Annotated[Literal[-1, 1], Field(description="1: helpful, -1: not.")]
    comment: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""


class QueryListing(Paging):
    """The query parameters of a list of queries."""

    space_id: Annotated[SpaceId, Field(description="The space that was asked first.")]
    status: Annotated[QueryStatus | None, OMITTABLE, Field(description="Where the query is.")] = (
        None
    )

    def where(self) -> Filter | None:
        """Return what queries have to match."""
        if self.status is None:
            return None
        return Condition("status", Op.EQ, self.status.value)
