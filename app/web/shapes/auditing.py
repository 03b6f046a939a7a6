"""Events of the audit trail."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core import models as m


class AuditEvent(TypedDict):
    """Who did what to which objects, and how it went."""

    id: str
    writer: Annotated[str, Field(description="The chain that the event is in.")]
    seq: Annotated[int, Field(description="Its number in that chain, from 1.")]
    at: datetime
    kind: m.AuditKind
    actor: str
    action: Annotated[str, Field(description="An operation id, or a job's kind.")]
    decision: Annotated[str, Field(description="`allowed` or `denied`.")]
    outcome: Annotated[str, Field(description="An HTTP status, or `committed`.")]
    targets: Annotated[list[str], Field(description="The objects, with what a change did.")]
    request_id: str
    count: Annotated[
        int,
        Field(description="How many requests, all alike, were turned away; 1 of any other event."),
    ]
    personal: Annotated[
        dict[str, str], Field(description="Personal data, until it is erased; never chained.")
    ]


class AuditEventPage(TypedDict):
    """One page of events, oldest first."""

    items: list[AuditEvent]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


def audit_event(found: m.AuditEvent) -> AuditEvent:
    """Show an event."""
    return AuditEvent(
        id=found.id,
        writer=found.writer,
        seq=found.seq,
        at=found.at,
        kind=found.kind,
        actor=found.actor,
        action=found.action,
        decision=found.decision,
        outcome=found.outcome,
        targets=list(found.targets),
        request_id=found.request_id,
        count=found.count,
        personal=dict(found.personal),
    )
