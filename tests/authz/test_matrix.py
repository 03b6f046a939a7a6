"""Every operation, whoever asks, whatever for: the answer follows from `core/access.py` alone."""

from collections.abc import Callable

import pytest

from tests.authz.conftest import TALLY
from tests.authz.matrix import tried
from tests.authz.operations import Operation, operations_of
from tests.authz.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONTROLS = ("API1:2023", "API2:2023", "API5:2023", "A01:2025")


async def test_nobody_gets_more_than_the_rule_of_an_operation_gives(
    world: World, operation: Operation, record_property: Callable[[str, object], None]
) -> None:
    for control in CONTROLS:
        record_property("control", control)
    trial = await tried(world, operation)
    record_property(TALLY, f"{len(trial.cases)} {trial.requests}")
    assert trial.found == []
    assert len(trial.cases) >= 25


async def test_every_operation_of_the_running_service_is_tried(world: World) -> None:
    assert len(operations_of(world.house.app.routes)) >= 40
