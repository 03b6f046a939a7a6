"""The audit trail, for auditors."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core.models import AuditEvent
from app.web import paging, shapes
from app.web.inputs.auditing import AuditPage
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("audit")


@router.get(
    "/audit/events",
    operation_id="listAuditEvents",
    response_model=shapes.AuditEventPage,
    summary="List the events of the audit trail",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}),
)
async def list_(call: CallDep, query: Annotated[AuditPage, Query()]) -> Response:
    """List what was done in the tenant, oldest first: requests, reads among them, and changes.

    A request is listed a moment after it was answered.
    """
    where = paging.listing(call, query)
    page = await call.ports.audit.events(
        call.principal.tenant_id, query.wanted(), after=where.after, limit=where.limit
    )

    async def view(found: Sequence[AuditEvent]) -> list[shapes.AuditEvent]:
        return [shapes.audit_event(one) for one in found]

    return await paging.answer(call, page, view)
