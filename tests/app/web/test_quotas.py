import asyncio
from collections.abc import Mapping

import pytest
from fastapi.routing import iter_route_contexts
from starlette.responses import PlainTextResponse

from app.core import keys, quotas
from app.core.errors import UnavailableError
from app.core.models import DEFAULT_TENANT, Scope, Tier
from app.core.quotas import OnLoss, Quotas, Take
from app.web.auth import UnguardedRouteError
from app.web.guard import GuardedRoute
from app.web.routing import group
from tests.app.web.house import API, House, new_space, problem
from tests.app.web.limited import Open, statuses

pytestmark = pytest.mark.usefixtures("standing_minute")


async def test_a_principal_is_held_to_its_tier_wherever_it_comes_from(open_house: Open) -> None:
    env = {"EVA_RATE_LIMIT_TIER": "free", "EVA_TRUSTED_PROXIES": "127.0.0.1"}
    async with open_house(**env) as house:
        client, other = await house.client(), await house.client()
        asked = (
            client.get(f"{API}/spaces", headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(90)
        )
        found = await asyncio.gather(*asked)
        assert sorted(one.status_code for one in found) == [200] * 60 + [429] * 30
        body = problem(found[-1], 429, "rate-limited")
        assert "60" in body["detail"]
        assert await statuses(other, f"{API}/spaces", 1) == [200]


async def test_questions_and_uploads_cost_more(open_house: Open) -> None:
    async with open_house(EVA_RATE_LIMIT_TIER="free") as house:
        client = await house.client()
        space = await new_space(client)
        asked = {"space_ids": [space], "question": "How many days?"}
        found = [(await client.post(f"{API}/queries", json=asked)).status_code for _ in range(12)]
        assert found == [202] * 11 + [429]  # 59 were left


async def test_a_refused_question_is_not_asked(open_house: Open) -> None:
    async with open_house(EVA_RATE_LIMIT_TIER="free") as house:
        client = await house.client()
        space = await new_space(client)
        await statuses(client, f"{API}/spaces", 58)
        asked = {"space_ids": [space], "question": "How many days?"}
        problem(await client.post(f"{API}/queries", json=asked), 429, "rate-limited")
        assert await house.services.ports.jobs.depth() == await empty(house)


async def empty(house: House) -> Mapping[str, int]:
    return {**await house.services.ports.jobs.depth(), "waiting": 0, "running": 0}


async def test_tenants_have_tiers_of_their_own(open_house: Open) -> None:
    env = {"EVA_RATE_LIMIT_TIER": "free", "EVA_TENANT_TIERS": "ten_big=pro, ten_all=unlimited"}
    async with open_house(**env) as house:
        for tenant, passed in ((DEFAULT_TENANT, 60), ("ten_big", 70), ("ten_all", 70)):
            client = await house.client(tenant)
            assert (await statuses(client, f"{API}/spaces", 70)).count(200) == passed


async def test_a_request_without_the_scope_counts_too(open_house: Open) -> None:
    async with open_house(EVA_RATE_LIMIT_TIER="free") as house:
        client = await house.client(scopes=[Scope.DOCUMENTS_READ])
        assert await statuses(client, f"{API}/spaces", 62) == [403] * 60 + [429] * 2


async def test_draft_headers_are_told_only_where_they_are_wanted(open_house: Open) -> None:
    async with open_house(EVA_RATE_LIMIT_TIER="free", EVA_RATE_LIMIT_HEADERS="on") as house:
        client = await house.client()
        told = await client.get(f"{API}/spaces")
        assert told.headers["ratelimit-policy"] == '"minute";q=60;w=60'
        assert told.headers["ratelimit"].startswith('"minute";r=59;t=')
        missing = await client.get(f"{API}/spaces/spc_{'0' * 26}")
        assert missing.headers["ratelimit"].startswith('"minute";r=58;t=')
    async with open_house(EVA_RATE_LIMIT_TIER="free") as house:
        client = await house.client()
        assert "ratelimit" not in (await client.get(f"{API}/spaces")).headers


class Lost:
    """A counter that nobody can reach."""

    async def take(self, *takes: Take) -> float:
        if any(take.on_loss is OnLoss.CLOSED for take in takes):
            raise UnavailableError(dependency="quotas", retry_after=5)
        return 0.0

    async def left(self, take: Take) -> tuple[int, float]:
        return take.limit, 0.0


async def test_while_nobody_can_count_reading_goes_on_and_asking_is_unavailable(
    house: House,
) -> None:
    client = await house.client()
    lost = house.with_services(quotas=Quotas(Lost(), Tier.FREE))
    headers = {"X-API-Key": client.headers["X-API-Key"]}
    anybody = await lost.anybody(headers)
    space = await new_space(anybody)
    assert await statuses(anybody, f"{API}/spaces/{space}", 3) == [200] * 3
    refused = await anybody.post(f"{API}/queries", json={"space_ids": [space], "question": "Why?"})
    problem(refused, 503, "unavailable")
    assert refused.headers["retry-after"] == "5"


def test_an_operation_without_a_policy_cannot_be_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: one for name, one in quotas.POLICIES.items() if name != "getSpace"}
    monkeypatch.setattr("app.web.guard.POLICIES", without)

    async def answers() -> PlainTextResponse:
        return PlainTextResponse("")

    with pytest.raises(UnguardedRouteError, match="no quota policy for 'getSpace'"):
        group("x").add_api_route("/x", answers, operation_id="getSpace")


async def test_every_route_has_a_policy(house: House) -> None:
    found = set()
    for context in iter_route_contexts(house.app.routes):
        assert isinstance(context.original_route, GuardedRoute)
        found.add(context.original_route.guarded_operation)
    assert found == set(quotas.POLICIES)


async def test_a_key_is_known_to_the_limits_by_its_id_never_by_its_secret(house: House) -> None:
    seen: list[str] = []

    class Noting(Lost):
        async def take(self, *takes: Take) -> float:
            seen.extend(take.key for take in takes)
            return 0.0

    wanted = keys.NewKey(name="test", scopes=(Scope.ADMIN_ALL,))
    issued = await keys.issue(house.services.ports, DEFAULT_TENANT, "test", wanted)
    noting = house.with_services(quotas=Quotas(Noting(), Tier.FREE))
    anybody = await noting.anybody({"X-API-Key": issued.token})
    await anybody.get(f"{API}/spaces")
    assert len(seen) == 2
    assert not any(issued.token.rpartition("_")[2] in key for key in seen)
