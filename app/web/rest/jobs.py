"""Jobs that were given up, for the operator."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core.errors import NotFoundError
from app.core.models import DeadJob
from app.web import paging, shapes
from app.web.answers import NoContent
from app.web.inputs.fields import JobInPath
from app.web.inputs.paging import Page
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("jobs")


@router.get(
    "/jobs/dead",
    operation_id="listDeadJobs",
    response_model=shapes.DeadJobPage,
    summary="List the dead letters",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}),
)
async def list_(call: CallDep, query: Annotated[Page, Query()]) -> Response:
    """List the tenant's jobs that were given up, oldest first, with the reason."""
    where = paging.listing(call, query)
    tenant = call.principal.tenant_id
    page = await call.ports.jobs.dead(tenant, after=where.after, limit=where.limit)

    async def view(found: Sequence[DeadJob]) -> list[shapes.DeadJob]:
        return [shapes.dead_job(one) for one in found]

    return await paging.answer(call, page, view)


@router.post(
    "/jobs/dead/{job_id}/replay",
    operation_id="replayDeadJob",
    status_code=204,
    summary="Replay a dead letter",
)
async def replay(call: CallDep, job_id: JobInPath) -> Response:
    """Put a dead job back into the queue with fresh attempts."""
    if not await call.ports.jobs.replay(call.principal.tenant_id, job_id):
        raise NotFoundError(id=job_id)
    return NoContent()
