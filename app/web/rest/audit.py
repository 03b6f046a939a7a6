"""The audit trail, for auditors."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import orjson
from fastapi import Query
from starlette.responses import Response, StreamingResponse

from app.core import ocsf
from app.core.models import AuditEvent
from app.web import paging, shapes
from app.web.inputs.auditing import AuditPage, AuditQuery
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("audit")
_LINES = "application/x-ndjson"


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


@router.get(
    "/audit/export",
    operation_id="exportAuditEvents",
    response_class=StreamingResponse,
    summary="Export the audit trail as OCSF events",
    responses={200: {"content": {_LINES: {"schema": {"type": "string"}}}}},
)
async def export(call: CallDep, query: Annotated[AuditQuery, Query()]) -> Response:
    """Give every event that matches, oldest first, one JSON object a line (OCSF 1.3, 6003)."""
    told = ocsf.events(call.ports.audit, call.principal.tenant_id, query.wanted())
    headers = {"Content-Disposition": 'attachment; filename="audit.ocsf.ndjson"'}
    return StreamingResponse(_lines(told), media_type=_LINES, headers=headers)


async def _lines(told: AsyncIterator[dict[str, object]]) -> AsyncIterator[bytes]:
    async for one in told:
        yield orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE)
