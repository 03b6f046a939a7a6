"""Spaces and receipts of deletions."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m


class Space(TypedDict):
    """A named collection of documents that questions are asked of."""

    id: str
    name: str
    description: str
    metadata: dict[str, Any]
    tags: list[str]
    document_count: Annotated[int, Field(description="How many documents it holds.")]
    created_at: datetime
    updated_at: datetime
    created_by: Annotated[str, Field(description="The credential that made it.")]
    visibility: Annotated[
        m.Visibility, Field(description="`members`: nobody else but administrators sees it.")
    ]


class Member(TypedDict):
    """Somebody who belongs to a space."""

    principal_id: str
    role: m.SpaceRole
    added_at: datetime
    added_by: str


class MemberPage(TypedDict):
    """One page of members."""

    items: list[Member]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class SpacePage(TypedDict):
    """One page of spaces."""

    items: list[Space]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class Receipt(TypedDict):
    """What a deletion removed, counted by a pass that looked again afterwards."""

    id: Annotated[str, Field(description="The id of what was deleted.")]
    space_id: str
    subject: Annotated[str, Field(description="`document` or `space`.")]
    requested_at: datetime
    requested_by: str
    completed_at: Annotated[datetime | None, Field(description="Null while it runs.")]
    removed: Annotated[dict[str, int], Field(description="What went, by kind.")]
    remaining: Annotated[dict[str, int], Field(description="What was found left: zeros.")]


def space(found: m.Space, document_count: int) -> Space:
    """Show a space."""
    return Space(
        id=found.id,
        name=found.name,
        description=found.description,
        metadata=dict(found.metadata),
        tags=list(found.tags),
        document_count=document_count,
        created_at=found.created_at,
        updated_at=found.updated_at,
        created_by=found.created_by,
        visibility=found.visibility,
    )


def member(found: m.Member) -> Member:
    """Show a member."""
    return Member(
        principal_id=found.principal_id,
        role=found.role,
        added_at=found.added_at,
        added_by=found.added_by,
    )


def receipt(found: m.Receipt) -> Receipt:
    """Show a receipt."""
    return Receipt(
        id=found.id,
        space_id=found.space_id,
        subject=found.subject,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        completed_at=found.completed_at,
        removed=dict(found.removed),
        remaining=dict(found.remaining),
    )
