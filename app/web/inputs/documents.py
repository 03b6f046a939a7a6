"""What clients say of documents, and how they list them."""

import contextlib
import json
from typing import Annotated

from pydantic import Field, Json
from pydantic.json_schema import SkipJsonSchema

from app.core.documents import Description
from app.core.models import Document
from app.web.inputs.fields import Input, Metadata, Name, Tags

_TITLE = "What the document is called; its file name if left out."


class DocumentPatch(Input):
    """What is to change of a document's description; what is left out stays."""

    title: Annotated[Name | SkipJsonSchema[None], Field(description=_TITLE)] = None
    metadata: Metadata | SkipJsonSchema[None] = None
    tags: Tags | SkipJsonSchema[None] = None

    def description(self, document: Document) -> Description:
        """Return the document's description with the changes."""
        return Description(
            title=document.title if self.title is None else self.title,
            metadata=document.metadata if self.metadata is None else self.metadata,
            tags=document.tags if self.tags is None else tuple(self.tags),
        )


class UploadFields(Input):
    """The fields that may stand beside the file in an upload."""

    title: Annotated[Name | SkipJsonSchema[None], Field(description=_TITLE)] = None
    metadata: Json[Metadata] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)

    def description(self, filename: str) -> Description:
        """Return what the use case takes."""
        return Description(
            title=filename if self.title is None else self.title,
            metadata=self.metadata,
            tags=tuple(self.tags),
        )


def tags_of(text: str) -> object:
    """Return the tags that a form field holds: a JSON list, or words between commas."""
    if text.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            return json.loads(text)
        return text  # refused by the model: not a list
    return [tag for part in text.split(",") if (tag := part.strip())]
