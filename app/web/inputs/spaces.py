"""What clients say of spaces."""

from typing import Annotated

from pydantic import Field

from app.core.models import Space, Visibility
from app.core.spaces import SpaceContent
from app.web.inputs.fields import OMITTABLE, Input, Metadata, Name, Tags, Text

_NAME = "What people call the space."
_ABOUT = "What the space is for."
_SEEN = (
    "Who sees it: its `tenant` (so if never said), or its `members` and administrators only. Left "
    "out, it stays as it is. Whoever closes a space becomes a manager of it if nobody is."
)


class SpaceIn(Input):
    """A space as it is to be."""

    name: Annotated[Name, Field(description=_NAME)]
    description: Annotated[Text, Field(description=_ABOUT)] = ""
    metadata: Metadata = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)
    visibility: Annotated[Visibility | None, OMITTABLE, Field(description=_SEEN)] = None

    def content(self) -> SpaceContent:
        """Return what the use case takes."""
        return SpaceContent(
            name=self.name,
            description=self.description,
            metadata=self.metadata,
            tags=tuple(self.tags),
            visibility=self.visibility,
        )


class SpacePatch(Input):
    """What is to change of a space; what is left out stays."""

    name: Annotated[Name | None, OMITTABLE, Field(description=_NAME)] = None
    description: Annotated[Text | None, OMITTABLE, Field(description=_ABOUT)] = None
    metadata: Annotated[Metadata | None, OMITTABLE] = None
    tags: Annotated[Tags | None, OMITTABLE] = None
    visibility: Annotated[Visibility | None, OMITTABLE, Field(description=_SEEN)] = None

    def content(self, space: Space) -> SpaceContent:
        """Return the space's content with the changes."""
        return SpaceContent(
            name=space.name if self.name is None else self.name,
            description=space.description if self.description is None else self.description,
            metadata=space.metadata if self.metadata is None else self.metadata,
            tags=space.tags if self.tags is None else tuple(self.tags),
            visibility=self.visibility,
        )
