"""What an answer must be, by the declared rules alone; and what must not follow from a refusal."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import httpx2

from app.core.access import PUBLIC, RULES, WHOLE_TENANT
from app.core.models import Scope, SpaceRole
from app.core.roles import IN_SPACE
from tests.authz.callers import Caller
from tests.authz.operations import Operation
from tests.authz.world import Owned

_ID = re.compile(r"(?:(?:spc|doc|qry|job)_)?[0-9a-hjkmnp-tv-z]{26}")
_OWN_TO_A_REQUEST = frozenset({"x-request-id"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status (200 for any success), the problem's code, and what its detail must name."""

    status: int
    code: str | None = None
    names: str = ""


Closed = Mapping[str, Collection[str]]  # the members of spaces that are theirs only
ANSWERED = Verdict(200)
NOT_FOUND = Verdict(404, "not-found")


def expected(
    operation: Operation,
    caller: Caller,
    *,
    within_reach: bool = True,
    role: SpaceRole | None = None,
) -> Verdict:
    """Return what a valid request is answered, of objects within the caller's reach or not.

    With a `role`, the objects are in a members' space in which the caller has it.
    """
    rule = RULES[operation.id]
    if rule is PUBLIC:
        return ANSWERED
    if caller.scopes is None:
        return Verdict(401, "unauthenticated")
    if caller.scopes.isdisjoint({rule, Scope.ADMIN_ALL}):
        return Verdict(403, "insufficient-scope", rule.value)
    if operation.id in WHOLE_TENANT and caller.space_ids is not None:
        return Verdict(403, "insufficient-scope", f"{rule.value} on every space")
    if role is not None and rule not in IN_SPACE[role]:
        return Verdict(403, "insufficient-role", role.value)
    return ANSWERED if within_reach else NOT_FOUND


def differing(answer: httpx2.Response, verdict: Verdict) -> str | None:
    """Return how an answer is other than expected, None if it is as expected."""
    if verdict.code is None:
        if answer.is_success:
            return None
        return f"{answer.status_code} where it should be answered: {answer.text[:300]}"
    if answer.status_code != verdict.status:
        return f"{answer.status_code} where {verdict.status} was due: {answer.text[:300]}"
    body = answer.json()
    if body["code"] != verdict.code or verdict.names not in body["detail"]:
        return f"{verdict.code} naming {verdict.names!r} was due: {answer.text[:300]}"
    return None


def told(answer: httpx2.Response) -> tuple[object, ...]:
    """Return all that a refusal tells, but for the path asked and the request's own id."""
    text = answer.text.replace(answer.headers["x-request-id"], "")
    text = text.replace(f'"{answer.request.url.path}"', "")
    headers = sorted(
        (name, value) for name, value in answer.headers.items() if name not in _OWN_TO_A_REQUEST
    )
    return answer.status_code, text, tuple(headers)


def ids(answer: httpx2.Response) -> set[str]:
    """Return all in an answer that may be an id."""
    return set(_ID.findall(answer.text + "".join(answer.headers.values())))


def out_of_reach(named: Iterable[Owned], caller: Caller, closed: Closed) -> set[str]:
    """Return the ids of what the caller must not see."""
    return {one.id for one in named if not _reaches(caller, one, closed)}


def _reaches(caller: Caller, one: Owned, closed: Closed) -> bool:
    if one.tenant != caller.tenant:
        return False
    space = one.id if one.kind == "space" else one.space
    administers = caller.scopes is not None and Scope.ADMIN_ALL in caller.scopes
    if space in closed and caller.id not in closed[space] and not administers:
        return False
    return caller.space_ids is None or not space or space in caller.space_ids
