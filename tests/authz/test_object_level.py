"""A tool that knows nothing of the matrix reads as one tenant what another has made."""

from collections.abc import AsyncIterator, Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from app.core import spaces
from app.core.access import Principal
from app.core.kinds import SPACES
from app.core.models import Partition, Stored
from app.core.ports import Ports
from app.settings import Settings
from tests.app.web import house as opening
from tests.authz.peers import Report, Watched, served, taken_turns

ALICE, BOB = "ten_alice", "ten_bob"
OPERATIONS = ("createSpace", "getSpace", "createApiKey", "getApiKey")


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    env = {"EVA_DATA_DIR": str(tmp_path / "data"), "EVA_WORKER": "off"}
    async with opening.opened(Settings.load(env)) as house:
        names = {
            (await house.client(tenant)).headers["X-API-Key"]: tenant for tenant in (ALICE, BOB)
        }
        yield Watched(house, names)


async def run(watched: Watched, folder: Path, *operations: str, most: int) -> Report:
    only = chain.from_iterable(("--include-operation-id", name) for name in operations)
    async with served(watched) as url:
        options = ("--max-examples", str(most), *only)
        return await taken_turns(folder, url, watched.names, *options)


async def test_nobody_reads_what_another_tenant_made(
    watched: Watched, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("control", "API1:2023")
    report = await run(watched, tmp_path, *OPERATIONS, most=6)
    assert report.failures == (), report.said
    assert report.complete, report.said
    turned_away = {
        path.split("/")[-2]
        for path, told in watched.reads.items()
        if {told.get(ALICE), told.get(BOB)} == {200, 404}
    }
    assert turned_away == {"spaces", "api-keys"}, report.said


async def test_a_service_that_shows_another_tenants_space_would_be_found(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = spaces.get

    async def careless(ports: Ports, principal: Principal, id_: str) -> Stored[Any]:
        for tenant in (ALICE, BOB):
            if found := await ports.records.get(SPACES, Partition(tenant), id_):
                return found
        return await get(ports, principal, id_)

    monkeypatch.setattr(spaces, "get", careless)
    report = await run(watched, tmp_path, "createSpace", "getSpace", most=4)
    assert [one.partition(" ")[0] for one in report.failures] == ["ST402"], report.said
