import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.core import idempotency
from app.core.access import Principal
from app.core.kinds import IDEMPOTENT_CALLS
from app.core.models import IdempotentCall, Partition
from app.core.ports import Change, Listing, Ports, Records


async def test_a_running_call_shows_signs_of_life(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BEAT_S", 0.01)
    turn = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(turn, idempotency.Turn)
    home = Partition(alice.tenant_id)
    [begun] = (await ports.records.page(IDEMPOTENT_CALLS, home, Listing())).items
    async with idempotency.alive(turn):
        async with asyncio.timeout(60):
            while True:
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


class SlowRecords:
    """Records whose commits are done before they are answered."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.done, self.may_answer = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    async def commit(self, partition: Partition, *changes: Change) -> Sequence[str]:
        tags = await self._records.commit(partition, *changes)
        self.done.set()
        await self.may_answer.wait()
        return tags


async def test_a_sign_of_life_that_is_under_way_does_not_keep_the_end_from_being_remembered(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BEAT_S", 0.01)
    slow = SlowRecords(ports.records)
    slow.may_answer.set()
    turn = await idempotency.begin(replace(ports, records=slow), alice, "k", "f")
    assert isinstance(turn, idempotency.Turn)
    slow.done.clear()
    slow.may_answer.clear()
    async with idempotency.alive(turn):
        await slow.done.wait()
        asyncio.get_running_loop().call_later(0.05, slow.may_answer.set)
    await turn.finish(idempotency.Reply(201, {}, "done"), "f")
    again = await idempotency.begin(ports, alice, "k", "f")
    assert isinstance(again, IdempotentCall)
    assert again.body == "done"
