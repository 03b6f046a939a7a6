import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.routing import iter_route_contexts
from starlette.responses import PlainTextResponse

from app.main import _address_rules
from app.settings import Settings
from app.web.addresses import Proxies
from app.web.limits import AddressLimit, AddressRules
from tests.app.web.house import API, problem
from tests.app.web.limited import Open, statuses, wire

pytestmark = pytest.mark.usefixtures("standing_minute")


async def test_every_route_and_every_path_that_is_none_counts_for_the_address(
    open_house: Open,
) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="1") as house:
        contexts = [
            (one.path or "/", one.methods or ()) for one in iter_route_contexts(house.app.routes)
        ]
        walked = [(method, path) for path, methods in contexts for method in methods]
        walked += [("GET", "/nowhere"), ("GET", f"{API}/nothing/here"), ("PUT", "/livez")]
        for n, (method, path) in enumerate(walked):
            client = f"198.51.{n // 250}.{n % 250}"
            first, second = (wire(path, client=client, method=method) for _ in range(2))
            for one in (first, second):
                await house.asgi(one.scope, one.receive, one.send)
            assert first.status not in (429, 500, None), path
            assert second.status == 429, path
        assert len(walked) > 45


ENDS: Mapping[str, Any] = {"extensions": {"websocket.http.response": {}}}


def nested() -> FastAPI:
    """An application with routes of every kind, at the top, included, and mounted."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    router = APIRouter()

    async def page() -> PlainTextResponse:
        return PlainTextResponse("page")

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    for where, prefix in ((app.router, "/top"), (router, "/included")):
        where.add_api_route(prefix + "/page", page)
        where.add_api_websocket_route(prefix + "/socket", talk)
    app.include_router(router, prefix="/nested")
    inner = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    inner.include_router(router)
    app.mount("/mounted", inner)
    return app


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("http", "/top/page"),
        ("http", "/nested/included/page"),
        ("http", "/mounted/included/page"),
        ("http", "/nowhere"),
        ("websocket", "/top/socket"),
        ("websocket", "/nested/included/socket"),
        ("websocket", "/mounted/included/socket"),
        ("websocket", "/nowhere"),
    ],
)
async def test_routes_of_every_kind_are_limited_wherever_they_are(kind: str, path: str) -> None:
    app = AddressLimit(nested(), AddressRules(requests=3))
    for _ in range(3):
        one = wire(path, kind, **ENDS)
        await app(one.scope, one.receive, one.send)
        assert one.status != 429
    one = wire(path, kind, **ENDS)
    await app(one.scope, one.receive, one.send)
    assert one.status == 429
    assert any(name == b"retry-after" for name, _ in one.sent[0]["headers"])


async def test_a_websocket_is_closed_where_a_server_can_answer_in_no_other_way() -> None:
    app = AddressLimit(nested(), AddressRules(requests=1))
    for _ in range(2):
        one = wire("/top/socket", "websocket")
        await app(one.scope, one.receive, one.send)
    assert one.sent == [{"type": "websocket.close", "code": 1013, "reason": "rate-limited"}]


@pytest.mark.parametrize(("language", "said"), [("en", "Too many"), ("fr-CA", "Trop de")])
async def test_a_refusal_is_a_problem_that_says_when_to_come_back(
    open_house: Open, language: str, said: str
) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="2") as house:
        anybody = await house.anybody({"Accept-Language": language})
        assert await statuses(anybody, "/livez", 2) == [200, 200]
        refused = await anybody.get("/livez")
        body = problem(refused, 429, "rate-limited")
        assert body["title"].startswith(said)
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert refused.headers["x-content-type-options"] == "nosniff"


async def test_no_more_than_the_limit_passes_of_many_at_once(open_house: Open) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="50") as house:
        anybody = await house.anybody()
        found = await asyncio.gather(*(anybody.get("/livez") for _ in range(150)))
        assert sorted(one.status_code for one in found) == [200] * 50 + [429] * 100


async def test_a_forwarded_address_that_nobody_vouches_for_changes_nothing(
    open_house: Open,
) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="5") as house:
        anybody = await house.anybody()
        found = []
        for n in range(20):
            forged = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), f"198.51.100.{n}")
            forged["X_FORWARDED_FOR"] = f"198.51.100.{n}"
            found.append((await anybody.get("/livez", headers=forged)).status_code)
        assert found == [200] * 5 + [429] * 15


async def test_clients_behind_a_trusted_proxy_are_told_apart(open_house: Open) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="2", EVA_TRUSTED_PROXIES="127.0.0.0/8") as house:
        proxy = await house.anybody()
        for n in range(5):
            headers = {"X-Forwarded-For": f"6.6.6.6, 198.51.100.{n}"}
            assert await statuses(proxy, "/livez", 3, headers=headers) == [200, 200, 429]


async def test_the_limit_comes_before_the_credential_is_looked_at(open_house: Open) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="1") as house:
        client = await house.client()
        assert await statuses(client, f"{API}/spaces", 2) == [200, 429]


async def test_refused_credentials_are_limited_and_good_ones_are_not(open_house: Open) -> None:
    async with open_house(EVA_FAILURE_LIMIT="30") as house:
        client, guesser = await house.client(), await house.anybody({"X-API-Key": "eva_a_b"})
        guesses = (guesser.get(f"{API}/spaces") for _ in range(80))
        found = await asyncio.gather(*guesses)
        assert sorted(one.status_code for one in found) == [401] * 30 + [429] * 50
        problem(found[-1], 429, "rate-limited")
        assert await statuses(client, f"{API}/spaces", 40) == [200] * 40


def test_outside_development_there_are_limits_unless_they_are_lifted() -> None:
    outside = _address_rules(Settings.load({"EVA_ENVIRONMENT": "production"}), Proxies())
    assert (outside.requests, outside.failures) == (6000, 30)
    lifted = {"EVA_ENVIRONMENT": "production", "EVA_ADDRESS_LIMIT": "0"}
    assert _address_rules(Settings.load(lifted), Proxies()).requests == 0
    off = {"EVA_ENVIRONMENT": "production", "RATE_LIMIT_ENABLED": "no"}
    assert _address_rules(Settings.load(off), Proxies()).failures == 0
    inside = _address_rules(Settings.load({}), Proxies())
    assert (inside.requests, inside.failures) == (0, 0)


async def test_a_header_flood_costs_no_more_than_it_is_allowed(open_house: Open) -> None:
    async with open_house(EVA_ADDRESS_LIMIT="5", EVA_TRUSTED_PROXIES="127.0.0.1") as house:
        anybody = await house.anybody()
        flood = [(b"X-Forwarded-For", b"127.0.0.1, " * 50 + b"127.0.0.1")] * 50
        started = time.process_time()
        found = await statuses(anybody, "/livez", 20, headers=flood)
        assert found == [200] * 5 + [429] * 15
        assert time.process_time() - started < 5


async def test_many_addresses_are_forgotten_in_time_and_start_no_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def app(*_: object) -> None:
        return None

    limit = AddressLimit(app, AddressRules(requests=10))
    threads = threading.active_count()
    for n in range(2000):
        one = wire("/livez", client=f"198.{n // 250}.100.{n % 250}")
        await limit(one.scope, one.receive, one.send)
    storage: Any = limit._limiter._storage
    assert len(storage.storage) == 2000
    assert threading.active_count() == threads
    wall, steady = time.time() + 300, time.monotonic() + 300
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: steady)
    one = wire("/livez")
    await limit(one.scope, one.receive, one.send)
    assert len(storage.storage) == len(storage.locks) == 1
