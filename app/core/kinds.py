"""The kinds of record there are: the one table that every backend stores by.

`attributes` says what a listing of that kind may be filtered by (see `filters`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.core import models as m
from app.core.filters import Attributes
from app.core.models.spending import Spending

T = TypeVar("T")


def _nothing(_: object) -> Attributes:
    return {}


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of record: its name in storage, its class (which has an `id`), its attributes."""

    name: str
    model: type[T]
    attributes: Callable[[T], Attributes] = _nothing
    audited: bool = True  # whether changes of it are in the audit trail


def document_attributes(document: m.Document) -> Attributes:
    """Return what documents and their passages are filtered by."""
    shown = document.version(document.current) if document.current else document.latest
    latest = document.latest
    found: dict[str, m.Scalar | list[str]] = {
        "document_id": document.id,
        "title": document.title,
        "type": (shown or latest).media_type,
        "status": latest.status.value,
        "language": (shown or latest).language or "",
        "tags": list(document.tags),
        "created_at": document.created_at.isoformat(),
        "updated_at": document.updated_at.isoformat(),
        "deleted": document.deleted_at is not None,
    }
    found.update({f"metadata.{name}": value for name, value in document.metadata.items()})
    return found


def _space_attributes(space: m.Space) -> Attributes:
    return {
        "deleted": space.deleted_at is not None,
        "tags": list(space.tags),
        "visibility": space.visibility.value,
        "members": [member.principal_id for member in space.members],
    }


def _query_attributes(query: m.Query) -> Attributes:
    return {"status": query.status.value, "created_by": query.created_by}


def _call_attributes(call: m.IdempotentCall) -> Attributes:
    return {"subjects": list(call.subjects)}


SPACES = Kind("space", m.Space, _space_attributes)  # partition: the tenant
API_KEYS = Kind("api-key", m.ApiKey)  # partition: the tenant
KEY_USES = Kind("key-use", m.KeyUse, audited=False)  # partition: the tenant
IDEMPOTENT_CALLS = Kind(  # partition: the tenant
    "idempotent-call", m.IdempotentCall, _call_attributes, audited=False
)
USAGE = Kind("usage", Spending, audited=False)  # partition: the tenant
RECEIPTS = Kind("receipt", m.Receipt)  # partition: the tenant, so that it outlives the space
DOCUMENTS = Kind("document", m.Document, document_attributes)  # partition: the space
PROGRESS = Kind("progress", m.Progress, audited=False)  # partition: the space
CONTENT_CLAIMS = Kind("content-claim", m.ContentClaim, audited=False)  # partition: the space
QUERIES = Kind("query", m.Query, _query_attributes)  # partition: the query's first space
EXPLANATIONS = Kind("explanation", m.Explanation, audited=False)  # partition: as the query
FEEDBACK = Kind("feedback", m.Feedback)  # partition: as the query
QUOTATIONS = Kind("quotation", m.Quotation, audited=False)  # partition: the quoted document's space

KINDS: tuple[Kind[Any], ...] = (
    SPACES,
    API_KEYS,
    KEY_USES,
    IDEMPOTENT_CALLS,
    USAGE,
    RECEIPTS,
    DOCUMENTS,
    PROGRESS,
    CONTENT_CLAIMS,
    QUERIES,
    EXPLANATIONS,
    FEEDBACK,
    QUOTATIONS,
)
