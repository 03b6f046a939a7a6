"""The whole service is killed again and again while clients work; then everything is compared.

`make crash` runs the long form: a hundred kills and more, in about five minutes.
"""

import asyncio
from pathlib import Path

import httpx2
import pytest

from tests.crash.checker import Checker, damaged_databases
from tests.crash.clients import Clients
from tests.crash.journal import DICE, Journal
from tests.crash.service import API, Service

CLIENTS = 6
LIFE_S = (0.2, 1.5)


async def _ordeal(service: Service, http: httpx2.AsyncClient, kills: int) -> Checker:
    space = await http.post(f"{API}/spaces", json={"name": "crash"})
    assert space.status_code == 201, space.text
    space_id, journal, stop = space.json()["id"], Journal(), asyncio.Event()
    clients = Clients(http, space_id, journal)
    working = asyncio.gather(*(clients.client(stop) for _ in range(CLIENTS)))
    for _ in range(kills):
        await asyncio.sleep(DICE.uniform(*LIFE_S))
        service.kill()
        await service.start()
    stop.set()
    await working
    await clients.finish()
    checker = Checker(http, space_id, journal)
    await checker.check()
    print(  # noqa: T201 - the evidence
        f"\n{kills} kills: {journal.counts()}; {dict(checker.seen)}; wrong: {len(checker.wrong)}",
        *checker.wrong,
        sep="\n",
    )
    return checker


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(8, marks=pytest.mark.timeout(600)),
        pytest.param(110, marks=[pytest.mark.slow, pytest.mark.timeout(1500)]),
    ],
)
async def test_a_service_that_is_killed_keeps_every_promise(tmp_path: Path, kills: int) -> None:
    service = Service(tmp_path / "data")
    try:
        await service.start()
        headers = {"X-API-Key": await service.first_key()}
        async with httpx2.AsyncClient(base_url=service.url, headers=headers, timeout=30) as http:
            checker = await _ordeal(service, http, kills)
    finally:
        service.stop()
    assert checker.wrong == []
    assert checker.seen["originals compared"] > kills
    assert checker.seen["citations verified"]
    assert damaged_databases(service.folder) == []
    assert service.survivors() == []
