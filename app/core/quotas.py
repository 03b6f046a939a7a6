"""How much may be asked for in a minute: tiers, the cost of operations, and who counts together.

Every request of a principal is counted twice, in one step: as the principal's and as its tenant's.
A refused one counts as neither's, so that one key that runs wild does not lock out the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Protocol

from app.core.access import Principal
from app.core.errors import RateLimitedError
from app.core.models import Tier

WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """Cost that may be spent a minute: by one principal, and by all of a tenant together."""

    principal: int
    tenant: int


ALLOWANCES: Mapping[Tier, Allowance] = {
    Tier.FREE: Allowance(60, 600),
    Tier.BASIC: Allowance(600, 6_000),
    Tier.PRO: Allowance(6_000, 60_000),
}


class OnLoss(StrEnum):
    """What becomes of an operation while the shared counters can't be reached."""

    OPEN = "open"  # counted in this process alone, and an alarm is raised
    CLOSED = "closed"  # refused: UnavailableError


@dataclass(frozen=True, slots=True)
class Policy:
    """What one call of an operation counts for, and what happens when nobody can count."""

    cost: int = 1
    on_loss: OnLoss = OnLoss.OPEN


LIGHT = Policy()
ADMINISTRATION = Policy(on_loss=OnLoss.CLOSED)
HEAVY = Policy(cost=5, on_loss=OnLoss.CLOSED)  # runs extraction, search or a model
UNCOUNTED = Policy(cost=0)  # no principal: only the limit of its address applies

POLICIES: Mapping[str, Policy] = {
    "getOpenApi": UNCOUNTED,
    "getProblem": UNCOUNTED,
    "getHealth": UNCOUNTED,
    "getHealthReady": UNCOUNTED,
    "getLiveness": UNCOUNTED,
    "getReadiness": UNCOUNTED,
    "getHealthDetailed": LIGHT,
    "createApiKey": ADMINISTRATION,
    "listApiKeys": LIGHT,
    "getApiKey": LIGHT,
    "revokeApiKey": LIGHT,  # a leaked key can be revoked whatever else is down
    "deleteApiKey": LIGHT,
    "rotateApiKey": LIGHT,
    "revokeLeakedKey": LIGHT,
    "createSpace": LIGHT,
    "listSpaces": LIGHT,
    "getSpace": LIGHT,
    "replaceSpace": LIGHT,
    "updateSpace": LIGHT,
    "deleteSpace": LIGHT,
    "listMembers": LIGHT,
    "getMember": LIGHT,
    "putMember": LIGHT,
    "removeMember": LIGHT,  # somebody can be shut out whatever else is down
    "getReceipt": LIGHT,
    "uploadDocument": HEAVY,
    "listDocuments": LIGHT,
    "getDocument": LIGHT,
    "getSpaceDocument": LIGHT,
    "deleteSpaceDocument": LIGHT,
    "updateDocument": LIGHT,
    "deleteDocument": LIGHT,
    "uploadDocumentVersion": HEAVY,
    "reindexDocument": HEAVY,
    "downloadDocument": LIGHT,
    "getDocumentText": LIGHT,
    "createQuery": HEAVY,
    "querySpace": HEAVY,
    "listQueries": LIGHT,
    "getQuery": LIGHT,
    "getQueryResult": LIGHT,
    "streamQueryEvents": LIGHT,
    "cancelQuery": LIGHT,
    "explainQuery": LIGHT,
    "verifyCitation": LIGHT,
    "giveFeedback": LIGHT,
    "listDeadJobs": LIGHT,
    "replayDeadJob": ADMINISTRATION,
    "listAuditEvents": LIGHT,
    "exportAuditEvents": HEAVY,
    "getUsage": LIGHT,
}


@dataclass(frozen=True, slots=True)
class Take:
    """Cost to be taken from what `key` may spend in a window."""

    key: str
    limit: int
    cost: int
    on_loss: OnLoss = OnLoss.OPEN


class Counter(Protocol):
    """Counts in a sliding window of `WINDOW_S` seconds, for every process that shares it."""

    async def take(self, *takes: Take) -> float:
        """Take every cost and return 0; or none, and return in how many seconds the first fits.

        It is one step: however many ask at once, no more than the limits is given. Raises
        UnavailableError if nobody can count and one of them is to be refused then.
        """

    async def left(self, take: Take) -> tuple[int, float]:
        """Return what is left of the limit, and in how many seconds there will be more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a principal stands: its limit a window, what is left, seconds until there is more."""

    limit: int
    left: int
    reset_s: int


@dataclass(frozen=True, slots=True)
class Quotas:
    """Holds principals and tenants to their tier."""

    counter: Counter
    default: Tier = Tier.UNLIMITED
    tiers: Mapping[str, Tier] = field(default_factory=dict)  # of tenants

    async def require(self, principal: Principal, policy: Policy) -> None:
        """Count a call; RateLimitedError, UnavailableError."""
        takes = self._takes(principal, policy) if policy.cost else ()
        if not takes or not (wait_s := await self.counter.take(*takes)):
            return
        limit = takes[-1].limit
        if len(takes) > 1 and (await self.counter.left(takes[0]))[0] < policy.cost:
            limit = takes[0].limit
        raise RateLimitedError(limit=limit, window=WINDOW_S, retry_after=max(1, ceil(wait_s)))

    async def standing(self, principal: Principal) -> Standing | None:
        """Return how a principal stands now; None if nothing holds it."""
        takes = self._takes(principal, LIGHT)
        if not takes:
            return None
        left, reset_s = await self.counter.left(takes[0])
        return Standing(takes[0].limit, left, ceil(reset_s))

    def _takes(self, principal: Principal, policy: Policy) -> tuple[Take, ...]:
        """Return what a call takes: of the principal's own tier, never above its tenant's."""
        tenant_id = principal.tenant_id
        whole = ALLOWANCES.get(self.tiers.get(tenant_id, self.default))
        own = whole if principal.tier is None else ALLOWANCES.get(principal.tier)
        limits = [one.principal for one in (whole, own) if one is not None]
        # The length makes keys unambiguous: no id can pose as a part of another. In braces is what
        # both have in common, so that a Redis of several shards keeps them together.
        group = f"{{{len(tenant_id)}:{tenant_id}}}"
        takes = []
        if limits:
            key = f"{group}:p:{principal.id}"
            takes.append(Take(key, min(limits), policy.cost, policy.on_loss))
        if whole is not None:
            takes.append(Take(f"{group}:t", whole.tenant, policy.cost, policy.on_loss))
        return tuple(takes)
