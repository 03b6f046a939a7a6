"""What clients ask of a new API key."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.core import key_text
from app.core.errors import InvalidInputError
from app.core.key_changes import LONGEST_OVERLAP
from app.core.keys import NewKey
from app.core.models import Scope, Tier
from app.web.inputs.fields import OMITTABLE, Input, Moment, SpaceId


def _future(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise PydanticCustomError("not_future", "not in the future")
    return moment


class ApiKeyIn(Input):
    """A key as it is to be."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
            description="What the key is for.",
        ),
    ]
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=len(Scope), description="What it may do.")
    ]
    space_ids: Annotated[
        list[SpaceId] | None,
        Field(
            min_length=1,
            max_length=100,
            description="The only spaces that it reaches; every space if left out.",
        ),
    ] = None
    expires_at: Annotated[
        Annotated[Moment, AfterValidator(_future)] | None,
        Field(description="When it ends (RFC 3339); never if left out."),
    ] = None
    department: Annotated[
        str,
        Field(max_length=100, pattern=r"^[^\x00]*$", description="Who is charged for its use."),
    ] = ""

    tier: Annotated[
        Tier | None,
        OMITTABLE,
        Field(description="How much it may ask for; its tenant's tier if left out, never more."),
    ] = None

    def wanted(self) -> NewKey:
        """Return what the use case takes."""
        return NewKey(
            name=self.name,
            scopes=tuple(dict.fromkeys(self.scopes)),
            space_ids=None if self.space_ids is None else tuple(dict.fromkeys(self.space_ids)),
            expires_at=self.expires_at,
            department=self.department,
            tier=self.tier,
        )


class RotationIn(Input):
    """How a key is rotated."""

    overlap_s: Annotated[
        int,
        Field(
            ge=0,
            le=int(LONGEST_OVERLAP.total_seconds()),
            description="For how many seconds the text until now still works.",
        ),
    ] = 86_400


class LeakedKeyIn(Input):
    """What was found of a key: its text, or the SHA-256 of its text."""

    key: Annotated[
        str | None, OMITTABLE, Field(min_length=1, max_length=200, description="The whole key.")
    ] = None
    sha256: Annotated[
        str | None,
        OMITTABLE,
        Field(pattern="^[0-9a-f]{64}$", description='`printf %s "$KEY" | sha256sum`'),
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.key is None) is (self.sha256 is None):
            raise PydanticCustomError("one_of_two", "one", {"first": "key", "second": "sha256"})
        return self

    def hash(self) -> str:
        """Return the SHA-256; InvalidInputError for a text that is no key."""
        if self.sha256 is not None:
            return self.sha256
        found = key_text.read(self.key or "")
        if found is None:
            raise InvalidInputError(pointer="/key", reason="is not a key of this service")
        return found.sha256
