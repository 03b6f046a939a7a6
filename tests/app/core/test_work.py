"""The worker drives every job to an end, whatever happens on the way."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.adapters.embedded import open_store
from app.core import work
from app.core.access import Principal
from app.core.kinds import DOCUMENTS
from app.core.models import JobKind, Lease
from app.core.ports import Ports, Settle
from tests.app.core.driving import enqueue, run
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("quick")


async def test_a_job_that_fails_is_tried_again_until_it_works(
    ports: Ports, alice: Principal
) -> None:
    await enqueue(ports, alice)
    attempts: list[int] = []
    done = asyncio.Event()

    async def flaky(ports: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        if lease.attempt < 3:
            raise RuntimeError("not yet")
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, flaky, done)
    assert attempts == [1, 2, 3]
    assert (await ports.jobs.depth())["dead"] == 0


async def test_a_job_that_always_fails_is_given_up_told_so_and_can_be_replayed(
    ports: Ports, alice: Principal
) -> None:
    job = await enqueue(ports, alice)
    attempts: list[int] = []
    given_up = asyncio.Event()

    async def broken(_: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        raise RuntimeError("never")

    async def give_up(_: Ports, lease: Lease) -> None:
        assert lease.job.id == job.id
        given_up.set()

    await run(ports, broken, given_up, give_up)
    assert attempts == [1, 2, 3, 4, 5]
    dead = await ports.jobs.dead(alice.tenant_id, after=None, limit=10)
    assert [(d.job.id, d.reason) for d in dead.items] == [(job.id, "RuntimeError")]
    assert await ports.jobs.replay(alice.tenant_id, job.id)
    assert (await ports.jobs.depth())["waiting"] == 1


async def test_a_worker_that_lost_its_lease_stops_and_writes_nothing(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LEASE_S", 0.3)
    job = await enqueue(ports, alice)
    stopped = asyncio.Event()

    async def hang(ports: Ports, lease: Lease) -> None:
        await ports.records.commit(lease.job.partition, Settle(lease=lease))  # another took it
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()

    await run(ports, hang, stopped)
    assert await ports.records.find(DOCUMENTS, alice.tenant_id, job.subject_id) is None
    assert (await ports.jobs.depth())["waiting"] == 0


async def test_a_job_that_a_library_cancels_is_tried_again_and_the_worker_goes_on(
    ports: Ports, alice: Principal
) -> None:
    await enqueue(ports, alice)
    done = asyncio.Event()

    async def cancelled_once(ports: Ports, lease: Lease) -> None:
        if lease.attempt == 1:
            raise asyncio.CancelledError
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, cancelled_once, done)
    assert (await ports.jobs.depth())["waiting"] == 0


async def test_a_job_that_cannot_even_be_given_up_does_not_end_the_worker(
    ports: Ports, alice: Principal, caplog: pytest.LogCaptureFixture
) -> None:
    cursed = await enqueue(ports, alice)
    done = asyncio.Event()

    async def do(ports: Ports, lease: Lease) -> None:
        if lease.job.id == cursed.id:
            raise RuntimeError("never")
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    async def give_up(_: Ports, lease: Lease) -> None:
        await enqueue(ports, alice)
        raise KeyError(lease.job.id)

    await run(ports, do, done, give_up)
    assert f"could not give {cursed.id} back" in caplog.text


async def test_a_heartbeat_keeps_a_long_job_from_being_claimed_twice(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(work, "LEASE_S", 9.0)
    clock, done, claims = Clock(), asyncio.Event(), 0
    async with open_store(tmp_path / "lasting", clock=clock) as store:
        lasting = replace(ports, records=store.records, jobs=store.jobs)
        await enqueue(lasting, alice)
        extended = called(monkeypatch, lasting, "extend")

        async def long(ports: Ports, lease: Lease) -> None:
            nonlocal claims
            claims += 1
            clock.now += 8
            await extended.wait()
            clock.now += 8
            assert await ports.jobs.claim((JobKind.INGEST,), worker="v", lease_s=9) is None
            await ports.records.commit(lease.job.partition, Settle(lease=lease))
            done.set()

        await run(lasting, long, done)
    assert claims == 1


def called(monkeypatch: pytest.MonkeyPatch, ports: Ports, name: str) -> asyncio.Event:
    """Return what is set once a method of the queue has been called."""
    came, method = asyncio.Event(), getattr(ports.jobs, name)

    async def telling(*args: Any, **named: Any) -> Any:
        found = await method(*args, **named)
        came.set()
        return found

    monkeypatch.setattr(ports.jobs, name, telling)
    return came
