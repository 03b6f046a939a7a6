"""One storage fixture, run once a backend; each test gets tenants of its own."""

import os
from collections.abc import AsyncIterator

import pytest

from app.core.ids import new_id
from app.core.models import Partition
from app.core.ports import BlobStore
from tests.contract import backends
from tests.contract.backends import BACKENDS, Storage
from tests.contract.blob_stores import BLOB_STORES, CHOICES
from tests.contract.table import Table
from tests.peers.fixtures import (
    azurite,
    cosmos_peer,
    models,
    node_programs,
    vault,
    vault_folder,
)

__all__ = ["azurite", "cosmos_peer", "models", "node_programs", "vault", "vault_folder"]
TABLE = Table()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        TABLE.add(report.nodeid, report.outcome)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CONTRACT_TABLE"):
        for line in TABLE.lines():
            terminalreporter.write_line(line)


@pytest.fixture(params=backends.CHOICES)
async def storage(request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    async with BACKENDS[request.param](request) as opened:
        yield opened


@pytest.fixture(params=CHOICES)
async def blobs(request: pytest.FixtureRequest) -> AsyncIterator[BlobStore]:
    async with BLOB_STORES[request.param](request) as opened:
        yield opened


@pytest.fixture
def home() -> Partition:
    """The partition of a tenant itself."""
    return Partition(new_id("ten"))


@pytest.fixture
def space(home: Partition) -> Partition:
    """The partition of one of its spaces."""
    return Partition(home.tenant_id, new_id("spc"))


@pytest.fixture
def stranger(space: Partition) -> Partition:
    """A space of the same id, but another tenant's."""
    return Partition(new_id("ten"), space.space_id)
