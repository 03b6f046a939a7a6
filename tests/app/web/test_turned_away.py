"""What is turned away before any operation sees it is in the audit trail, and doesn't fill it."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.core.errors import UnavailableError
from app.core.ports import AuditFilter, Noted
from app.settings import Settings
from app.web import turned_away
from app.web.turned_away import TurnedAway
from app.wiring import open_ports
from tests import clock
from tests.app.cli.serving import serving
from tests.app.web.house import API
from tests.app.web.limited import Open, wire

pytestmark = pytest.mark.usefixtures("standing_minute")

FIRST, SECOND = "203.0.113.1", "203.0.113.2"
PAGE = "https://portal.example.ca"
ENDS: Mapping[str, Any] = {"extensions": {"websocket.http.response": {}}}
PREFLIGHT = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}


def refused(address: str, outcome: str = "429") -> Noted:
    return Noted(
        tenant_id="",
        actor="anonymous",
        action="unknown",
        decision="denied",
        outcome=outcome,
        request_id="req",
        personal={"address": address},
    )


async def test_of_many_alike_the_first_is_noted_at_once_and_the_others_as_one() -> None:
    told: list[Noted] = []
    counting = TurnedAway()
    for _ in range(20):
        for address in (FIRST, SECOND):
            counting.add(told.append, refused(address))
    assert [(one.personal["address"], one.count) for one in told] == [(FIRST, 1), (SECOND, 1)]
    assert {one.request_id for one in told} == {"req"}
    counting.tell(told.append)
    assert [(one.personal["address"], one.count) for one in told[2:]] == [(FIRST, 19), (SECOND, 19)]
    assert {one.request_id for one in told[2:]} == {""}, "they had one each"


async def test_the_others_are_told_in_time_and_a_new_flood_begins_anew() -> None:
    told: list[Noted] = []
    counting = TurnedAway(every_s=0.01)
    for _ in range(2):
        for _ in range(3):
            counting.add(told.append, refused(FIRST))
        await asyncio.sleep(0.05)
    assert [one.count for one in told] == [1, 2, 1, 2]


async def test_from_one_address_each_outcome_is_told_apart() -> None:
    told: list[Noted] = []
    counting = TurnedAway()
    for outcome in ("429", "503", "429"):
        counting.add(told.append, refused(FIRST, outcome))
    counting.tell(told.append)
    assert [(one.outcome, one.count) for one in told] == [("429", 1), ("503", 1), ("429", 1)]


async def test_of_too_many_addresses_the_rest_is_counted_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turned_away, "_MOST", 2)
    told: list[Noted] = []
    counting = TurnedAway()
    for n in range(50):
        counting.add(told.append, refused(f"198.51.100.{n}"))
    counting.tell(told.append)
    assert sum(one.count for one in told) == 50
    assert len(told) == 4
    assert told[-1].personal == {}


async def test_what_can_not_be_noted_now_is_told_later_and_none_is_lost() -> None:
    told: list[Noted] = []
    full = True

    def note(noted: Noted) -> None:
        if full:
            raise UnavailableError(dependency="audit", retry_after=1)
        told.append(noted)

    counting = TurnedAway(every_s=0.01)
    for _ in range(5):
        counting.add(note, refused(FIRST))
    await asyncio.sleep(0.03)
    assert told == []
    full = False
    await asyncio.sleep(0.05)
    assert [one.count for one in told] == [5]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_a_flood_has_an_event_for_each_address(open_house: Open, kind: str) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="2") as house:
        for client in (FIRST, SECOND) * 20:
            one = wire("/nowhere", kind, client=client, **ENDS)
            await house.asgi(one.scope, one.receive, one.send)
        audit = house.services.ports.audit
        await audit.flush()
        events = (await audit.events("", AuditFilter(outcome="429"), after=None, limit=100)).items
    assert [(one.personal["address"], one.decision) for one in events] == [
        (FIRST, "denied"),
        (SECOND, "denied"),
    ]


async def test_every_request_of_a_service_is_in_its_trail_when_it_has_stopped(
    tmp_path: Path,
) -> None:
    settings = {
        "EVA_ALLOWED_HOSTS": "127.0.0.1",
        "EVA_ALLOWED_ORIGINS": PAGE,
        "EVA_ADDRESS_LIMIT": "4",
        "EVA_WORKER": "off",
    }
    with serving(tmp_path, **settings) as served, httpx2.Client(base_url=served.url) as client:
        clock.wait_for_room(clock.MINUTE)
        for _ in range(7):
            assert client.get(API, headers={"Host": "evil.example"}).status_code == 421
        for _ in range(5):
            assert client.options(API, headers=PREFLIGHT).status_code == 204
        found = [client.get(f"{API}/spaces").status_code for _ in range(10)]
        assert found == [401] * 4 + [429] * 6
    stopped = Settings.load({"EVA_DATA_DIR": str(tmp_path / "data"), "EVA_WORKER": "off"})
    async with open_ports(stopped) as ports:
        events = (await ports.audit.events("", AuditFilter(), after=None, limit=100)).items
    counted: Counter[str] = Counter()
    for one in events:
        counted[one.outcome] += one.count
    assert counted == {"421": 7, "204": 5, "401": 4, "429": 6}
    assert len(events) == 2 + 2 + 4 + 2
    assert {one.personal["address"] for one in events} == {"127.0.0.1"}


async def test_behind_a_proxy_the_trail_has_the_client_s_address(open_house: Open) -> None:
    async with open_house(EVA_TRUSTED_PROXIES="127.0.0.0/8") as house:
        anybody = await house.anybody({"X-Forwarded-For": "6.6.6.6, 2001:db8::7"})
        assert (await anybody.get(f"{API}/spaces")).status_code == 401
        audit = house.services.ports.audit
        await audit.flush()
        [event] = (await audit.events("", AuditFilter(), after=None, limit=100)).items
    assert event.personal == {"address": "2001:db8::7"}
