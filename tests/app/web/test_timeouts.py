import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.resilience import Guard, Limits, behind
from app.core.kinds import SPACES
from tests.app.web.house import API, QUESTION, House, new_space, problem

NEVER_S = 30.0


class Silent:
    """Records that never answer a point read of a space, and are themselves in everything else."""

    def __init__(self, records: Any) -> None:
        self._records = records

    async def get(self, *given: Any) -> Any:
        await asyncio.sleep(NEVER_S if given[0] is SPACES else 0)
        return await self._records.get(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


def silent(house: House, request_s: float | None = None) -> House:
    """Return the house with such records, behind a guard that would wait for them for long."""
    ports = house.services.ports
    guard = Guard("records", Limits(timeout_s=NEVER_S, attempts=1))
    slow = replace(ports, records=behind(Silent(ports.records), "records", guard))
    limits = replace(house.services.limits, request_s=request_s)
    return house.with_services(ports=slow, limits=limits)


@pytest.mark.parametrize("given", ["0", "0.05", "-1", "1e3", "abc", "", "10000", "1.", "1,5"])
async def test_a_timeout_that_is_none_is_refused_and_named(house: House, given: str) -> None:
    client = await house.client()
    answer = await client.get(f"{API}/spaces", headers={"Request-Timeout": given})
    told = problem(answer, 422, "invalid-input")
    assert [one["pointer"] for one in told["errors"]] == ["header:Request-Timeout"]


async def test_a_stranger_is_not_told_what_is_wrong_with_a_timeout(house: House) -> None:
    anybody = await house.anybody()
    answer = await anybody.get(f"{API}/spaces", headers={"Request-Timeout": "0"})
    problem(answer, 401, "unauthenticated")


async def test_a_request_is_refused_when_its_client_s_time_is_up(house: House) -> None:
    space = await new_space(await house.client())
    client = await silent(house).client()
    began = time.monotonic()
    answer = await client.get(f"{API}/spaces/{space}", headers={"Request-Timeout": "0.3"})
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - began < NEVER_S / 2


async def test_a_request_is_refused_when_the_service_s_time_is_up(house: House) -> None:
    space = await new_space(await house.client())
    client = await silent(house, request_s=0.3).client()
    began = time.monotonic()
    answer = await client.get(f"{API}/spaces/{space}", headers={"Request-Timeout": "3000"})
    problem(answer, 503, "unavailable")
    assert time.monotonic() - began < NEVER_S / 2


async def test_a_wait_ends_in_time_to_tell_what_became_of_the_question(idle: House) -> None:
    client = await idle.client()
    space = await new_space(client)
    answer = await client.post(
        f"{API}/queries",
        json={"space_ids": [space], "question": QUESTION},
        headers={"Prefer": "wait=60", "Request-Timeout": "0.7"},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"


async def test_who_waits_has_that_time_beside_the_service_s(idle: House) -> None:
    limited = replace(idle.services.limits, request_s=0.6)
    client = await idle.with_services(limits=limited).client()
    space = await new_space(client)
    began = time.monotonic()
    answer = await client.post(
        f"{API}/queries",
        json={"space_ids": [space], "question": QUESTION},
        headers={"Prefer": "wait=60"},
    )
    assert answer.status_code == 202, answer.text
    assert time.monotonic() - began >= idle.services.limits.max_wait_s
