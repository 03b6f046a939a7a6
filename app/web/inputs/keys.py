"""What clients ask of a new API key."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.core.keys import NewKey
from app.core.models import Scope
from app.web.inputs.fields import Input, Moment, SpaceId


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

    def wanted(self) -> NewKey:
        """Return what the use case takes."""
        return NewKey(
            name=self.name,
            scopes=tuple(dict.fromkeys(self.scopes)),
            space_ids=None if self.space_ids is None else tuple(dict.fromkeys(self.space_ids)),
            expires_at=self.expires_at,
            department=self.department,
        )
