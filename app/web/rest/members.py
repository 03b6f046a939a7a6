"""The members of a space."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.core import members
from app.core.models import Member
from app.web import paging, shapes
from app.web.answers import Answer, NoContent
from app.web.inputs.fields import SpaceInPath
from app.web.inputs.members import MemberIn, PrincipalInPath
from app.web.inputs.paging import Paging
from app.web.openapi.notes import notes
from app.web.routing import group
from app.web.services import CallDep

router = group("members")
_ONE = "/spaces/{space_id}/members/{principal_id:path}"  # a subject may hold slashes


@router.get(
    "/spaces/{space_id}/members",
    operation_id="listMembers",
    response_model=shapes.MemberPage,
    summary="List the members of a space",
    openapi_extra=notes(problems=("bad-cursor",), gives={200: ("Link",)}),
)
async def list_(
    call: CallDep, space_id: SpaceInPath, query: Annotated[Paging, Query()]
) -> Response:
    """List who belongs to a space. It counts while the space is visible to its members only."""
    page = await members.page(call.ports, call.principal, space_id, paging.listing(call, query))

    async def view(found: Sequence[Member]) -> list[shapes.Member]:
        return [shapes.member(one) for one in found]

    return await paging.answer(call, page, view)


@router.get(
    _ONE,
    operation_id="getMember",
    response_model=shapes.Member,
    summary="Read a member of a space",
)
async def get(call: CallDep, space_id: SpaceInPath, principal_id: PrincipalInPath) -> Response:
    """Read which role somebody has in a space."""
    found = await members.get(call.ports, call.principal, space_id, principal_id)
    return Answer(shapes.member(found))


@router.put(
    _ONE,
    operation_id="putMember",
    response_model=shapes.Member,
    summary="Make somebody a member of a space",
    openapi_extra=notes(problems=("conflict",), unconditional=True),
)
async def put(
    call: CallDep, space_id: SpaceInPath, principal_id: PrincipalInPath, body: MemberIn
) -> Response:
    """Give somebody a role in a space, instead of the one held before if there was one."""
    made = await members.put(call.ports, call.principal, space_id, principal_id, body.role)
    return Answer(shapes.member(made))


@router.delete(
    _ONE,
    operation_id="removeMember",
    status_code=204,
    summary="Shut a member out of a space",
    openapi_extra=notes(unconditional=True),
)
async def remove(call: CallDep, space_id: SpaceInPath, principal_id: PrincipalInPath) -> Response:
    """Take somebody's role in a space away, at once."""
    await members.remove(call.ports, call.principal, space_id, principal_id)
    return NoContent()
