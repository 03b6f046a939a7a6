"""Indexing ends in the same state wherever it was cut, given up or overtaken by a deletion."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from app.core import documents, ingestion, reporting, uploads
from app.core.access import Principal
from app.core.errors import NotFoundError
from app.core.kinds import DOCUMENTS
from app.core.models import DocumentStatus, FailureReason, JobKind, Lease
from app.core.ports import Ports, Remove
from tests.app.core import acting
from tests.app.core.dying import DeadError, dying


async def test_a_document_whose_job_is_given_up_says_that_it_failed(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    uploaded = await uploads.upload(ports, alice, space_id, acting.file("text"), acting.said)
    lease = await ports.jobs.claim((JobKind.INGEST,), worker="w", lease_s=30)
    assert lease is not None
    await ingestion.give_up(ports, lease)
    await ports.jobs.bury(lease, reason="RuntimeError")
    found = (await documents.get(ports, alice, uploaded.document.value.id)).value
    assert found.latest.status is DocumentStatus.FAILED
    assert found.latest.reason is FailureReason.EXHAUSTED


@pytest.fixture
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write no progress, however long it takes: writes are counted."""
    monkeypatch.setattr(reporting, "_REPORT_S", 600.0)


@pytest.mark.usefixtures("unreported")
@pytest.mark.parametrize("writes", range(1, 6))
async def test_indexing_that_is_cut_after_any_write_is_completed_by_the_next_attempt(
    ports: Ports, alice: Principal, writes: int
) -> None:
    document_id, lease = await taken(ports, alice)
    with pytest.raises(DeadError):
        await ingestion.ingest(dying(ports, writes), lease)
    await acting.lapse(ports, lease)
    assert await acting.work(ports) == (0 if writes == 5 else 1)  # the last write settles
    found = (await documents.get(ports, alice, document_id)).value
    assert (found.latest.status, found.current) == (DocumentStatus.READY, 1)
    assert await ports.index.count(lease.job.partition) == 1
    answer = await acting.ask_now(ports, alice, [found.space_id], "How long is a passport valid?")
    assert "ten years" in answer.text


@pytest.mark.usefixtures("unreported")
async def test_what_was_stored_after_its_document_was_erased_goes_with_the_next_attempt(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)

    async def erased() -> None:
        with contextlib.suppress(NotFoundError):  # once is enough
            await documents.delete(ports, alice, document_id)
        await acting.work(ports, kinds=(JobKind.ERASE_DOCUMENT,))

    cut = dying(replace(ports, blobs=Then(ports.blobs, "put", erased)), 3)  # type: ignore[arg-type]
    with pytest.raises(DeadError):
        await ingestion.ingest(cut, lease)
    place = lease.job.partition
    assert (await ports.index.count(place), await ports.blobs.count(place)) == (1, 1)
    await acting.lapse(ports, lease)
    assert await acting.work(ports) == 1
    assert (await ports.index.count(place), await ports.blobs.count(place)) == (0, 0)


async def test_a_first_attempt_that_finds_no_document_deletes_nothing(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)
    place = lease.job.partition
    await ports.records.commit(place, Remove(kind=DOCUMENTS, id=document_id))
    await ingestion.ingest(ports, lease)
    assert await ports.blobs.count(place) == 1
    assert await acting.work(ports) == 0


async def test_an_older_version_that_ends_later_is_not_shown_in_place_of_a_newer_one(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)

    async def overtaken() -> None:
        file = acting.file("A licence is valid for five years.")
        await uploads.upload_version(ports, alice, document_id, file)
        assert await acting.work(ports) == 1

    index = Then(ports.index, "stage", overtaken)
    await ingestion.ingest(replace(ports, index=index), lease)  # type: ignore[arg-type]
    found = (await documents.get(ports, alice, document_id)).value
    assert [version.status for version in found.versions] == [DocumentStatus.READY] * 2
    assert found.current == 2
    assert await ports.index.count(lease.job.partition) == 1
    answer = await acting.ask_now(ports, alice, [found.space_id], "How long is a licence valid?")
    assert "five years" in answer.text


async def test_a_document_deleted_while_it_is_read_leaves_nothing(
    ports: Ports, alice: Principal
) -> None:
    space_id = await acting.space(ports, alice)
    uploaded = await uploads.upload(
        ports, alice, space_id, acting.file(acting.PASSPORT), acting.said
    )
    document_id = uploaded.document.value.id
    lease = await ports.jobs.claim((JobKind.INGEST,), worker="w", lease_s=30)
    assert lease is not None
    reading = asyncio.create_task(ingestion.ingest(ports, lease))
    await asyncio.sleep(0.01)
    await documents.delete(ports, alice, document_id)
    await reading
    await acting.work(ports)
    partition = alice.space(space_id)
    assert await ports.index.count(partition) == 0
    assert await ports.blobs.count(partition) == 0
    with pytest.raises(NotFoundError):
        await documents.get(ports, alice, document_id)


async def taken(ports: Ports, alice: Principal) -> tuple[str, Lease]:
    """Return the id of a document that was uploaded, and the lease of its job."""
    space_id = await acting.space(ports, alice)
    file = acting.file(acting.PASSPORT)
    uploaded = await uploads.upload(ports, alice, space_id, file, acting.said)
    lease = await ports.jobs.claim((JobKind.INGEST,), worker="w", lease_s=30)
    assert lease is not None
    return uploaded.document.value.id, lease


async def test_a_title_that_is_changed_while_the_document_is_read_is_the_one_that_is_found(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)

    async def retitled() -> None:
        found = await documents.get(ports, alice, document_id)
        wanted = documents.Description(title="Renamed", metadata={}, tags=())
        await documents.describe(ports, found, wanted, found.etag)

    index = Then(ports.index, "stage", retitled)
    await ingestion.ingest(replace(ports, index=index), lease)  # type: ignore[arg-type]
    place = lease.job.partition
    [found] = (await ports.index.search(place, "How long is a passport valid?", limit=1)).candidates
    assert found.passage.title == "Renamed"


async def test_a_document_deleted_between_reading_and_switching_leaves_nothing(
    ports: Ports, alice: Principal
) -> None:
    document_id, lease = await taken(ports, alice)

    async def deleted() -> None:
        await documents.delete(ports, alice, document_id)

    index = Then(ports.index, "stage", deleted)
    await ingestion.ingest(replace(ports, index=index), lease)  # type: ignore[arg-type]
    await acting.work(ports)
    assert await ports.index.count(lease.job.partition) == 0
    assert await ports.blobs.count(lease.job.partition) == 0


class Then:
    """A port after one of whose methods something else happens before it returns."""

    def __init__(self, port: object, method: str, then: Callable[[], Awaitable[object]]) -> None:
        self._port = port
        self._method = method
        self._then = then

    def __getattr__(self, name: str) -> object:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        async def followed(*args: object, **named: object) -> object:
            told = await found(*args, **named)
            await self._then()
            return told

        return followed
