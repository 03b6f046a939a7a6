"""What is down for a while costs a job time, and no more."""

import asyncio
import itertools
import math
from typing import Any

import pytest

from app.core import work
from app.core.access import Principal
from app.core.errors import UnavailableError
from app.core.models import Lease
from app.core.ports import Ports, Settle
from tests.app.core.driving import enqueue, run

pytestmark = pytest.mark.usefixtures("quick")


async def test_attempts_that_met_a_dependency_that_was_down_do_not_count(
    ports: Ports, alice: Principal
) -> None:
    await enqueue(ports, alice)
    attempts: list[int] = []
    done = asyncio.Event()

    async def down(ports: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        if len(attempts) <= work.ATTEMPTS + 2:
            raise UnavailableError(dependency="blobs")
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, down, done)
    assert set(attempts) == {1}
    assert await ports.jobs.depth() == {"waiting": 0, "running": 0, "dead": 0, "oldest_s": 0}


async def test_an_old_job_is_not_tried_for_ever_whatever_it_fails_for(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PATIENCE_S", 0.0)
    monkeypatch.setattr(work, "PATIENCE", 7)
    job = await enqueue(ports, alice)
    attempts: list[int] = []
    given_up = asyncio.Event()

    async def down(_: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        raise UnavailableError(dependency="blobs")

    async def give_up(_: Ports, lease: Lease) -> None:
        assert lease.job.id == job.id
        given_up.set()

    await run(ports, down, given_up, give_up)
    assert attempts == [1, 2, 3, 4, 5, 6, 7]
    [dead] = (await ports.jobs.dead(alice.tenant_id, after=None, limit=10)).items
    assert dead.reason == "unavailable"


def failing(
    monkeypatch: pytest.MonkeyPatch, ports: Ports, name: str, times: float = math.inf
) -> asyncio.Event:
    """Let calls of the queue fail, as while its database is down; set once one went well."""
    failed, worked = itertools.count(), asyncio.Event()
    well = getattr(ports.jobs, name)

    async def called(*args: Any, **named: Any) -> Any:
        if next(failed) < times:
            raise UnavailableError(dependency="jobs", retry_after=1)
        found = await well(*args, **named)
        worked.set()
        return found

    monkeypatch.setattr(ports.jobs, name, called)
    return worked


async def test_heartbeats_that_fail_for_a_while_do_not_abort_a_job(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LEASE_S", 12.0)
    await enqueue(ports, alice)
    extended = failing(monkeypatch, ports, "extend", 3)
    attempts: list[int] = []
    done = asyncio.Event()

    async def long(ports: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        await extended.wait()
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, long, done)
    assert attempts == [1]


async def test_a_job_whose_lease_ran_out_before_it_could_be_extended_is_left_to_others(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LEASE_S", 0.3)
    await enqueue(ports, alice)
    failing(monkeypatch, ports, "extend")
    attempts: list[int] = []
    done = asyncio.Event()

    async def long(ports: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        if lease.attempt == 1:
            await asyncio.sleep(30)
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, long, done)
    assert attempts[:2] == [1, 2]


async def test_a_job_is_given_back_once_the_queue_can_be_told_not_when_its_lease_ends(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enqueue(ports, alice)
    released = failing(monkeypatch, ports, "release", 2)
    attempts: list[int] = []
    done = asyncio.Event()

    async def fails_once(ports: Ports, lease: Lease) -> None:
        attempts.append(lease.attempt)
        if len(attempts) == 1:
            raise UnavailableError(dependency="records")
        await ports.records.commit(lease.job.partition, Settle(lease=lease))
        done.set()

    await run(ports, fails_once, done)  # in less time than the lease lasts
    assert attempts == [1, 1]
    assert released.is_set()
