"""Documents, their versions, their extracted text."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m


class Version(TypedDict):
    """One uploaded content of a document."""

    number: int
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    status: m.DocumentStatus
    reason: Annotated[m.FailureReason | None, Field(description="Why it failed.")]
    language: str | None
    pages: int | None
    characters: int | None
    passages: int | None
    created_at: datetime
    created_by: str
    indexed_at: datetime | None


class Progress(TypedDict):
    """How far the reading of the newest version is."""

    stage: Annotated[str, Field(description="`reading` or `indexing`.")]
    fraction: Annotated[float, Field(ge=0, le=1)]


class Document(TypedDict):
    """A document: its description and the state of its newest version."""

    id: str
    space_id: str
    title: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    status: m.DocumentStatus
    reason: Annotated[m.FailureReason | None, Field(description="Why the newest failed.")]
    language: str | None
    pages: int | None
    characters: int | None
    passages: int | None
    progress: Progress | None
    version: Annotated[int, Field(description="The newest version.")]
    current_version: Annotated[
        int | None, Field(description="The version that answers rest on; null until one is ready.")
    ]
    versions: list[Version]
    metadata: dict[str, Any]
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    created_by: str


class DocumentPage(TypedDict):
    """One page of documents."""

    items: list[Document]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class TextPage(TypedDict):
    """Where a page, sheet or slide is in the text, in characters."""

    number: int
    start: int
    end: int
    label: str | None


class TextSection(TypedDict):
    """Where a heading is in the text; it reaches to the next."""

    title: str
    level: int
    start: int


class DocumentText(TypedDict):
    """The text that was read from a version; offsets are characters of `text`."""

    document_id: str
    version: int
    language: str
    pages: list[TextPage]
    sections: list[TextSection]
    text: str


def version(found: m.Version) -> Version:
    """Show a version."""
    return Version(
        number=found.number,
        filename=found.filename,
        content_type=found.media_type,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        status=found.status,
        reason=found.reason,
        language=found.language,
        pages=found.pages,
        characters=found.characters,
        passages=found.passages,
        created_at=found.created_at,
        created_by=found.created_by,
        indexed_at=found.indexed_at,
    )


def document(found: m.Document, progress: m.Progress | None) -> Document:
    """Show a document; `progress` counts only for its newest version."""
    latest = found.latest
    return Document(
        id=found.id,
        space_id=found.space_id,
        title=found.title,
        filename=latest.filename,
        content_type=latest.media_type,
        size_bytes=latest.size_bytes,
        sha256=latest.sha256,
        status=latest.status,
        reason=latest.reason,
        language=latest.language,
        pages=latest.pages,
        characters=latest.characters,
        passages=latest.passages,
        progress=_progress(progress, latest),
        version=latest.number,
        current_version=found.current,
        versions=[version(one) for one in found.versions],
        metadata=dict(found.metadata),
        tags=list(found.tags),
        created_at=found.created_at,
        updated_at=found.updated_at,
        created_by=found.created_by,
    )


def _progress(found: m.Progress | None, latest: m.Version) -> Progress | None:
    if found is None or found.version != latest.number:
        return None
    return Progress(stage=found.stage, fraction=found.fraction)
