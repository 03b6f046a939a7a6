import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from app.core.errors import UnavailableError
from app.core.ports import Ports
from app.settings import Settings
from app.web import readiness
from tests.app.web.house import House, new_space, opened, problem


class Broken:
    """A dependency that does not answer, or answers that it can't."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def ping(self) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        raise UnavailableError(dependency="secret-host:1234")


class Sound:
    """A dependency that answers without waiting for anything."""

    async def ping(self) -> None:
        return None


def with_broken_index(house: House, broken: Broken) -> House:
    ports = replace(house.services.ports, index=broken)  # type: ignore[arg-type]
    return house.with_services(ports=ports)


@pytest.mark.parametrize("path", ["/readyz", "/health/ready"])
async def test_a_service_that_can_work_is_ready(house: House, path: str) -> None:
    told = await (await house.anybody()).get(path)
    assert told.status_code == 200
    assert told.json()["checks"] == {"records": "ok", "blobs": "ok", "index": "ok"}


@pytest.mark.parametrize("path", ["/readyz", "/health/ready"])
async def test_a_failing_dependency_is_named_and_nothing_more_is_told(
    house: House, path: str
) -> None:
    anybody = await with_broken_index(house, Broken(hangs=False)).anybody()
    told = await anybody.get(path)
    body = problem(told, 503, "unavailable")
    assert "(index)" in body["detail"]
    assert body["ready"] is False
    assert body["checks"] == {"records": "ok", "blobs": "ok", "index": "failed"}
    assert "secret-host" not in told.text
    assert int(told.headers["retry-after"]) >= 1


async def test_a_dependency_that_hangs_fails_after_its_time(ports: Ports) -> None:
    others: Any = Sound()
    hanging = replace(ports, records=others, blobs=others, index=Broken(hangs=True))  # type: ignore[arg-type]
    found = await readiness.checked(hanging, patience_s=0.05)
    assert {name: check.ok for name, check in found.items()} == {
        "records": True,
        "blobs": True,
        "index": False,
    }


async def test_liveness_asks_no_dependency(house: House) -> None:
    anybody = await with_broken_index(house, Broken(hangs=True)).anybody()
    for path in ("/livez", "/health"):
        told = await anybody.get(path)
        assert (told.status_code, told.json()["status"]) == (200, "ok")
        assert set(told.json()) == {"status", "version", "timestamp"}


async def test_the_details_are_for_administrators(client: httpx2.AsyncClient) -> None:
    told = (await client.get("/health/detailed")).json()
    assert told["jobs"]["dead"] == 0
    assert told["disk"]["free"] > 0
    assert set(told["versions"]) == {"eva", "python", "fastapi"}


async def test_the_details_show_a_failing_dependency(house: House) -> None:
    client = await with_broken_index(house, Broken(hangs=False)).client()
    told = await client.get("/health/detailed")
    assert told.status_code == 200
    assert told.json()["checks"]["index"] == "failed"


async def test_the_build_that_was_deployed_is_shown_behind_the_version(settings: Settings) -> None:
    async with opened(replace(settings, build="a1b2c3d")) as house:
        told = await (await house.anybody()).get("/health")
    assert told.json()["version"].endswith("+a1b2c3d")


async def test_what_is_of_all_tenants_together_is_the_operators_to_see(
    house: House, stranger: httpx2.AsyncClient
) -> None:
    told = (await stranger.get("/health/detailed")).json()
    assert (told["jobs"], told["disk"], told["ready"]) == ({}, {}, True)
    kept = await house.client(space_ids=[await new_space(await house.client())])
    assert (await kept.get("/health/detailed")).json()["jobs"] == {}
    whole = (await (await house.client()).get("/health/detailed")).json()
    assert set(whole["jobs"]) == {"waiting", "running", "dead", "oldest_s"}
    assert set(whole["disk"]) == {"total", "used", "free"}
