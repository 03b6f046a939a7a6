"""Indexing ends in the same state wherever it was cut, given up or overtaken by a deletion."""

import asyncio
from dataclasses import replace

import pytest

from app.core import documents, ingestion, uploads
from app.core.access import Principal
from app.core.errors import NotFoundError
from app.core.models import DocumentStatus, FailureReason, JobKind
from app.core.ports import Ports
from tests.app.core import acting


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


@pytest.mark.parametrize("step", ["text", "stage", "activate"])
async def test_indexing_that_is_cut_at_any_step_is_completed_by_the_next_attempt(
    ports: Ports, alice: Principal, step: str
) -> None:
    space_id = await acting.space(ports, alice)
    uploaded = await uploads.upload(
        ports, alice, space_id, acting.file(acting.PASSPORT), acting.said
    )
    lease = await ports.jobs.claim((JobKind.INGEST,), worker="w", lease_s=0.01)
    assert lease is not None
    cut = replace(
        ports,
        blobs=_Cut(ports.blobs, "put") if step == "text" else ports.blobs,  # type: ignore[arg-type]
        index=ports.index if step == "text" else _Cut(ports.index, step),  # type: ignore[arg-type]
    )
    with pytest.raises(_CutError):
        await ingestion.ingest(cut, lease)
    await asyncio.sleep(0.02)
    await acting.work(ports)
    found = (await documents.get(ports, alice, uploaded.document.value.id)).value
    assert found.latest.status is DocumentStatus.READY
    assert await ports.index.count(alice.space(space_id)) == 1
    answer = await acting.ask_now(ports, alice, [space_id], "How long is a passport valid?")
    assert "ten years" in answer.text


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


class _CutError(Exception):
    """The process ends here."""


class _Cut:
    """A port whose process dies right after one of its methods did its work."""

    def __init__(self, port: object, method: str) -> None:
        self._port = port
        self._method = method

    def __getattr__(self, name: str) -> object:
        found = getattr(self._port, name)
        if name != self._method:
            return found

        async def cut(*args: object, **named: object) -> object:
            await found(*args, **named)
            raise _CutError

        return cut
