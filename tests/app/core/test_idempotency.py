import asyncio

import pytest

from app.core import idempotency
from app.core.access import Principal
from app.core.kinds import IDEMPOTENT_CALLS
from app.core.models import IdempotentCall, Partition
from app.core.ports import Listing, Ports


async def test_a_running_call_shows_signs_of_life(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BEAT_S", 0.01)
    turn = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(turn, idempotency.Turn)
    home = Partition(alice.tenant_id)
    [begun] = (await ports.records.page(IDEMPOTENT_CALLS, home, Listing())).items
    async with idempotency.alive(turn):
        for _ in range(200):
            await asyncio.sleep(0.01)
            [beaten] = (await ports.records.page(IDEMPOTENT_CALLS, home, Listing())).items
            if beaten.value.started_at > begun.value.started_at:
                break
    assert beaten.value.started_at > begun.value.started_at
    await turn.finish(idempotency.Reply(201, {}, "done"), "f")
    again = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(again, IdempotentCall)
    assert again.body == "done"


async def test_a_call_taken_over_leaves_the_answer_to_the_other(
    ports: Ports, alice: Principal
) -> None:
    slow = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(slow, idempotency.Turn)
    await slow.release()
    other = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(other, idempotency.Turn)
    assert other.seed == slow.seed
    await other.finish(idempotency.Reply(201, {}, "theirs"), "f")
    await slow.finish(idempotency.Reply(201, {}, "mine"), "f")
    await slow.forget()
    found = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(found, IdempotentCall)
    assert found.body == "theirs"
