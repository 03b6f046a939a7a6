"""The one service that all end-to-end tests of a run share."""

import os
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.e2e.target import Target, embedded


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    """Return the service at EVA_E2E_URL, or one that is started for the run."""
    url, key = os.environ.get("EVA_E2E_URL"), os.environ.get("EVA_E2E_KEY")
    if url is None:
        async with embedded(tmp_path_factory.mktemp("service")) as target:
            yield target
    else:
        assert key, "EVA_E2E_URL needs EVA_E2E_KEY, an administrator's key"
        yield Target(url.rstrip("/"), key, os.environ.get("EVA_E2E_OTHER_TOKEN"))


@pytest.fixture
async def target(shared: Target) -> Target:
    """Return the service, which answers."""
    if shared.process is not None:
        await shared.process.ready()
    return shared


@pytest.fixture
async def admin(target: Target) -> AsyncIterator[httpx2.AsyncClient]:
    """Return an administrator's client."""
    async with target.admin() as client:
        yield client
