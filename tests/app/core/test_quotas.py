import asyncio
from dataclasses import dataclass, field, replace

import pytest

from app.core.access import PUBLIC, RULES, Principal
from app.core.errors import RateLimitedError
from app.core.models import Tier
from app.core.quotas import ALLOWANCES, HEAVY, LIGHT, POLICIES, UNCOUNTED, Quotas, Take


@dataclass
class Ledger:
    """A counter that forgets nothing: each key has one window for ever."""

    spent: dict[str, int] = field(default_factory=dict)

    async def take(self, *takes: Take) -> float:
        spent = {take.key: self.spent.get(take.key, 0) + take.cost for take in takes}
        if any(spent[take.key] > take.limit for take in takes):
            return 12.3
        self.spent |= spent
        return 0.0

    async def left(self, take: Take) -> tuple[int, float]:
        return take.limit - self.spent.get(take.key, 0), 0.5


def named(principal: Principal, name: str) -> Principal:
    return replace(principal, id=name)


@pytest.mark.parametrize(("tier", "most"), [(Tier.FREE, 60), (Tier.BASIC, 600), (Tier.PRO, 6000)])
async def test_a_tier_says_how_much_a_principal_may_ask_in_a_minute(
    alice: Principal, tier: Tier, most: int
) -> None:
    quotas = Quotas(Ledger(), default=tier)
    for _ in range(most):
        await quotas.require(alice, LIGHT)
    with pytest.raises(RateLimitedError) as refused:
        await quotas.require(alice, LIGHT)
    assert refused.value.facts == {"limit": most, "window": 60, "retry_after": 13}


async def test_an_expensive_operation_counts_for_several(alice: Principal) -> None:
    quotas = Quotas(Ledger(), default=Tier.FREE)
    for _ in range(60 // HEAVY.cost):
        await quotas.require(alice, HEAVY)
    with pytest.raises(RateLimitedError):
        await quotas.require(alice, LIGHT)


async def test_the_principals_of_a_tenant_are_limited_together(alice: Principal) -> None:
    quotas = Quotas(Ledger(), default=Tier.FREE)
    for n in range(ALLOWANCES[Tier.FREE].tenant):
        await quotas.require(named(alice, f"key:{n}"), LIGHT)
    with pytest.raises(RateLimitedError) as refused:
        await quotas.require(named(alice, "key:one-more"), LIGHT)
    assert refused.value.facts["limit"] == ALLOWANCES[Tier.FREE].tenant


async def test_a_principal_that_is_refused_takes_nothing_from_its_tenant(alice: Principal) -> None:
    ledger = Ledger()
    quotas = Quotas(ledger, default=Tier.FREE)
    asked = [quotas.require(alice, LIGHT) for _ in range(500)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert found.count(None) == 60
    assert ledger.spent[f"{{{len(alice.tenant_id)}:{alice.tenant_id}}}:t"] == 60
    await quotas.require(named(alice, "key:another"), LIGHT)


async def test_a_tenant_takes_nothing_from_another(alice: Principal, mallory: Principal) -> None:
    quotas = Quotas(Ledger(), default=Tier.FREE)
    for _ in range(60):
        await quotas.require(mallory, LIGHT)
    with pytest.raises(RateLimitedError):
        await quotas.require(mallory, LIGHT)
    await quotas.require(alice, LIGHT)


async def test_a_tenant_may_have_a_tier_of_its_own(alice: Principal, mallory: Principal) -> None:
    quotas = Quotas(Ledger(), default=Tier.FREE, tiers={alice.tenant_id: Tier.UNLIMITED})
    for _ in range(700):
        await quotas.require(alice, LIGHT)
    assert await quotas.standing(alice) is None
    for _ in range(60):
        await quotas.require(mallory, LIGHT)
    with pytest.raises(RateLimitedError):
        await quotas.require(mallory, LIGHT)


async def test_no_tenant_can_pose_as_a_principal_of_another() -> None:
    ledger = Ledger()
    quotas = Quotas(ledger, default=Tier.FREE)
    for tenant, name in [("a", "b:c"), ("a:b", "c"), ("a/b", "c"), ("a", "b/c"), ("p:1:a", "x")]:
        await quotas.require(Principal(tenant_id=tenant, id=name, scopes=frozenset()), LIGHT)
    assert len(ledger.spent) == 5 + 4  # as many principals as there are, and four tenants


@pytest.mark.parametrize(
    ("key", "tenant", "most"),
    [
        (Tier.FREE, Tier.BASIC, 60),
        (Tier.PRO, Tier.BASIC, 600),
        (Tier.UNLIMITED, Tier.BASIC, 600),
        (Tier.FREE, Tier.UNLIMITED, 60),
        (None, Tier.FREE, 60),
    ],
)
async def test_a_key_may_have_a_tier_of_its_own_below_its_tenants(
    alice: Principal, key: Tier | None, tenant: Tier, most: int
) -> None:
    quotas = Quotas(Ledger(), default=tenant)
    slow = replace(alice, tier=key)
    for _ in range(most):
        await quotas.require(slow, LIGHT)
    with pytest.raises(RateLimitedError) as refused:
        await quotas.require(slow, LIGHT)
    assert refused.value.facts["limit"] == most
    standing = await quotas.standing(slow)
    assert standing is not None
    assert (standing.limit, standing.left) == (most, 0)


async def test_what_counts_for_nothing_asks_no_one(alice: Principal) -> None:
    ledger = Ledger()
    await Quotas(ledger, default=Tier.FREE).require(alice, UNCOUNTED)
    assert ledger.spent == {}


async def test_a_standing_says_what_is_left(alice: Principal) -> None:
    quotas = Quotas(Ledger(), default=Tier.FREE)
    await quotas.require(alice, HEAVY)
    standing = await quotas.standing(alice)
    assert standing is not None
    assert (standing.limit, standing.left, standing.reset_s) == (60, 55, 1)


def test_every_operation_with_a_rule_has_a_policy_and_only_public_ones_count_for_nothing() -> None:
    assert set(POLICIES) == set(RULES)
    free = {operation for operation, policy in POLICIES.items() if policy.cost == 0}
    assert free == {operation for operation, rule in RULES.items() if rule is PUBLIC}
