"""A query is cancelled for want of listeners only where all of them are counted."""

import asyncio

import pytest

from app.core import queries
from app.core.access import Principal
from app.core.live import Live
from app.core.models import QueryStatus
from app.core.ports import Ports
from app.web.listeners import Listeners
from tests.app.core import acting


@pytest.mark.parametrize(
    ("grace_s", "status"), [(0.0, QueryStatus.CANCELLED), (None, QueryStatus.PENDING)]
)
async def test_who_left_may_have_resumed_at_another_process(
    ports: Ports, alice: Principal, grace_s: float | None, status: QueryStatus
) -> None:
    space_id = await acting.space(ports, alice)
    asked = queries.Asked(space_ids=(space_id,), question="How long is a passport valid?")
    query_id = (await queries.ask(ports, alice, asked)).query.value.id
    listeners = Listeners(ports, Live(), grace_s=grace_s)
    listeners.expect(query_id)
    with listeners.listening(alice, query_id):
        pass
    await asyncio.sleep(0.1)
    assert (await queries.get(ports, alice, query_id)).value.status is status
    await listeners.close()
