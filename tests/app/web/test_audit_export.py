"""The trail for security tools, and the alarm when somebody is refused again and again."""

import json
import logging
from typing import Any

import httpx2
import pytest

from app.core.models import DEFAULT_TENANT, Scope
from app.core.ports import Noted
from app.web.refusal_alarm import RefusalAlarm
from tests.app.web.house import API, House, new_space, problem
from tests.app.web.limited import Open

EXPORT = f"{API}/audit/export"


async def exported(client: httpx2.AsyncClient, **params: str) -> list[dict[str, Any]]:
    answer = await client.get(EXPORT, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_auditor_gets_every_event_of_the_tenant_one_a_line(
    house: House, client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    space_id = await new_space(client)
    await new_space(stranger)
    await house.services.ports.audit.flush()
    auditor = await house.client(scopes=[Scope.AUDIT_READ])
    found = await exported(auditor)
    assert {"type": "space", "uid": space_id} in [one for e in found for one in e["resources"]]
    assert {one["metadata"]["tenant_uid"] for one in found} == {DEFAULT_TENANT}
    assert await exported(auditor, action="createSpace", outcome="committed") == [
        one for one in found if one["status_code"] == "committed"
    ]
    problem(await client.get(f"{EXPORT}?limit=5"), 422, "invalid-input")


async def test_many_events_come_page_by_page_in_order(
    house: House, client: httpx2.AsyncClient
) -> None:
    audit = house.services.ports.audit
    for n in range(1203):
        audit.note(
            Noted(
                tenant_id=DEFAULT_TENANT,
                actor="key:many",
                action="getSpace",
                decision="allowed",
                outcome="200",
                request_id=f"req_{n}",
            )
        )
    await audit.flush()
    found = await exported(client, actor="key:many")
    assert [one["api"]["request"]["uid"] for one in found] == [f"req_{n}" for n in range(1203)]


def test_the_alarm_is_raised_once_a_minute_for_each_subject() -> None:
    now = [0.0]
    alarm = RefusalAlarm(3, lambda: now[0])
    assert [alarm.raised("a") for _ in range(5)] == [False, False, True, False, False]
    assert not alarm.raised("b")
    now[0] = 61.0
    assert [alarm.raised("a") for _ in range(3)] == [False, False, True]
    assert not any(RefusalAlarm(0).raised("a") for _ in range(1000))


async def test_somebody_who_tries_foreign_ids_raises_an_alarm_that_the_trail_explains(
    open_house: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_house(EVA_REFUSAL_ALARM="5") as house:
        prober = await house.client(scopes=[Scope.SPACES_READ])
        with caplog.at_level(logging.CRITICAL, "eva.alarm"):
            for n in range(7):
                where = f"{API}/spaces/spc_{n:026d}"
                problem(await prober.get(where), 404, "not-found")
        who = "key:" + prober.headers["X-API-Key"].split("_")[1]
        await house.services.ports.audit.flush()
        [event] = await exported(await house.client(), action="massRefusals")
    assert event["actor"] == {"user": {"uid": who}}
    assert (event["severity_id"], event["status_code"]) == (4, "alarm")
    said = [record.getMessage() for record in caplog.records if record.name == "eva.alarm"]
    assert [who in one for one in said] == [True, False]
    assert "one address" in said[1]


async def test_bad_credentials_from_one_address_raise_an_alarm_without_naming_it(
    open_house: Open, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_house(EVA_REFUSAL_ALARM="5") as house:
        anybody = await house.anybody({"X-API-Key": "eva_guess"})
        with caplog.at_level(logging.CRITICAL, "eva.alarm"):
            for _ in range(6):
                problem(await anybody.get(f"{API}/spaces"), 401, "unauthenticated")
    [said] = [record.getMessage() for record in caplog.records if record.name == "eva.alarm"]
    assert said.startswith("5 refusals in a minute of one address")
    assert "127.0.0.1" not in said
