from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.main import create_app
from app.settings import Settings
from tests.authz.operations import operations_of
from tests.authz.world import World, peopled

TALLY = "authz"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every operation that the application has."""
    if "operation" in metafunc.fixturenames:
        operations = operations_of(create_app(Settings.load({})).routes)
        metafunc.parametrize("operation", operations, ids=str)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One service for all operations."""
    async with peopled(tmp_path_factory.mktemp("authz") / "data") as found:
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how much was tried."""
    tallies = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == TALLY
    ]
    if tallies:
        cases, requests = (sum(int(one.split()[i]) for one in tallies) for i in (0, 1))
        most = max(int(one.split()[0]) for one in tallies)
        terminalreporter.write_line(
            f"authorization: {len(tallies)} operations x up to {most} cases = {cases} checks "
            f"({requests} requests); websockets: none, or it would have failed"
        )
