"""What takes long says how far it is, whatever happens meanwhile, and nothing afterwards."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.core import documents, ingestion, reporting
from app.core.access import Principal
from app.core.errors import LeaseLostError, UnavailableError
from app.core.kinds import DOCUMENTS, PROGRESS
from app.core.models import DocumentStatus, Lease, Partition, Progress
from app.core.ports import Change, Ports, Put
from tests.app.core import acting
from tests.app.core.test_ingestion import Then, taken


async def test_what_takes_long_says_how_far_it_is_and_then_no_more(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_REPORT_S", 0.01)
    document_id, lease = await taken(ports, alice)
    goes_on = asyncio.Event()
    slow = Then(ports.index, "stage", goes_on.wait)
    reading = asyncio.create_task(ingestion.ingest(replace(ports, index=slow), lease))  # type: ignore[arg-type]
    seen: list[Progress] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1].stage != "indexing":
            found = (await documents.get(ports, alice, document_id)).value
            seen += (await documents.progress(ports, [found])).values()
            await asyncio.sleep(0)
    goes_on.set()
    await reading
    found = (await documents.get(ports, alice, document_id)).value
    assert (found.latest.status, found.current) == (DocumentStatus.READY, 1)
    assert await ports.records.count(PROGRESS, alice.space(found.space_id)) == 0
    assert [one.fraction for one in seen] == sorted(one.fraction for one in seen)


async def test_an_attempt_that_wakes_after_another_ended_the_work_marks_nothing(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_REPORT_S", 0.01)
    document_id, lease = await taken(ports, alice)

    async def overtaken() -> None:
        await acting.lapse(ports, lease)
        assert await acting.work(ports) == 1
        await asyncio.sleep(0.1)  # for ten reports

    index = Then(ports.index, "stage", overtaken)
    with pytest.raises(LeaseLostError):
        await ingestion.ingest(replace(ports, index=index), lease)  # type: ignore[arg-type]
    found = (await documents.get(ports, alice, document_id)).value
    assert (found.latest.status, found.current) == (DocumentStatus.READY, 1)
    assert await ports.records.count(PROGRESS, lease.job.partition) == 0


class Overtaken:
    """Records before whose first telling of progress another attempt ends the work."""

    def __init__(self, ports: Ports, lease: Lease) -> None:
        self._ports = ports
        self._lease = lease
        self.told = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports.records, name)

    async def commit(self, partition: Partition, *changes: Change) -> Any:
        tells = isinstance(changes[0], Put) and changes[0].kind is PROGRESS
        if tells and not self.told.is_set():
            await acting.lapse(self._ports, self._lease)
            assert await acting.work(self._ports) == 1
        found = await self._ports.records.commit(partition, *changes)
        if tells:
            self.told.set()
        return found


async def test_what_is_told_just_as_another_attempt_ends_the_work_is_taken_back(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_REPORT_S", 0.01)
    document_id, lease = await taken(ports, alice)
    records = Overtaken(ports, lease)
    index = Then(ports.index, "stage", records.told.wait)
    with pytest.raises(LeaseLostError):
        await ingestion.ingest(replace(ports, index=index, records=records), lease)  # type: ignore[arg-type]
    found = (await documents.get(ports, alice, document_id)).value
    assert found.latest.status is DocumentStatus.READY
    assert await ports.records.count(PROGRESS, lease.job.partition) == 0


async def test_what_could_not_be_told_is_told_a_moment_later(
    ports: Ports, alice: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "_REPORT_S", 0.01)
    document_id, lease = await taken(ports, alice)
    failing, goes_on = iter((True,)), asyncio.Event()

    async def broken() -> None:
        if next(failing, False):
            raise UnavailableError(dependency="records", retry_after=1)

    index, records = (
        Then(ports.index, "stage", goes_on.wait),
        Then(ports.records, "commit", broken),
    )
    shaky = replace(ports, index=index, records=records)  # type: ignore[arg-type]
    reading = asyncio.create_task(ingestion.ingest(shaky, lease))
    async with asyncio.timeout(60):
        while not await ports.records.count(PROGRESS, lease.job.partition):  # noqa: ASYNC110
            await asyncio.sleep(0)
    goes_on.set()
    await reading
    assert next(failing, None) is None
    assert (await documents.get(ports, alice, document_id)).value.current == 1


async def test_how_far_an_earlier_attempt_came_is_told_no_more(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)
    found = await documents.get(ports, alice, document_id)
    version = replace(found.value.latest, status=DocumentStatus.PROCESSING)
    told = Progress(id=document_id, version=1, stage="reading", fraction=0.1)
    await ports.records.commit(
        lease.job.partition,
        Put(kind=DOCUMENTS, value=replace(found.value, versions=(version,)), if_etag=found.etag),
        Put(kind=PROGRESS, value=told),
    )
    await ports.jobs.release(lease, delay_s=0, reason="unavailable", counted=False)
    assert await acting.work(ports) == 1
    assert await ports.records.count(PROGRESS, lease.job.partition) == 0
